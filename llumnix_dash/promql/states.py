"""Queries that tell a state with a number: which components answer, and which of several cases holds."""

from collections.abc import Sequence

from llumnix_dash.catalog.labels import FLEET
from llumnix_dash.catalog.metric import Gauge, Metric, Unit, require
from llumnix_dash.promql.instances import total
from llumnix_dash.promql.query import Query, Scope, number, selector

# The label that names the case.
STATE = "state"
# What has not been there for so long is not missed, where a fleet may run without it.
_MISSED = "1d"
_AGO = "1h"


def first_of(*cases: tuple[str, Query]) -> Query:
    """The answer of the first case that has one, with the case's name in the label ``state``; none may be grouped.

    Its unit is that of the last case, the usual one. The others leave out with ``unless``: what a comparison leaves out
    VictoriaMetrics holds as NaN, which ``or`` then fills with the next case's value.
    """
    queries = [query for _, query in cases]
    return Query(
        lambda scope: " or on () ".join(
            f'label_replace({query.text(scope)}, "{STATE}", "{name}", "", "")' for name, query in cases
        ),
        queries[-1].unit,
        tuple(dict.fromkeys(metric for query in reversed(queries) for metric in query.metrics)),
    )


def side_by_side(queries: Sequence[Query]) -> Query:
    """The answers of all, which their labels tell apart."""
    return Query(
        lambda scope: " or ".join(f"({query.text(scope)})" for query in queries),
        queries[0].unit,
        tuple(dict.fromkeys(metric for query in queries for metric in query.metrics)),
    )


def of_every_component(query: Query) -> Query:
    """The query, deaf to every choice but that of the fleet: a model or a role that is chosen stops no process."""
    return Query(lambda scope: query.text(tuple(one for one in scope if one.label in FLEET)), query.unit, query.metrics)


def answering(answers: Gauge) -> Query:
    """How many targets answer when they are scraped; nothing where none does."""
    return Query(lambda scope: _answering(answers, scope), Unit.COUNT, (answers,))


def fewer(answers: Gauge) -> Query:
    """How many targets answer, where more did an hour ago."""

    def text(scope: Scope) -> str:
        now, then = _answering(answers, scope), _answering(answers, scope, f" offset {_AGO}")
        return f"{now} unless {now} >= ({then} or vector(0))"

    return Query(text, Unit.COUNT, (answers,))


def gone(answers: Gauge) -> Query:
    """0 where no target answers; of what a fleet may run without, only where one was there within the last day."""
    [exporter] = answers.exporters
    zeros = there_lately(answers) if exporter.optional else zero()
    return Query(lambda scope: f"{zeros.text(scope)} unless {_answering(answers, scope)}", Unit.COUNT, (answers,))


def there_lately(answers: Gauge) -> Query:
    """0 where a target was there within the last day, whether it answered or not."""
    return Query(
        lambda scope: f"vector(0) and on () count(last_over_time({selector(answers, scope)}[{_MISSED}]))",
        Unit.COUNT,
        (answers,),
    )


def zero() -> Query:
    """0."""
    return Query(lambda scope: "vector(0)", Unit.COUNT, ())


def where_any_reaches(gauge: Metric, bound: float) -> Query:
    """The sum over instances, where that of any of them is the bound or more."""
    gauge = require(gauge, Gauge, "a bound")
    whole = total(gauge)
    return Query(
        lambda scope: f"{whole.text(scope)} unless max({selector(gauge, scope)}) < {number(bound)}",
        whole.unit,
        whole.metrics,
    )


def _answering(answers: Gauge, scope: Scope, offset: str = "") -> str:
    return f"count({selector(answers, scope)}{offset} == 1)"
