"""Events a second: rates of counters, and the share of them that fail."""

from collections.abc import Mapping
from typing import Any

from llumnix_dash.catalog.metric import Counter
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe
from llumnix_dash.panels.grafana_shapes import Json, Target, TimeSeries
from llumnix_dash.panels.lines import colour_of, legend, time_series
from llumnix_dash.promql import failure_ratio, rate

# HTTP statuses: answered, refused to the client, failed.
STATUS_OVERRIDES = [
    colour_of("/^2/", style.GOOD),
    colour_of("/^4/", style.CAUTION),
    colour_of("/^5/", style.FAILURE),
]


def rates(key: str, title: str, counters: Mapping[str, Counter], *, reading: str = "", **look: Any) -> TimeSeries:
    """Events a second over the whole fleet, a line a counter."""
    targets = [
        Target(query=rate(counter), legendFormat=name, colour=style.series_colour(name, position))
        for position, (name, counter) in enumerate(counters.items())
    ]
    return time_series(key, title, targets, describe(counters, reading or "Events a second, all instances."), **look)


def rates_by(
    key: str,
    title: str,
    counters: Mapping[str, Counter],
    by: tuple[str, ...],
    *,
    reading: str,
    overrides: list[Json] | None = None,
    **look: Any,
) -> TimeSeries:
    """Events a second over the whole fleet, a line a counter and set of the labels' values.

    Args:
        key: the panel's name.
        title: what people see.
        counters: name -> counter; the name may be empty where there is one.
        by: the labels.
        reading: how to read the panel.
        overrides: field overrides of this panel.
        look: fields of :class:`TimeSeries`.
    """
    targets = [Target(query=rate(counter, by=by), legendFormat=legend(name, *by)) for name, counter in counters.items()]
    description = describe({name or title: counter for name, counter in counters.items()}, reading)
    return time_series(key, title, targets, description, overrides=overrides or [], **look)


def outcomes(
    key: str,
    title: str,
    successes: Counter,
    failures: Counter,
    *,
    successes_by: tuple[str, ...] = (),
    failures_by: tuple[str, ...] = (),
    **look: Any,
) -> TimeSeries:
    """Events a second that went well and, in red, that failed, each by the labels given."""
    return time_series(
        key,
        title,
        [
            Target(query=rate(successes, by=successes_by), legendFormat=legend("done", *successes_by), colour="blue"),
            Target(
                query=rate(failures, by=failures_by), legendFormat=legend("failed", *failures_by), colour=style.FAILURE
            ),
        ],
        describe({"done": successes, "failed": failures}, "Events a second over all instances; red are failures."),
        **look,
    )


def failure_share(key: str, title: str, successes: Counter, failures: Counter, **look: Any) -> TimeSeries:
    """The share of attempts that failed, 0 to 1."""
    return time_series(
        key,
        title,
        [Target(query=failure_ratio(successes, failures), legendFormat="failed", colour=style.FAILURE)],
        describe(
            {"failures": failures, "successes": successes}, "Failures by attempts, that is by failures and successes."
        ),
        maximum=1,
        fill=20,
        no_value="No data: no attempts in this time",
        **look,
    )
