"""Single numbers: the whole fleet as it is at the end of the time range, whatever instance is chosen.

A number whose source is gone says so in red; one that nothing was asked of says so in no colour.
"""

from collections.abc import Mapping
from typing import Unpack

import attr

from llumnix_dash.catalog import process
from llumnix_dash.catalog.metric import Exporter, Metric
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import OUTSIDE, describe
from llumnix_dash.panels.lines import Look, legend
from llumnix_dash.promql import (
    PART,
    RECENT,
    STATE,
    Objective,
    Query,
    answering,
    fewer,
    first_of,
    gone,
    instead,
    of_every_component,
    of_whole_fleet,
    share_below,
    side_by_side,
    there_lately,
    zero,
)
from llumnix_dash.shapes.panels import Json, Stat, Target, state

WIDTH = 3
HEIGHT = 4
_STATE_NAME = legend("", STATE)
_PART_NAME = legend("", PART)


class StatLook(Look, total=False):
    """That of a number."""

    thresholds: style.Steps
    no_value: str
    decimals: int
    named: bool


def stat(
    key: str,
    title: str,
    query: Query,
    reading: str,
    *notes: str,
    about: Metric | None = None,
    legend: str = "",
    alarms: Mapping[str, tuple[Query, str]] | None = None,
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
        legend: the name beside each number, where names are shown; of such a number there are no alarms.
        alarms: name -> a query that gives the same number where something is wrong, and the colour that it has then;
            of several the first counts.
        look: see :class:`StatLook`.
    """
    metrics = (about,) if about else query.metrics
    alarms = alarms or {}
    cases = [(name, alarm) for name, (alarm, _) in alarms.items()] + [(title, query)]
    overrides = [state(name, colour) for name, (_, colour) in alarms.items()]
    asked = query if legend else first_of(*cases)
    [exporter, *others] = query.metrics[0].exporters
    if not others and (not legend or (legend == _PART_NAME and not exporter.optional)):
        said, source_gone = f"{exporter.name}s gone", gone(process.ANSWERS[exporter])
        asked = instead(query, said, source_gone) if legend else first_of((said, source_gone), *cases)
        overrides.insert(0, state(said, style.FAILURE, says=said, unit="none"))
        reading += f" Red “{said}”: none answers when it is scraped."
    plain = Stat(
        key=key,
        title=title,
        targets=[
            Target(
                query=of_whole_fleet(asked),
                at_end=True,
                legendFormat=legend or _STATE_NAME,
            )
        ],
        description=describe({metric.name: metric for metric in metrics}, reading, *notes),
        unit=query.unit.value,
        thresholds=style.PLAIN_STEPS,
        no_value="–",
        overrides=overrides,
        width=WIDTH,
        height=HEIGHT,
    )
    return attr.evolve(plain, **look)


def components(key: str, title: str, exporters: Mapping[str, Exporter], **look: Unpack[Look]) -> Stat:
    """How many processes of each component answer when they are scraped, one number a component.

    Args:
        key: the panel's name.
        title: what people see.
        exporters: name of the number -> component.
        look: see :class:`~llumnix_dash.panels.lines.Look`.
    """
    queries: list[Query] = []
    overrides: list[Json] = []
    for name, exporter in exporters.items():
        answers = process.ANSWERS[exporter]
        nobody, less = f"{name} gone", f"{name}, fewer"
        # What is gone comes last: to ask first whether it is would cost once more, at 500 engines.
        cases = [(less, fewer(answers)), (name, answering(answers))]
        cases += [(nobody, there_lately(answers)), (name, zero())] if exporter.optional else [(nobody, zero())]
        queries.append(first_of(*cases))
        overrides += [state(nobody, style.FAILURE), state(less, style.CAUTION)]
    plain = Stat(
        key=key,
        title=title,
        targets=[
            Target(query=of_every_component(side_by_side(queries)), at_end=True, legendFormat=_STATE_NAME),
        ],
        description=describe(
            {name: process.ANSWERS[exporter] for name, exporter in exporters.items()},
            "How many answer when they are scraped. Red is 0; orange is fewer than an hour ago; a grey 0 is a component"
            " that a fleet may do without, and that has not been there for a day. What was scaled to zero on purpose is"
            " gone, too: the alerts know how many are wanted, this number does not.",
            "A pod that is told to stop is no target any more, yet works on for up to 300 s; a target that Prometheus"
            " has not found is not counted.",
        ),
        thresholds=style.COUNT_STEPS,
        no_value="nothing is scraped",
        overrides=overrides,
        named=True,
        width=2 * WIDTH,
        height=HEIGHT,
    )
    return attr.evolve(plain, **look)


def share_within_objective(key: str, title: str, objective: Objective) -> Stat:
    """The share of the last minutes' requests that kept to the chosen objective."""
    return stat(
        key,
        title,
        share_below(objective.histogram, objective, window=RECENT),
        f"The share of requests within the {objective.label} chosen above, over the last 5 minutes: green from 99 % on,"
        " red below 95 %.",
        *([OUTSIDE] if objective.histogram.failed else []),
        thresholds=style.OBJECTIVE_STEPS,
        no_value="no requests",
        decimals=1,
    )
