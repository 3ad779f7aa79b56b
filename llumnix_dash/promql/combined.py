"""Queries made of queries: several as the lines of one, the highest of them, one as a share of another.

Many lines in one query are one question to Prometheus in place of many; what tells them apart is the label
:data:`PART`, which no exporter has.
"""

import re
from collections.abc import Mapping

from llumnix_dash.catalog.metric import Unit
from llumnix_dash.promql.histograms import Objective
from llumnix_dash.promql.query import Query, Scope, number

# The label that holds a line's name.
PART = "part"


def named(parts: Mapping[str, Query]) -> Query:
    """The queries' answers side by side, each with its name as the label :data:`PART`; all of the first one's unit."""

    def text(scope: Scope) -> str:
        return " or ".join(
            f'label_replace({query.text(scope)}, "{PART}", "{name}", "", "")' for name, query in parts.items()
        )

    first = next(iter(parts.values()))
    metrics = dict.fromkeys(metric for query in parts.values() for metric in query.metrics)
    return Query(text, first.unit, tuple(metrics))


def instead(query: Query, name: str, other: Query) -> Query:
    """The query's lines, which have names, and in place of all of them one of this name where another query answers."""
    named_other = named({name: other})

    def text(scope: Scope) -> str:
        return f"(({query.text(scope)}) unless on () ({other.text(scope)})) or {named_other.text(scope)}"

    return Query(text, query.unit, query.metrics)


def highest_of(query: Query) -> Query:
    """The highest of a query's lines, with its labels, so that a reader sees which it is."""
    return Query(lambda scope: f"topk(1, {query.text(scope)})", query.unit, query.metrics)


def of_objective(query: Query, objective: Objective) -> Query:
    """The query as a share of an objective: 1 is the objective itself."""
    return Query(lambda scope: f"({query.text(scope)}) / ${objective.name}", Unit.RATIO, query.metrics)


def less(query: Query, other: Query) -> Query:
    """By how much a query exceeds another, below 0 where it falls short of it."""
    return Query(
        lambda scope: f"({query.text(scope)}) - ({other.text(scope)})", query.unit, query.metrics + other.metrics
    )


def reaching(query: Query, bound: float) -> Query:
    """The query's lines that are the bound or more."""
    return Query(lambda scope: f"{query.text(scope)} >= {number(bound)}", query.unit, query.metrics)


def leaders(query: Query, *, by: tuple[str, ...], count: int) -> Query:
    """So many of the query's lines as are highest at each moment, of each group."""
    return Query(lambda scope: f"topk by ({', '.join(by)}) ({count}, {query.text(scope)})", query.unit, query.metrics)


def top_of(query: Query, rank: Query, by: tuple[str, ...]) -> Query:
    """The query, of the ``$top`` groups that rank first."""
    return Query(
        lambda scope: f"({query.text(scope)}) and on ({', '.join(by)}) topk($top, {rank.text(scope)})",
        query.unit,
        query.metrics,
    )


def leading(query: Query, by: tuple[str, ...]) -> Query:
    """The query, of the ``$top`` groups that are highest at the end of the time range: the same all along it.

    Of a query whose selectors all have a window.
    """

    def text(scope: Scope) -> str:
        at_end = re.sub(r"\[(\w+)\]", r"[\1] @ end()", query.text(scope))
        return f"({query.text(scope)}) and on ({', '.join(by)}) topk($top, {at_end})"

    return Query(text, query.unit, query.metrics)
