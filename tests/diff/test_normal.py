"""What is said in several spellings is the same."""

import pytest

from llumnix_dash.diff import normal
from llumnix_dash.diff.changes import Effect, Part
from llumnix_dash.diff.vocabulary import effect
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
    assert normal.annotation({**own, "name": "Annotations & Alerts", "datasource": source}) == {}
    assert normal.annotation({**own, "name": "Annotations & Alerts", "datasource": "other"}) != {}


def test_what_angular_left_behind_is_nothing() -> None:
    panel = {"type": "graph", "yaxes": [{"format": "s", "$$hashKey": "object:1"}], "$$hashKey": "object:2"}
    assert normal.panel(panel) == {"type": "graph", "yaxes": [{"format": "s"}]}


def test_a_query_without_a_letter_has_the_next_one_that_is_free() -> None:
    """As Grafana gives them when it loads the panel."""
    targets = [{"expr": "a"}, {"expr": "b", "refId": "A"}, {"expr": "c", "refId": ""}]
    shown = normal.panel({"type": "timeseries", "targets": targets})["targets"]
    assert [one["refId"] for one in shown] == ["B", "A", "C"]


def test_how_the_tooltip_looks_is_display() -> None:
    assert effect(Part.PANEL, ("options", "tooltip", "mode")) is Effect.DISPLAY
