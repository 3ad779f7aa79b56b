"""What a value may be: as near to the truth as the issue asks."""

import math
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pytest


def about(value: float) -> Any:
    """A rate or a mean: within 2 %."""
    return pytest.approx(value, rel=0.02)


def share(value: float) -> Any:
    """A share within an objective: within 1 %."""
    return pytest.approx(value, rel=0.01)


def no_less(value: float, slack: float) -> Any:
    """A share within an objective, or up to ``slack`` more: within 1 %."""
    return pytest.approx(value + slack / 2, abs=0.01 * value + slack / 2)


def exactly(value: float) -> Any:
    """A sum over instances, or what is measured and not counted: the same but for the last digits of its text."""
    return pytest.approx(value, rel=1e-9, abs=1e-12)


@dataclass(frozen=True)
class AtLeast:
    """Equal to a peak of the last minutes, which is no less than what is so at their end."""

    now: float

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and other >= self.now - 1e-9

    def __hash__(self) -> int:
        return hash(self.now)


@dataclass(frozen=True)
class InBucket:
    """Equal to a quantile that lies in the bucket in which the true one lies.

    Attributes:
        true: the quantile as the values have it.
        lower: the bucket's lower bound.
        upper: its upper one; of the last bucket, which has none, the highest bound that there is.
    """

    true: float
    lower: float
    upper: float

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and self.lower <= other <= self.upper

    def __hash__(self) -> int:
        return hash(self.true)


@dataclass(frozen=True)
class Between:
    """Equal to any value from the lowest to the highest of several that are all true."""

    lowest: float
    highest: float

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and self.lowest - 1e-9 <= other <= self.highest + 1e-9

    def __hash__(self) -> int:
        return hash(self.lowest)


def quantile(q: float, values: Collection[float], bounds: Sequence[float]) -> InBucket:
    """The bucket that holds the smallest value which a share ``q`` of all does not exceed."""
    return _in_bucket(q, sorted(values), bounds)


def quantiles(values: Collection[float], bounds: Sequence[float], *, low: bool = False, of: str = "") -> dict[str, Any]:
    """The lines of a panel of quantiles, by their legends, and the mean's; ``of`` is what follows in the legends.

    A quantile within the first bucket is not drawn: more than "below its bound" is not known of it.
    """
    lines = {"P50": 0.5, "P90": 0.9, "P95": 0.95, "P99": 0.99}
    if low:
        lines = {"P10": 0.1, "P50": 0.5}
    rising = sorted(values)
    suffix = f" {of}" if of else ""
    found = {name + suffix: _in_bucket(q, rising, bounds) for name, q in lines.items()}
    drawn = {name: one for name, one in found.items() if one.true > bounds[0] or bounds[0] <= 0}
    return drawn | {f"mean{suffix}": mean(values)}


def mean(values: Collection[float]) -> Any:
    """The mean of all values, each as often as it occurs."""
    return about(math.fsum(values) / len(values))


def _in_bucket(q: float, rising: Sequence[float], bounds: Sequence[float]) -> InBucket:
    true = rising[max(0, math.ceil(q * len(rising)) - 1)]
    place = bisect_left(bounds, true)
    lower = bounds[place - 1] if place else min(0.0, bounds[0])
    return InBucket(true, lower, bounds[min(place, len(bounds) - 1)])
