"""Events per second: rates of counters, and the share of them that fail."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Unpack

from llumnix_dash.catalog.metric import Counter
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe, no_data
from llumnix_dash.panels.lines import (
    NAME_OVERRIDES,
    PER_ROLE,
    ROLE_OVERRIDES,
    LineLook,
    Look,
    colour_of,
    legend,
    lines_by_role,
    time_series,
)
from llumnix_dash.promql import Where, failure_ratio, rate, ratio_by, where_any
from llumnix_dash.shapes.panels import Json, Target, TimeSeries

# HTTP statuses: answered (0: by an external route or the fallback), failed (engines that are gone arrive as 400), asked
# for wrongly or too often, and left by the client. Of two that match, the later counts.
STATUS_COLOURS = [
    colour_of("/^(2|0$)/", style.GOOD),
    colour_of("/^[45]/", style.FAILURE),
    colour_of("/^(404|429)$/", style.CAUTION),
    colour_of("/^499$/", "light-purple"),
]
# Why a request ended: of itself, at its limit, going in circles, put out by the engine, or failed.
REASON_COLOURS = [
    colour_of("/stop$/", style.GOOD),
    colour_of("/length$/", "blue"),
    colour_of("/repetition$/", "light-purple"),
    colour_of("/abort$/", style.CAUTION),
    colour_of("/error$/", style.FAILURE),
]


def rates(
    key: str, title: str, counters: Mapping[str, Counter], *, reading: str = "", **look: Unpack[LineLook]
) -> TimeSeries:
    """Events per second over the whole fleet, one line per counter."""
    targets = [
        Target(query=rate(counter), legendFormat=name, colour=style.series_colour(name, position))
        for position, (name, counter) in enumerate(counters.items())
    ]
    return time_series(key, title, targets, describe(counters, reading or "Events per second, all instances."), **look)


def rates_by(
    key: str,
    title: str,
    counter: Counter,
    by: tuple[str, ...],
    *,
    reading: str,
    colours: list[Json],
    any_at_all: bool = False,
    **look: Unpack[LineLook],
) -> TimeSeries:
    """Events per second over the whole fleet, one line per set of the labels' values.

    Args:
        key: the panel's name.
        title: what people see.
        counter: the metric.
        by: the labels.
        reading: how to read the panel.
        colours: overrides that give values their colours; where there are none, they are by name.
        any_at_all: whether to leave out the lines that are 0 all along the time range.
        look: see :class:`LineLook`.
    """
    query = where_any(counter, by=by) if any_at_all else rate(counter, by=by)
    reading += " What does not occur in the time range is left out." * any_at_all
    return time_series(
        key,
        title,
        [Target(query=query, legendFormat=legend("", *by))],
        describe({title: counter}, reading),
        overrides=colours or NAME_OVERRIDES,
        no_value=no_data(counter, None, *["all 0 in this time"] * any_at_all),
        **look,
    )


def rates_by_role(
    key: str,
    title: str,
    counters: Mapping[str, Counter],
    *,
    reading: str,
    where: Mapping[str, Where] = MappingProxyType({}),
    **look: Unpack[LineLook],
) -> TimeSeries:
    """Events per second over the instances of each role, one line per counter and role; the first counter's is full.

    Args:
        key: the panel's name.
        title: what people see.
        counters: name of the lines -> metric.
        reading: how to read the panel.
        where: name of the lines -> matchers of the only events that count.
        look: see :class:`LineLook`.
    """
    targets = lines_by_role(
        {name: rate(counter, by=PER_ROLE, where=where.get(name)) for name, counter in counters.items()}
    )
    return time_series(
        key,
        title,
        targets,
        describe(counters, reading),
        overrides=ROLE_OVERRIDES,
        no_value=no_data(next(iter(counters.values()))),
        **look,
    )


def shares_by_role(
    key: str, title: str, part: Counter, whole: Counter, *, reading: str, **look: Unpack[LineLook]
) -> TimeSeries:
    """The part's share of the whole, 0 to 1, over the instances of each role."""
    return time_series(
        key,
        title,
        [Target(query=ratio_by(part, whole, by=PER_ROLE), legendFormat=legend("", *PER_ROLE))],
        describe({"part": part, "whole": whole}, reading),
        overrides=ROLE_OVERRIDES,
        axis_to=1,
        worst="min",
        no_value=no_data(part, None, "no requests in this time"),
        **look,
    )


def outcomes(
    key: str,
    title: str,
    successes: Counter,
    failures: Counter,
    *,
    successes_by: tuple[str, ...] = (),
    failures_by: tuple[str, ...] = (),
    success: str = "done",
    **look: Unpack[LineLook],
) -> TimeSeries:
    """Events per second that went well, called ``success``, and, in red, that failed, each by the labels given."""
    return time_series(
        key,
        title,
        [
            Target(query=rate(successes, by=successes_by), legendFormat=legend(success, *successes_by), colour="blue"),
            Target(
                query=rate(failures, by=failures_by), legendFormat=legend("failed", *failures_by), colour=style.FAILURE
            ),
        ],
        describe({success: successes, "failed": failures}, "Events per second over all instances; red are failures."),
        **look,
    )


def failure_share(key: str, title: str, successes: Counter, failures: Counter, **look: Unpack[Look]) -> TimeSeries:
    """The share of attempts that failed, 0 to 1."""
    return time_series(
        key,
        title,
        [Target(query=failure_ratio(successes, failures), legendFormat="failed", colour=style.FAILURE)],
        describe(
            {"failures": failures, "successes": successes}, "Failures by attempts, that is by failures and successes."
        ),
        axis_to=0.01,
        fill=20,
        no_value="No data: no attempts in this time",
        **look,
    )
