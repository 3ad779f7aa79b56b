"""Queries of counters: how many events per second, how many in a time, which share of them."""

from collections.abc import Callable
from dataclasses import replace

from llumnix_dash.catalog import process
from llumnix_dash.catalog.metric import Counter, Metric, Unit, require
from llumnix_dash.promql.query import RANGE, RATE_INTERVAL, RECENT, Query, Scope, Where, grouped, selector


def rate(
    counter: Metric,
    *,
    by: tuple[str, ...] = (),
    where: Where | None = None,
    unless: Where | None = None,
    window: str = RATE_INTERVAL,
) -> Query:
    """Events per second: each series rated, then summed. A rare counter reads 0 while its exporter is up.

    Raises:
        CatalogError: the metric is no counter, or does not bear a label.
    """
    counter = require(counter, Counter, "a rate")
    return _change(counter, "rate", counter.unit.per_second, by=by, where=where, unless=unless, window=window)


def increase(
    counter: Metric,
    *,
    by: tuple[str, ...] = (),
    where: Where | None = None,
    unless: Where | None = None,
    window: str = RANGE,
) -> Query:
    """Events within the window, by default the time range shown. A rare counter reads 0 while its exporter is up.

    Raises:
        CatalogError: the metric is no counter, or does not bear a label.
    """
    counter = require(counter, Counter, "an increase")
    return _change(counter, "increase", counter.unit, by=by, where=where, unless=unless, window=window)


def ratio(part: Query, whole: Query) -> Query:
    """The part's share of the whole, 0 to 1, where neither is grouped.

    It is 0 where the part has no series yet, and nothing where the whole is 0. Counters are not scraped at one moment:
    what that would put above 1 is 1.
    """
    return Query(
        lambda scope: f"clamp_max(({part.text(scope)} or vector(0)) / ({whole.text(scope)} > 0), 1)",
        Unit.RATIO,
        part.metrics + whole.metrics,
    )


def ratio_by(part: Metric, whole: Metric, *, by: tuple[str, ...], window: str = RATE_INTERVAL) -> Query:
    """A counter's share of another's, 0 to 1, by labels; nothing where the whole did not move.

    Of counters whose series are there from the start, else a part without any reads nothing. Counters are not scraped
    at one moment: what that would put above 1 is 1.
    """
    parts, wholes = (rate(one, by=by, window=window) for one in (part, whole))
    return Query(
        lambda scope: f"clamp_max({parts.text(scope)} / ({wholes.text(scope)} > 0), 1)",
        Unit.RATIO,
        parts.metrics + wholes.metrics,
    )


def where_any(counter: Metric, *, by: tuple[str, ...]) -> Query:
    """Events per second by labels, of those alone of which there is any in the time range shown."""
    counter = require(counter, Counter, "a rate")
    counter.check_labels(*by)

    def text(scope: Scope) -> str:
        ever = rate_text(counter, scope, by, None, RANGE, at=" @ end()")
        return f"{rate_text(counter, scope, by, None, RATE_INTERVAL)} and on ({', '.join(by)}) ({ever}) > 0"

    return Query(text, counter.unit.per_second, (counter,))


def failure_ratio(
    successes: Metric, failures: Metric, *, by: tuple[str, ...] = (), window: str = RATE_INTERVAL
) -> Query:
    """Failures by attempts, 0 to 1, where one counter has the successes alone and another the failures.

    Nothing where there was no attempt; right from the first attempt on, whichever way it went.

    Raises:
        CatalogError: one of them is no counter, or does not bear a label.
    """
    outcomes = _outcomes(successes, failures, by, window)

    def text(scope: Scope) -> str:
        good, bad = outcomes(scope)
        return f"{bad} / ({good} + {bad} > 0)"

    return Query(text, Unit.RATIO, (failures, successes))


def attempts(successes: Metric, failures: Metric, *, by: tuple[str, ...] = (), window: str = RATE_INTERVAL) -> Query:
    """Attempts a second, of the two counters of :func:`failure_ratio`.

    Raises:
        CatalogError: see there.
    """
    outcomes = _outcomes(successes, failures, by, window)
    return Query(lambda scope: " + ".join(outcomes(scope)), successes.unit.per_second, (successes, failures))


def _outcomes(
    successes: Metric, failures: Metric, by: tuple[str, ...], window: str
) -> Callable[[Scope], tuple[str, str]]:
    """Successes and failures a second, each 0 where it has no series yet."""
    successes, failures = (require(one, Counter, "a failure ratio") for one in (successes, failures))
    for one in (successes, failures):
        one.check_labels(*by)

    def texts(scope: Scope) -> tuple[str, str]:
        good, bad = (f"sum{grouped(by)}(rate({selector(one, scope)}[{window}]))" for one in (successes, failures))
        if by:
            return f"({good} or 0 * {bad})", f"({bad} or 0 * {good})"
        return f"({good} or vector(0))", f"({bad} or vector(0))"

    return texts


def rate_text(
    counter: Counter,
    scope: Scope,
    by: tuple[str, ...],
    where: Where | None,
    window: str,
    *,
    unless: Where | None = None,
    function: str = "rate",
    at: str = "",
) -> str:
    """The text of :func:`rate`, or of :func:`increase`; ``at`` is a modifier of the moment, such as ``@ end()``."""
    changes = f"sum{grouped(by)}({function}({selector(counter, scope, where=where, unless=unless)}[{window}]{at}))"
    return f"{changes} or {_zero_while_up(counter, scope, by, where)}" if counter.rare else changes


def restarted(counter: Metric, presence: Metric) -> Query:
    """Where instances' counters began anew, per instance; and, per role, how many instances have newly appeared.

    Each at one point alone: what is there is held against what was last there at the point before.
    """
    counter = require(counter, Counter, "a restart")
    role = tuple(label for label in counter.identity if label != counter.instance_label)

    def text(scope: Scope) -> str:
        there = grouped(presence.identity)
        return (
            f"count{grouped(counter.identity)}({selector(counter, scope)} < {before(counter, scope)})"
            f" or count{grouped(role)}(count{there}({selector(presence, scope)})"
            f" unless count{there}({before(presence, scope)}))"
            # Where no instance was known before, the data begin here: that is no restart.
            f" and on () count({before(presence, scope)})"
        )

    return Query(text, Unit.COUNT, (counter, presence))


def before(metric: Metric, scope: Scope) -> str:
    """The metric's last values at the point before, or in the minutes until then: one scrape that fails is no end."""
    return f"last_over_time({selector(metric, scope)}[{RECENT}] offset $__interval)"


def _change(
    counter: Counter,
    function: str,
    unit: Unit,
    *,
    by: tuple[str, ...],
    where: Where | None,
    unless: Where | None,
    window: str,
) -> Query:
    counter.check_labels(*by, *(where or {}), *(unless or {}))

    return Query(
        lambda scope: rate_text(counter, scope, by, where, window, unless=unless, function=function), unit, (counter,)
    )


def _zero_while_up(counter: Counter, scope: Scope, by: tuple[str, ...], where: Where | None) -> str:
    """A 0 where the counter has no series but its exporter answers: the event has not happened; else nothing.

    By labels it has a name of its own, and is left out where the time range has the event: it would stand beside it.
    """
    up = replace(process.UPTIME, exporters=counter.exporters)
    zero = f"0 * sum({selector(up, scope)})"
    if not by:
        return zero
    ever = f"count(last_over_time({selector(counter, scope, where=where)}[{RANGE}] @ end()))"
    return f'on () label_replace({zero} unless {ever}, "{by[0]}", "none yet", "", "")'
