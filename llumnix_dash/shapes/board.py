"""grafanalib's classes around the panels, with the JSON of today's Grafana: rows, variables, the dashboard itself.

As the panels' in :mod:`~llumnix_dash.shapes.panels`, they build their JSON from nothing.
"""

import os
from typing import Any

import attr
import grafanalib.core as grafanalib

from llumnix_dash.shapes.panels import Json, Panel

SCHEMA_VERSION = 42


@attr.s(kw_only=True, eq=False, repr=False)
class Row(grafanalib.RowPanel):  # type: ignore[misc]
    """A row: a heading that, where it is collapsed, holds its panels and asks nothing until it is opened."""

    title: str = attr.ib()
    panels: list[Panel] = attr.ib(factory=list)
    collapsed: bool = attr.ib(default=False)
    id: int | None = attr.ib(default=None)
    gridPos: grafanalib.GridPos | None = attr.ib(default=None)

    def to_json_data(self) -> Json:
        """The row's JSON: members of an open row follow it in the dashboard, those of a collapsed one are inside."""
        return {
            "collapsed": bool(self.collapsed),
            "gridPos": self.gridPos.to_json_data() if self.gridPos else {"h": 1, "w": 24, "x": 0, "y": 0},
            "id": self.id,
            "panels": [panel.to_json_data() for panel in self.panels] if self.collapsed else [],
            "title": self.title,
            "type": "row",
        }


@attr.s(kw_only=True, eq=False, repr=False)
class TemplateVariable(grafanalib.Template):  # type: ignore[misc]
    """A template variable whose JSON is given whole."""

    name: str = attr.ib()
    query: Any = attr.ib()
    json: Json = attr.ib()

    def to_json_data(self) -> Json:
        """The JSON as it was given."""
        return self.json


@attr.s(kw_only=True, eq=False, repr=False)
class Dashboard(grafanalib.Dashboard):  # type: ignore[misc]
    """A dashboard without what is obsolete: no ``__inputs``, no ``rows``, no nulls."""

    uid: str = attr.ib()
    title: str = attr.ib()
    description: str = attr.ib()
    tags: list[str] = attr.ib()
    refresh: str = attr.ib()
    time: grafanalib.Time = attr.ib()
    templating: grafanalib.Templating = attr.ib()
    annotations: grafanalib.Annotations = attr.ib()
    links: list[grafanalib.DashboardLink] = attr.ib()
    panels: list[Panel | Row] = attr.ib()

    def to_json_data(self) -> Json:
        """The dashboard's JSON: canonical already, but for the order of keys."""
        return {
            "annotations": {"list": self.annotations.list},
            "description": self.description,
            "editable": True,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "links": [link.to_json_data() for link in self.links],
            "liveNow": False,
            "panels": [panel.to_json_data() for panel in self.panels],
            "preload": False,
            "refresh": self.refresh,
            "schemaVersion": SCHEMA_VERSION,
            "tags": list(self.tags),
            "templating": {"list": [variable.to_json_data() for variable in self.templating.list]},
            "time": self.time.to_json_data(),
            "timepicker": {},
            "timezone": "browser",
            "title": self.title,
            "uid": self.uid,
            "weekStart": "",
        }


def offer_to_generate_dashboard(dashboard: Dashboard, module: dict[str, Any]) -> None:
    """Let grafanalib's ``generate-dashboard FILE`` find the dashboard in the module whose globals are given.

    It runs a file ``x/request.py`` as a module named by its path without the ending, and then looks in it for a
    variable of that very name, which no one can write down.
    """
    if os.sep in module["__name__"]:
        module[module["__name__"]] = dashboard
