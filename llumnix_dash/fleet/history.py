"""What a Prometheus has of a fleet after scraping it for a while."""

from array import array
from collections.abc import Callable, Iterator, Mapping

from llumnix_dash.catalog.metric import Histogram, Metric
from llumnix_dash.fleet.process import Distribution
from llumnix_dash.fleet.target import ScrapeTarget

Labels = tuple[tuple[str, str], ...]
# A target's labels, as a site's scraping attaches them.
Relabeling = Callable[[Mapping[str, str]], dict[str, str]]


class Track:
    """The samples of one metric with one set of labels.

    A histogram's row is the cumulative count of each bucket, +Inf last, and then the sum; any other row is one value.

    Attributes:
        labels: the metric's own and the target's.
        width: values per row.
        ticks: which scrape each row is of.
        values: the rows, one after the other.
    """

    __slots__ = ("labels", "ticks", "values", "width")

    def __init__(self, labels: Labels, width: int) -> None:
        self.labels = labels
        self.width = width
        self.ticks = array("l")
        self.values = array("d")

    def column(self, number: int) -> "array[float]":
        """The values of one of the row's series, over time."""
        return self.values[number :: self.width]


class Family:
    """All tracks of metrics of one name."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.bounds = metric.buckets if isinstance(metric, Histogram) else ()
        self.tracks: list[Track] = []


class History:
    """Samples by metric and series, as scrapes bring them.

    Attributes:
        families: by metric name.
        up: of each target.

    Args:
        relabel: from a target's labels to those that a site's scraping attaches.
    """

    def __init__(self, relabel: Relabeling = dict) -> None:
        self._relabel = relabel
        self.families: dict[str, Family] = {}
        self.up: dict[Labels, Track] = {}
        self._tracks: dict[tuple[str, str], dict[str, dict[tuple[str, ...], Track]]] = {}

    def scrape(self, tick: int, target: ScrapeTarget, up: bool) -> None:
        """Keeps all that the target's process tells; of one that is down, only that it is."""
        labels = tuple(self._relabel(target.labels).items())
        track = self.up.get(labels)
        if track is None:
            track = self.up[labels] = Track(labels, 1)
        track.ticks.append(tick)
        track.values.append(up)
        if up:
            self._keep(tick, target)

    def _keep(self, tick: int, target: ScrapeTarget) -> None:
        tracks = self._tracks.setdefault((target.name, target.instance), {})
        for name, series in target.process.series.items():
            known = tracks.setdefault(name, {})
            for values, value in series.items():
                track = known.get(values) or known.setdefault(values, self._new_track(name, values, target))
                track.ticks.append(tick)
                if isinstance(value, Distribution):
                    track.values.extend(value.row())
                else:
                    track.values.append(value)

    def _new_track(self, name: str, values: tuple[str, ...], target: ScrapeTarget) -> Track:
        metric = target.process.metrics[name]
        family = self.families.setdefault(metric.name, Family(metric))
        labels = tuple(zip(metric.labels, values, strict=True)) + tuple(
            item for item in self._relabel(target.labels).items() if item[0] not in metric.labels
        )
        track = Track(labels, len(metric.buckets) + 2 if isinstance(metric, Histogram) else 1)
        family.tracks.append(track)
        return track

    @property
    def samples(self) -> int:
        """How many samples a store has of it, ``up`` included."""
        tracks = [track for family in self.families.values() for track in family.tracks] + [*self.up.values()]
        # The store has a series for a histogram's count, which the row has as the last bucket.
        return sum(len(track.values) + len(track.ticks) * (track.width > 1) for track in tracks)

    def in_order(self, names: list[str]) -> Iterator[Family]:
        """The families, those of these names first."""
        known = [self.families[name] for name in names if name in self.families]
        return iter(known + [family for name, family in self.families.items() if name not in names])
