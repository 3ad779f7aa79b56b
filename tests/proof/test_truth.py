"""Each panel's lines and numbers are what the events come to, whatever the fleet."""

import math
from collections.abc import Iterator

import pytest

from tests.proof import truth_cms, truth_component, truth_lrs, truth_request, truth_vllm
from tests.proof.events import Events
from tests.proof.shown import WINDOW, Backfilled, Values
from tests.proof.truth_request import Truth

FULL = {
    "request": truth_request.PANELS,
    "component": truth_component.PANELS,
    "cms": truth_cms.PANELS | truth_cms.TABLES,
    "vllm": truth_vllm.PANELS | truth_vllm.BY_INSTANCE,
}
WITH_MANY_FAILURES = {
    "request": truth_request.WITH_MANY_FAILURES,
    "component": truth_component.WITH_MANY_FAILURES,
}
WITHOUT_RARE_EVENTS = {
    "request": truth_request.WITHOUT_RARE_EVENTS,
    "component": truth_component.WITHOUT_RARE_EVENTS,
}
LITE = {"lrs": truth_lrs.PANELS | truth_lrs.TABLES}
# Which panels are held to the truth in which fleet.
CASES = {
    "default": (FULL,),
    "two-schedulers": (FULL,),
    "overload": (FULL, WITH_MANY_FAILURES),
    "fresh": (WITHOUT_RARE_EVENTS,),
    "lite-mode": (LITE,),
    "lite-mode-two-schedulers": (LITE,),
}
# All instances of these fleets, where a panel would show five.
ALL_INSTANCES = {"top": ["10"]}


def cases() -> Iterator[object]:
    for scenario, tables in CASES.items():
        for table in tables:
            for board, truths in table.items():
                for key, truth in truths.items():
                    yield pytest.param(scenario, board, key, truth, id=f"{scenario}-{board}-{key}")


@pytest.mark.parametrize(("scenario", "board", "key", "truth"), list(cases()), indirect=["scenario"])
def test_a_panel_shows_what_happened(store: Backfilled, board: str, key: str, truth: Truth) -> None:
    variables = None if board in {"request"} else ALL_INSTANCES
    assert drawn(store.shown(board, key, variables)) == truth(Events(store.past, WINDOW))


def drawn(values: Values) -> Values:
    """The lines that have a point: NaN is none."""
    return {name: value for name, value in values.items() if not math.isnan(value)}


def test_the_table_covers_every_dashboard() -> None:
    panels = {(board, key) for tables in CASES.values() for table in tables for board in table for key in table[board]}
    own = {(board, key) for board, key in panels if key not in truth_request.HEADLINE}
    assert {board for board, _ in own} == {"request", "component", "cms", "lrs", "vllm"}
    assert len(own) >= 30
