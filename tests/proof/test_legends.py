"""What is read at a glance: a legend of few lines on the default fleet, and the title of a row that is blank."""

import pytest

from tests.proof.fleets import scenarios
from tests.proof.shown import BOARDS, Backfilled

MOST_LINES = 8


@scenarios("default")
@pytest.mark.parametrize("board", BOARDS)
def test_a_legend_is_read_at_a_glance(store: Backfilled, board: str) -> None:
    session, plans = store.session(), store.plans(board)
    counts = {
        panel["title"]: sum(map(len, session.ask(plans[panel["id"]]).values()))
        for panel in BOARDS[board].json["panels"]
        if panel["type"] == "timeseries"
    }
    assert {title: lines for title, lines in counts.items() if lines > MOST_LINES} == {}


@scenarios("lite-reporting", "neutral-only")
def test_a_row_that_the_fleet_cannot_fill_says_why_in_its_title(store: Backfilled, scenario: str) -> None:
    """And no other row does: where there are such instances, the title ends with a blank."""
    told = {board: store.variables(board) for board in ("cms", "lrs", "component")}
    blank = {
        (board, name): values[0].removeprefix(" - blank: ")
        for board, variables in told.items()
        for name, values in variables.items()
        if name.startswith("blank_") and values != [" "]
    }
    no = {role: f"no {role} instances" for role in ("prefill", "decode", "neutral")}
    # Both fleets run in lite mode.
    lite = {
        ("cms", f"blank_{role}"): f"{reason}, or lite mode (see LRS), or no scheduler" for role, reason in no.items()
    }
    lite[("component", "blank_without")] = "lite mode (see LRS)"
    lacking = {"lite-reporting": (), "neutral-only": ("prefill", "decode")}[scenario]
    assert blank == lite | {
        ("lrs", f"blank_{role}"): f"{no[role]}, or full mode (see CMS), or no scheduler" for role in lacking
    }
