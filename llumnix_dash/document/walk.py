"""The one walk over the panels of a dashboard."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llumnix_dash.document.values import Json, Object, objects


@dataclass(frozen=True, slots=True)
class Place:
    """A panel or a row, and where it stands.

    Attributes:
        panel: its JSON object.
        row: the JSON object of the row that it belongs to; None above the first row, itself for a row.
        is_open: whether it is queried when the dashboard is opened, because no collapsed row hides it.
    """

    panel: Object
    row: Object | None
    is_open: bool

    @property
    def is_row(self) -> bool:
        """Whether this is a row."""
        return self.panel is self.row


def walk(dashboard: Mapping[str, Json]) -> Iterator[Place]:
    """Every row and panel in reading order, a row before its panels: rows of today, and ``rows`` from before Grafana 5.

    Null stands for "none", and where anything else than a list of objects should be one, there are no panels.
    """
    row: Object | None = None
    for panel in _in_reading_order(objects(dashboard.get("panels")) or []):
        if panel.get("type") != "row":
            yield Place(panel, row, True)
            continue
        row = panel
        yield Place(row, row, True)
        for member in _in_reading_order(objects(row.get("panels")) or []):
            yield Place(member, row, not row.get("collapsed"))
    for row in objects(dashboard.get("rows")) or []:
        yield Place(row, row, True)
        for member in objects(row.get("panels")) or []:
            yield Place(member, row, not row.get("collapse"))


def variables_by_name(dashboard: Mapping[str, Any]) -> dict[str, Object]:
    """The template variables that have a name, in their order; none where anything else than a list should be one."""
    templating = dashboard.get("templating")
    models = templating.get("list") if isinstance(templating, dict) else None
    named = (model for model in (models if isinstance(models, list) else ()) if isinstance(model, dict))
    return {model["name"]: model for model in named if isinstance(model.get("name"), str)}


def _in_reading_order(panels: list[Object]) -> list[Object]:
    """As Grafana puts them on the page, wherever they stand in the JSON; as they are where one has no place."""
    corners = []
    for panel in panels:
        grid = panel.get("gridPos")
        x, y = (grid.get("x"), grid.get("y")) if isinstance(grid, dict) else (None, None)
        if type(x) not in (int, float) or type(y) not in (int, float):
            return panels
        corners.append((y, x))
    return [panels[index] for index in sorted(range(len(panels)), key=corners.__getitem__)]
