"""Gauges: sums and extremes over the fleet's instances, and values of single instances."""

from collections.abc import Mapping
from typing import Unpack

from llumnix_dash.catalog import process
from llumnix_dash.catalog.metric import Counter, Gauge, Metric, Unit
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe, no_data, role_caveats
from llumnix_dash.panels.lines import PER_ROLE, ROLE_OVERRIDES, LineLook, Look, legend, only, time_series
from llumnix_dash.promql import average, highest, instances, of_instance, top_instances, total
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
    key: str, title: str, gauges: Mapping[str, Gauge], *, peak: bool = False, **look: Unpack[LineLook]
) -> TimeSeries:
    """Sums over the instances of each role, each once, one line per gauge and role; the first gauge's is full.

    ``peak`` is for what is worth seeing when it lasts a moment only, such as requests that wait.
    """
    targets = [
        Target(query=total(gauge, by=PER_ROLE, peak=peak), legendFormat=legend(name, *PER_ROLE), dashed=position > 0)
        for position, (name, gauge) in enumerate(gauges.items())
    ]
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
    by = PER_ROLE
    if gauge.unknown_from:
        # To leave values out costs much at each point, and no peak is lost between two points.
        look.setdefault("finest", "1m")
    return time_series(
        key,
        title,
        [
            Target(query=highest(gauge, by=by, peak=True), legendFormat=legend("fullest", *by)),
            Target(query=average(gauge, by=by), legendFormat=legend("mean", *by), dashed=True),
        ],
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
        [
            Target(query=total(process.ENGINE_ANSWERS, by=PER_ROLE), legendFormat=legend("engines", *PER_ROLE)),
            Target(query=instances(told, by=PER_ROLE), legendFormat=legend(teller, *PER_ROLE), dashed=True),
        ],
        "How many instances of each role there are.\n\n"
        + describe(
            {title: told},
            f"Full are the engines that answer when they are scraped: these are the count. Dashed is how many {teller}"
            " tells of; where that is more, some have gone or hang.",
        ).split("\n\n", 1)[1],
        overrides=ROLE_OVERRIDES,
        worst="min",
        decimals=0,
        **look,
    )


def per_instance(
    key: str,
    title: str,
    metrics: Mapping[str, Gauge | Counter],
    *,
    rank_by: Metric | None = None,
    lowest_first: bool = False,
    role: str | None = None,
    **look: Unpack[LineLook],
) -> TimeSeries:
    """Values of each of the ``$top`` instances, one line per instance and metric.

    Args:
        key: the panel's name.
        title: what people see.
        metrics: name of the lines -> metric, all of one unit; the name may be empty where there is one.
        rank_by: what the instances rank by; the first metric unless given.
        lowest_first: whether those with the lowest values rank first.
        role: the only role whose instances are shown.
        look: see :class:`LineLook`.
    """
    where = only(role)
    first = next(iter(metrics.values()))
    rank = rank_by or first
    targets = [
        Target(
            query=top_instances(of_instance(metric, where=where), rank, where=where, lowest=lowest_first),
            legendFormat=legend(name, *metric.instance_name),
            colour=style.series_colour(name, position) if len(metrics) > 1 else None,
        )
        for position, (name, metric) in enumerate(metrics.items())
    ]
    ranked = next((f" of {name}" for name, metric in metrics.items() if metric.name == rank.name and name), "")
    extreme = "lowest" if lowest_first else "highest"
    reading = (
        f"The $top instances with the {extreme} value{ranked} at the end of the time range: to see those of an earlier"
        " moment, end it there. One that leaves the others is suspect."
    )
    return time_series(
        key,
        title,
        targets,
        describe(metrics, reading, *role_caveats(role)),
        no_value=no_data(first, role),
        axis_to=1 if first.unit is Unit.RATIO else None,
        worst="min" if lowest_first else "max",
        **look,
    )
