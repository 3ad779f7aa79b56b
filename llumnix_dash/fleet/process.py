"""The metrics of one process, as its ``/metrics`` tells them."""

from bisect import bisect_left
from itertools import accumulate

from llumnix_dash.catalog.gateway import OVERFLOW
from llumnix_dash.catalog.metric import Histogram, Metric


class Distribution:
    """A histogram's state: how many values fell into each bucket, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def row(self) -> list[float]:
        """The cumulative count of each bucket, +Inf last, and then the sum."""
        row: list[float] = [*accumulate(self.counts)]
        row.append(self.sum)
        return row


Value = float | Distribution


class Process:
    """A running process that counts and measures.

    What the process does not export (its mode or version lacks it) is dropped here, so that those who record need
    not ask.

    Args:
        metrics: those that it may export.
        started: when it began.
        most_label_sets: how many label sets a metric may have in the process's life; the values of all later ones go
            into one, where gauges overwrite each other. Llumnix's limit is 1,000; None is none, as vLLM has it.

    Attributes:
        series: metric name -> values of the metric's own labels -> value; what was never recorded is absent.
        metrics: the metrics that it may export, by name.
        started: when the process began, on the simulation's clock.
        life: how many times it has restarted.
        down_until: until when it does not answer a scrape.
        is_target: whether service discovery knows its pod; only then it is scraped.
    """

    def __init__(self, metrics: list[Metric], started: float, most_label_sets: int | None = None) -> None:
        self.metrics = {metric.name: metric for metric in metrics}
        self.series: dict[str, dict[tuple[str, ...], Value]] = {metric.name: {} for metric in metrics}
        self.started = started
        self.life = 0
        self.down_until = started
        self.is_target = True
        self._most_label_sets = most_label_sets

    def restart(self, now: float, down: float) -> None:
        """Forgets every value, as a new process does, and does not answer for ``down`` seconds."""
        self.series = {name: {} for name in self.metrics}
        self.started = now
        self.life += 1
        self.down_until = now + down

    def is_up(self, now: float) -> bool:
        """Whether it answers a scrape."""
        return now >= self.down_until

    def touch(self, metric: Metric, *labels: str) -> None:
        """Makes the series exist, at 0 if it is new."""
        series = self.series.get(metric.name)
        if series is not None and labels not in series:
            start = Distribution(metric.buckets) if isinstance(metric, Histogram) else 0
            series.setdefault(self._admitted(series, labels), start)

    def increase(self, metric: Metric, *labels: str, by: float = 1) -> None:
        """Counts for a counter."""
        series = self.series.get(metric.name)
        if series is not None:
            if labels not in series:
                labels = self._admitted(series, labels)
            series[labels] = series.get(labels, 0) + by  # type: ignore[operator]

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Sets a gauge."""
        series = self.series.get(metric.name)
        if series is not None:
            series[labels if labels in series else self._admitted(series, labels)] = value

    def observe(self, metric: Histogram, value: float, *labels: str, times: int = 1) -> None:
        """Gives a histogram a value, so many times."""
        series = self.series.get(metric.name)
        if series is None:
            return
        distribution = series.get(labels)
        if distribution is None:
            distribution = series.setdefault(self._admitted(series, labels), Distribution(metric.buckets))
        assert isinstance(distribution, Distribution)
        # A value on a bound belongs to the bucket that ends there.
        distribution.counts[bisect_left(distribution.bounds, value)] += times
        distribution.sum += value * times

    def _admitted(self, series: dict[tuple[str, ...], Value], labels: tuple[str, ...]) -> tuple[str, ...]:
        """New labels, or those of the overflow where the metric may have no more."""
        if self._most_label_sets is None or len(series) < self._most_label_sets:
            return labels
        return (OVERFLOW,) * len(labels)
