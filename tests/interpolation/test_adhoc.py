"""Ad hoc filters reach every selector of the queries on their data source, and no other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.generate import generate
from llumnix_dash.interpolation.adhoc import Filter, chosen, filtered, saved
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.interpolation.variables import resolve
from llumnix_dash.prometheus.selectors import Selector, selectors
from llumnix_dash.verify.dashboard import parse
from llumnix_dash.verify.page import page

EU = Filter("region", "=", "eu")
HOUR = TimeRange(1_700_000_000, 1_700_003_600)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("up", 'up{region="eu"}'),
        ("up{}", 'up{region="eu"}'),
        ('up{job="a"}', 'up{job="a",region="eu"}'),
        ('up{job="a", }', 'up{job="a",region="eu"}'),
        ('up{region="eu"}', 'up{region="eu"}'),
        ('{__name__="up"}', '{__name__="up",region="eu"}'),
        ("rate(up[5m])", 'rate(up{region="eu"}[5m])'),
        ("sum by (b) (a) * on (b) group_left c", 'sum by (b) (a{region="eu"}) * on (b) group_left c{region="eu"}'),
        ("sum(a) by (job)", 'sum(a{region="eu"}) by (job)'),
        ("a and b unless on() c", 'a{region="eu"} and b{region="eu"} unless on() c{region="eu"}'),
        ("max_over_time(a[1h:5m] offset 1d) > bool 5e3", 'max_over_time(a{region="eu"}[1h:5m] offset 1d) > bool 5e3'),
        ('label_replace(a, "b", "$1 up{", "c", "(.*)")', 'label_replace(a{region="eu"}, "b", "$1 up{", "c", "(.*)")'),
        ("rate(a[$__rate_interval]) # up", 'rate(a{region="eu"}[$__rate_interval]) # up'),
        ('a{b="}"} + a:b:c', 'a{b="}",region="eu"} + a:b:c{region="eu"}'),
        ('a{b="x" or b="y"}', 'a{b="x",region="eu" or b="y",region="eu"}'),
        ("vector(1) + time() + Inf", "vector(1) + time() + Inf"),
        ("a @ end() offset $__interval", 'a{region="eu"} @ end() offset $__interval'),
    ],
)  # fmt: skip
def test_each_selector_is_filtered(query: str, expected: str) -> None:
    assert filtered(query, [EU]) == expected


def own_queries() -> list[str]:
    """Every query of our own dashboards, as it reaches a store."""
    queries: dict[str, None] = {}
    for one in generate():
        dashboard = parse(one.dashboard, one.name)
        scope = resolve(dashboard.json, lambda *_: ["a", "b"], HOUR, chosen={}, scrape_interval="15s").scope
        queries |= {query.expr: None for panel in page(dashboard, scope, HOUR, "15s") for query in panel.queries}
    return list(queries)


QUERIES = own_queries()
VALUES = st.text(alphabet='ab"\\}{\n.é', min_size=1, max_size=6)


@given(query=st.sampled_from(QUERIES), value=VALUES, operator=st.sampled_from(["=", "!=", "=~", "!~"]))
def test_the_parser_sees_the_filter_in_every_selector_and_nothing_else_changed(
    query: str, value: str, operator: str
) -> None:
    before, after = list(selectors(query)), list(selectors(filtered(query, [Filter("region", operator, value)])))
    matcher = ("region", operator, value)
    if after or operator in {"=", "!="}:  # a value that is no regular expression is refused by the parser
        assert after == [Selector(one.metric, (*one.matchers, matcher)) for one in before]


def variable(**changes: Any) -> dict[str, Any]:
    filters = [{"key": "region", "operator": "=", "value": "eu"}]
    return {"name": "filters", "type": "adhoc", "filters": filters, **changes}


def asked(model: dict[str, Any], source: Any, **chosen: list[str]) -> str:
    targets = [{"refId": "A", "expr": "up", "datasource": source}]
    models = [{"name": "ds", "type": "datasource", "query": "prometheus", "current": {"value": "one"}}, model]
    dashboard = parse({"panels": [{"id": 1, "targets": targets}], "templating": {"list": models}}, "x")
    scope = resolve(dashboard.json, lambda *_: [], HOUR, chosen=chosen, scrape_interval="15s").scope
    [panel] = page(dashboard, scope, HOUR, "15s")
    return panel.queries[0].expr


@pytest.mark.parametrize(
    ("of_filter", "of_query", "applied"),
    [
        (None, None, True),
        ({"uid": "one"}, {"uid": "one"}, True),
        ({"uid": "one"}, {"uid": "two"}, False),
        ({"uid": "$ds"}, {"uid": "${ds}"}, True),
        ({"uid": "${ds}"}, {"uid": "one"}, True),
        ({"uid": "${ds}"}, {"uid": "two"}, False),
        ({"uid": "one"}, None, True),
    ],
)
def test_filters_are_for_the_queries_on_their_data_source(of_filter: Any, of_query: Any, applied: bool) -> None:
    assert asked(variable(datasource=of_filter), of_query) == ('up{region="eu"}' if applied else "up")


def test_a_chosen_filter_takes_the_place_of_the_saved_ones() -> None:
    assert asked(variable(), None, filters=["job|=~|a.*", "x|!=|y"]) == 'up{job=~"a.*",x!="y"}'


def test_filters_as_grafana_saves_them() -> None:
    model = {
        "baseFilters": [{"key": "a", "operator": "=~", "value": r"x\.y"}],
        "filters": [
            {"key": "b", "operator": "=|", "value": "1", "values": ["1", "2"]},
            {"key": "c", "operator": "!=|", "value": "1", "values": ["1", "2"]},
            {"key": "d", "operator": "=", "value": ""},
            {"key": "", "operator": "=", "value": "x"},
            {"key": "e", "operator": "<", "value": "5"},
            "no filter",
        ],
    }
    model["filters"].pop()  # type: ignore[attr-defined]
    assert list(map(str, saved(model))) == [r'a=~"x\\.y"', 'b=~"1|2"', 'c!~"1|2"']
    assert list(map(str, saved({"filters": ["no object"]}))) == []


def test_one_of_several_as_in_grafanas_url() -> None:
    assert str(chosen("job|=||a|b")) == 'job=~"a|b"'
    assert chosen("nothing") is None
