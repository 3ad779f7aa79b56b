"""A panel of another type is one line, and then only what Grafana's own conversion does not explain."""

from typing import Any

import click
import pytest

from llumnix_dash.diff import text
from llumnix_dash.diff.changes import Report
from llumnix_dash.diff.compare import compare

GRAPH: dict[str, Any] = {
    "id": 1,
    "type": "graph",
    "title": "Requests",
    "targets": [{"refId": "A", "expr": "rate(m[5m])"}],
    "bars": False,
    "lines": True,
    "points": False,
    "fill": 1,
    "linewidth": 2,
    "nullPointMode": "connected",
    "stack": True,
    "percentage": False,
    "steppedLine": False,
    "renderer": "flot",
    "dashLength": 10,
    "seriesOverrides": [],
    "aliasColors": {"failed": "red"},
    "legend": {"show": True, "alignAsTable": True, "rightSide": True, "values": True, "avg": True, "max": True},
    "tooltip": {"shared": True, "sort": 2, "value_type": "individual"},
    "xaxis": {"mode": "time", "show": True},
    "yaxes": [{"format": "reqps", "label": "requests", "logBase": 1, "min": "0", "show": True}, {"format": "short"}],
    "thresholds": [{"op": "gt", "value": 5, "colorMode": "critical", "fill": True, "line": True}],
}
TIME_SERIES: dict[str, Any] = {
    "id": 1,
    "type": "timeseries",
    "title": "Requests",
    "targets": [{"refId": "A", "expr": "rate(m[5m])"}],
    "fieldConfig": {
        "defaults": {
            "unit": "reqps",
            "min": 0,
            "custom": {
                "axisLabel": "requests",
                "drawStyle": "line",
                "fillOpacity": 10,
                "lineWidth": 2,
                "showPoints": "never",
                "spanNulls": True,
                "stacking": {"group": "A", "mode": "normal"},
                "thresholdsStyle": {"mode": "line+area"},
            },
            "thresholds": {
                "mode": "absolute",
                "steps": [{"color": "transparent", "value": None}, {"color": "red", "value": 5}],
            },
        },
        "overrides": [
            {
                "matcher": {"id": "byName", "options": "failed"},
                "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}],
            }
        ],
    },
    "options": {
        "legend": {"showLegend": True, "displayMode": "table", "placement": "right", "calcs": ["max", "mean"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
}
SINGLE_STAT: dict[str, Any] = {
    "id": 1,
    "type": "singlestat",
    "title": "Up",
    "format": "percentunit",
    "valueName": "current",
    "colorBackground": True,
    "thresholds": "0.8,0.9",
    "colors": ["red", "orange", "green"],
    "nullText": "none",
    "sparkline": {"show": True},
    "prefix": "",
    "gauge": {"show": False},
}
STAT: dict[str, Any] = {
    "id": 1,
    "type": "stat",
    "title": "Up",
    "fieldConfig": {
        "defaults": {
            "unit": "percentunit",
            "noValue": "none",
            "thresholds": {
                "mode": "absolute",
                "steps": [
                    {"color": "red", "value": None},
                    {"color": "orange", "value": 0.8},
                    {"color": "green", "value": 0.9},
                ],
            },
        },
        "overrides": [],
    },
    "options": {"colorMode": "background", "graphMode": "area", "reduceOptions": {"calcs": ["lastNotNull"]}},
}


def told(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    report = Report((compare({"title": "x", "panels": [old]}, {"title": "x", "panels": [new]}),), 1)
    return [line.strip() for line in click.unstyle(text.render(report)).splitlines()[3:]]


@pytest.mark.parametrize(("old", "new"), [(GRAPH, TIME_SERIES), (SINGLE_STAT, STAT)], ids=["graph", "singlestat"])
def test_what_grafana_converts_is_one_change_in_both_directions(old: dict[str, Any], new: dict[str, Any]) -> None:
    title = old["title"]
    assert told(old, new) == [f"display  {title}: type changed: {old['type']} → {new['type']}"]
    assert told(new, old) == [f"display  {title}: type changed: {new['type']} → {old['type']}"]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("linewidth", 5, "display  Requests: line width changed: 5 → 2"),
        ("stack", False, "display  Requests: stacking mode changed: none → normal"),
        ("nullPointMode", "null", "display  Requests: span nulls changed: no → yes"),
        ("yaxes", [{"format": "s", "label": "requests", "min": 0}], "display  Requests: unit changed: s → reqps"),
        (
            "legend",
            {**GRAPH["legend"], "rightSide": False},
            "display  Requests: legend placement changed: bottom → right",
        ),
    ],
)
def test_what_the_conversion_does_not_explain_is_told(key: str, value: Any, line: str) -> None:
    its_type = "display  Requests: type changed: graph → timeseries"
    assert sorted(told({**GRAPH, key: value}, TIME_SERIES)) == sorted([its_type, line])


def test_of_two_types_only_what_both_have_can_differ() -> None:
    gauge = {
        **STAT,
        "type": "gauge",
        "options": {"showThresholdMarkers": False, "reduceOptions": {"calcs": ["max"]}},
    }
    assert told(STAT, gauge) == [
        "query    Up: calculation changed: lastNotNull → max",
        "display  Up: type changed: stat → gauge",
    ]


def test_a_query_that_changed_with_the_type_is_told() -> None:
    new = {**TIME_SERIES, "targets": [{"refId": "A", "expr": "rate(m[1m])"}]}
    assert told(GRAPH, new)[0] == "query    Requests: query changed"
