"""How many lines an open panel has on the default fleet: a legend that one reads at a glance."""

import pytest

from tests.proof.fleets import scenarios
from tests.proof.shown import BOARDS, Backfilled

MOST_LINES = 8


@scenarios("default")
@pytest.mark.parametrize("board", BOARDS)
def test_a_legend_is_read_at_a_glance(store: Backfilled, board: str) -> None:
    session = store.session()
    counts = {
        panel["title"]: sum(map(len, session.panel(BOARDS[board].json, panel["id"]).values()))
        for panel in BOARDS[board].json["panels"]
        if panel["type"] == "timeseries"
    }
    assert {title: lines for title, lines in counts.items() if lines > MOST_LINES} == {}
