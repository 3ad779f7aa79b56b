"""What Grafana's editor writes out when it saves is no change: every default, and every note of its own."""

from typing import Any

import pytest

from llumnix_dash.diff.compare import compare
from tests.diff.strategies import Object

# Written down here once more, key by key: a wrong entry of the tables in the code would hide a change.
DASHBOARD: Object = {
    "description": "",
    "editable": True,
    "fiscalYearStartMonth": 0,
    "graphTooltip": 0,
    "hideControls": False,
    "links": [],
    "liveNow": False,
    "preload": False,
    "refresh": "",
    "rows": [],
    "scopeMeta": {},
    "snapshot": {},
    "style": "dark",
    "tags": [],
    "time": {"from": "now-6h", "to": "now"},
    "timepicker": {
        "hidden": False,
        "nowDelay": "",
        "quick_ranges": [],
        "refresh_intervals": ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"],
    },
    "timezone": "",
    "weekStart": "",
}
OF_A_SERVER = ("id", "version", "iteration", "gnetId", "pluginVersion", "__inputs", "__requires", "__elements")
PANEL: Object = {
    "cacheTimeout": "",
    "description": "",
    "editable": True,
    "hideTimeOverride": False,
    "interval": "",
    "links": [],
    "maxPerRow": 4,
    "panels": [],
    "repeatDirection": "h",
    "timeFrom": "",
    "timeShift": "",
    "title": "",
    "transformations": [],
    "transparent": False,
}
FIELD: Object = {
    "actions": [],
    "description": "",
    "displayName": "",
    "fieldMinMax": False,
    "links": [],
    "mappings": [],
    "noValue": "",
    "unit": "",
    "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 80}]},
}
QUERY: Object = {
    "exemplar": False,
    "format": "time_series",
    "hide": False,
    "instant": False,
    "interval": "",
    "intervalFactor": 1,
    "legendFormat": "",
    "range": True,
}
OF_THE_EDITOR = ("editorMode", "disableTextWrap", "fullMetaSearch", "includeNullMetadata", "useBackend", "requestId")
VARIABLE: Object = {
    "allValue": "",
    "allowCustomValue": True,
    "current": {},
    "definition": "",
    "description": "",
    "hide": 0,
    "includeAll": False,
    "label": "",
    "multi": False,
    "options": [],
    "refresh": 0,
    "regex": "",
    "regexApplyTo": "value",
    "skipUrlSync": False,
    "sort": 0,
}
OPTIONS: dict[str, Object] = {
    "timeseries": {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"hideZeros": False, "mode": "single", "sort": "none"},
    },
    "heatmap": {
        "calculate": False,
        "cellGap": 1,
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-09},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "selectionMode": "x",
        "showValue": "auto",
        "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
        "yAxis": {"axisLabel": "", "axisPlacement": "left", "reverse": False},
        "color": {
            "exponent": 0.5,
            "fill": "dark-orange",
            "mode": "scheme",
            "reverse": False,
            "scale": "exponential",
            "scheme": "Oranges",
            "steps": 64,
        },
    },
    "stat": {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": True,
    },
    "gauge": {
        "minVizHeight": 75,
        "minVizWidth": 75,
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
        "sizing": "auto",
    },
    "bargauge": {
        "displayMode": "gradient",
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
    },
    "table": {"cellHeight": "sm", "frameIndex": 0, "showHeader": True, "showTypeIcons": False, "sortBy": []},
    "state-timeline": {
        "alignValue": "left",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "mergeValues": True,
        "perPage": 20,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": {"hideZeros": False, "mode": "single", "sort": "none"},
    },
    "text": {"mode": "markdown", "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False}},
}
CUSTOM: dict[str, Object] = {
    "timeseries": {
        "axisBorderShow": False,
        "axisCenteredZero": False,
        "axisColorMode": "text",
        "axisLabel": "",
        "axisPlacement": "auto",
        "barAlignment": 0,
        "barWidthFactor": 0.6,
        "drawStyle": "line",
        "fillOpacity": 0,
        "gradientMode": "none",
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "insertNulls": False,
        "lineInterpolation": "linear",
        "lineStyle": {"fill": "solid"},
        "lineWidth": 1,
        "pointSize": 5,
        "scaleDistribution": {"type": "linear"},
        "showPoints": "auto",
        "showValues": False,
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "none"},
        "thresholdsStyle": {"mode": "off"},
    },
    "heatmap": {"hideFrom": {"legend": False, "tooltip": False, "viz": False}, "scaleDistribution": {"type": "linear"}},
    "table": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False, "inspect": False},
    "state-timeline": {
        "axisPlacement": "auto",
        "fillOpacity": 70,
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "insertNulls": False,
        "lineWidth": 0,
        "spanNulls": False,
    },
}


def board(dashboard: Object, panel: Object, query: Object, variable: Object, field: Object | None = None) -> Object:
    shown = {
        "id": 1,
        "type": "timeseries",
        "repeat": "v",
        "targets": [{"expr": "up", "refId": "A", **query}],
        "fieldConfig": {"defaults": field or {}},
        **panel,
    }
    asked = {"name": "v", "type": "query", "query": "label_values(up, job)", **variable}
    return {"uid": "u", "title": "t", "panels": [shown], "templating": {"list": [asked]}, **dashboard}


BARE = board({}, {}, {}, {})


def told(new: Object) -> list[Any]:
    there, back = ([change for _, change in compare(*pair).changes()] for pair in ((BARE, new), (new, BARE)))
    assert len(there) == len(back)
    return there


def test_what_is_written_out_is_no_change() -> None:
    written = board(
        {**DASHBOARD, **dict.fromkeys(OF_A_SERVER, 7)}, PANEL, {**QUERY, **dict.fromkeys(OF_THE_EDITOR, "x")}, VARIABLE
    )
    assert told(written) == []
    assert told(board({}, {}, {}, {}, FIELD)) == []


@pytest.mark.parametrize("kind", sorted(OPTIONS))
def test_what_is_written_out_of_a_type_is_no_change(kind: str) -> None:
    panels = [
        {"id": 1, "type": kind, **given}
        for given in ({}, {"options": OPTIONS[kind], "fieldConfig": {"defaults": {"custom": CUSTOM.get(kind, {})}}})
    ]
    assert compare(*({"uid": "u", "panels": [panel]} for panel in panels)).items == ()


def another(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return (
        f"{value}other" if isinstance(value, str) else [*value, {"other": 1}] if isinstance(value, list) else {"a": 1}
    )


@pytest.mark.parametrize(
    ("place", "defaults"),
    [
        ("dashboard", {key: DASHBOARD[key] for key in DASHBOARD.keys() - {"links", "rows"}}),
        ("panel", {key: PANEL[key] for key in PANEL.keys() - {"transformations"}}),
        ("query", {key: QUERY[key] for key in QUERY.keys() - {"range"}}),
        ("variable", {key: VARIABLE[key] for key in VARIABLE.keys() - {"definition", "current"}}),
        ("field", FIELD),
    ],
)
def test_another_value_than_the_default_is_a_change(place: str, defaults: Object) -> None:
    places: dict[str, Object] = {"dashboard": {}, "panel": {}, "query": {}, "variable": {}, "field": {}}
    untold = [key for key in defaults if not told(board(**{**places, place: {key: another(defaults[key])}}))]
    assert untold == []


@pytest.mark.parametrize("first_has_one", [True, False])
def test_a_uid_that_a_server_gave_to_a_dashboard_without_one_is_no_change(first_has_one: bool) -> None:
    without = {key: value for key, value in BARE.items() if key != "uid"}
    pair = (BARE, without) if first_has_one else (without, BARE)
    assert compare(*pair).items == ()


def test_a_query_of_both_kinds_that_is_one_of_them_now_is_told() -> None:
    """An instant query is not a range query unless it says so; any other is one."""
    both, instant, neither = ({"instant": True, "range": True}, {"instant": True}, {})
    changes = [
        [
            (change.what, change.old, change.new)
            for _, change in compare(board({}, {}, both, {}), board({}, {}, one, {})).changes()
        ]
        for one in (instant, neither)
    ]
    assert changes == [[("query: range", True, False)], [("query: instant", True, False)]]
