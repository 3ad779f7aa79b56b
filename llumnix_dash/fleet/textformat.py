"""A fleet's samples as text: OpenMetrics for promtool, and the Prometheus format for stores that import it."""

import math
from collections.abc import Callable, Iterable
from typing import TextIO

from llumnix_dash.catalog import METRICS
from llumnix_dash.catalog.exporters import ENGINE
from llumnix_dash.catalog.metric import Counter, Histogram, Metric
from llumnix_dash.fleet.fleet import Fleet
from llumnix_dash.fleet.history import Family, Labels, Track

_NAMES = [metric.name for metric in METRICS]


def write_openmetrics(fleet: Fleet, stream: TextIO) -> None:
    """Writes what ``promtool tsdb create-blocks-from openmetrics`` reads: times in seconds, ``# EOF`` at the end."""
    for family in fleet.history.in_order(_NAMES):
        stream.write(_type_line(family, fleet))
        _write_family(family, [f" {time}\n" for time in fleet.times], stream)
    stream.write("# TYPE up gauge\n")
    _write_up(fleet, [f" {time}\n" for time in fleet.times], stream)
    stream.write("# EOF\n")


def write_prometheus(fleet: Fleet, stream: TextIO) -> None:
    """Writes what VictoriaMetrics reads at ``/api/v1/import/prometheus``: times in milliseconds."""
    times = [f" {time * 1000}\n" for time in fleet.times]
    for family in fleet.history.in_order(_NAMES):
        _write_family(family, times, stream)
    _write_up(fleet, times, stream)


def _type_line(family: Family, fleet: Fleet) -> str:
    name = family.metric.name
    if isinstance(family.metric, Counter):
        base = name.removesuffix("_total")
        # A counter's family is named without the suffix, unless a histogram has that name already.
        return f"# TYPE {name} unknown\n" if base in fleet.history.families else f"# TYPE {base} counter\n"
    return f"# TYPE {name} {family.metric.kind}\n"


def _write_family(family: Family, times: list[str], stream: TextIO) -> None:
    name, metric = family.metric.name, family.metric
    for track in family.tracks:
        labels = _text(track.labels)
        stamps = _stamps(track, times)
        if not isinstance(metric, Histogram):
            stream.write(_series(f"{name}{{{labels}}} ", map(number, track.values), stamps))
            continue
        counts = [[*map(str, map(int, track.column(place)))] for place in range(track.width - 1)]
        bounds = [*map(bound_text(metric), metric.buckets), "+Inf"]
        stream.writelines(
            _series(f'{name}_bucket{{{labels},le="{bound}"}} ', column, stamps)
            for bound, column in zip(bounds, counts, strict=True)
        )
        stream.write(_series(f"{name}_sum{{{labels}}} ", map(number, track.column(track.width - 1)), stamps))
        stream.write(_series(f"{name}_count{{{labels}}} ", counts[-1], stamps))


def _write_up(fleet: Fleet, times: list[str], stream: TextIO) -> None:
    stream.writelines(
        _series(f"up{{{_text(track.labels)}}} ", map(number, track.values), _stamps(track, times))
        for track in fleet.history.up.values()
    )


def _stamps(track: Track, times: list[str]) -> list[str]:
    return times if len(track.ticks) == len(times) else [times[tick] for tick in track.ticks]


def _series(prefix: str, values: Iterable[str], stamps: list[str]) -> str:
    """A series' lines. The long prefix is put in by join: it is most of the text, and this is most of the time."""
    return prefix + prefix.join([value + stamp for value, stamp in zip(values, stamps, strict=True)])


def number(value: float) -> str:
    """The shortest text that reads back as the value."""
    if value.is_integer():
        return str(int(value))
    return "+Inf" if math.isinf(value) else repr(value)


def bound_text(metric: Metric) -> Callable[[float], str]:
    """How the metric's exporter writes a bucket's bound.

    Go's client library writes a whole one as ``1000``, that of Python, which vLLM uses, as ``1000.0``.
    """
    return _python_bound if ENGINE in metric.exporters else _go_bound


def _python_bound(bound: float) -> str:
    return repr(float(bound))


def _go_bound(bound: float) -> str:
    return f"{bound:.12g}"


def _text(labels: Labels) -> str:
    return ",".join(f'{name}="{_escape(value)}"' for name, value in labels)


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
