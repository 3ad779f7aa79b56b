"""grafanalib's classes with the JSON of today's Grafana: every workaround for grafanalib is here.

grafanalib 0.7.1 writes the shapes of Grafana 6 to 9, with nulls and defaults in every panel that sub-classes cannot
remove. So these sub-classes build their JSON from nothing, in the shapes of ``@grafana/schema`` 10 to 13. They remain
grafanalib's objects: its ``generate-dashboard`` writes them, and ``attr.evolve`` copies them.
"""

from typing import Any

import attr
import grafanalib.core as grafanalib

from llumnix_dash.promql import Query

Json = dict[str, Any]

# Grafana runs a plugin's migrations where this differs from its own version; without it, it assumes Grafana 6.
PLUGIN_VERSION = "11.6.0"
DATA_SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}


def _data_source() -> Json:
    return dict(DATA_SOURCE)


@attr.s(kw_only=True, eq=False, repr=False)
class Target(grafanalib.Target):  # type: ignore[misc]
    """One query of a panel. Its text exists once the board has given it the scope of its variables.

    Attributes:
        query: what to ask.
        expr: the query's text within the scope of the board; without a board, the scope has no variables.
        show: ``time_series``, ``table`` or ``heatmap``; a table asks once, at the end of the time range.
        at_end: whether to ask once, at the end of the time range.
        colour: of its lines; None leaves it to the panel.
        dashed: whether its lines are dashed.
        unlisted: whether its lines are not in the legend.
    """

    query: Query = attr.ib()
    legendFormat: str = attr.ib(default="")
    refId: str = attr.ib(default="")
    expr: str = attr.ib(default="")
    show: str = attr.ib(default="time_series")
    at_end: bool = attr.ib(default=False)
    colour: str | None = attr.ib(default=None)
    dashed: bool = attr.ib(default=False)
    unlisted: bool = attr.ib(default=False)

    def to_json_data(self) -> Json:
        """The target as Grafana's query editor in code mode saves it."""
        at_end = self.at_end or self.show == "table"
        return {
            "datasource": _data_source(),
            "editorMode": "code",
            "expr": self.expr or self.query.text(()),
            "format": self.show,
            "instant": at_end,
            "legendFormat": self.legendFormat or "__auto",
            "range": not at_end,
            "refId": self.refId,
        }


@attr.s(kw_only=True, eq=False, repr=False)
class Panel(grafanalib.Panel):  # type: ignore[misc]
    """What every panel has, but its type's own part.

    Attributes:
        key: the panel's name in its dashboard, from which its id is derived.
        width: in columns of 24 to a row; the layout may widen it to fill its line.
        height: in grid units of 30 pixels.
        unit: Grafana's id of the unit.
        thresholds: colours by rising values; the first value is None, for everything below the second.
        no_value: what is shown in place of "No data".
        overrides: field overrides, as Grafana's JSON has them.
        decimals, minimum, maximum: of the values; None leaves them to Grafana.
        finest: the shortest step between two points, such as ``1m``; where empty, the data source's.
        more: the uid of the dashboard that tells more, to which the board links the panel; empty for none.
        links: the panel's links, as Grafana's JSON has them.
    """

    key: str = attr.ib()
    title: str = attr.ib()
    description: str = attr.ib(default="")
    targets: list[Target] = attr.ib(factory=list)
    id: int | None = attr.ib(default=None)
    gridPos: grafanalib.GridPos | None = attr.ib(default=None)
    width: int = attr.ib(default=8)
    height: int = attr.ib(default=8)
    unit: str = attr.ib(default="short")
    thresholds: tuple[tuple[float | None, str], ...] = attr.ib(default=())
    no_value: str | None = attr.ib(default=None)
    overrides: list[Json] = attr.ib(factory=list)
    decimals: int | None = attr.ib(default=None)
    minimum: float | None = attr.ib(default=None)
    maximum: float | None = attr.ib(default=None)
    finest: str = attr.ib(default="")
    more: str = attr.ib(default="")
    links: list[Json] = attr.ib(factory=list)

    plugin = ""

    def defaults(self) -> Json:
        """``fieldConfig.defaults``: how the values of all fields look."""
        steps = [{"color": colour, "value": value} for value, colour in self.thresholds]
        fields: Json = {
            "decimals": self.decimals,
            "mappings": [],
            "max": self.maximum,
            "min": self.minimum,
            "noValue": self.no_value,
            "thresholds": {"mode": "absolute", "steps": steps or [{"color": "green", "value": None}]},
            "unit": self.unit,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def options(self) -> Json:
        """``options``: those of the panel's type."""
        return {}

    def to_json_data(self) -> Json:
        """The panel's JSON."""
        position = self.gridPos
        return {
            "datasource": _data_source(),
            "description": self.description,
            "fieldConfig": {
                "defaults": self.defaults(),
                "overrides": [*_target_overrides(self.targets), *self.overrides],
            },
            "gridPos": position.to_json_data() if position else {"h": self.height, "w": self.width, "x": 0, "y": 0},
            "id": self.id,
            **({"interval": self.finest} if self.finest else {}),
            **({"links": self.links} if self.links else {}),
            "options": self.options(),
            "pluginVersion": PLUGIN_VERSION,
            "targets": [target.to_json_data() for target in self.targets],
            "title": self.title,
            "type": self.plugin,
        }


@attr.s(kw_only=True, eq=False, repr=False)
class TimeSeries(Panel):
    """Lines over time, with a table of their last and worst values as the legend.

    Attributes:
        worst: the calculation that gives a line's worst value: ``max`` or ``min``.
        stacked: whether the lines are stacked areas.
        fill: the opacity of the area beneath each line, 0 to 100.
        axis_from: the axis begins at most here, and lower where values do.
        axis_to: the axis ends at least here; None leaves it to Grafana, which ends at 100 where all is 0.
        logarithmic: whether each step of the axis is ten times the one before; it has no 0 to begin at then.
        legend: ``right``, a table of names with their last and worst values beside the lines; ``below``, one beneath
            them; ``list``, names with their worst values; ``names``, those alone.
    """

    worst: str = attr.ib(default="max")
    stacked: bool = attr.ib(default=False)
    fill: int = attr.ib(default=0)
    axis_from: float = attr.ib(default=0)
    axis_to: float | None = attr.ib(default=None)
    logarithmic: bool = attr.ib(default=False)
    legend: str = attr.ib(default="below")

    plugin = "timeseries"

    def defaults(self) -> Json:
        """As of every panel, with the look of the lines."""
        hidden = {"legend": False, "tooltip": False, "viz": False}
        custom = {
            "axisBorderShow": False,
            "axisCenteredZero": False,
            "axisColorMode": "text",
            "axisLabel": "",
            "axisPlacement": "auto",
            **({} if self.logarithmic else {"axisSoftMin": self.axis_from}),
            **({} if self.axis_to is None else {"axisSoftMax": self.axis_to}),
            "barAlignment": 0,
            "barWidthFactor": 0.6,
            "drawStyle": "line",
            "fillOpacity": self.fill,
            "gradientMode": "none",
            "hideFrom": hidden,
            "insertNulls": False,
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "pointSize": 5,
            "scaleDistribution": {"log": 10, "type": "log"} if self.logarithmic else {"type": "linear"},
            "showPoints": "auto",
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if self.stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if self.thresholds else "off"},
        }
        return {**super().defaults(), "color": {"mode": "palette-classic"}, "custom": custom}

    def options(self) -> Json:
        """The legend and the tooltip."""
        return {
            "legend": {
                "calcs": {"list": [self.worst], "names": []}.get(self.legend, ["lastNotNull", self.worst]),
                "displayMode": "list" if self.legend in {"list", "names"} else "table",
                "placement": "right" if self.legend == "right" else "bottom",
                "showLegend": True,
                "sortBy": self.worst.title(),
                "sortDesc": self.worst == "max",
            },
            "tooltip": {"hideZeros": False, "mode": "multi", "sort": "desc"},
        }


@attr.s(kw_only=True, eq=False, repr=False)
class Stat(Panel):
    """One number or a few, as they are at the end of the time range; without one, its ``no_value`` in no colour.

    Attributes:
        named: whether each number's name stands beside it.
    """

    named: bool = attr.ib(default=False)

    plugin = "stat"

    def defaults(self) -> Json:
        """As of every panel, coloured by the thresholds."""
        # Without the mapping, noValue would be shown in the lowest threshold's colour, as if that value were there.
        nothing = {"match": "null+nan", "result": {"color": "text", "index": 0, "text": self.no_value}}
        return {
            **super().defaults(),
            "color": {"mode": "thresholds"},
            "mappings": [{"options": nothing, "type": "special"}],
        }

    def options(self) -> Json:
        """The number alone, in its colour."""
        return {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "percentChangeColorMode": "standard",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "showPercentChange": False,
            "textMode": "value_and_name" if self.named else "value",
            "wideLayout": not self.named,
        }


@attr.s(kw_only=True, eq=False, repr=False)
class Heatmap(Panel):
    """A histogram's buckets over time: the darker, the more observations.

    The unit is that of the buckets' bounds.

    Attributes:
        cell_unit: Grafana's id of the unit of a cell's value.
        scheme: Grafana's colour scheme.
    """

    cell_unit: str = attr.ib()
    scheme: str = attr.ib(default="Oranges")

    plugin = "heatmap"

    def defaults(self) -> Json:
        """The plugin takes none of the standard options, but for what it says without data."""
        custom = {
            "hideFrom": {"legend": False, "tooltip": False, "viz": False},
            "scaleDistribution": {"type": "linear"},
        }
        return {"custom": custom, **({"noValue": self.no_value} if self.no_value else {})}

    def options(self) -> Json:
        """Ready buckets, upper bounds on the axis."""
        return {
            "calculate": False,
            "cellGap": 1,
            "cellValues": {"unit": self.cell_unit},
            "color": {
                "exponent": 0.5,
                "fill": "dark-orange",
                "mode": "scheme",
                "reverse": False,
                "scale": "exponential",
                "scheme": self.scheme,
                "steps": 64,
            },
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "selectionMode": "x",
            "showValue": "never",
            "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": True},
            "yAxis": {"axisLabel": "", "axisPlacement": "left", "reverse": False, "unit": self.unit},
        }


@attr.s(kw_only=True, eq=False, repr=False)
class Table(Panel):
    """A table of instances: the targets' values side by side, a row for each set of labels.

    Attributes:
        columns: field name (a label, or ``Value #A``) -> heading, in order; every other field is left out.
        sort_by: the heading by which rows are sorted, highest first.
        lowest_first: whether the lowest come first instead.
        narrowed_by: heading -> the label that its cells are values of: the board links each cell to the page narrowed
            down to that value.
    """

    columns: dict[str, str] = attr.ib(factory=dict)
    sort_by: str = attr.ib(default="")
    lowest_first: bool = attr.ib(default=False)
    narrowed_by: dict[str, str] = attr.ib(factory=dict)

    plugin = "table"

    def defaults(self) -> Json:
        """As of every panel, with plain cells; an override colours those that have thresholds."""
        custom = {
            "align": "auto",
            "cellOptions": {"type": "auto"},
            "filterable": False,
            "inspect": False,
            "minWidth": 90,
        }
        return {**super().defaults(), "color": {"mode": "thresholds"}, "custom": custom}

    def options(self) -> Json:
        """Small rows under a heading, sorted."""
        return {
            "cellHeight": "sm",
            "frameIndex": 0,
            "showHeader": True,
            "showTypeIcons": False,
            "sortBy": [{"desc": not self.lowest_first, "displayName": self.sort_by}],
        }

    def to_json_data(self) -> Json:
        """The panel's JSON, with the transformations that make one table of the targets."""
        organize = {
            "excludeByName": {},
            "includeByName": dict.fromkeys(self.columns, True),
            "indexByName": {name: index for index, name in enumerate(self.columns)},
            "renameByName": {name: heading for name, heading in self.columns.items() if heading != name},
        }
        transformations = [{"id": "merge", "options": {}}, {"id": "organize", "options": organize}]
        return {**super().to_json_data(), "transformations": transformations}


def state(name: str, colour: str, *, says: str = "", unit: str = "") -> Json:
    """The override that gives a number of this name a colour, a unit, and, where it is 0, a word in its place."""
    properties: list[Json] = [{"id": "color", "value": {"fixedColor": colour, "mode": "fixed"}}]
    if says:
        word = {"options": {"0": {"color": colour, "index": 0, "text": says}}, "type": "value"}
        properties.append({"id": "mappings", "value": [word]})
    if unit:
        properties.append({"id": "unit", "value": unit})
    return {"matcher": {"id": "byName", "options": name}, "properties": properties}


def _target_overrides(targets: list[Target]) -> list[Json]:
    """An override for each target that has a look of its own."""
    overrides = []
    for target in targets:
        properties: list[Json] = []
        if target.colour:
            # A target may give several lines: shades of the colour keep them apart.
            mode = "shades" if "{{" in (target.legendFormat or "") else "fixed"
            properties.append({"id": "color", "value": {"fixedColor": target.colour, "mode": mode}})
        if target.dashed:
            properties.append({"id": "custom.lineStyle", "value": {"dash": [8, 6], "fill": "dash"}})
        if target.unlisted:
            hidden = {"legend": True, "tooltip": False, "viz": False}
            properties.append({"id": "custom.hideFrom", "value": hidden})
        if properties:
            overrides.append({"matcher": {"id": "byFrameRefID", "options": target.refId}, "properties": properties})
    return overrides
