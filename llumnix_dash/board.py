"""Boards: rows of panels and variables become a dashboard.

The board gives what only the whole can give: each query its scope (the board's variables), each target its refId, each
panel its id and place.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from types import MappingProxyType
from typing import NamedTuple
from zlib import crc32

import attr
import grafanalib.core as grafanalib

from llumnix_dash.annotations import restarts
from llumnix_dash.errors import UserError
from llumnix_dash.layout import flow
from llumnix_dash.promql import Scope
from llumnix_dash.shapes.board import Dashboard, Row, offer_to_generate_dashboard
from llumnix_dash.shapes.panels import Json, Panel, Table, Target
from llumnix_dash.variables import DATASOURCE, HIDDEN, BlankVariable, ChoiceVariable, LabelVariable, Variable

TAG = "llumnix"

_VARIABLE = re.compile(r"\$\{?(?!__)(\w+)")


class BoardError(UserError):
    """A board that Grafana would show wrongly; the message names the panel by its key."""


class RowOfPanels(NamedTuple):
    """A row before the board has placed it."""

    title: str
    panels: tuple[Panel, ...]
    collapsed: bool
    blank: BlankVariable | None = None

    @property
    def key(self) -> str:
        """What its id is derived from; no panel's key has a blank."""
        return f"row {self.title}"


def row(title: str, *panels: Panel, collapsed: bool = False, blank: BlankVariable | None = None) -> RowOfPanels:
    """A row of panels under a heading; a collapsed one asks Prometheus nothing until it is opened.

    With ``blank`` the heading says why the row is blank on a fleet that lacks what it shows.
    """
    return RowOfPanels(title, panels, collapsed, blank)


def board(
    *,
    uid: str,
    title: str,
    description: str,
    variables: Sequence[Variable],
    rows: Sequence[RowOfPanels],
    family: Mapping[str, str] = MappingProxyType({}),
) -> Dashboard:
    """The dashboard, as a grafanalib object.

    Args:
        uid: Grafana's name of the dashboard in URLs; it stays when the title changes.
        title: what people see.
        description: what the dashboard answers, in a sentence or two.
        variables: those after the data source, each chained to those before it.
        rows: from top to bottom.
        family: uid -> title of the dashboards that it links to; itself is left out.

    Raises:
        BoardError: two panels have one key (or, by the rarest chance, one id), a query uses a variable that the
            board does not have, or a panel links to a dashboard outside the family.
    """
    scope = tuple(variable.filter for variable in variables if isinstance(variable, LabelVariable))
    known = {DATASOURCE.name, *(variable.name for variable in variables)}
    blanks = [one.blank for one in rows if one.blank]
    panels: list[Panel | Row] = []
    top = 0
    for one in rows:
        places, below = flow([(panel.width, panel.height) for panel in one.panels], top + 1)
        members = [_bind(panel, place, scope, known) for panel, place in zip(one.panels, places, strict=True)]
        members = [_narrowing(_linked(panel, variables, family), uid, variables) for panel in members]
        heading = Row(
            title=f"{one.title}${{{one.blank.name}}}" if one.blank else one.title,
            collapsed=one.collapsed,
            panels=members if one.collapsed else [],
            id=panel_id(one.key),
            gridPos=grafanalib.GridPos(h=1, w=24, x=0, y=top),
        )
        panels += [heading] if one.collapsed else [heading, *members]
        top = top + 1 if one.collapsed else below
    _check_keys([key for one in rows for key in (one.key, *(panel.key for panel in one.panels))])
    dashboard = Dashboard(
        uid=uid,
        title=title,
        description=description,
        tags=[TAG],
        refresh="30s",
        time=grafanalib.Time("now-1h", "now"),
        templating=grafanalib.Templating(_templates([*variables, *blanks], _variables_of(panels))),
        annotations=grafanalib.Annotations(restarts(scope)),
        links=_links(uid, variables, family),
        panels=panels,
    )
    offer_to_generate_dashboard(dashboard, sys._getframe(1).f_globals)
    return dashboard


def panel_id(key: str) -> int:
    """The panel's id: of its key alone, so that no other panel's coming, going or moving changes it. 1 to 2^31 - 1."""
    return (crc32(key.encode()) & 0x7FFFFFFF) or 1


def _bind(panel: Panel, place: grafanalib.GridPos, scope: Scope, known: set[str]) -> Panel:
    """The panel with its id and place, and its targets with their refIds and texts."""
    if len(panel.targets) > len(ascii_uppercase):
        raise BoardError(f"panel {panel.key!r} has more than {len(ascii_uppercase)} queries", hint="two panels")
    targets: list[Target] = []
    for letter, target in zip(ascii_uppercase, panel.targets, strict=False):
        text = target.query.text(scope)
        missing = set(_VARIABLE.findall(text)) - known
        if missing:
            raise BoardError(
                f"panel {panel.key!r} uses ${min(missing)}, which the board does not have",
                detail=text,
                hint=f"add the variable to the board (it has: {', '.join(sorted(known))})",
            )
        targets.append(attr.evolve(target, expr=text, refId=letter))
    return attr.evolve(panel, targets=targets, id=panel_id(panel.key), gridPos=place)


def _check_keys(keys: Sequence[str]) -> None:
    owners: dict[int, str] = {}
    for key in keys:
        identifier = panel_id(key)
        other = owners.get(identifier)
        if other == key:
            raise BoardError(f"two panels have the key {key!r}", hint="a key of its own for each panel")
        if other is not None:
            raise BoardError(f"panels {other!r} and {key!r} come to the same id", hint="another key for one of them")
        owners[identifier] = key


def _variables_of(panels: Sequence[Panel | Row]) -> set[str]:
    """The variables that the panels' queries use."""
    members = [member for panel in panels for member in (panel.panels if isinstance(panel, Row) else [panel])]
    return {name for panel in members for target in panel.targets for name in _VARIABLE.findall(target.expr)}


def _templates(variables: Sequence[Variable], used: set[str]) -> list[grafanalib.Template]:
    """The variables; a choice that no query here uses is hidden, and only carried on by the links."""
    templates = [DATASOURCE.template(())]
    scope: Scope = ()
    for variable in variables:
        template = variable.template(scope)
        if isinstance(variable, ChoiceVariable) and variable.name not in used:
            template.json["hide"] = HIDDEN
        templates.append(template)
        if isinstance(variable, LabelVariable):
            scope = (*scope, variable.filter)
    return templates


def _linked(panel: Panel, variables: Sequence[Variable], family: Mapping[str, str]) -> Panel:
    """The panel with a link to the dashboard that tells more, if it names one."""
    if not panel.more:
        return panel
    if panel.more not in family:
        raise BoardError(f"panel {panel.key!r} links to {panel.more!r}, which is not of the board's family")
    link = {
        "targetBlank": False,
        "title": f"{family[panel.more]}: more of this",
        "url": f"/d/{panel.more}?{_carried(variables)}&${{__url_time_range}}",
    }
    return attr.evolve(panel, links=[link])


def _narrowing(panel: Panel, uid: str, variables: Sequence[Variable]) -> Panel:
    """A table whose cells lead to the page with only the instance of that row; any other panel as it is."""
    if not isinstance(panel, Table):
        return panel
    overrides: list[Json] = []
    for heading, label in panel.narrowed_by.items():
        for chosen in (one for one in variables if isinstance(one, LabelVariable) and one.values_of == label):
            kept = "&".join(f"${{{one.name}:queryparam}}" for one in (DATASOURCE, *variables) if one is not chosen)
            link = {
                "targetBlank": False,
                "title": f"Only this {chosen.label.lower()} on the page",
                "url": f"/d/{uid}?{kept}&var-{chosen.name}=${{__value.text}}&${{__url_time_range}}",
            }
            overrides.append(
                {
                    "matcher": {"id": "byName", "options": heading},
                    "properties": [{"id": "links", "value": [link]}],
                }
            )
    return attr.evolve(panel, overrides=[*panel.overrides, *overrides])


def _carried(variables: Sequence[Variable]) -> str:
    """The query string that hands on the variables that mean the same on the other dashboards."""
    return "&".join(f"${{{one.name}:queryparam}}" for one in (DATASOURCE, *variables) if one.linked)


def _links(uid: str, variables: Sequence[Variable], family: Mapping[str, str]) -> list[grafanalib.DashboardLink]:
    """Links to the other dashboards of the family, with the time range and the variables that mean the same there."""
    carried = _carried(variables)
    return [
        grafanalib.DashboardLink(
            title=title,
            type="link",
            icon="dashboard",
            uri=f"/d/{other}?{carried}",
            keepTime=True,
            tooltip=f"{title}, with the same time range and filters",
        )
        for other, title in family.items()
        if other != uid
    ]
