"""An alert: which signal, from which value on, for how long, how bad it is, and what to do first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from llumnix_dash.catalog.labels import FLEET
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.errors import UserError
from llumnix_dash.promql import Query, Scope
from llumnix_dash.promql.query import number

Severity = Literal["critical", "warning", "info"]
# Somebody is woken; somebody looks in the morning; nobody is told, but whoever looks for it sees it.
CRITICAL: Severity = "critical"
WARNING: Severity = "warning"
INFO: Severity = "info"

_NAME = re.compile(r"Llumnix([A-Z][a-z]+|[A-Z]{2,4}|E2E)+")
_DURATION = re.compile(r"(\d+)(s|m|h)")
_SENTENCE = re.compile(r"[A-Z].*\.")


class AlertError(UserError):
    """An alert that could never fire, or would not say what it should; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A condition of which somebody is told.

    Attributes:
        name: ``Llumnix…``, for ever: silences and routes hold it. Several may share it, told apart by their labels.
        key: of the panel that draws the signal.
        title: of that panel.
        left: the signal, grouped by the labels ``by``.
        by: the labels that tell the alert's cases apart; those of the fleet are among them.
        above: fires from here on upwards; or
        below: downwards.
        given: further conditions, each a query by fleet that gives a value where the condition holds.
        likewise: further conditions, each a query by the same labels as the signal: they must hold in the same case.
        labels: those that the alert bears beside those of its case and its severity.
        recorded: whether the signal stands on recorded series.
        lasting: for how long, such as ``5m``; less is no alert.
        severity: who is told.
        summary: what is the matter, a sentence without values.
        says: the sentence with the value, at ``{value}``; where it is stands before it.
        meaning: what it means for users.
        first: what to do first.
        more: the uid of the dashboard that tells more.

    Raises:
        AlertError: what it says cannot be.
    """

    name: str
    key: str
    title: str
    left: Query
    by: tuple[str, ...] = FLEET
    above: float | None = None
    below: float | None = None
    given: tuple[Query, ...] = ()
    likewise: tuple[Query, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False
    lasting: str
    severity: Severity
    summary: str
    says: str
    meaning: str
    first: str
    more: str

    def __post_init__(self) -> None:
        faults = {
            "its name is no CamelCase that begins with Llumnix": not _NAME.fullmatch(self.name),
            "it needs one of above and below": (self.above is None) == (self.below is None),
            "its duration is no whole number of s, m or h": not _DURATION.fullmatch(self.lasting),
            "its summary is no sentence": not _SENTENCE.fullmatch(self.summary),
            "what it says has no {value}": "{value}" not in self.says,
            "a share is never above 1, nor below 0": self.left.unit is Unit.RATIO and not 0 < self.threshold < 1,
            f"its cases are not told apart by {', '.join(FLEET)}": not set(FLEET) <= set(self.by),
        }
        for fault, holds in faults.items():
            if holds:
                raise AlertError(f"alert {self.name}: {fault}")

    @property
    def threshold(self) -> float:
        """The value that the signal is compared with, in its unit."""
        return self.above if self.above is not None else self.below or 0

    @property
    def seconds(self) -> int:
        """For how long the condition must hold."""
        amount, unit = _DURATION.fullmatch(self.lasting).groups()  # type: ignore[union-attr]
        return int(amount) * {"s": 1, "m": 60, "h": 3600}[unit]

    def condition(self, scope: Scope = ()) -> str:
        """The PromQL that has a value, that of the signal, wherever the alert is pending or fires."""
        comparison = ">" if self.above is not None else "<"
        text = f"({self.left.text(scope)}) {comparison} {number(self.threshold)}"
        for labels, conditions in ((FLEET, self.given), (self.by, self.likewise)):
            for one in conditions:
                text += f" and on ({', '.join(labels)}) ({one.text(scope)})"
        return text
