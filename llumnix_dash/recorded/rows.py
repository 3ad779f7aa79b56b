"""Where tables of single instances stand on a page over recorded series: in rows that are closed at first.

They ask the raw series of every instance, and a page that is open is to cost the same at any number of them.
"""

from typing import Any

Json = dict[str, Any]

TITLE = "{tables} (asks the series of every instance)"


def close_tables(dashboard: Json, raw: set[int]) -> None:
    """Moves each open table of these ids into a closed row after the one in which it stood; the rest closes up."""
    panels: list[Json] = []
    tables: list[Json] = []
    shift = 0
    ids = {one["id"] for panel in dashboard["panels"] for one in [panel, *panel.get("panels", [])]}
    for panel in [*dashboard["panels"], None]:
        if tables and (panel is None or panel["type"] == "row"):
            row = _closed(tables, panels, ids)
            panels.append(row)
            shift += row["gridPos"]["h"]
            tables = []
        if panel is None:
            break
        if panel["type"] == "table" and panel["id"] in raw:
            tables.append(panel)
            shift -= panel["gridPos"]["h"]
            continue
        for one in [panel, *panel.get("panels", [])]:
            one["gridPos"]["y"] += shift
        panels.append(panel)
    dashboard["panels"] = panels


def _closed(tables: list[Json], before: list[Json], ids: set[int]) -> Json:
    """A closed row with these tables, beneath the panels before it."""
    top = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in before)
    below = top + 1
    for table in tables:
        table["gridPos"]["y"] = below
        below += table["gridPos"]["h"]
    # As stable as the first table's own.
    identifier = next(one for one in range(tables[0]["id"] + 1, tables[0]["id"] + len(ids) + 2) if one not in ids)
    return {
        "collapsed": True,
        "gridPos": {"h": 1, "w": 24, "x": 0, "y": top},
        "id": identifier,
        "panels": tables,
        "title": TITLE.format(tables=", ".join(one["title"] for one in tables)),
        "type": "row",
    }
