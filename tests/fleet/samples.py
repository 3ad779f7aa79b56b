"""Reading a fleet's samples in tests."""

from llumnix_dash.catalog.metric import Metric
from llumnix_dash.fleet import Fleet
from llumnix_dash.fleet.history import Track


def tracks(fleet: Fleet, metric: Metric | str, **labels: str) -> list[Track]:
    """The metric's tracks that bear these labels."""
    family = fleet.history.families.get(metric if isinstance(metric, str) else metric.name)
    found = family.tracks if family else []
    return [track for track in found if labels.items() <= dict(track.labels).items()]


def last(fleet: Fleet, metric: Metric | str, **labels: str) -> float:
    """The sum of the tracks' last values; of a histogram, of its count."""
    return sum(track.column(max(0, track.width - 2))[-1] for track in tracks(fleet, metric, **labels))


def last_sum(fleet: Fleet, metric: Metric, **labels: str) -> float:
    """The sum of a histogram's sums at the end."""
    return sum(track.column(track.width - 1)[-1] for track in tracks(fleet, metric, **labels))


def values(fleet: Fleet, metric: Metric | str, label: str) -> set[str]:
    """The values of a label over the metric's tracks; empty ones where a track lacks it."""
    return {dict(track.labels).get(label, "") for track in tracks(fleet, metric)}
