"""Schema v2 in the fake: a classic dashboard as Grafana 13's editor stores it, and back as a classic reader sees it.

The way back follows ``testdata/output`` of Grafana's own conversion: what it spells out, numbers anew and loses.
"""

import copy
from typing import Any

Json = dict[str, Any]
SPELT_OUT: Json = {
    "editable": True,
    "fiscalYearStartMonth": 0,
    "graphTooltip": 0,
    "liveNow": False,
    "preload": False,
    "refresh": "",
    "timezone": "browser",
    "timepicker": {"refresh_intervals": ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"]},
    "time": {"from": "now-6h", "to": "now"},
}
BUILT_IN_ANNOTATION: Json = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}
VARIABLE_DEFAULTS: Json = {
    "current": {"text": "", "value": ""},
    "hide": 0,
    "includeAll": False,
    "multi": False,
    "options": [],
    "regex": "",
    "skipUrlSync": False,
    "refresh": 1,
}
KEPT = ("title", "description", "tags", "links", "editable", "liveNow", "preload")
CURSORS = ("Off", "Crosshair", "Tooltip")
VARIABLES = {
    "query": "QueryVariable",
    "custom": "CustomVariable",
    "datasource": "DatasourceVariable",
    "interval": "IntervalVariable",
    "constant": "ConstantVariable",
    "textbox": "TextVariable",
    "adhoc": "AdhocVariable",
}
TYPES = {kind: name for name, kind in VARIABLES.items()}
# (classic, v2)
WORDS = {
    "hide": ("dontHide", "hideLabel", "hideVariable", "inControlsMenu"),
    "refresh": ("never", "onDashboardLoad", "onTimeRangeChanged"),
    "sort": (
        *("disabled", "alphabeticalAsc", "alphabeticalDesc", "numericalAsc", "numericalDesc"),
        *("alphabeticalCaseInsensitiveAsc", "alphabeticalCaseInsensitiveDesc", "naturalAsc", "naturalDesc"),
    ),
}
TIMES = (
    ("refresh", "autoRefresh"),
    ("timezone", "timezone"),
    ("fiscalYearStartMonth", "fiscalYearStartMonth"),
    ("weekStart", "weekStart"),
)


def up(spec: Json) -> Json:
    """The v2 spec that the editor makes of a classic one."""
    spec = copy.deepcopy(spec)
    elements: Json = {}
    rows: list[Json] = []
    loose: list[Json] = []

    top = 0

    def item(panel: Json) -> Json:
        name = f"panel-{panel.get('id', len(elements) + 1)}"
        place = panel.get("gridPos") or {"x": 0, "y": 0, "w": 12, "h": 8}
        elements[name] = _element(panel)
        place = {"x": place["x"], "y": place["y"] - top, "width": place["w"], "height": place["h"]}
        return {
            "kind": "GridLayoutItem",
            "spec": {**place, "element": {"kind": "ElementReference", "name": name}},
        }

    for panel in spec.get("panels") or []:
        if panel.get("type") == "row":
            top = (panel.get("gridPos") or {"y": -1})["y"] + 1
            inside = [item(inner) for inner in panel.get("panels") or []]
            rows.append(
                {
                    "kind": "RowsLayoutRow",
                    "spec": {
                        "title": panel.get("title", ""),
                        "collapse": bool(panel.get("collapsed")),
                        "layout": {"kind": "GridLayout", "spec": {"items": inside}},
                    },
                }
            )
        else:
            (rows[-1]["spec"]["layout"]["spec"]["items"] if rows else loose).append(item(panel))
    layout: Json = {"kind": "GridLayout", "spec": {"items": loose}}
    if rows:
        hidden = {"kind": "RowsLayoutRow", "spec": {"title": "", "hideHeader": True, "layout": layout}}
        layout = {"kind": "RowsLayout", "spec": {"rows": [*([hidden] if loose else []), *rows]}}
    time, picker = spec.get("time") or SPELT_OUT["time"], spec.get("timepicker") or SPELT_OUT["timepicker"]
    return {
        **{key: spec.get(key, SPELT_OUT.get(key)) for key in KEPT if key in spec or key in SPELT_OUT},
        "cursorSync": CURSORS[spec.get("graphTooltip", 0)],
        "timeSettings": {
            **time,
            "autoRefreshIntervals": picker.get("refresh_intervals", []),
            **{name: spec.get(key, SPELT_OUT.get(key)) for key, name in TIMES if key in spec or key in SPELT_OUT},
        },
        "variables": [_variable(variable) for variable in (spec.get("templating") or {}).get("list") or []],
        "annotations": [
            {"kind": "AnnotationQuery", "spec": {"legacyOptions": entry}}
            for entry in (spec.get("annotations") or {}).get("list") or []
        ],
        "elements": elements,
        "layout": layout,
    }


def down(native: Json) -> Json:
    """The classic form in which a v2 dashboard is shown to those who ask for one."""
    native = copy.deepcopy(native)
    panels = _panels(native["layout"], native["elements"])
    top = max([0, *(panel.get("id", 0) for panel in panels)])
    for number, row in enumerate((panel for panel in panels if panel["type"] == "row"), start=1):
        row["id"] = top + number
    times = native["timeSettings"]
    annotations = [entry["spec"]["legacyOptions"] for entry in native["annotations"]]
    spec = {
        **SPELT_OUT,
        **{key: native[key] for key in KEPT if native.get(key) not in (None, "", [])},
        **{key: times[name] for key, name in TIMES if name in times},
        "graphTooltip": CURSORS.index(native["cursorSync"]),
        "time": {"from": times["from"], "to": times["to"]},
        "timepicker": {"refresh_intervals": times["autoRefreshIntervals"]},
        "schemaVersion": 42,
        "annotations": {"list": annotations or [BUILT_IN_ANNOTATION]},
        "panels": panels,
    }
    if native["variables"]:
        spec["templating"] = {"list": [_classic_variable(variable) for variable in native["variables"]]}
    return spec


def _element(panel: Json) -> Json:
    if "libraryPanel" in panel:
        inner = {"id": panel.get("id", 0), "title": panel.get("title", ""), "libraryPanel": panel["libraryPanel"]}
        return {"kind": "LibraryPanel", "spec": inner}
    queries = []
    for target in panel.get("targets") or []:
        source = target.get("datasource") or panel.get("datasource") or {}
        asked = {key: value for key, value in target.items() if key not in {"refId", "hide", "datasource"}}
        query = {"kind": "DataQuery", "group": source.get("type", ""), "datasource": {"name": source.get("uid", "")}}
        spec = {"refId": target.get("refId", ""), "hidden": bool(target.get("hide")), "query": {**query, "spec": asked}}
        queries.append({"kind": "PanelQuery", "spec": spec})
    drawn = {"options": panel.get("options") or {}, "fieldConfig": panel.get("fieldConfig") or {}}
    return {
        "kind": "Panel",
        "spec": {
            **{key: panel[key] for key in ("id", "title", "description", "links", "transparent") if key in panel},
            "data": {
                "kind": "QueryGroup",
                "spec": {
                    "queries": queries,
                    "transformations": [
                        {"kind": "Transformation", "group": entry["id"], "spec": entry}
                        for entry in panel.get("transformations") or []
                    ],
                    "queryOptions": {key: panel[key] for key in ("interval", "maxDataPoints") if key in panel},
                },
            },
            "vizConfig": {
                "kind": "VizConfig",
                "group": panel["type"],
                "version": panel.get("pluginVersion", ""),
                "spec": drawn,
            },
        },
    }


def _panel(element: Json, place: Json) -> Json:
    spec = element["spec"]
    if element["kind"] == "LibraryPanel":
        return {**spec, "type": "library-panel-ref", "gridPos": place}
    visual, data = spec["vizConfig"], spec["data"]["spec"]
    panel: Json = {key: value for key, value in spec.items() if key not in {"data", "vizConfig"}}
    panel |= {"type": visual["group"], "pluginVersion": visual["version"], "gridPos": place, **data["queryOptions"]}
    panel |= {key: value for key, value in visual["spec"].items() if value}
    panel["targets"] = []
    for query in data["queries"]:
        asked = query["spec"]["query"]
        target = {**asked["spec"], "refId": query["spec"]["refId"]}
        if asked["group"] or asked["datasource"]["name"]:
            target["datasource"] = {"type": asked["group"], "uid": asked["datasource"]["name"]}
            panel.setdefault("datasource", target["datasource"])
        if query["spec"]["hidden"]:
            target["hide"] = True
        panel["targets"].append(target)
    if data["transformations"]:
        panel["transformations"] = [entry["spec"] for entry in data["transformations"]]
    return panel


def _variable(variable: Json) -> Json:
    spec = {key: value for key, value in variable.items() if key not in {"type", "query", "datasource"}}
    spec |= {key: words[spec[key]] for key, words in WORDS.items() if isinstance(spec.get(key), int)}
    if variable["type"] == "datasource":
        spec["pluginId"] = variable.get("query", "")
    elif variable["type"] == "query":
        source = variable.get("datasource") or {}
        query: Json = {"kind": "DataQuery", "group": source.get("type", ""), "datasource": {"name": source.get("uid")}}
        asked = variable.get("query")
        query["spec"] = asked if isinstance(asked, dict) else {"__legacyStringValue": asked}
        spec["query"] = query
    else:
        spec["query"] = variable.get("query", "")
    return {"kind": VARIABLES[variable["type"]], "spec": spec}


def _classic_variable(variable: Json) -> Json:
    spec = dict(variable["spec"])
    spec |= {key: words.index(spec[key]) for key, words in WORDS.items() if spec.get(key) in words}
    kind = TYPES[variable["kind"]]
    if kind == "datasource":
        spec["query"] = spec.pop("pluginId")
    elif kind == "query":
        query = spec["query"]
        spec["query"] = query["spec"].get("__legacyStringValue", query["spec"])
        spec["datasource"] = {"type": query["group"], "uid": query["datasource"]["name"]}
    return {**VARIABLE_DEFAULTS, **spec, "type": kind}


def with_tabs(native: Json) -> Json:
    """As a person makes of it who puts all into a tab."""
    tab = {"kind": "TabsLayoutTab", "spec": {"title": "Tab", "layout": native["layout"]}}
    return {**native, "layout": {"kind": "TabsLayout", "spec": {"tabs": [tab]}}}


def with_auto_grid(native: Json) -> Json:
    """As a person makes of it who lets Grafana place the panels."""
    items = [
        {"kind": "AutoGridLayoutItem", "spec": {"element": {"kind": "ElementReference", "name": name}}}
        for name in native["elements"]
    ]
    return {**native, "layout": {"kind": "AutoGridLayout", "spec": {"maxColumnCount": 3, "items": items}}}


def with_condition(native: Json) -> Json:
    """As a person makes of it who shows all only while a variable has a value: no classic reader sees that."""
    shown = {"kind": "ConditionalRenderingGroup", "spec": {"visibility": "show", "condition": "and", "items": []}}
    row = {"kind": "RowsLayoutRow", "spec": {"title": "", "hideHeader": True, "layout": native["layout"]}}
    row["spec"]["conditionalRendering"] = shown  # type: ignore[index]
    if native["layout"]["kind"] == "RowsLayout":
        rows = copy.deepcopy(native["layout"]["spec"]["rows"])
        rows[0]["spec"]["conditionalRendering"] = shown
    else:
        rows = [row]
    return {**native, "layout": {"kind": "RowsLayout", "spec": {"rows": rows}}}


def _panels(layout: Json, elements: Json, top: int = 0) -> list[Json]:
    kind, spec = layout["kind"], layout["spec"]
    found: list[Json] = []
    if kind in {"GridLayout", "AutoGridLayout"}:
        for number, item in enumerate(spec["items"]):
            place = {"x": 8 * (number % 3), "y": 9 * (number // 3), "width": 8, "height": 9, **item["spec"]}
            place = {"x": place["x"], "y": top + place["y"], "w": place["width"], "h": place["height"]}
            found.append(_panel(elements[item["spec"]["element"]["name"]], place))
        return found
    for group in spec["rows" if kind == "RowsLayout" else "tabs"]:
        inner = group["spec"]["layout"]
        if group["spec"].get("hideHeader"):
            found += _panels(inner, elements, top)
        else:
            collapsed = bool(group["spec"].get("collapse"))
            inside = _panels(inner, elements, top + 1)
            row: Json = {"type": "row", "title": group["spec"]["title"], "collapsed": collapsed}
            row["gridPos"] = {"x": 0, "y": top, "w": 24, "h": 1}
            found += [{**row, "panels": inside}] if collapsed else [row, *inside]
            if collapsed:
                top += 1
                continue
        top = max([top, *(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in found)])
    return found
