"""Events by hand: streams of like events, the series that an exporter makes of them, and what they come to.

The arithmetic is that of ``expected``, over the values of the events themselves; it knows nothing of PromQL.
"""

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llumnix_dash.catalog.metric import Histogram, Metric
from tests.prometheus.stores import Samples
from tests.proof.expected import about

Labels = Mapping[str, str]
# Events a second between two moments, in seconds since the store's start.
Flow = tuple[float, float, float]


@dataclass(frozen=True)
class Stream:
    """Events that are all alike.

    Attributes:
        labels: of the exporter, and of the series of its own in which they count.
        flows: when they come, and how many a second.
        values: what is observed of each.
        amounts: by how much each moves a counter; by 1 where it is named without an amount.
    """

    labels: Labels
    flows: Sequence[Flow]
    values: Mapping[Histogram, float] = field(default_factory=dict)
    amounts: Mapping[Metric, float] = field(default_factory=dict)

    def by(self, age: float) -> float:
        """How many there were until then."""
        return sum(rate * max(0.0, min(age, end) - begin) for begin, end, rate in self.flows)

    def within(self, age: float, seconds: float) -> float:
        """How many there were within so many seconds before."""
        return self.by(age) - self.by(age - seconds)


def of(streams: Iterable[Stream], *, seconds: float, age: float, **chosen: str | Sequence[str]) -> "Happened":
    """What happened within so many seconds before, of the streams whose labels, if they have them, are among these."""
    kept = [
        one
        for one in streams
        if all(
            one.labels.get(name, those) in ([those] if isinstance(those, str) else [those, *those])
            for name, those in chosen.items()
        )
    ]
    return Happened({id(one): (one, one.within(age, seconds)) for one in kept}.values(), seconds)


class Happened:
    """So many events of each stream within a time."""

    def __init__(self, events: Iterable[tuple[Stream, float]], seconds: float) -> None:
        self._events = [(one, count) for one, count in events if count > 0]
        self.seconds = seconds

    def where(self, **labels: str) -> "Happened":
        """Those with these labels."""
        kept = [pair for pair in self._events if all(pair[0].labels.get(one) == value for one, value in labels.items())]
        return Happened(kept, self.seconds)

    def but(self, **labels: str) -> "Happened":
        """Those without any of these labels."""
        kept = [
            pair for pair in self._events if not any(pair[0].labels.get(one) == value for one, value in labels.items())
        ]
        return Happened(kept, self.seconds)

    def values(self, metric: Histogram) -> list[float]:
        """The value of each."""
        return [one.values[metric] for one, count in self._events if metric in one.values for _ in range(round(count))]

    def names(self, label: str) -> list[str]:
        """The values of a label among them."""
        return sorted({one.labels[label] for one, _ in self._events if label in one.labels})

    @property
    def count(self) -> float:
        """How many."""
        return sum(count for _, count in self._events)

    def amount(self, metric: Metric) -> float:
        """By how much they moved a counter."""
        return sum(one.amounts.get(metric, 0) * count for one, count in self._events)

    def rate(self, metric: Metric | None = None) -> Any:
        """How many a second, or by how much a second they moved a counter."""
        return about((self.count if metric is None else self.amount(metric)) / self.seconds)


def value(metric: Histogram, level: int) -> float:
    """A value in a bucket of its own for each level from 0 to 4, and for one below 0 in the first."""
    bounds = metric.buckets
    if level < 0:
        return bounds[0] / 2
    place = 1 + level * (len(bounds) - 3) // 4
    return (bounds[place - 1] + bounds[place]) / 2


def write(samples: Samples, streams: Sequence[Stream], there: Sequence[tuple[float, float]] = ((0, math.inf),)) -> None:
    """The series that exporters make of the streams, where they can be scraped."""
    counters: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[Stream, float]]] = {}

    # Each series of a stream asks it the same.
    by = {id(stream): functools.cache(stream.by) for stream in streams}

    def count(name: str, labels: Mapping[str, str], own: Sequence[str], stream: Stream, amount: float) -> None:
        kept = {one: value for one, value in labels.items() if one in own}
        counters.setdefault((name, tuple(sorted(kept.items()))), []).append((stream, amount))

    for stream in streams:
        for histogram, value in stream.values.items():
            own = (*TARGET, *histogram.labels, "le")
            for bound in (*histogram.buckets, math.inf):
                labels = {**stream.labels, "le": "+Inf" if bound == math.inf else f"{bound:g}"}
                count(f"{histogram.name}_bucket", labels, own, stream, value <= bound)
            count(f"{histogram.name}_count", stream.labels, own, stream, 1)
            count(f"{histogram.name}_sum", stream.labels, own, stream, value)
        for metric, amount in stream.amounts.items():
            count(metric.name, stream.labels, (*TARGET, *metric.labels), stream, amount)
    for (name, pairs), parts in counters.items():
        # A series begins with its first event.
        begin = min(begin for stream, _ in parts for begin, _, _ in stream.flows)
        for since, until in there:
            counted = [(by[id(stream)], amount) for stream, amount in parts if amount]
            samples.add(name, _counted(counted), (max(since, begin + 1), until), **dict(pairs))


# The labels that scraping attaches to all series of a target.
TARGET = ("job", "cluster", "namespace", "instance", "pod", "infer_type")


def _counted(parts: Sequence[tuple[Callable[[float], float], float]]) -> Callable[[int], float]:
    return lambda age: sum(amount * by(age) for by, amount in parts)
