"""What a dashboard's JSON asks a Prometheus: its panels and their queries, also inside collapsed and repeated rows."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llumnix_dash.document.datasource import (
    NOTHING_ASKED,
    Asked,
    datasource_reference,
    datasource_type,
    speaks_promql,
    whose,
)
from llumnix_dash.document.values import objects
from llumnix_dash.document.walk import variables_by_name, walk
from llumnix_dash.errors import UserError

GRID_COLUMNS = 24

TypeOf = Callable[[Mapping[str, Any], Mapping[str, Any]], str]
"""The type of the data source of a query in a panel."""


@dataclass(frozen=True)
class PanelQuery:
    """One query of a panel, before interpolation; ``source`` is how it refers to its data source."""

    ref_id: str
    expr: str
    instant: bool
    range: bool
    minimum_interval: str = ""
    interval_factor: int = 1
    source: str = ""


@dataclass(frozen=True)
class QueriedPanel:
    """A panel with queries.

    Attributes:
        id: Grafana's number.
        title: before interpolation.
        row: the title of the row that it is in, if any.
        open: it is queried when the dashboard is opened: its row is not collapsed.
        targets: its Prometheus queries that are not hidden, or feed an expression.
        skipped: why its queries are not run, where none is a Prometheus query that the JSON holds.
        width: in columns of Grafana's grid, of which a page has 24.
        max_data_points, minimum_interval, time_from, time_shift: its query options, empty or 0 where it has none.
        repeats: the variables that it, or its row, repeats over.
    """

    id: int
    title: str
    row: str
    open: bool
    targets: tuple[PanelQuery, ...]
    skipped: str = ""
    width: int = 12
    max_data_points: int = 0
    minimum_interval: str = ""
    time_from: str = ""
    time_shift: str = ""
    repeats: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueriedDashboard:
    """A dashboard: where it came from, its JSON, its panels in their order, what was said of its data sources."""

    name: str
    json: Mapping[str, Any]
    panels: tuple[QueriedPanel, ...]
    asked: Asked = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What Grafana shows for it."""
        return str(self.json.get("title") or self.name)

    @property
    def variable_names(self) -> tuple[str, ...]:
        """Those of its drop-downs."""
        return tuple(variables_by_name(self.json))


def parse(data: Mapping[str, Any], name: str, asked: Asked = NOTHING_ASKED) -> QueriedDashboard:
    """What a classic dashboard's JSON asks.

    Args:
        data: the JSON object.
        name: where it came from.
        asked: of data sources by their uid or name, whether they are asked as a Prometheus, whatever the JSON tells.

    Raises:
        UserError: it is not as Grafana writes a dashboard.
    """
    try:
        for key in ("panels", "rows"):
            if data.get(key) is not None and objects(data[key]) is None:
                raise ValueError(f"its {key} are no list of objects")
        return QueriedDashboard(name, data, tuple(_panels(data, asked)), asked)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise UserError(
            f"not a Grafana dashboard as Grafana writes it: {error}", where=name, hint="export it from Grafana again"
        ) from error


def _panels(data: Mapping[str, Any], asked: Asked) -> Iterator[QueriedPanel]:
    variables, inputs = variables_by_name(data), data.get("__inputs") or []

    def type_of(target: Mapping[str, Any], panel: Mapping[str, Any]) -> str:
        return datasource_type([target, panel], variables, inputs, asked)

    for place in walk(data):
        if not place.is_row:
            row = place.row or {}
            title, repeat = str(row.get("title") or ""), str(row.get("repeat") or "")
            yield from _panel(place.panel, type_of, title, repeat, is_open=place.is_open)


def _panel(
    panel: Mapping[str, Any], type_of: TypeOf, row: str, row_repeat: str, *, is_open: bool
) -> Iterator[QueriedPanel]:
    targets, skipped = _targets(panel, type_of)
    if not targets and not skipped:
        return
    yield QueriedPanel(
        id=int(panel.get("id") or 0),
        title=str(panel.get("title") or ""),
        row=row,
        open=is_open,
        targets=targets,
        skipped="" if targets else skipped,
        width=int(panel.get("gridPos", {}).get("w") or 2 * int(panel.get("span") or 0) or 12),
        max_data_points=int(panel.get("maxDataPoints") or 0),
        minimum_interval=str(panel.get("interval") or ""),
        time_from=str(panel.get("timeFrom") or ""),
        time_shift=str(panel.get("timeShift") or ""),
        repeats=tuple(name for name in dict.fromkeys((row_repeat, str(panel.get("repeat") or ""))) if name),
    )


def _targets(panel: Mapping[str, Any], type_of: TypeOf) -> tuple[tuple[PanelQuery, ...], str]:
    """A panel's Prometheus queries, and a remark on others."""
    if "libraryPanel" in panel and not panel.get("targets"):
        return (), "a library panel: its queries are in Grafana"
    targets, skipped = [], ""
    fed = _feeding_expressions(panel.get("targets") or [])
    for target in panel.get("targets") or []:
        if target.get("hide") and target.get("refId") not in fed:
            continue
        kind = type_of(target, panel)
        if not speaks_promql(kind):
            skipped = f"a query on {whose(kind, [target, panel])}"
        elif str(target.get("expr") or "").strip():
            targets.append(_target(target, datasource_reference([target, panel])))
    return tuple(targets), skipped


def _feeding_expressions(targets: Sequence[Mapping[str, Any]]) -> set[str]:
    """The letters of queries that an expression of Grafana's works on: they run, though they are hidden."""
    expressions = [
        str(target.get("expression") or "") for target in targets if not target.get("hide") and "expression" in target
    ]
    return {
        ref_id
        for target in targets
        if (ref_id := str(target.get("refId") or ""))
        and any(re.search(rf"(?<![\w]){re.escape(ref_id)}(?![\w])", text) for text in expressions)
    }


def _target(target: Mapping[str, Any], source: str) -> PanelQuery:
    instant = bool(target.get("instant"))
    return PanelQuery(
        ref_id=str(target.get("refId") or "?"),
        expr=str(target["expr"]),
        instant=instant,
        # A query from before Grafana 8.x names neither and is a range query.
        range=bool(target.get("range")) or not instant,
        minimum_interval=str(target.get("interval") or ""),
        interval_factor=int(target.get("intervalFactor") or 1),
        source=source,
    )
