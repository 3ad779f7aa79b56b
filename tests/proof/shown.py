"""What a dashboard's panels show on a store, as a person reads them: a value a line, by its legend."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import pytest

from llumnix_dash.board import panel_id
from llumnix_dash.generate import generate
from llumnix_dash.prometheus.client import Series
from llumnix_dash.verify.dashboard import parse
from llumnix_dash.verify.page import PagePanel
from llumnix_dash.verify.run import Settings, resolved
from llumnix_dash.verify.session import PanelReader
from tests.proof.events import Events
from tests.proof.fleets import END, Past

# With this setting of the data source, rates of lines have a window of four times as much: the 5 minutes that the
# dashboards' single numbers have by themselves.
SCRAPE_INTERVAL = "75s"
WINDOW = 300
RANGE = 600

Values = dict[str, float]
Kept = TypeVar("Kept")


def panels(keys: Iterable[tuple[str, str]]) -> pytest.MarkDecorator:
    """A test for each of the panels, as board and key."""
    named = [pytest.param(board, key, id=f"{board}-{key}") for board, key in keys]
    return pytest.mark.parametrize(("board", "key"), named)


@dataclass(frozen=True)
class Board:
    """A dashboard of ours: its JSON."""

    json: Mapping[str, Any]

    @cached_property
    def panels(self) -> dict[int, Mapping[str, Any]]:
        """The panels by id, those of collapsed rows included."""
        tops = self.json["panels"]
        return {panel["id"]: panel for top in tops for panel in (top, *top.get("panels", []))}

    @cached_property
    def variables(self) -> frozenset[str]:
        """The names of its variables."""
        return frozenset(one["name"] for one in self.json["templating"]["list"])

    def panel(self, key: str) -> Mapping[str, Any]:
        """The panel of this key."""
        return self.panels[panel_id(key)]


BOARDS = {one.name: Board(one.dashboard) for one in generate()}
"""Our dashboards by the names of their modules."""


@dataclass(frozen=True, eq=False)
class Backfilled:
    """A store that holds a fleet's samples, and nothing else.

    It never changes, so what a look at it found once is kept: the values of a dashboard's variables, and the events.
    """

    program: str
    url: str
    past: Past
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    def _once(self, make: Callable[[], Kept], *what: object) -> Kept:
        """The thing of that name; made when it is asked for first."""
        if what not in self._kept:
            self._kept[what] = make()
        kept: Kept = self._kept[what]
        return kept

    def session(
        self, *, seconds: float = RANGE, before_end: float = 0, scrape_interval: str = SCRAPE_INTERVAL
    ) -> PanelReader:
        """A look at the store, from ``seconds`` before the end on."""
        return self._once(
            lambda: PanelReader(self.url, at=END - before_end, seconds=seconds, scrape_interval=scrape_interval),
            *("session", seconds, before_end, scrape_interval),
        )

    def events(self, seconds: float = WINDOW, *, before_end: float = 0) -> Events:
        """What happened in the last minutes; the same object each time."""
        return self._once(lambda: Events(self.past, seconds, before_end=before_end), *("events", seconds, before_end))

    def plans(
        self, board: str, variables: Mapping[str, Sequence[str]] | None = None, **look: Any
    ) -> dict[int, PagePanel]:
        """What each panel of a dashboard asks, by its id; of a panel that repeats the first. ``look`` as in session."""
        chosen = variables or {}

        def make() -> dict[int, PagePanel]:
            plans = self.session(**look).panels(BOARDS[board].json, chosen)
            return {one.panel.id: one for one in reversed(plans)}

        values = sorted((name, tuple(value)) for name, value in chosen.items())
        return self._once(make, "plans", board, *values, *sorted(look.items()))

    def shown(
        self,
        board: str,
        key: str,
        variables: Mapping[str, Sequence[str]] | None = None,
        *,
        seconds: float = RANGE,
        before_end: float = 0,
        scrape_interval: str = SCRAPE_INTERVAL,
    ) -> Values:
        """Legend -> the last value of each line of a panel, and of each cell of a table; see :func:`legend`."""
        look: dict[str, Any] = {"seconds": seconds, "before_end": before_end, "scrape_interval": scrape_interval}
        panel = BOARDS[board].panel(key)
        answers = self.session(**look).ask(self.plans(board, variables, **look)[panel["id"]])
        values: Values = {}
        for target in panel["targets"]:
            for series in answers[target["refId"]]:
                moment, value = series.points[-1]
                if moment == END - before_end:
                    name = legend(target, series.labels)
                    assert name not in values, f"two lines with the legend {name!r}"
                    values[name] = value
        return values

    def marks(self, board: str, *, seconds: float) -> dict[str, list[Series]]:
        """What a dashboard's annotations find, by their names."""
        return marks(PanelReader(self.url, at=END, seconds=seconds), board)

    def number(self, expr: str, *, before_end: float = 0) -> float | None:
        """The one number that a query of one's own gives; None where it gives nothing."""
        found = self.session().client.query(expr, END - before_end)
        assert len(found) < 2, f"{len(found)} series of {expr}"
        return found[0].points[0][1] if found else None

    def variables(self, board: str) -> dict[str, list[str]]:
        """The values that each drop-down of a dashboard has chosen when it opens: all that it lists, or its default."""
        session, parsed = self.session(), parse(BOARDS[board].json, board)
        scope = resolved(session.client, parsed, Settings(session.time_range)).scope
        return {name: list(scope[name].chosen) for name in BOARDS[board].variables if name in scope}


def marks(session: PanelReader, board: str, step: str = "") -> dict[str, list[Series]]:
    """What a dashboard's annotations find, by their names; each is asked as a panel of its query would be.

    Args:
        session: where and when.
        board: the dashboard's module.
        step: between two points, at least; that of the annotation unless given.
    """
    json = BOARDS[board].json
    own = [one for one in json["annotations"]["list"] if "target" in one]
    panels = [
        {"id": number, "type": "timeseries", "title": one["name"], "datasource": one["datasource"]}
        | {"interval": step or one["target"]["interval"], "targets": [{**one["target"], "interval": ""}]}
        for number, one in enumerate(own, 1)
    ]
    return {
        plan.title: [series for found in session.ask(plan).values() for series in found]
        for plan in session.panels({**json, "panels": panels})
    }


def legend(target: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """The line's name, as Grafana makes it; of a table's cell, its column's refId and its instance or model."""
    if target["legendFormat"] == "__auto":
        return f"{target['refId']} {labels.get('instance_id') or labels.get('instance') or labels['model']}"
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), target["legendFormat"])
