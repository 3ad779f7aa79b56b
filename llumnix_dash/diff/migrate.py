"""The steps of Grafana's own schema migration that change the JSON and not the dashboard.

Grafana runs them when it loads an old dashboard and saves the result. They are run here on the older of two
dashboards, so that what the migration alone did is no change.
"""

from collections.abc import Callable
from typing import Any

from llumnix_dash.document.values import Json, Object, objects

_NEWEST = 42
_GRID_COLUMNS = 24
_OLD_HEIGHT = 8
_OLD_PIXELS_A_UNIT = 38


def schema_version(dashboard: Object) -> int:
    """The dashboard's schemaVersion; 0 where there is none that is a number."""
    version = dashboard.get("schemaVersion")
    return version if isinstance(version, int) else 0


def migrated(dashboard: Object, other: Object) -> Object:
    """The dashboard as Grafana loads it, if the other one has another schema version; the input is left as it is."""
    version = schema_version(dashboard)
    if objects(dashboard.get("rows")) and not dashboard.get("panels"):
        dashboard = _rows_to_panels(dashboard)
    if version == schema_version(other) or version >= _NEWEST:
        return dashboard
    if isinstance(dashboard.get("timepicker"), dict):
        picker = {key: value for key, value in dashboard["timepicker"].items() if key != "time_options"}
        dashboard = {**dashboard, "timepicker": picker}
    if not isinstance(dashboard.get("refresh"), str):
        dashboard = {**dashboard, "refresh": ""}
    if panels := objects(dashboard.get("panels")):
        dashboard = {**dashboard, "panels": [_panel(panel, version) for panel in panels]}
    return dashboard


def _panel(panel: Object, version: int) -> Object:
    if members := objects(panel.get("panels")):
        panel = {**panel, "panels": [_panel(member, version) for member in members]}
    for until, step in _PANEL_STEPS:
        if version < until:
            panel = step(panel)
    return panel


def _value_mappings(panel: Object) -> Object:
    """Version 30: ``{"type": 1, "value": "0", "text": "down"}`` became an entry of a map, type 2 a range."""
    mappings = objects(_at(panel, "fieldConfig", "defaults", "mappings"))
    if not mappings or not all(type(mapping.get("type")) is int for mapping in mappings):
        return panel
    new: list[Object] = []
    values: Object = {}
    for mapping in mappings:
        result = {"text": mapping.get("text")}
        if mapping["type"] == 1:
            values[str(mapping.get("value"))] = {**result, "index": len(values)}
        else:
            bounds = {"from": mapping.get("from"), "to": mapping.get("to")}
            new.append({"type": "range", "options": {**bounds, "result": {**result, "index": len(values) + len(new)}}})
    if values:
        new.insert(0, {"type": "value", "options": values})
    return _put(panel, new, "fieldConfig", "defaults", "mappings")


def _hidden_legend(panel: Object) -> Object:
    """Version 37: a legend is hidden by ``showLegend``, no longer by a display mode of that name."""
    legend = _at(panel, "options", "legend")
    if not isinstance(legend, dict) or "showLegend" in legend:
        return panel
    hidden = legend.get("displayMode") == "hidden"
    mode = {"displayMode": "list"} if hidden else {}
    return _put(panel, {**legend, **mode, "showLegend": not hidden}, "options", "legend")


def _table_cells(panel: Object) -> Object:
    """Version 38: the display mode of a table's cells became ``cellOptions``."""
    mode = _at(panel, "fieldConfig", "defaults", "custom", "displayMode")
    if panel.get("type") != "table" or not isinstance(mode, str):
        return panel
    custom = dict(panel["fieldConfig"]["defaults"]["custom"])
    del custom["displayMode"]
    custom["cellOptions"] = _CELLS.get(mode, {"type": mode})
    return _put(panel, custom, "fieldConfig", "defaults", "custom")


_CELLS: dict[str, Object] = {
    "basic": {"type": "gauge", "mode": "basic"},
    "gradient-gauge": {"type": "gauge", "mode": "gradient"},
    "lcd-gauge": {"type": "gauge", "mode": "lcd"},
    "color-background": {"type": "color-background", "mode": "gradient"},
    "color-background-solid": {"type": "color-background", "mode": "basic"},
}


def _hidden_everywhere(panel: Object) -> Object:
    """Version 42: a series that is hidden in the graph is hidden in the tooltip too."""
    hide = _at(panel, "fieldConfig", "defaults", "custom", "hideFrom")
    if isinstance(hide, dict) and hide.get("viz") is True:
        panel = _put(panel, {**hide, "tooltip": True}, "fieldConfig", "defaults", "custom", "hideFrom")
    overrides = objects(_at(panel, "fieldConfig", "overrides"))
    if not overrides:
        return panel
    return _put(panel, [_hidden_override(override) for override in overrides], "fieldConfig", "overrides")


def _hidden_override(override: Object) -> Object:
    properties = objects(override.get("properties"))
    if not properties:
        return override
    return {**override, "properties": [_hidden_property(item) for item in properties]}


def _hidden_property(item: Object) -> Object:
    value = item.get("value")
    if item.get("id") == "custom.hideFrom" and isinstance(value, dict) and value.get("viz") is True:
        return {**item, "value": {**value, "tooltip": True}}
    return item


_PANEL_STEPS: tuple[tuple[int, Callable[[Object], Object]], ...] = (
    (30, _value_mappings),
    (37, _hidden_legend),
    (38, _table_cells),
    (42, _hidden_everywhere),
)


def _rows_to_panels(dashboard: Object) -> Object:
    """Version 16: rows with panels inside became panels on a grid, with a row panel where the row shows its title."""
    panels: list[Object] = []
    y = 0
    rows = objects(dashboard["rows"]) or []
    shows_rows = any(row.get("collapse") or row.get("showTitle") or row.get("repeat") for row in rows)
    for row in rows:
        height = _old_height(row.get("height"))
        collapsed = row.get("collapse") is True
        members = _placed(objects(row.get("panels")) or [], y + shows_rows, height)
        if shows_rows:
            heading = {"type": "row", "title": row.get("title"), "repeat": row.get("repeat"), "collapsed": collapsed}
            place = {"x": 0, "y": y, "w": _GRID_COLUMNS, "h": 1}
            panels.append({**heading, "gridPos": place, "panels": members if collapsed else []})
            y += 1
        if not collapsed:
            panels += members
            y = max([y, *(member["gridPos"]["y"] + member["gridPos"]["h"] for member in members)])
    return {**{key: value for key, value in dashboard.items() if key != "rows"}, "panels": panels}


def _placed(panels: list[Object], y: int, height: int) -> list[Object]:
    placed = []
    x = 0
    for panel in panels:
        span = panel.get("span")
        width = int(span * 2) if isinstance(span, int | float) and 0 < span <= 12 else 8
        if x + width > _GRID_COLUMNS:
            x, y = 0, y + height
        tall = _old_height(panel["height"]) if panel.get("height") else height
        placed.append({**panel, "gridPos": {"x": x, "y": y, "w": width, "h": tall}})
        x += width
    return placed


def _old_height(height: Json) -> int:
    """A row's height in grid units, from pixels as a number or a text such as ``250px``."""
    digits = str(height).removesuffix("px")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 5:
        return _OLD_HEIGHT
    return max(3, -(-int(digits) // _OLD_PIXELS_A_UNIT))


def _at(value: Any, *keys: str) -> Json:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _put(value: Object, item: Json, *keys: str) -> Object:
    if len(keys) > 1:
        item = _put(value[keys[0]], item, *keys[1:])
    return {**value, keys[0]: item}
