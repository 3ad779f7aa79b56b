"""Promises to requests: to how many a second they were made, and for how many they were kept."""

from collections.abc import Callable
from typing import NamedTuple

from llumnix_dash.catalog.metric import Unit
from llumnix_dash.promql.query import Query, Scope


class Kept(NamedTuple):
    """Of requests those that got what they were promised, and all that it was promised to, per second, grouped alike.

    Counters are not scraped at one moment: what that would put below nothing, or above all, is clamped.

    Attributes:
        part: those that got it.
        whole: all.
    """

    part: Query
    whole: Query

    @property
    def share(self) -> Query:
        """The share that got it, 0 to 1; nothing where there was no request."""
        part, whole = self
        return self._made(lambda scope: f"clamp({part.text(scope)} / ({whole.text(scope)} > 0), 0, 1)", Unit.RATIO)

    @property
    def lost_share(self) -> Query:
        """The share that did not get it, 0 to 1; nothing where there was no request."""
        part, whole = self
        return self._made(lambda scope: f"clamp(1 - {part.text(scope)} / ({whole.text(scope)} > 0), 0, 1)", Unit.RATIO)

    @property
    def lost(self) -> Query:
        """Those that did not get it, per second: 0 to :attr:`all`."""
        part, whole = self
        return self._made(
            lambda scope: f"clamp_min({whole.text(scope)} - clamp_min({part.text(scope)}, 0), 0)", whole.unit
        )

    @property
    def all(self) -> Query:
        """All, per second, and never below 0."""
        return self._made(lambda scope: f"clamp_min({self.whole.text(scope)}, 0)", self.whole.unit)

    def _made(self, text: Callable[[Scope], str], unit: Unit) -> Query:
        return Query(text, unit, tuple(dict.fromkeys(self.part.metrics + self.whole.metrics)))
