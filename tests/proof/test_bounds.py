"""No panel of any scenario shows what cannot be: a share outside 0 to 1, a negative rate, a number beyond all."""

from collections.abc import Iterator

import pytest

from llumnix_dash.catalog.metric import Unit
from llumnix_dash.verify.session import PanelReader
from tests.proof.fleets import EVERY_FLEET, scenarios
from tests.proof.shown import BOARDS, Backfilled

RATES = {Unit.REQUESTS_PER_SECOND.value, Unit.TOKENS_PER_SECOND.value, Unit.OPERATIONS_PER_SECOND.value}
MOST = 1e30
# A usage that counts what is on its way to an instance, too, may be above 1.
PROJECTED = "projected"
# Panels of what a quantile takes of its objective, and more than all of it where the objective is broken.
TAKEN = {"Tightest Objective", "P99 by Objective"}


@scenarios(*EVERY_FLEET)
@pytest.mark.parametrize("board", BOARDS)
def test_no_panel_shows_what_cannot_be(store: Backfilled, board: str) -> None:
    assert list(impossible(store.session(), board)) == []


def impossible(session: PanelReader, board: str) -> Iterator[str]:
    """What of a dashboard's lines and numbers cannot be: panel, line and value."""
    for plan in session.panels(BOARDS[board].json):
        panel = BOARDS[board].panels[plan.panel.id]
        unit = panel["fieldConfig"]["defaults"].get("unit", "")
        unbounded = plan.title in TAKEN or any(PROJECTED in target["expr"] for target in panel["targets"])
        for series in (one for found in session.ask(plan).values() for one in found):
            for _, value in series.points:
                if (
                    abs(value) > MOST
                    or (unit in RATES and value < 0)
                    or (unit == Unit.RATIO.value and not (value >= 0 and (unbounded or value <= 1)))
                ):
                    yield f"{plan.title} {series.labels}: {value}"
                    break
