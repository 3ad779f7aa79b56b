"""Single numbers: the whole fleet as it is at the end of the time range, whatever instance is chosen."""

from typing import Unpack

import attr

from llumnix_dash.catalog.metric import Metric
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import OUTSIDE, describe, quantile_caveats
from llumnix_dash.panels.lines import Look
from llumnix_dash.promql import RECENT, Objective, Query, beyond, of_whole_fleet, quantile, share_below, within
from llumnix_dash.shapes.panels import Stat, Target

WIDTH = 3
HEIGHT = 4


class StatLook(Look, total=False):
    """That of a number."""

    thresholds: style.Steps
    no_value: str
    decimals: int
    names: bool


def stat(
    key: str,
    title: str,
    query: Query,
    reading: str,
    *notes: str,
    about: Metric | None = None,
    legend: str = "",
    **look: Unpack[StatLook],
) -> Stat:
    """One number, of the last minutes before the end of the time range.

    Args:
        key: the panel's name.
        title: what people see.
        query: what to ask.
        reading: how to read the number.
        notes: what it cannot show, each a sentence.
        about: the metric that the description tells of; those of the query unless given.
        legend: the name beside each number, where names are shown.
        look: see :class:`StatLook`.
    """
    metrics = (about,) if about else query.metrics
    plain = Stat(
        key=key,
        title=title,
        targets=[Target(query=of_whole_fleet(query), at_end=True, legendFormat=legend or title)],
        description=describe({metric.name: metric for metric in metrics}, reading, *notes),
        unit=query.unit.value,
        thresholds=style.PLAIN_STEPS,
        no_value="–",
        width=WIDTH,
        height=HEIGHT,
    )
    return attr.evolve(plain, **look)


def quantile_against_objective(key: str, title: str, q: float, objective: Objective) -> Stat:
    """A quantile of the last minutes: green where it keeps to the chosen objective, red where it does not."""
    query = of_whole_fleet(quantile(q, objective.histogram, window=RECENT))
    return Stat(
        key=key,
        title=title,
        targets=[
            Target(query=within(query, objective), at_end=True, legendFormat="within", colour=style.GOOD),
            Target(query=beyond(query, objective), at_end=True, legendFormat="beyond", colour=style.FAILURE),
        ],
        description=describe(
            {title: objective.histogram},
            f"Over the last 5 minutes. Green: within the {objective.label} chosen above; red: beyond it.",
            *quantile_caveats(objective.histogram, lines=False),
        ),
        unit=query.unit.value,
        no_value="no requests",
        width=WIDTH,
        height=HEIGHT,
    )


def share_within_objective(key: str, title: str, objective: Objective) -> Stat:
    """The share of the last minutes' requests that kept to the chosen objective."""
    return stat(
        key,
        title,
        share_below(objective.histogram, objective, window=RECENT),
        f"The share of requests within the {objective.label} chosen above, over the last 5 minutes.",
        *([OUTSIDE] if objective.histogram.failed else []),
        thresholds=style.OBJECTIVE_STEPS,
        no_value="no requests",
        decimals=1,
    )
