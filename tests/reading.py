"""Dashboards and PromQL as the tests read them: the generated JSON, its panels, and the trees of its queries."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import promql_parser
import pytest

from llumnix_dash.catalog import METRICS, SCRAPED_METRICS
from llumnix_dash.catalog.metric import Histogram, Metric
from llumnix_dash.generate import load_dashboards

Json = dict[str, Any]

DASHBOARDS = {file.removesuffix(".json"): dashboard for file, dashboard in load_dashboards().items()}
every_dashboard = pytest.mark.parametrize("dashboard", [pytest.param(one, id=uid) for uid, one in DASHBOARDS.items()])

# What Grafana could put in place of the variables that are numbers. Those in matchers stay: `$namespace` reads well.
_VALUES = {"__rate_interval": "1m", "__interval_ms": "60000", "__interval": "1m", "__range": "1h", "top": "5"}
_NUMBER_VARIABLE = re.compile(rf"\$\{{?({'|'.join(_VALUES)}|\w+_objective|quantile|price_\w+)\b\}}?")


class Selected(NamedTuple):
    """A selector of a query, and the expressions around it, from the outermost inwards."""

    metric: Metric
    series: str
    matchers: dict[str, tuple[str, str]]
    around: tuple[promql_parser.Expr, ...]

    def aggregations(self) -> list[tuple[str, tuple[str, ...]]]:
        """The aggregations around it, from the innermost outwards: ``("sum", ("le",))``."""
        inwards = [one for one in self.around if isinstance(one, promql_parser.AggregateExpr)]
        return [(str(one.op), tuple(one.modifier.labels) if one.modifier else ()) for one in reversed(inwards)]

    def functions(self) -> list[str]:
        """The functions around it, from the innermost outwards."""
        return [one.func.name for one in reversed(self.around) if isinstance(one, promql_parser.Call)]


def panels(dashboard: Json) -> list[Json]:
    """All panels, those in collapsed rows too, without the rows themselves."""
    return [
        one
        for panel in dashboard["panels"]
        for one in (panel["panels"] if panel["type"] == "row" else [panel])
        if one["type"] != "row"
    ]


def queries(dashboard: Json) -> Iterator[tuple[str, str]]:
    """Where a query stands and its text, of all that the dashboard asks of the data source."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield f"{panel['title']}, {target['refId']}", target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        if "target" in annotation:
            yield f"annotation {annotation['name']}", annotation["target"]["expr"]


def every_query() -> list[Any]:
    """A parameter for each query of every dashboard."""
    return [
        pytest.param(text, id=f"{uid}: {where}")
        for uid, dashboard in DASHBOARDS.items()
        for where, text in queries(dashboard)
    ]


def lost(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where what others read of ours and wrote again differs from ours: keys gone, values changed."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            fault
            for key, value in ours.items()
            for fault in (lost(value, theirs[key], f"{path}.{key}") if key in theirs else [f"{path}.{key} is lost"])
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [fault for one, other in zip(ours, theirs, strict=True) for fault in lost(one, other, f"{path}[]")]
    return [] if ours == theirs else [f"{path} is {theirs!r} after {ours!r}"]


@cache
def parse(text: str) -> promql_parser.Expr:
    """The tree of a query in which Grafana's variables may stand.

    Raises:
        ValueError: it is no PromQL.
    """
    return promql_parser.parse(_NUMBER_VARIABLE.sub(lambda match: _VALUES.get(match[1], "100"), text))


def nodes(tree: promql_parser.Expr) -> Iterator[tuple[promql_parser.Expr, tuple[promql_parser.Expr, ...]]]:
    """Every expression of the tree with those around it, from the outermost inwards."""
    found: list[tuple[promql_parser.Expr, tuple[promql_parser.Expr, ...]]] = []
    around: list[promql_parser.Expr] = []

    def enter(node: promql_parser.Expr) -> None:
        found.append((node, tuple(around)))
        around.append(node)

    def leave(node: promql_parser.Expr) -> None:
        around.pop()

    promql_parser.walk(tree, enter, leave)
    yield from found


@cache
def selectors(text: str) -> tuple[Selected, ...]:
    """The selectors of a query."""
    return selectors_within(parse(text))


def selectors_within(tree: promql_parser.Expr) -> tuple[Selected, ...]:
    """The selectors of an expression; what a ruler records is no exporter's, and has tests of its own."""
    return tuple(
        Selected(
            metric_of(node.name or "", matchers.get("job", ("", ""))[1]),
            node.name or "",
            matchers,
            around,
        )
        for node, around in nodes(tree)
        if isinstance(node, promql_parser.VectorSelector) and (node.name or "").count(":") < 2
        for matchers in [{one.name: (_OPERATORS[str(one.op)], one.value) for one in node.matchers.matchers}]
    )


def metric_of(series: str, job: str = "") -> Metric:
    """The catalogue's metric to which a series belongs; of several that share the name, the one of the job.

    Raises:
        KeyError: nobody exports such a series.
    """
    same = [one for one in SCRAPED_METRICS if one.name == series and one.exporters[0].job == job]
    return same[0] if same else _BY_SERIES[series]


_OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
_BY_SERIES = {
    f"{metric.name}{suffix}": metric
    for metric in (*METRICS, *SCRAPED_METRICS)
    for suffix in (("_bucket", "_sum", "_count") if isinstance(metric, Histogram) else ("",))
}
