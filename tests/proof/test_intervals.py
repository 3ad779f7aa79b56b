"""The truth does not depend on how often targets are scraped, nor on how much time a page shows."""

import re
from typing import Any

import pytest

from llumnix_dash.board import panel_id
from llumnix_dash.interpolation.timerange import parse_duration
from tests.proof import truth_cms, truth_component, truth_request, truth_vllm
from tests.proof.fleets import SCRAPES, scenarios
from tests.proof.shown import RANGE, WINDOW, Backfilled, panels
from tests.proof.test_truth import drawn
from tests.proof.truth_request import Truth

HOUR, DAY = 3600, 86400

# Rates, quantiles and means of all exporters, a heatmap, and gauges.
SOME: dict[tuple[str, str], Truth] = {
    **{
        ("request", key): truth_request.PANELS[key]
        for key in (
            "request_rate",
            "output_token_throughput",
            "e2e_latency",
            "ttft",
            "itl",
            "input_tokens",
            "within_objectives",
        )
    },
    ("component", "schedule_duration"): truth_component.PANELS["schedule_duration"],
    **{("cms", key): truth_cms.PANELS[key] for key in ("running_by_role", "instances")},
    **{("vllm", key): truth_vllm.PANELS[key] for key in ("scheduler_state", "itl", "token_throughput")},
}
FIRST_ROW = {("request", key): truth for key, truth in truth_request.HEADLINE.items()}


def window(store: Backfilled, board: str, key: str, **look: Any) -> float:
    """Seconds over which the panel's queries look back; of gauges, which do not, any."""
    plan = store.plans(board, **look)[panel_id(key)]
    found = {parse_duration(text) for query in plan.queries for text in re.findall(r"\[(\w+)\]", query.expr)}
    # That an idle heatmap is blank is asked of the whole page.
    found -= {float(look.get("seconds", RANGE))} if len(found) > 1 else set()
    assert len(found) < 2, f"{board} {key} looks back over {found}"
    return found.pop() if found else WINDOW


@scenarios(*SCRAPES)
@panels(SOME)
def test_a_panel_is_right_at_any_scrape_interval_that_the_data_source_knows(
    store: Backfilled, scenario: str, board: str, key: str
) -> None:
    """Grafana's window of rates is then four scrapes."""
    look = {"scrape_interval": f"{SCRAPES[scenario].interval}s"}
    seconds = window(store, board, key, **look)
    assert seconds in {4 * SCRAPES[scenario].interval, WINDOW}
    assert drawn(store.shown(board, key, **look)) == SOME[board, key](store.events(seconds))  # type: ignore[arg-type]


@scenarios("default-60s")
@pytest.mark.parametrize("seconds", [300, HOUR, 6 * HOUR, DAY, 7 * DAY])
@panels(FIRST_ROW)
def test_the_first_row_is_the_same_on_a_page_of_any_length(
    store: Backfilled, board: str, key: str, seconds: int
) -> None:
    shown = store.shown(board, key, seconds=seconds, scrape_interval="60s")
    assert drawn(shown) == FIRST_ROW[board, key](store.events())


@scenarios("default-60s")
@pytest.mark.parametrize("seconds", [HOUR, 6 * HOUR, DAY, 7 * DAY], ids=["1h", "6h", "1d", "7d"])
@panels(SOME)
def test_lines_are_right_on_a_page_of_any_length(store: Backfilled, board: str, key: str, seconds: int) -> None:
    """A step is then up to half an hour, and a rate's window as long and a scrape more: nothing is left out."""
    look = {"seconds": seconds, "scrape_interval": "60s"}
    truth = SOME[board, key](store.events(window(store, board, key, **look)))
    assert drawn(store.shown(board, key, **look)) == truth  # type: ignore[arg-type]


@scenarios("default-60s")
@panels({("request", key): truth for key, truth in truth_request.PANELS.items() if key in {"request_rate", "ttft"}})
def test_lines_are_blank_where_the_data_source_does_not_know_its_scrape_interval(
    store: Backfilled, program: str, board: str, key: str
) -> None:
    """Grafana takes 15 s for it, and a window of 60 s: it holds one scrape, and Prometheus wants two for a rate.

    A step falls between two scrapes, as nearly all do. VictoriaMetrics goes back to the scrape before the window.
    """
    assert drawn(store.shown(board, key, scrape_interval="60s")) != {}
    between = drawn(store.shown(board, key, before_end=30, scrape_interval="15s"))
    assert (between == {}) == (program == "prometheus")


@scenarios("default-60s")
def test_single_numbers_do_not_depend_on_the_data_sources_scrape_interval(store: Backfilled) -> None:
    """Their window is five minutes by itself."""
    shown = [store.shown("request", "requests_now", before_end=30, scrape_interval=one) for one in ("15s", "60s")]
    assert shown[0] == pytest.approx(shown[1])
    assert shown[1] != {}
