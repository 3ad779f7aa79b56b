"""A panel that became another type: what differs once the old one is as Grafana itself converts it.

Grafana converts the panels of its Angular days when it loads them. What that does alone is one change, of the type.
Between other types only what both have can differ: a line's width means nothing to a single number.
"""

from collections.abc import Callable, Mapping

from llumnix_dash.diff import essence
from llumnix_dash.diff.defaults import panel_template
from llumnix_dash.document.values import Json, Object, objects, string

# What a panel of any type has.
_OF_ANY_TYPE = frozenset(
    {"id", "title", "description", "gridPos", "datasource", "targets", "transparent", "links", "repeat", "interval"}
    | {"repeatDirection", "maxPerRow", "maxDataPoints", "timeFrom", "timeShift", "cacheTimeout", "hideTimeOverride"}
    | {"transformations", "libraryPanel", "fieldConfig"}
)
_REDUCERS = {"avg": "mean", "current": "lastNotNull", "total": "sum", "range": "range", "first": "first"}
_LEGEND_VALUES = ("min", "max", "avg", "current", "total")
_THRESHOLD_COLOURS = {"critical": "red", "warning": "orange"}


def forms(old: Object, new: Object) -> tuple[Object, Object]:
    """The essence of a panel before and after it changed its type, with what can be compared between the types.

    Where Grafana converts the one type to the other, both are of the later type.
    """
    kinds = string(old.get("type")), string(new.get("type"))
    if conversion := _CONVERSIONS.get(kinds):
        return essence.panel(_converted(old, kinds[1], conversion)), essence.panel(new)
    if conversion := _CONVERSIONS.get(kinds[::-1]):
        return essence.panel(old), essence.panel(_converted(new, kinds[0], conversion))
    before, after = essence.panel(old), essence.panel(new)
    return _common(before, after), _common(after, before)


def _converted(panel: Object, kind: str, conversion: "Conversion") -> Object:
    """The panel as Grafana makes it one of this type when it loads it."""
    kept = {key: value for key, value in panel.items() if key in _OF_ANY_TYPE}
    config = _object(panel.get("fieldConfig"))
    defaults, options = conversion(panel)
    overrides = [*(objects(config.get("overrides")) or []), *_aliases(panel)]
    field_config = {"defaults": {**_object(config.get("defaults")), **_said(defaults)}, "overrides": overrides}
    return {**kept, "type": kind, "fieldConfig": field_config, "options": options}


def _graph(panel: Object) -> tuple[Object, Object]:
    axis = next(iter(objects(panel.get("yaxes")) or []), {})
    bars, lines, points = panel.get("bars") is True, panel.get("lines", True) is True, panel.get("points") is True
    style = "bars" if bars else "line" if lines else "points"
    base = axis.get("logBase")
    steps, shown = _graph_thresholds(objects(panel.get("thresholds")) or [])
    custom = {
        "drawStyle": style,
        "lineWidth": panel.get("linewidth"),
        "fillOpacity": 100 if bars else _times_ten(panel.get("fill")),
        "showPoints": "always" if points else "never" if style != "points" else None,
        "pointSize": 2 + 2 * panel["pointradius"] if points and _is_number(panel.get("pointradius")) else None,
        "spanNulls": panel.get("nullPointMode") == "connected",
        "lineInterpolation": "stepAfter" if panel.get("steppedLine") is True else None,
        "lineStyle": {"fill": "dash", "dash": [10, 10]} if panel.get("dashes") is True else None,
        "stacking": {"mode": "percent" if panel.get("percentage") is True else "normal", "group": "A"}
        if panel.get("stack") is True
        else None,
        "axisLabel": axis.get("label") or None,
        "axisPlacement": "hidden" if axis.get("show") is False else None,
        "scaleDistribution": {"type": "log", "log": base} if base in (2, 10) else None,
        "thresholdsStyle": {"mode": shown} if steps else None,
    }
    defaults = {
        "unit": axis.get("format"),
        "decimals": _number(axis.get("decimals")),
        "min": _number(axis.get("min")),
        "max": _number(axis.get("max")),
        "custom": _said(custom),
        "thresholds": {"mode": "absolute", "steps": steps} if steps else None,
    }
    return defaults, {"legend": _legend(panel.get("legend")), "tooltip": _tooltip(panel.get("tooltip"))}


def _legend(value: Json) -> Object:
    legend = _object(value)
    values = [name for name in _LEGEND_VALUES if legend.get("values") and legend.get(name)]
    return {
        "showLegend": legend.get("show", True) is not False,
        "displayMode": "table" if legend.get("alignAsTable") else "list",
        "placement": "right" if legend.get("rightSide") else "bottom",
        "calcs": [_REDUCERS.get(name, name) for name in values],
    }


def _tooltip(value: Json) -> Object:
    tooltip = _object(value)
    sort = tooltip.get("sort")
    order = "asc" if sort == 1 else "desc" if sort == 2 else "none"
    return {"mode": "multi" if tooltip.get("shared", True) else "single", "sort": order}


def _graph_thresholds(thresholds: list[Object]) -> tuple[list[Object], str]:
    """The steps of thresholds that begin above a value, and how they are drawn; those below a value are left out."""
    above = [one for one in thresholds if one.get("op") == "gt" and _is_number(one.get("value"))]
    steps: list[Object] = [
        {
            "value": one["value"],
            "color": _THRESHOLD_COLOURS.get(str(one.get("colorMode")), one.get("lineColor") or "red"),
        }
        for one in sorted(above, key=lambda one: float(one["value"]))
    ]
    fills, draws = (any(one.get(key) is True for one in above) for key in ("fill", "line"))
    shown = "line+area" if fills and draws else "area" if fills else "line"
    return [{"value": None, "color": "transparent"}, *steps] if steps else [], shown


def _single_stat(panel: Object) -> tuple[Object, Object]:
    name = panel.get("valueName", "avg")
    reducer = _REDUCERS.get(name, name) if isinstance(name, str) else "mean"
    coloured = "background" if panel.get("colorBackground") else "value" if panel.get("colorValue") else "none"
    defaults = {
        "unit": panel.get("format"),
        "decimals": _number(panel.get("decimals")),
        "noValue": panel.get("nullText") or None,
        "thresholds": _stat_thresholds(panel.get("thresholds"), panel.get("colors")),
    }
    return defaults, {
        "reduceOptions": {"calcs": [reducer], "fields": "", "values": False},
        "colorMode": coloured,
        "graphMode": "area" if _object(panel.get("sparkline")).get("show") else "none",
    }


def _stat_thresholds(thresholds: Json, colours: Json) -> Object | None:
    """``"80,90"`` and three colours as steps."""
    bounds = [_number(one.strip()) for one in thresholds.split(",")] if isinstance(thresholds, str) else []
    if not isinstance(colours, list) or not bounds or None in bounds or len(colours) < len(bounds) + 1:
        return None
    pairs = zip([None, *bounds], colours, strict=False)
    return {"mode": "absolute", "steps": [{"value": bound, "color": colour} for bound, colour in pairs]}


def _old_table(panel: Object) -> tuple[Object, Object]:
    return {}, {"showHeader": panel.get("showHeader", True) is not False}


# From an old panel to its field defaults and options in the type that has taken its place.
Conversion = Callable[[Object], tuple[Object, Object]]

_CONVERSIONS: Mapping[tuple[str, str], Conversion] = {
    ("graph", "timeseries"): _graph,
    ("singlestat", "stat"): _single_stat,
    ("grafana-singlestat-panel", "stat"): _single_stat,
    ("table-old", "table"): _old_table,
}


def _aliases(panel: Object) -> list[Object]:
    """Lines of a colour of their own, as overrides."""
    return [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for name, colour in _object(panel.get("aliasColors")).items()
        if colour
    ]


def _common(form: Object, other: Object) -> Object:
    """The form without what only its own type has: options, and how a field is drawn."""
    kept = dict(form)
    template = panel_template(other)
    if "options" in kept:
        kept["options"] = _shared(kept["options"], other.get("options"), template["options"])
    config = _object(kept.get("fieldConfig"))
    defaults = _object(config.get("defaults"))
    if "custom" in defaults:
        theirs = _object(_object(other.get("fieldConfig")).get("defaults")).get("custom")
        custom = _shared(defaults["custom"], theirs, template["fieldConfig"]["defaults"]["custom"])
        kept["fieldConfig"] = {**config, "defaults": {**defaults, "custom": custom}}
    return kept


def _shared(value: Json, other: Json, assumed: Object) -> Json:
    """The keys of the value that the other side has too, told or assumed by its type."""
    known = {*_object(other), *assumed}
    return {key: item for key, item in value.items() if key in known} if isinstance(value, dict) else value


def _object(value: Json) -> Object:
    return value if isinstance(value, dict) else {}


def _said(values: Object) -> Object:
    return {key: value for key, value in values.items() if value is not None}


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _times_ten(value: Json) -> Json:
    return value * 10 if _is_number(value) else None


def _number(value: Json) -> float | None:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value if _is_number(value) else None
