"""What Grafana assumes where a dashboard's JSON says nothing, and what its editor therefore writes out.

A value that equals the default of its place says as much as no value. Only defaults that Grafana itself applies when
it loads the JSON stand here; where "missing" means anything else, or where it is unknown, the key is left out of these
tables and a difference is told.
"""

from collections.abc import Mapping
from typing import Any

Template = dict[str, Any]

GRAFANA_DATASOURCE = "-- Grafana --"

# -- the dashboard ----------------------------------------------------------------------------------------------------

DASHBOARD_NOISE = frozenset(
    {"id", "version", "iteration", "schemaVersion", "pluginVersion", "__inputs", "__requires", "__elements", "gnetId"}
)
DASHBOARD: Template = {
    "description": "",
    "editable": True,
    "fiscalYearStartMonth": 0,
    "graphTooltip": 0,
    "hideControls": False,
    "links": [],
    "liveNow": False,
    "panels": [],
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
    "templating": {"list": []},
    "annotations": {"list": []},
}

VARIABLE_NOISE = frozenset(
    {"error", "global", "id", "index", "isNone", "rootStateKey", "state", "useTags", "tags", "tagsQuery"}
    | {"tagValuesQuery", "initLock", "selected"}
)
VARIABLE: Template = {
    "allValue": "",
    "allowCustomValue": True,
    "auto": False,
    "auto_count": 30,
    "auto_min": "10s",
    "current": {},
    "definition": "",
    "description": "",
    "hide": 0,
    "includeAll": False,
    "label": "",
    "multi": False,
    "options": [],
    "regex": "",
    "regexApplyTo": "value",
    "skipUrlSync": False,
    "sort": 0,
}

ANNOTATION: Template = {
    "enable": False,
    "filter": {"exclude": False, "ids": []},
    "hide": False,
    "showIn": 0,
    "tagKeys": "",
    "tags": [],
    "textFormat": "",
    "titleFormat": "",
    "useValueForTime": False,
}
BUILT_IN_ANNOTATION: Template = {
    "builtIn": 1,
    "datasource": GRAFANA_DATASOURCE,
    "enable": True,
    "filter": {"exclude": False, "ids": []},
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "target": {"limit": 100, "matchAny": False, "tags": [], "type": "dashboard"},
    "type": "dashboard",
}

LINK: Template = {
    "asDropdown": False,
    "includeVars": False,
    "keepTime": False,
    "tags": [],
    "targetBlank": False,
    "tooltip": "",
    "url": "",
}

# -- panels -----------------------------------------------------------------------------------------------------------

PANEL_NOISE = frozenset(
    {"pluginVersion", "error", "hasRefreshed", "isNew", "isViewing", "isEditing", "isInView", "renderer"}
    | {"repeatIteration", "repeatPanelId", "repeatedByRow", "scopedVars", "span"}
)
# A row has nothing to query or to draw; older Grafana and generators give it these all the same.
ROW_NOISE = PANEL_NOISE | {"datasource", "targets", "fieldConfig", "options", "showTitle", "titleSize", "transparent"}

TARGET_NOISE = frozenset(
    {"editorMode", "disableTextWrap", "fullMetaSearch", "includeNullMetadata", "useBackend", "key", "requestId"}
)
TARGET: Template = {
    "exemplar": False,
    "expr": "",
    "format": "time_series",
    "hide": False,
    "instant": False,
    "interval": "",
    "intervalFactor": 1,
    "legendFormat": "",
    "metric": "",
    "query": "",
    "target": "",
}

ROW: Template = {"title": "", "collapsed": False, "repeat": "", "panels": [], "links": [], "description": ""}

_PANEL: Template = {
    "cacheTimeout": "",
    "description": "",
    "editable": True,
    "hideTimeOverride": False,
    "interval": "",
    "links": [],
    "maxPerRow": 4,
    "panels": [],
    "repeat": "",
    "repeatDirection": "h",
    "targets": [],
    "timeFrom": "",
    "timeShift": "",
    "title": "",
    "transformations": [],
    "transparent": False,
}
_FIELD: Template = {
    "actions": [],
    "description": "",
    "displayName": "",
    "fieldMinMax": False,
    "links": [],
    "mappings": [],
    "noValue": "",
    "unit": "",
}
THRESHOLDS = {"mode": "absolute", "steps": [{"color": "green"}, {"color": "red", "value": 80}]}
_HIDE_FROM = {"legend": False, "tooltip": False, "viz": False}
_LEGEND = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
_TOOLTIP = {"hideZeros": False, "mode": "single", "sort": "none"}
_AXIS = {
    "axisBorderShow": False,
    "axisCenteredZero": False,
    "axisColorMode": "text",
    "axisLabel": "",
    "axisPlacement": "auto",
}
_REDUCE = {"calcs": ["lastNotNull"], "fields": "", "values": False}

_CUSTOM: dict[str, Template] = {
    "timeseries": {
        **_AXIS,
        "barAlignment": 0,
        "barWidthFactor": 0.6,
        "drawStyle": "line",
        "fillOpacity": 0,
        "gradientMode": "none",
        "hideFrom": _HIDE_FROM,
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
    "heatmap": {"hideFrom": _HIDE_FROM, "scaleDistribution": {"type": "linear"}},
    "table": {
        "align": "auto",
        "cellOptions": {"type": "auto"},
        "filterable": False,
        "inspect": False,
    },
    "state-timeline": {
        "axisPlacement": "auto",
        "fillOpacity": 70,
        "hideFrom": _HIDE_FROM,
        "insertNulls": False,
        "lineWidth": 0,
        "spanNulls": False,
    },
}

_OPTIONS: dict[str, Template] = {
    "timeseries": {"legend": _LEGEND, "tooltip": _TOOLTIP},
    "heatmap": {
        "calculate": False,
        "cellGap": 1,
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
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
        "reduceOptions": _REDUCE,
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": True,
    },
    "gauge": {
        "minVizHeight": 75,
        "minVizWidth": 75,
        "orientation": "auto",
        "reduceOptions": _REDUCE,
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
        "reduceOptions": _REDUCE,
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
        "legend": {**_LEGEND, "showLegend": False},
    },
    "table": {"cellHeight": "sm", "frameIndex": 0, "showHeader": True, "showTypeIcons": False, "sortBy": []},
    "state-timeline": {
        "alignValue": "left",
        "legend": _LEGEND,
        "mergeValues": True,
        "perPage": 20,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": _TOOLTIP,
    },
    "text": {"mode": "markdown", "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False}},
}

# The colour mode where none is chosen: a line has its own colour, a single value that of its threshold.
_COLOR_MODE = {
    "timeseries": "palette-classic",
    "stat": "thresholds",
    "gauge": "thresholds",
    "bargauge": "thresholds",
    "table": "thresholds",
}


def _panel(kind: str) -> Template:
    defaults: Template = {**_FIELD, "thresholds": THRESHOLDS, "custom": _CUSTOM.get(kind, {})}
    if kind in _COLOR_MODE:
        defaults["color"] = {"mode": _COLOR_MODE[kind]}
    return {
        **_PANEL,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _OPTIONS.get(kind, {}),
    }


_PANELS: dict[str, Template] = {kind: _panel(kind) for kind in {*_CUSTOM, *_OPTIONS}}
_UNKNOWN_PANEL = _panel("")


def panel_template(panel: Mapping[str, Any]) -> Template:
    """The defaults of a panel of its type; of a type that is unknown here, those that every panel has."""
    kind = panel.get("type")
    return _PANELS.get(kind, _UNKNOWN_PANEL) if isinstance(kind, str) else _UNKNOWN_PANEL
