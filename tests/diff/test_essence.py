"""What is said in several spellings is the same."""

import pytest

from llumnix_dash.diff import essence
from tests.diff.strategies import Object


def panel_with_steps(*values: float | str | None) -> Object:
    steps = [{"color": color, "value": value} for color, value in zip(("green", "red"), values, strict=True)]
    return essence.panel({"fieldConfig": {"defaults": {"thresholds": {"mode": "absolute", "steps": steps}}}})


@pytest.mark.parametrize("base", [0, 0.0, "null", "-Infinity"])
def test_a_first_threshold_at_zero_is_where_values_begin_if_the_others_are_above_it(base: float | str) -> None:
    assert panel_with_steps(base, 5) == panel_with_steps(None, 5)


@pytest.mark.parametrize("other", [0, -5])
def test_a_first_threshold_at_zero_says_something_if_another_is_not_above_it(other: float) -> None:
    """Grafana sorts them by value: which one is first is then no longer plain."""
    assert panel_with_steps(0, other) != panel_with_steps(None, other)


@pytest.mark.parametrize(("query_type", "is_the_same"), [(1, True), (5, True), (None, True), (3, False)])
def test_a_variable_query_says_no_more_than_its_text_if_its_type_follows_from_it_or_is_the_classic_one(
    query_type: int | None, is_the_same: bool
) -> None:
    text = "label_values(up, namespace)"
    plain = essence.variable({"type": "query", "name": "namespace", "query": text})
    typed = essence.variable({"type": "query", "name": "namespace", "query": {"qryType": query_type, "query": text}})
    assert (plain == typed) is is_the_same


@pytest.mark.parametrize(
    "source",
    [
        None,
        "grafana",
        "-- Grafana --",
        {"uid": "grafana"},
        {"type": "datasource", "uid": "grafana"},
        {"type": "grafana", "uid": "-- Grafana --"},
    ],
    ids=str,
)
def test_the_annotation_that_grafana_adds_is_known_in_every_form(source: object) -> None:
    own = {"builtIn": 1, "enable": True, "hide": True, "iconColor": "rgba(0, 211, 255, 1)", "type": "dashboard"}
    assert essence.annotation({**own, "name": "Annotations & Alerts", "datasource": source}) == {}
    assert essence.annotation({**own, "name": "Annotations & Alerts", "datasource": "other"}) != {}


def test_a_bound_of_a_value_mapping_that_is_null_is_as_good_as_none() -> None:
    """The canonical form keeps both as they are, and Grafana reads both as open."""
    shown = [
        essence.panel({"fieldConfig": {"defaults": {"mappings": [{"type": "range", "options": options}]}}})
        for options in ({"from": None, "to": 5.0}, {"to": 5})
    ]
    assert shown[0] == shown[1] != essence.panel({})


def test_a_query_without_a_letter_has_the_next_one_that_is_free() -> None:
    """As Grafana gives them when it loads the panel."""
    targets = [{"expr": "a"}, {"expr": "b", "refId": "A"}, {"expr": "c", "refId": ""}]
    shown = essence.panel({"type": "timeseries", "targets": targets})["targets"]
    assert [one["refId"] for one in shown] == ["B", "A", "C"]
