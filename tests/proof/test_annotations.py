"""Restarts are marked across the panels, and nothing else is."""

import pytest

from llumnix_dash.prometheus.client import Series
from tests.proof.fleets import MINUTES, scenarios
from tests.proof.shown import BOARDS, Backfilled

CONTROL, ENGINES = "Gateway and scheduler starts", "Engine starts"
# Annotations are asked a point a minute; a scrape and a process's time to come up may pass before.
SOON = 120


@pytest.mark.parametrize("board", BOARDS)
@scenarios("restart")
def test_each_restart_is_marked_soon(store: Backfilled, board: str) -> None:
    marks = store.marks(board, seconds=MINUTES * 60)
    [deployment] = store.past.fleet.deployments
    begun = {
        target.instance: target.process.started
        for target in (*deployment.gateways, *deployment.schedulers)
        if target.process.life
    }
    assert len(begun) == 2
    assert soon(store, marks[CONTROL], "instance", begun)
    # One came back where it was, so its counters began anew; of the one that came back elsewhere only the role shows.
    [stayed, moved] = sorted(
        (engine for engine in deployment.engines if engine.target.process.life),
        key=lambda engine: engine.target.process.started,
    )
    named = [one for one in marks[ENGINES] if "instance" in one.labels]
    others = [one for one in marks[ENGINES] if "instance" not in one.labels]
    assert soon(store, named, "instance", {stayed.target.instance: stayed.target.process.started})
    assert soon(store, others, "infer_type", {moved.pool.role: moved.target.process.started})


@pytest.mark.parametrize("board", BOARDS)
@scenarios("default", "idle")
def test_nothing_is_marked_where_nothing_restarts(store: Backfilled, board: str) -> None:
    assert store.marks(board, seconds=MINUTES * 60) == {CONTROL: [], ENGINES: []}


def soon(store: Backfilled, marks: list[Series], label: str, begun: dict[str, float]) -> bool:
    """Whether just these began, by the label's value, and are first marked soon after they did."""
    first = {one.labels[label]: one.points[0][0] - store.past.fleet.start for one in marks}
    return first.keys() == begun.keys() and all(0 < first[name] - begun[name] <= SOON for name in begun)
