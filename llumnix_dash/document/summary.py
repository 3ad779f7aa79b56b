"""What a dashboard's canonical form holds, in numbers."""

from collections.abc import Iterator
from typing import Any


def summarise(dashboard: dict[str, Any]) -> dict[str, Any]:
    """The dashboard's uid and title, and its number of panels, of queries, and of queries that run on opening it."""
    panels = list(iterate_panels(dashboard))
    return {
        "uid": dashboard.get("uid", ""),
        "title": dashboard.get("title", ""),
        "panels": len(panels),
        "queries": sum(len(panel.get("targets", [])) for panel, _ in panels),
        "open_queries": sum(len(panel.get("targets", [])) for panel, is_open in panels if is_open),
    }


def iterate_panels(dashboard: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every panel but the rows, in order, and whether it is open: those inside a collapsed row are not."""
    for panel in dashboard.get("panels", []):
        if panel.get("type") == "row":
            for member in panel.get("panels", []):
                yield member, False
        else:
            yield panel, True
