"""Dashboards of Grafana's schema v2 (``elements`` and a ``layout``) as classic ones, as far as that goes.

Grafana 12 writes v2alpha1 and v2beta1, Grafana 13 writes v2: they differ in where a query or a panel names its plugin.
What the classic form cannot hold (tabs, auto grids, conditions) stays in the result under keys of v2's own names, so
that a comparison tells of it, and is listed in :attr:`Converted.losses`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from llumnix_dash.document.values import Json, Object, objects, string

SCHEMA_VERSION = 42
GRID_COLUMNS = 24
# An auto grid's rows in units of the classic grid: 168, 320 and 512 pixels.
_ROW_HEIGHTS = {"short": 5, "standard": 9, "tall": 14}
_MOST_COLUMNS = 3
_CURSORS = {"Off": 0, "Crosshair": 1, "Tooltip": 2}
_HIDDEN = {"dontHide": 0, "hideLabel": 1, "hideVariable": 2, "inControlsMenu": 3}
_REFRESHES = {"never": 0, "onDashboardLoad": 1, "onTimeRangeChanged": 2}
_ORDERS = (
    *("disabled", "alphabeticalAsc", "alphabeticalDesc", "numericalAsc", "numericalDesc"),
    "alphabeticalCaseInsensitiveAsc",
    "alphabeticalCaseInsensitiveDesc",
    "naturalAsc",
    "naturalDesc",
)
_VARIABLE_TYPES = {
    "QueryVariable": "query",
    "CustomVariable": "custom",
    "DatasourceVariable": "datasource",
    "IntervalVariable": "interval",
    "ConstantVariable": "constant",
    "TextVariable": "textbox",
    "AdhocVariable": "adhoc",
    "GroupByVariable": "groupby",
    "SwitchVariable": "switch",
}
# Where v2 keeps a query that was a text in the classic form.
_TEXT_QUERY = "__legacyStringValue"
_CONDITIONS = "conditionalRendering"


@dataclass(frozen=True, slots=True)
class Converted:
    """A dashboard in the classic form.

    Attributes:
        dashboard: the classic JSON object.
        losses: of one of schema v2, what the classic form cannot hold, each in words, such as ``the tab "Engines"``;
            None for one that is classic.
    """

    dashboard: Object
    losses: tuple[str, ...] | None


def is_v2(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a dashboard of schema v2: the resource, or its spec alone."""
    return (
        string(value.get("apiVersion")).startswith("dashboard.grafana.app/v2") or {"elements", "layout"} <= value.keys()
    )


def classic(value: Mapping[str, Any]) -> Converted:
    """The dashboard in the classic form.

    Args:
        value: a resource of ``dashboard.grafana.app/v2…``, or its spec alone.

    Raises:
        ValueError: it has no layout of a kind that is known.
    """
    spec = value["spec"] if isinstance(value.get("spec"), dict) and "elements" not in value else value
    times = _object(spec.get("timeSettings"))
    layout = _Layout(_object(spec.get("elements")))
    panels, _ = layout.place(_object(spec.get("layout")), 0)
    dashboard: Object = {
        **{
            key: spec[key]
            for key in ("title", "description", "tags", "links", "editable", "liveNow", "preload")
            if key in spec
        },
        "schemaVersion": SCHEMA_VERSION,
        "graphTooltip": _CURSORS.get(string(spec.get("cursorSync")), 0),
        "time": {"from": times.get("from", "now-6h"), "to": times.get("to", "now")},
        "refresh": times.get("autoRefresh", ""),
        "timepicker": _said(
            refresh_intervals=times.get("autoRefreshIntervals"),
            hidden=times.get("hideTimepicker"),
            quick_ranges=times.get("quickRanges"),
            nowDelay=times.get("nowDelay"),
        ),
        **_said(
            timezone=times.get("timezone"),
            weekStart=times.get("weekStart"),
            fiscalYearStartMonth=times.get("fiscalYearStartMonth"),
        ),
        "templating": {"list": [_variable(one) for one in objects(spec.get("variables")) or []]},
        "annotations": {"list": [_annotation(one) for one in objects(spec.get("annotations")) or []]},
        "panels": panels,
        **layout.of_whole,
    }
    uid = string(_object(value.get("metadata")).get("name"))
    return Converted({"uid": uid, **dashboard} if uid else dashboard, tuple(layout.losses))


def _object(value: Json) -> Object:
    return value if isinstance(value, dict) else {}


def _said(**values: Json) -> Object:
    return {key: value for key, value in values.items() if value is not None}


# -- layout -----------------------------------------------------------------------------------------------------------


@dataclass
class _Layout:
    """Puts the elements into a classic grid, and notes what does not fit into it."""

    elements: Mapping[str, Json]
    losses: list[str] = field(default_factory=list)
    of_whole: Object = field(default_factory=dict)

    def place(self, layout: Object, top: int, above: str = "") -> tuple[list[Object], int]:
        """The panels and rows of a layout from ``top`` on, and where the next begins; ``above`` names what holds it."""
        kind, spec = string(layout.get("kind")), _object(layout.get("spec"))
        placements: Mapping[str, Callable[[Object, int, str], tuple[list[Object], int]]] = {
            "GridLayout": self._grid,
            "AutoGridLayout": self._auto_grid,
            "RowsLayout": self._rows,
            "TabsLayout": self._tabs,
        }
        if kind not in placements:
            raise ValueError(f"its layout is of the kind {kind or 'none'!r}, which is not known")
        return placements[kind](spec, top, above)

    def _grid(self, spec: Object, top: int, above: str) -> tuple[list[Object], int]:
        panels, bottom = [], top
        for item in objects(spec.get("items")) or []:
            place = _object(item.get("spec"))
            x, y, width, height = (_whole(place.get(key)) for key in ("x", "y", "width", "height"))
            panel = self._panel(place, {"x": x, "y": top + y, "w": width, "h": height})
            panels.append(panel)
            bottom = max(bottom, top + y + height)
        return panels, bottom

    def _auto_grid(self, spec: Object, top: int, above: str) -> tuple[list[Object], int]:
        columns = max(1, min(_whole(spec.get("maxColumnCount")) or _MOST_COLUMNS, GRID_COLUMNS))
        width, height = (
            GRID_COLUMNS // columns,
            _ROW_HEIGHTS.get(string(spec.get("rowHeightMode")), _ROW_HEIGHTS["standard"]),
        )
        panels = []
        for number, item in enumerate(objects(spec.get("items")) or []):
            line, column = divmod(number, columns)
            place = {"x": column * width, "y": top + line * height, "w": width, "h": height}
            panels.append(self._panel(_object(item.get("spec")), place))
        self.losses.append(f"the auto grid{f' of {above}' if above else ''}")
        if not above:
            self.of_whole["autoGrid"] = {key: value for key, value in spec.items() if key != "items"}
        return panels, top + height * -(-len(panels) // columns)

    def _rows(self, spec: Object, top: int, above: str) -> tuple[list[Object], int]:
        placed: list[Object] = []
        for item in objects(spec.get("rows")) or []:
            row = _object(item.get("spec"))
            placed_here, top = self._section(row, string(row.get("title")), top, above)
            placed += placed_here
        return placed, top

    def _tabs(self, spec: Object, top: int, above: str) -> tuple[list[Object], int]:
        placed: list[Object] = []
        for item in objects(spec.get("tabs")) or []:
            tab = _object(item.get("spec"))
            title = string(tab.get("title"))
            self.losses.append(f'the tab "{title}"')
            placed_here, top = self._section({**tab, "tab": True}, title, top, above)
            placed += placed_here
        return placed, top

    def _section(self, spec: Object, title: str, top: int, above: str) -> tuple[list[Object], int]:
        """A row with its heading; of a row inside another or inside a tab the title tells both."""
        name = f"{above} / {title}" if above else title
        inner = _object(spec.get("layout"))
        if spec.get("hideHeader") is True:
            self._keep_conditions(self.of_whole, spec, "the condition of a row without a heading")
            return self.place(inner, top, above)
        members, bottom = self.place(inner, top + 1, name or "a row")
        row: Object = {"type": "row", "title": name, "gridPos": {"x": 0, "y": top, "w": GRID_COLUMNS, "h": 1}}
        row |= _said(repeat=_object(spec.get("repeat")).get("value"), tab=spec.get("tab"))
        if inner.get("kind") == "AutoGridLayout":
            row["autoGrid"] = {key: value for key, value in _object(inner.get("spec")).items() if key != "items"}
        self._keep_conditions(row, spec, f'the condition of the {"tab" if spec.get("tab") else "row"} "{name}"')
        if spec.get("variables"):
            self.losses.append(f'the variables of "{name}"')
        collapsed = spec.get("collapse") is True
        # A classic row holds panels and no rows.
        held = [member for member in members if member.get("type") != "row"] if collapsed else []
        others = [member for member in members if member.get("type") == "row"] if collapsed else members
        row |= {"collapsed": collapsed, "panels": held}
        return [row, *others], top + 1 if collapsed and not others else bottom

    def _panel(self, place: Object, grid: Object) -> Object:
        name = string(_object(place.get("element")).get("name"))
        element = _object(self.elements.get(name))
        spec = _object(element.get("spec"))
        panel: Object = {"gridPos": grid, **_said(id=spec.get("id"), title=spec.get("title"))}
        repeat = _object(place.get("repeat"))
        panel |= _said(
            repeat=repeat.get("value"), repeatDirection=repeat.get("direction"), maxPerRow=repeat.get("maxPerRow")
        )
        self._keep_conditions(panel, place, f'the condition of the panel "{string(spec.get("title"))}"')
        if element.get("kind") == "LibraryPanel":
            return panel | {"libraryPanel": spec.get("libraryPanel")}
        return panel | _panel(spec)

    def _keep_conditions(self, target: Object, spec: Object, words: str) -> None:
        if conditions := spec.get(_CONDITIONS):
            target[_CONDITIONS] = conditions
            self.losses.append(words)


def _whole(value: Json) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6 else 0


# -- panels -----------------------------------------------------------------------------------------------------------


def _panel(spec: Object) -> Object:
    data = _object(_object(spec.get("data")).get("spec"))
    visual = _object(spec.get("vizConfig"))
    drawn = _object(visual.get("spec"))
    targets = [_target(_object(one.get("spec"))) for one in objects(data.get("queries")) or []]
    return {
        **_said(description=spec.get("description"), links=spec.get("links"), transparent=spec.get("transparent")),
        # In v2alpha1 the kind is the plugin.
        "type": visual.get("group") or visual.get("kind") or "",
        **_said(pluginVersion=visual.get("version") or drawn.get("pluginVersion")),
        **_said(datasource=_common_source(targets)),
        "targets": targets,
        "transformations": [_transformation(one) for one in objects(data.get("transformations")) or []],
        **_object(data.get("queryOptions")),
        "options": drawn.get("options") or {},
        "fieldConfig": drawn.get("fieldConfig") or {},
    }


def _target(spec: Object) -> Object:
    query = _object(spec.get("query"))
    source = _source(query, spec.get("datasource"))
    hidden = {"hide": True} if spec.get("hidden") is True else {}
    return {**_object(query.get("spec")), **_said(refId=spec.get("refId"), datasource=source), **hidden}


def _source(query: Object, outside: Json = None) -> Object | None:
    """The data source of a query: beside it in v2alpha1, within it since."""
    kind = string(query.get("group")) or (string(query.get("kind")) if query.get("kind") != "DataQuery" else "")
    if isinstance(outside, dict):
        return {"type": kind, **outside} if kind and "type" not in outside else outside
    name = _object(query.get("datasource")).get("name")
    found = _said(type=kind or None, uid=name)
    return found or None


def _common_source(targets: list[Object]) -> Object | None:
    """The panel's data source: that of its queries, where they have one."""
    sources = [target.get("datasource") for target in targets]
    if not sources or sources[0] is None:
        return None
    alike = all(source == sources[0] for source in sources)
    return sources[0] if alike else {"type": "datasource", "uid": "-- Mixed --"}


def _transformation(value: Object) -> Object:
    spec = _object(value.get("spec"))
    name = spec.get("id") or value.get("group") or value.get("kind")
    return {"id": name, **{key: item for key, item in spec.items() if key != "id"}}


# -- variables and annotations ----------------------------------------------------------------------------------------


def _variable(value: Object) -> Object:
    spec = _object(value.get("spec"))
    kind = _VARIABLE_TYPES.get(string(value.get("kind")), string(value.get("kind")))
    kept = {key: item for key, item in spec.items() if key not in ("query", "hide", "refresh", "sort", "pluginId")}
    variable: Object = {"type": kind, **kept, **dict(_levelled(spec))}
    query = spec.get("query")
    if kind == "query" and isinstance(query, dict):
        asked = _object(query.get("spec"))
        variable["query"] = asked.get(_TEXT_QUERY, asked)
        variable |= _said(datasource=_source(query, spec.get("datasource")))
    elif kind == "datasource":
        variable["query"] = spec.get("pluginId", "")
    elif query is not None:
        variable["query"] = query
    return variable


def _levelled(spec: Object) -> Iterator[tuple[str, int]]:
    """What v2 writes as a word and the classic form as a number."""
    if (hide := string(spec.get("hide"))) in _HIDDEN:
        yield "hide", _HIDDEN[hide]
    if (refresh := string(spec.get("refresh"))) in _REFRESHES:
        yield "refresh", _REFRESHES[refresh]
    if (order := string(spec.get("sort"))) in _ORDERS:
        yield "sort", _ORDERS.index(order)


def _annotation(value: Object) -> Object:
    spec = _object(value.get("spec"))
    kept = {key: item for key, item in spec.items() if key not in ("query", "builtIn", "legacyOptions", "datasource")}
    query = _object(spec.get("query"))
    annotation: Object = {
        **kept,
        **_object(spec.get("legacyOptions")),
        **_said(datasource=_source(query, spec.get("datasource"))),
    }
    if spec.get("builtIn") is True:
        annotation["builtIn"] = 1
    if asked := _object(query.get("spec")):
        annotation["target"] = asked
    return annotation
