"""Why a metric may be absent from a fleet that is well: its mode, its version or its rarity, by the catalogue."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from llumnix_dash.catalog import METRICS, recorded
from llumnix_dash.catalog.metric import Counter, Gauge, Histogram, Metric, Mode

HISTOGRAM_SUFFIXES = ("_bucket", "_sum", "_count")


def series_names(metric: Metric) -> tuple[str, ...]:
    """The names of the series that a metric consists of: three for a histogram."""
    if isinstance(metric, Histogram):
        return tuple(metric.name + suffix for suffix in HISTOGRAM_SUFFIXES)
    return (metric.name,)


BY_SERIES: dict[str, Metric] = {name: metric for metric in METRICS for name in series_names(metric)}
"""The catalogue's metrics by the names of their series."""

# Of vLLM's names the colon is one of a recorded series' own.
_RECORDED_FROM = {name.replace(":", "_"): name for name in BY_SERIES}
_RECORDED = re.compile(recorded.FORM)

_SUCCESSORS = {
    old + suffix: metric
    for metric in METRICS
    for old in metric.replaces
    for suffix in (HISTOGRAM_SUFFIXES if isinstance(metric, Histogram) else ("",))
}


@dataclass(frozen=True)
class Reason:
    """Why a metric is absent.

    Attributes:
        text: a clause for people.
        excuses: the fleet runs so by choice: a panel that is blank because of it is as it should be.
        hint: what to do where the reason does not excuse.
        known: it says why; else it says only what is seen.
    """

    text: str
    excuses: bool = False
    hint: str = ""
    known: bool = True


def is_recorded(series: str) -> bool:
    """Whether a name is one of the form that recorded series have, ``level:metric:operations``."""
    return bool(_RECORDED.fullmatch(series))


def is_recorded_rate(series: str) -> bool:
    """Whether a name is one of a recorded rate, which is 0 where nothing happens."""
    found = _RECORDED.fullmatch(series)
    return bool(found and found["operations"].startswith("rate"))


def successor_of(series: str) -> Metric | None:
    """The metric that took the place of one with a former name."""
    return _SUCCESSORS.get(series)


def why_absent(series: str, exported: Iterable[str]) -> Reason | None:
    """Why no series of this name is there, or None where the catalogue knows no reason.

    Args:
        series: the name, such as ``request_ttft_milliseconds_bucket``.
        exported: the names of all series that are there.
    """
    if series in recorded.NAMES:
        return Reason("recorded only where rules/recording.yaml is loaded", excuses=True)
    if found := _RECORDED.fullmatch(series):
        source = _RECORDED_FROM.get(found["metric"], "")
        absent = None if source in exported else why_absent(source, exported)
        return absent or Reason("nothing records it", hint="does Prometheus evaluate rules/recording.yaml?")
    present = {BY_SERIES[name].name for name in exported if name in BY_SERIES}
    metric = BY_SERIES.get(series)
    if metric is None:
        successor = successor_of(series)
        return Reason(f"a former name of {successor.name}", hint=f"ask for {successor.name}") if successor else None
    exporters = " and ".join(exporter.name for exporter in metric.exporters)
    if not any(_exports(exporter.name, present) for exporter in metric.exporters):
        return Reason(f"nothing of the {exporters} is there", hint=f"is the {exporters} scraped?")
    reason = _mode_reason(metric.mode, present) if metric.mode else None
    return reason or _version_reason(metric, set(exported)) or _rarity_reason(metric)


def _exports(exporter: str, present: set[str]) -> bool:
    """Whether anything that this component alone exports is there."""
    return any(
        metric.name in present
        for metric in METRICS
        if len(metric.exporters) == 1 and metric.exporters[0].name == exporter
    )


def _mode_reason(mode: Mode, present: set[str]) -> Reason | None:
    """The reason if nothing of this mode is there; it excuses only where another mode is seen to run."""
    running = {other for other in Mode if any(metric.mode is other and metric.name in present for metric in METRICS)}
    if mode in running:
        return None
    text = f"exists only {mode.value.partition(' (')[0]}"
    if running & ({Mode.FULL} if mode is Mode.LITE else {Mode.FULL, Mode.LITE}):
        return Reason(text, excuses=mode is not Mode.FULL or Mode.LITE in running)
    return Reason(text, hint="no mode's metrics are there: does the scheduler see any instance?")


def _version_reason(metric: Metric, exported: set[str]) -> Reason | None:
    for old in metric.replaces:
        if {old, f"{old}_bucket"} & exported:
            return Reason(f"this vLLM exports it by its former name {old}", hint=f"let the query fall back on {old}")
    if metric.vllm:
        # What has another name in other versions ought to be asked for by both.
        renamed = any(metric.name in other.replaces for other in METRICS)
        return Reason(f"only vLLM {' and '.join(metric.vllm)} exports it", excuses=not renamed)
    if isinstance(metric, Gauge) and metric.total:
        return Reason(
            "specified, but current schedulers export total and waiting only",
            hint=f"take {metric.total.name} minus what waits",
        )
    return None


def _rarity_reason(metric: Metric) -> Reason | None:
    if isinstance(metric, Counter) and metric.rare:
        return Reason("counts a rare event that has not happened yet", hint="let the query show 0 then: … or vector(0)")
    return None
