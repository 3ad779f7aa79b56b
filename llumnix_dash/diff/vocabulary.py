"""The words for the keys of a dashboard's JSON, and what a change of each can do."""

import re
from collections.abc import Sequence
from typing import Any

from llumnix_dash.diff.changes import MISSING, Effect, Part
from llumnix_dash.document.values import objects, text_of

Path = tuple[str, ...]

# Told as one change, because their parts mean nothing alone.
WHOLE = frozenset(
    {"thresholds", "color", "time", "datasource", "libraryPanel", "query", "filter", "conditionalRendering"}
)

# Containers whose names a person does not think of.
_SILENT = ("fieldConfig", "defaults", "custom", "options")

_LABELS: dict[Path, str] = {
    ("expr",): "query",
    ("target", "expr"): "query",
    ("color",): "colour",
    ("fillOpacity",): "fill opacity",
    ("noValue",): "text for no value",
    ("mappings",): "value mappings",
    ("reduceOptions", "calcs"): "calculation",
    ("reduceOptions", "fields"): "fields shown",
    ("reduceOptions", "values"): "all values",
    ("legend", "calcs"): "legend values",
    ("legend", "displayMode"): "legend mode",
    ("legend", "showLegend"): "legend shown",
    ("legend", "show"): "legend shown",
    ("hideFrom", "viz"): "hidden in the graph",
    ("lineStyle", "fill"): "line style",
    ("scaleDistribution", "type"): "scale",
    ("thresholdsStyle", "mode"): "thresholds shown as",
    ("time",): "time range",
    ("refresh",): "refresh",
    ("graphTooltip",): "shared tooltip",
    ("datasource",): "data source",
    ("transparent",): "transparent background",
    ("timeFrom",): "relative time",
    ("timeShift",): "time shift",
    ("interval",): "minimum interval",
    ("maxDataPoints",): "maximum data points",
    ("libraryPanel",): "library panel",
    ("content",): "content",
    ("current",): "selected value",
    ("includeAll",): "offers All",
    ("allValue",): "value of All",
    ("multi",): "several values at once",
    ("hide",): "hidden",
    ("regex",): "filter",
    ("iconColor",): "colour",
    ("enable",): "enabled",
    ("legendFormat",): "legend",
    # Of dashboards that were read from schema v2.
    ("tab",): "is a tab",
    ("autoGrid",): "auto grid",
    ("conditionalRendering",): "shown only if",
}

_QUERY_KEYS: dict[Part, frozenset[str]] = {
    Part.DASHBOARD: frozenset({"time", "weekStart", "fiscalYearStartMonth", "liveNow", "panels", "rows", "templating"}),
    Part.PANEL: frozenset(
        {"datasource", "targets", "transformations", "interval", "maxDataPoints", "timeFrom", "timeShift"}
        | {"timeCompare", "repeat", "libraryPanel", "reduceOptions", "calculate", "calculation", "frameIndex"}
    ),
    Part.ROW: frozenset({"repeat"}),
    Part.VARIABLE: frozenset(
        {"query", "definition", "datasource", "regex", "allValue", "includeAll", "multi", "current", "options", "type"}
        | {"refresh", "auto", "auto_count", "auto_min", "allowCustomValue", "filters", "baseFilters", "regexApplyTo"}
    ),
    Part.ANNOTATION: frozenset({"datasource", "target", "expr", "query", "type", "filter", "step", "tags", "enable"}),
    Part.LINK: frozenset(),
}
_TEXT_KEYS = frozenset({"title", "description", "links", "content", "label", "tags", "titleFormat"})
_LAYOUT_KEYS = frozenset({"collapsed", "gridPos", "repeatDirection", "maxPerRow", "tab", "autoGrid"})


def spoken(path: Path) -> Path:
    """The path without the containers that a person does not think of."""
    at = 0
    while at < len(path) - 1 and path[at] in _SILENT:
        at += 1
    return path[at:]


def label(path: Path) -> str:
    """What a person calls the value at this path."""
    short = spoken(path)
    for start in range(len(short)):
        if (known := _LABELS.get(short[start:])) is not None:
            # A container that is itself a word tells where: "tooltip mode", "x axis colour".
            return " ".join([*map(plain, short[:start]), known])
    return " ".join(map(plain, short))


def plain(key: str) -> str:
    """A key in plain words: ``lineWidth`` is line width."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", key)
    return " ".join(word if word.isupper() else word.lower() for word in words.split()) or repr(key)


def effect(part: Part, path: Path) -> Effect:
    """What a change at this path of the part can do to the reader."""
    keys = {path[0], spoken(path)[0]}
    if part is Part.LINK:
        return Effect.TEXT
    if keys & _QUERY_KEYS[part]:
        return Effect.QUERY
    if keys & _TEXT_KEYS:
        return Effect.TEXT
    return Effect.LAYOUT if keys & _LAYOUT_KEYS else Effect.DISPLAY


# -- values -----------------------------------------------------------------------------------------------------------


def value_text(path: str, value: Any) -> str:
    """A value as a person reads it; JSON where nothing better is known."""
    if value is MISSING:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value or '""'
    if isinstance(value, dict):
        return _object_text(path.rpartition(".")[2], value)
    if isinstance(value, list) and value and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(map(str, value))
    return text_of(value)


def _override_lines(properties: dict[str, Any]) -> list[str]:
    return [f"{label(tuple(name.split('.')))}: {value_text(name, value)}" for name, value in properties.items()]


def _object_text(key: str, value: dict[str, Any]) -> str:
    keys = set(value)
    text = None
    if keys == {"matcher", "properties"} and isinstance(value["properties"], dict):
        text = "\n".join(_override_lines(value["properties"]))
    elif key == "thresholds" and keys <= {"mode", "steps"} and (steps := objects(value.get("steps"))):
        text = _thresholds_text(steps, percent=value.get("mode") == "percentage")
    elif key == "color" and keys and keys <= {"mode", "fixedColor", "seriesBy"}:
        text = " ".join(str(value[name]) for name in ("mode", "fixedColor", "seriesBy") if name in value)
    elif key == "gridPos" and keys == {"w", "h"}:
        text = f"{_number(value['w'])}×{_number(value['h'])}"
    elif key == "gridPos" and keys == {"x", "y"}:
        text = f"x {_number(value['x'])}, y {_number(value['y'])}"
    elif key == "time" and keys == {"from", "to"}:
        text = f"{value['from']} to {value['to']}"
    elif key == "datasource" and keys == {"type"}:
        text = str(value["type"])
    elif key == "datasource" and keys == {"type", "uid"}:
        text = f"{value['uid']} ({value['type']})"
    return text_of(value) if text is None else text


def _thresholds_text(steps: Sequence[dict[str, Any]], *, percent: bool) -> str:
    parts = []
    for step in steps:
        extra = {key: item for key, item in step.items() if key not in ("color", "value")}
        start = f" from {_number(step['value'])}{'%' if percent else ''}" if "value" in step else ""
        parts.append(f"{step.get('color', 'no colour')}{start}{' ' + text_of(extra) if extra else ''}")
    return ", ".join(parts)


def _number(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else text_of(value)
