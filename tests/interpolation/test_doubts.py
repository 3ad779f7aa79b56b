"""What a variable makes of a query that its author hardly meant is told, and nothing else is."""

from typing import Any

import pytest

from llumnix_dash.interpolation.doubts import doubts, valueless
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.interpolation.variables import resolve

HOUR = TimeRange(1_700_000_000, 1_700_003_600)


def scope(values: list[str], **model: Any) -> Any:
    several = {"name": "v", "type": "query", "query": "label_values(x)", "multi": True, "includeAll": True}
    models = [{**several, "current": {"value": ["$__all"]}, **model}]
    models.append({"name": "empty", "type": "query", "query": "", "includeAll": True})
    dashboard = {"templating": {"list": models}}
    return resolve(dashboard, lambda query, _: values if query else [], HOUR, chosen={}, scrape_interval="15s").scope


@pytest.mark.parametrize(
    ("expr", "model", "doubt"),
    [
        ('up{job="$v"}', {}, 'All of $v is the pattern (a|b), and job= takes it for a plain text: job=~'),
        ('up{job!="${v}"}', {}, 'All of $v is the pattern (a|b), and job!= takes it for a plain text: job!~'),
        ('up{job="$v"}', {"allValue": ".*"}, 'All of $v is the pattern .*, and job= takes it for a plain text: job=~'),
        ('up{job="$v"}', {"current": {"value": ["a", "b"]}}, 'several values of $v is the pattern'),
        ("rate(requests_$v[5m])", {}, "All of $v is written as the pattern (a|b), outside of quotes"),
        ('up{job=~"$v"}', {"allValue": "x_$empty"}, "All of $v is written as x_(), in which a variable has no value"),
    ],
)  # fmt: skip
def test_a_pattern_where_none_is_expected(expr: str, model: dict[str, Any], doubt: str) -> None:
    [told] = doubts(expr, scope(["a", "b"], **model))
    assert told.startswith(doubt)


@pytest.mark.parametrize(
    ("expr", "model"),
    [
        ('up{job=~"$v"}', {}),
        ('up{job!~"x_$v"}', {"allValue": ".+"}),
        ('up{job="$v"}', {"current": {"value": ["a"]}}),
        ('up{job="$v"}', {"allValue": "everything"}),
        ("sum by (${v:csv}) (up)", {}),
        ('up{job="$other"}', {}),
        ('up{job="$empty"}', {}),
        ('up{job="$v"}', {"query": ""}),
    ],
)
def test_what_is_as_it_should_be_raises_no_doubt(expr: str, model: dict[str, Any]) -> None:
    assert doubts(expr, scope(["a", "b"], **model)) == ()


def test_variables_without_a_value() -> None:
    assert valueless('a{b=~"$v",c=~"$empty"}', scope(["a"])) == ("empty",)
    assert valueless('a{b=~"$v"}', scope([], allValue=".*")) == ()
