"""What lets a panel without data pass: a list of panels that may be blank, and a base on which they were blank, too."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llumnix_dash.errors import UserError
from llumnix_dash.verify.dashboard import QueriedDashboard
from llumnix_dash.verify.report import DashboardResult, PanelResult, Status

Run = Callable[[QueriedDashboard], DashboardResult]
"""Runs a dashboard's queries."""


class Allowance(BaseModel):
    """A panel that may be blank.

    Attributes:
        panel: its title; ``*`` stands for anything.
        reason: why, for those who read the report.
        dashboard: the title or the uid of its dashboard; ``*`` stands for anything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    panel: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    dashboard: str = "*"

    def covers(self, dashboard: DashboardResult, panel: PanelResult) -> bool:
        """Whether it speaks of this panel."""
        names = (dashboard.title, dashboard.uid)
        return fnmatchcase(panel.title, self.panel) and any(fnmatchcase(name, self.dashboard) for name in names)


class _Allowed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    allow: tuple[Allowance, ...] = ()


def read_allowed(path: Path) -> tuple[Allowance, ...]:
    """The panels that may be blank, from a file of ``[[allow]]`` tables.

    Raises:
        UserError: the file cannot be read, is no TOML, or has another form.
    """
    try:
        return _Allowed.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).allow
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the list of allowed blanks: {error}", where=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"the list of allowed blanks is not TOML: {error}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"{place}: {first['msg']}",
            where=str(path),
            hint='[[allow]] with panel = "…", reason = "…" and, if it is for one only, dashboard = "…"',
        ) from error


def allowed(result: DashboardResult, allowances: Sequence[Allowance], used: set[Allowance]) -> DashboardResult:
    """The result with the reasons of blanks that are allowed; an allowance that a blank makes use of joins ``used``."""

    def looked_up(panel: PanelResult) -> PanelResult:
        if panel.status is not Status.NO_DATA:
            return panel
        found = next((one for one in allowances if one.covers(result, panel)), None)
        if found is None:
            return panel
        used.add(found)
        return replace(panel, allowed=found.reason)

    return replace(result, panels=tuple(map(looked_up, result.panels)))


def against_base(result: DashboardResult, base: Sequence[QueriedDashboard], run: Run) -> DashboardResult:
    """The result with those panels marked as lost that had data on the base, or no error where they have one now.

    Of the base only the panels are asked that are blank or in error now. A new panel cannot have lost data; one in
    error counts as lost, since no base excuses it.
    """
    bad = [panel for panel in result.panels if panel.status.is_bad]
    counterpart = _counterpart(result, base) if bad else None
    before: dict[int, set[Status]] = {}
    if counterpart:
        wanted = {panel.id: found for panel in bad if (found := _panel_of(panel, counterpart))}
        asked = tuple(panel for panel in counterpart.panels if panel.id in wanted.values())
        # A panel that repeats is there several times.
        statuses: dict[int, set[Status]] = {}
        for panel in run(replace(counterpart, panels=asked)).panels:
            statuses.setdefault(panel.id, set()).add(panel.status)
        before = {head: statuses.get(base_id, set()) for head, base_id in wanted.items()}

    def lost(panel: PanelResult) -> bool:
        was = before.get(panel.id, set())
        if panel.status is Status.ERROR:
            return Status.ERROR not in was
        return panel.status is Status.NO_DATA and Status.OK in was

    return replace(result, panels=tuple(replace(panel, lost=lost(panel)) for panel in result.panels))


def _counterpart(result: DashboardResult, base: Sequence[QueriedDashboard]) -> QueriedDashboard | None:
    """The same dashboard on the base: of the same uid, else of the same title."""
    by_uid = (one for one in base if result.uid and one.json.get("uid") == result.uid)
    return next(by_uid, None) or next((one for one in base if one.title == result.title), None)


def _panel_of(panel: PanelResult, dashboard: QueriedDashboard) -> int | None:
    """The id of the same panel on the base: of the same title, in its row if several bear it, else of the same id."""
    titled = [one for one in dashboard.panels if panel.title and one.title == panel.title]
    in_row = [one for one in titled if one.row == panel.row]
    of_id = [one for one in dashboard.panels if one.id == panel.id]
    return next((one.id for one in (*in_row, *titled, *of_id)), None)
