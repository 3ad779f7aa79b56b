"""What a dashboard's canonical form holds, in numbers."""

from typing import Any

from llumnix_dash.document.walk import walk


def summarise(dashboard: dict[str, Any]) -> dict[str, Any]:
    """The dashboard's uid and title, and its number of panels, of queries, and of queries that run on opening it."""
    places = [place for place in walk(dashboard) if not place.is_row]
    return {
        "uid": dashboard.get("uid", ""),
        "title": dashboard.get("title", ""),
        "panels": len(places),
        "queries": sum(len(place.panel.get("targets", [])) for place in places),
        "open_queries": sum(len(place.panel.get("targets", [])) for place in places if place.is_open),
    }
