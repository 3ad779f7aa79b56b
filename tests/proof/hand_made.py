"""Stores made by hand, where the world is as no scenario has it in one place, and what the panels show on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from llumnix_dash.catalog.labels import FLEET, POD, ROLE
from llumnix_dash.prometheus.client import Series
from llumnix_dash.verify.page import PagePanel
from llumnix_dash.verify.session import PanelReader
from tests.nightly import EVERY_STORE
from tests.prometheus.stores import STORES, Samples
from tests.proof.shown import BOARDS, legend

START = 1_700_000_000 - 1_700_000_000 % 3600
SECONDS = 3600
INTERVAL = "15s"


class World:
    """A store, and what the panels show of it at its end.

    Args:
        url: of the store.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._readers: dict[tuple[int, int], PanelReader] = {}
        self._plans: dict[Any, dict[int, PagePanel]] = {}

    def reader(self, before_end: int = 0, seconds: int = SECONDS) -> PanelReader:
        """A look at the store; the same each time."""
        if (before_end, seconds) not in self._readers:
            at = START + SECONDS - before_end
            self._readers[before_end, seconds] = PanelReader(
                self._url, at=at, seconds=seconds, scrape_interval=INTERVAL
            )
        return self._readers[before_end, seconds]

    def plans(
        self, board: str, variables: Mapping[str, Sequence[str]], *, before_end: int = 0, seconds: int = SECONDS
    ) -> dict[int, PagePanel]:
        """What each panel of a dashboard asks, by its id; of a panel that repeats the first."""
        key = (board, before_end, seconds, *sorted((name, tuple(value)) for name, value in variables.items()))
        if key not in self._plans:
            plans = self.reader(before_end, seconds).panels(BOARDS[board].json, variables)
            self._plans[key] = {one.panel.id: one for one in reversed(plans)}
        return self._plans[key]

    def shown(
        self, board: str, key: str, *, before_end: int = 0, seconds: int = SECONDS, **variables: str
    ) -> dict[str, float]:
        """Legend -> last value."""
        chosen = {name: [value] for name, value in variables.items()}
        found: dict[str, float] = {}
        for target, series in self._series(board, key, before_end, seconds, chosen):
            found[legend(target, series.labels)] = series.points[-1][1]
        return found

    def lines(
        self,
        board: str,
        key: str,
        variables: Mapping[str, Sequence[str]] | None = None,
        *,
        before_end: int = 0,
        seconds: int = SECONDS,
    ) -> dict[str, float]:
        """The last value of each line that has one at the end, by its legend and what else tells whose it is.

        An objective is no measurement: its line is left out.
        """
        found: dict[str, float] = {}
        for target, series in self._series(board, key, before_end, seconds, variables or {}):
            moment, value = series.points[-1]
            said = legend(target, series.labels)
            told = (series.labels[one] for one in (*FLEET, ROLE, POD, "model_name") if one in series.labels)
            name = " ".join([said, *(one for one in told if one not in said.split())])
            if moment == START + SECONDS - before_end and name != "objective":
                assert name not in found, f"two lines are called {name!r}"
                found[name] = value
        return found

    def objective(self, key: str, variables: Mapping[str, Sequence[str]], *, seconds: int) -> set[float]:
        """The values of the line of an objective on the request dashboard, all along the time shown."""
        return {
            value
            for target, series in self._series("request", key, 0, seconds, variables)
            if target["legendFormat"] == "objective"
            for _, value in series.points
        }

    def peak(self, board: str, key: str, line: str, *, seconds: int = SECONDS) -> float:
        """The highest point of a line."""
        return max(
            value
            for target, series in self._series(board, key, 0, seconds, {})
            if legend(target, series.labels) == line
            for _, value in series.points
        )

    def number(self, expr: str) -> float:
        """What a query of one's own gives at the end."""
        [series] = self.reader().client.query(expr, START + SECONDS)
        return series.points[0][1]

    def _series(
        self, board: str, key: str, before_end: int, seconds: int, chosen: Mapping[str, Sequence[str]]
    ) -> Iterator[tuple[Mapping[str, str], Series]]:
        panel = BOARDS[board].panel(key)
        plan = self.plans(board, chosen, before_end=before_end, seconds=seconds)[panel["id"]]
        answers = self.reader(before_end, seconds).ask(plan)
        for target in panel["targets"]:
            for series in answers[target["refId"]]:
                yield target, series


def world_of(samples: Callable[[], Samples], programs: Sequence[str] = tuple(STORES)) -> Any:
    """The fixture of a module's store, in each of the programs, or in those alone; ``make nightly`` takes all.

    By its name, ``world``, and by that of ``samples`` scripts/mutate_queries.py finds both in the module.
    """

    @pytest.fixture(scope="module", params=list(STORES if EVERY_STORE else programs))
    def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
        folder = tmp_path_factory.mktemp("hand-made")
        with STORES[request.param](samples().write(folder / "samples.om"), folder) as url:
            yield World(url)

    return world
