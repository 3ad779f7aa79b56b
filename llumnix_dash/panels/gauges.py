"""Gauges: sums and extremes over the fleet's instances, and values of single instances."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Unpack

from llumnix_dash.catalog import process
from llumnix_dash.catalog.metric import Counter, Gauge, Metric, Unit
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe, no_data, role_caveats
from llumnix_dash.panels.lines import (
    PER_ROLE,
    ROLE_OVERRIDES,
    LineLook,
    Look,
    legend,
    lines_by_role,
    of_role,
    only,
    time_series,
)
from llumnix_dash.promql import Where, average, highest, instances, of_instance, top_instances, total
from llumnix_dash.shapes.panels import Target, TimeSeries

# Of a sum of peaks.
PEAKS = "Each instance counts with its highest value since the point before, so that a spike shows at any zoom."


def totals(key: str, title: str, gauges: Mapping[str, Gauge], *, reading: str, **look: Unpack[LineLook]) -> TimeSeries:
    """Sums over all instances, each once, one line per gauge; spikes show at any zoom."""
    targets = [
        Target(query=total(gauge, peak=True), legendFormat=name, colour=style.series_colour(name, position))
        for position, (name, gauge) in enumerate(gauges.items())
    ]
    return time_series(key, title, targets, describe(gauges, f"{reading} {PEAKS}"), **look)


def totals_by_role(
    key: str,
    title: str,
    gauges: Mapping[str, Gauge],
    *,
    peak: bool = False,
    where: Mapping[str, Where] = MappingProxyType({}),
    **look: Unpack[LineLook],
) -> TimeSeries:
    """Sums over the instances of each role, each once, one line per gauge and role; the first gauge's is full.

    ``peak`` is for what is worth seeing when it lasts a moment only, such as requests that wait; ``where`` has the
    matchers of a name's only series.
    """
    targets = lines_by_role(
        {name: total(gauge, by=PER_ROLE, peak=peak, where=where.get(name)) for name, gauge in gauges.items()}
    )
    return time_series(
        key,
        title,
        targets,
        describe(gauges, "The sum over the role's instances; the colour is the role." + (f" {PEAKS}" if peak else "")),
        overrides=ROLE_OVERRIDES,
        **look,
    )


def usage_by_role(key: str, title: str, gauge: Gauge, **look: Unpack[LineLook]) -> TimeSeries:
    """A usage ratio per role: the fullest instance and the mean of all, never a sum."""
    if gauge.unknown_from:
        # To leave values out costs much at each point, and no peak is lost between two points.
        look.setdefault("finest", "1m")
    return time_series(
        key,
        title,
        lines_by_role({"fullest": highest(gauge, by=PER_ROLE, peak=True), "mean": average(gauge, by=PER_ROLE)}),
        describe(
            {title: gauge},
            "The fullest instance of each role as a full line, the mean dashed; far apart, the load is uneven. The"
            " fullest is the highest value since the point before, so that a spike shows at any zoom.",
        ),
        overrides=ROLE_OVERRIDES,
        thresholds=style.USAGE_STEPS,
        axis_to=1,
        **look,
    )


def instance_counts(key: str, title: str, told: Gauge, *, teller: str, **look: Unpack[Look]) -> TimeSeries:
    """How many instances of each role there are: engines that answer, and those that a scheduler tells of.

    Args:
        key: the panel's name.
        title: what people see.
        told: a gauge of the scheduler's.
        teller: what people call the scheduler's view.
        look: see :class:`Look`.
    """
    return time_series(
        key,
        title,
        lines_by_role({"engines": total(process.ENGINE_ANSWERS, by=PER_ROLE), teller: instances(told, by=PER_ROLE)}),
        describe(
            {title: told},
            f"Full are the engines that answer when they are scraped: these are the count. Dashed is how many {teller}"
            " tells of; where that is more, some have gone or hang.",
            measured="How many instances of each role there are.",
        ),
        overrides=ROLE_OVERRIDES,
        worst="min",
        decimals=0,
        **look,
    )


def per_instance(
    key: str,
    title: str,
    metric: Gauge | Counter,
    *,
    rank_by: Metric | None = None,
    lowest_first: bool = False,
    role: str | None = None,
    **look: Unpack[LineLook],
) -> TimeSeries:
    """A value of each of the ``$top`` instances, one line per instance; one that is 0 all along is left out.

    Args:
        key: the panel's name.
        title: what people see.
        metric: what is shown.
        rank_by: what the instances rank by; the metric itself unless given.
        lowest_first: whether those with the lowest values rank first.
        role: the only role whose instances are shown.
        look: see :class:`LineLook`.
    """
    where = only(role)
    query = top_instances(
        of_instance(metric, where=where), rank_by or metric, where=where, lowest=lowest_first, in_range=not lowest_first
    )
    reading = (
        "The $top instances with the lowest value at the end of the time range: to see those of an earlier moment, end"
        " it there."
        if lowest_first
        else f"The $top instances with the highest {rank_by.name if rank_by else 'value'} in the time range; one where"
        " that is 0 all along is left out."
    )
    return time_series(
        key,
        title,
        [Target(query=query, legendFormat=legend("", *metric.instance_name))],
        describe({title: metric}, f"{reading} One that leaves the others is suspect.", *role_caveats(role)),
        no_value=no_data(metric, role, *([] if lowest_first else ["all 0 in this time"])),
        axis_to=1 if metric.unit is Unit.RATIO else None,
        worst="min" if lowest_first else "max",
        **look,
    )


def parts_per_instance(
    key: str,
    title: str,
    parts: Mapping[str, Gauge | Counter],
    *,
    rank_by: Metric | None = None,
    role: str | None = None,
    **look: Unpack[LineLook],
) -> list[TimeSeries]:
    """A panel as :func:`per_instance` of each part, so that colours tell instances apart, and an axis fits its part.

    Args:
        key: the first panel's name; the others' have the part's.
        title: what people see before the part.
        parts: what people call the part -> metric.
        rank_by: what the instances of each panel rank by; its own part unless given.
        role: the only role whose instances are shown; it is part of the panels' names.
        look: see :class:`LineLook`.
    """
    named = {part: "" if not position else f"_{part.lower().replace(' ', '_')}" for position, part in enumerate(parts)}
    return [
        per_instance(
            f"{key}{named[part]}{f'_{role}' if role else ''}",
            of_role(f"{title}: {part}", role),
            metric,
            rank_by=rank_by,
            role=role,
            **look,
        )
        for part, metric in parts.items()
    ]
