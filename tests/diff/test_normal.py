"""What is said in several spellings is the same."""

import pytest

from llumnix_dash.diff import normal
from tests.diff.strategies import Object


def steps(*values: float | None) -> Object:
    colors = ("green", "red", "purple")
    return {"mode": "absolute", "steps": [{"color": c, "value": v} for c, v in zip(colors, values, strict=False)]}


@pytest.mark.parametrize("base", [0, 0.0, "null", "-Infinity"])
def test_a_first_threshold_at_zero_is_where_values_begin_if_the_others_are_above_it(base: float) -> None:
    assert normal.thresholds(steps(base, 5)) == normal.thresholds(steps(None, 5))


@pytest.mark.parametrize("other", [0, -5])
def test_a_first_threshold_at_zero_says_something_if_another_is_not_above_it(other: float) -> None:
    """Grafana sorts them by value: which one is first is then no longer plain."""
    assert normal.thresholds(steps(0, other)) != normal.thresholds(steps(None, other))


@pytest.mark.parametrize(("query_type", "is_the_same"), [(1, True), (5, True), (None, True), (3, False)])
def test_a_variable_query_says_no_more_than_its_text_if_its_type_follows_from_it_or_is_the_classic_one(
    query_type: int | None, is_the_same: bool
) -> None:
    text = "label_values(up, namespace)"
    plain = normal.variable({"type": "query", "name": "namespace", "query": text})
    typed = normal.variable({"type": "query", "name": "namespace", "query": {"qryType": query_type, "query": text}})
    assert (plain == typed) is is_the_same
