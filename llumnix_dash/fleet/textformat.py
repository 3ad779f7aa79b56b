"""A fleet's samples as text: OpenMetrics for promtool, and the Prometheus format for stores that import it."""

import math
from collections.abc import Callable
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
    for track in family.tracks:
        if isinstance(family.metric, Histogram):
            _write_histogram(family.metric, track, times, stream)
        else:
            _write_series(family.metric.name, track, times, stream)


def _write_series(name: str, track: Track, times: list[str], stream: TextIO) -> None:
    prefix = f"{name}{{{label_text(track.labels)}}} "
    stream.writelines(
        f"{prefix}{number(value)}{times[tick]}" for tick, value in zip(track.ticks, track.values, strict=True)
    )


def _write_histogram(metric: Histogram, track: Track, times: list[str], stream: TextIO) -> None:
    """The histogram's series together, scrape after scrape, as OpenMetrics has it."""
    labels = label_text(track.labels)
    bounds = [*map(bound_text(metric), metric.buckets), "+Inf"]
    prefixes = [f'{metric.name}_bucket{{{labels},le="{bound}"}} ' for bound in bounds]
    prefixes += [f"{metric.name}_count{{{labels}}} ", f"{metric.name}_sum{{{labels}}} "]
    for place, tick in enumerate(track.ticks):
        *counts, total = track.values[place * track.width : (place + 1) * track.width]
        whole = [*map(int, counts)]
        texts = [*whole, whole[-1], number(total)]
        stamp = times[tick]
        stream.write("".join([f"{prefix}{text}{stamp}" for prefix, text in zip(prefixes, texts, strict=True)]))


def _write_up(fleet: Fleet, times: list[str], stream: TextIO) -> None:
    for track in fleet.history.up.values():
        _write_series("up", track, times, stream)


def number(value: float) -> str:
    """The shortest text that reads back as the value."""
    if value.is_integer():
        return str(int(value))
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def bound_text(metric: Metric) -> Callable[[float], str]:
    """How the metric's exporter writes a bucket's bound.

    Go's client library writes a whole one as ``1000``, that of Python, which vLLM uses, as ``1000.0``.
    """
    return _python_bound if ENGINE in metric.exporters else _go_bound


def _python_bound(bound: float) -> str:
    return repr(float(bound))


def _go_bound(bound: float) -> str:
    return f"{bound:.12g}"


def label_text(labels: Labels) -> str:
    """Labels as they stand between a series' braces."""
    return ",".join(f'{name}="{_escape(value)}"' for name, value in labels)


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
