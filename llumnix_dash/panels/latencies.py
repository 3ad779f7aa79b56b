"""Latencies and other distributions as lines: quantiles, means, shares within an objective."""

from collections.abc import Mapping
from typing import Unpack

from llumnix_dash.catalog.metric import Histogram, require
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import (
    OUTSIDE,
    describe,
    first_bucket,
    no_data,
    quantile_caveats,
    role_caveats,
)
from llumnix_dash.panels.lines import PER_ROLE, ROLE_OVERRIDES, LineLook, legend, lines_by_role, only, time_series
from llumnix_dash.promql import CHOSEN_QUANTILE, Objective, in_sight, mean, quantile, share_below, top_instances
from llumnix_dash.shapes.panels import Target, TimeSeries

_HIGH = {"P50": 0.5, "P90": 0.9, "P95": 0.95, "P99": 0.99}
_LOW = {"P10": 0.1, "P50": 0.5}

# The bound that no quantile exceeds: a line that is only seen where the lines come near it.
_LIMIT = "text"
_BELOW = "transparent"

_HIGH_READING = "P99 is what one value in a hundred exceeds, P50 the middle; a mean far above P50 tells of a long tail."
_LOW_READING = "Low is bad: one value in ten is below P10, half are below P50."


def quantiles(
    key: str,
    title: str,
    histogram: Histogram,
    *,
    role: str | None = None,
    objective: Objective | None = None,
    **look: Unpack[LineLook],
) -> TimeSeries:
    """A histogram's quantiles and mean over the whole fleet: P50 to P99, or P10 and P50 where low is bad.

    Args:
        key: the panel's name.
        title: what people see.
        histogram: the metric.
        role: the only role whose observations count.
        objective: the bound that they should keep to: a dashed line, in no legend, that is left out where it is far
            above.
        look: see :class:`LineLook`.
    """
    where = only(role)
    histogram = require(histogram, Histogram, "a quantile")
    targets = [
        Target(
            query=quantile(q, histogram, where=where, resolved=True), legendFormat=name, colour=style.QUANTILES[name]
        )
        for name, q in (_LOW if histogram.low_is_bad else _HIGH).items()
    ]
    if not histogram.no_mean:
        targets.append(
            Target(query=mean(histogram, where=where), legendFormat="mean", colour=style.QUANTILES["mean"], dashed=True)
        )
    reading = _LOW_READING if histogram.low_is_bad else _HIGH_READING
    if objective:
        targets.append(
            Target(query=in_sight(objective), legendFormat="objective", colour=style.GOOD, dashed=True, unlisted=True)
        )
        reading += (
            f" The green dashed line is the {objective.label} chosen above; where P99 stays below a third of it, it is"
            " not drawn."
        )
    return time_series(
        key,
        title,
        targets,
        describe(
            {title: histogram},
            reading,
            *quantile_caveats(histogram),
            *role_caveats(role),
        ),
        no_value=no_data(histogram, role, *first_bucket(histogram)),
        thresholds=limit(histogram),
        worst="min" if histogram.low_is_bad else "max",
        **look,
    )


def quantiles_by_role(key: str, title: str, histogram: Histogram, **look: Unpack[LineLook]) -> TimeSeries:
    """The chosen quantile and the mean of an engines' histogram by role: a sum would count requests twice."""
    look.setdefault("width", 12)
    targets = lines_by_role(
        {
            "quantile": quantile(CHOSEN_QUANTILE, histogram, by=PER_ROLE, resolved=True),
            "mean": mean(histogram, by=PER_ROLE),
        }
    )
    return time_series(
        key,
        title,
        targets,
        describe(
            {title: histogram},
            "The colour is the role; the quantile chosen above is a full line, the mean is dashed. 0.99 is what one"
            " value in a hundred exceeds, 0.5 the middle.",
            "In a prefill/decode fleet a request passes two engines, each of which measures its own part.",
            *quantile_caveats(histogram),
        ),
        thresholds=limit(histogram),
        overrides=ROLE_OVERRIDES,
        no_value=no_data(histogram),
        **look,
    )


def quantile_per_instance(key: str, title: str, q: float, histogram: Histogram, **look: Unpack[LineLook]) -> TimeSeries:
    """One quantile of each of the ``$top`` instances in which it is highest at the end of the time range."""
    query = top_instances(quantile(q, histogram, by=histogram.identity, resolved=True), histogram, q=q)
    return time_series(
        key,
        title,
        [Target(query=query, legendFormat=legend("", *histogram.instance_name))],
        describe(
            {title: histogram},
            f"The $top instances with the highest P{q * 100:g} over the last 5 minutes of the time range.",
            *quantile_caveats(histogram),
        ),
        thresholds=limit(histogram),
        no_value=no_data(histogram),
        **look,
    )


def limit(histogram: Histogram) -> style.Steps:
    """The last bucket's bound as a dashed line: a quantile that lies on it may be any value above."""
    return () if histogram.grows else ((None, _BELOW), (histogram.buckets[-1], _LIMIT))


def within_objectives(
    key: str, title: str, objectives: Mapping[str, Objective], **look: Unpack[LineLook]
) -> TimeSeries:
    """The share of requests within each objective, 0 to 1."""
    return time_series(
        key,
        title,
        [
            Target(
                query=share_below(objective.histogram, objective),
                legendFormat=name,
                colour=style.series_colour(name, position),
            )
            for position, (name, objective) in enumerate(objectives.items())
        ],
        describe(
            {name: objective.histogram for name, objective in objectives.items()},
            "The share of requests within the objectives chosen above; 100 % is all of them.",
            *(OUTSIDE for objective in objectives.values() if objective.histogram.failed),
        ),
        worst="min",
        minimum=None,
        maximum=1,
        axis_from=0.9,
        no_value="No data: no requests in this time",
        **look,
    )
