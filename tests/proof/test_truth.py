"""Each panel's lines and numbers are what the events come to, whatever the fleet."""

import math
from collections.abc import Mapping

import pytest

from llumnix_dash.fleet import SCENARIOS
from tests.proof import truth_cms, truth_component, truth_lrs, truth_request, truth_vllm
from tests.proof.events import Events
from tests.proof.fleets import scenarios
from tests.proof.shown import BOARDS, WINDOW, Backfilled, Values
from tests.proof.shown import panels as each_panel
from tests.proof.truth_request import Truth

FULL_MODE = {
    "request": truth_request.PANELS,
    "component": truth_component.PANELS,
    "cms": truth_cms.PANELS | truth_cms.TABLES,
    "vllm": truth_vllm.PANELS | truth_vllm.BY_INSTANCE,
}
PREDICTIONS = {"cms": truth_cms.PREDICTIONS}
OWN = {"cms": truth_cms.OWN}
ENGINES = {"vllm": FULL_MODE["vllm"]}
LITE_MODE = {"lrs": truth_lrs.PANELS | truth_lrs.TABLES}
MANY_FAILURES = {"request": truth_request.WITH_MANY_FAILURES, "component": truth_component.WITH_MANY_FAILURES}
NO_RARE_EVENTS = {"request": truth_request.WITHOUT_RARE_EVENTS, "component": truth_component.WITHOUT_RARE_EVENTS}

# All instances of these fleets, where a panel would show five.
ALL_INSTANCES = {"top": ["10"]}

Truths = Mapping[str, Mapping[str, Truth]]


def panels(truths: Truths) -> pytest.MarkDecorator:
    """A test for each of the panels, as board and key."""
    return each_panel((board, key) for board, of_board in truths.items() for key in of_board)


@scenarios("default", "two-schedulers", "overload")
@panels(FULL_MODE)
def test_a_panel_shows_what_happened(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, FULL_MODE)


@scenarios("lite-mode", "lite-reporting", "lite-mode-two-schedulers")
@panels(LITE_MODE)
def test_a_panel_shows_what_happened_in_lite_mode(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, LITE_MODE)


@scenarios("overload", "overload-two-schedulers")
@panels(OWN)
def test_what_each_scheduler_has_of_its_own_adds_up(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, OWN)


@scenarios("prefill-decode", "adaptive-pd")
@panels(PREDICTIONS)
def test_a_panel_shows_what_was_predicted(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, PREDICTIONS)


@scenarios("kvt-batch", "kvt-staged")
@panels(ENGINES)
def test_engines_show_what_happened_whatever_brings_the_kv_cache(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, ENGINES)


@scenarios("migration")
@pytest.mark.parametrize("key", truth_vllm.MEDIANS)
def test_medians_are_true_where_migrations_poison_means(store: Backfilled, key: str) -> None:
    shown, truth = store.shown("vllm", key), truth_vllm.MEDIANS[key](Events(store.past, WINDOW))
    assert {line: value for line, value in drawn(shown).items() if line.startswith("P50")} == truth


@scenarios("no-instance")
@panels(MANY_FAILURES)
def test_failures_show_where_there_are_many(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, MANY_FAILURES)


@scenarios("slow-failures", "external-route")
@pytest.mark.parametrize("key", ["requests_now", "success_ratio_now", "ttft_within_objective_now", "within_objectives"])
def test_shares_are_true_whatever_fails_and_whoever_answers(store: Backfilled, key: str) -> None:
    """A late failure makes the P99 of TTFT its own, as its description says; of shares it changes little."""
    check(store, "request", key, FULL_MODE)


def _first_row(store: Backfilled, key: str) -> Values:
    return truth_request.HEADLINE[key](Events(store.past, WINDOW))


# It has a store of its own, in test_budget; of the other two there is nothing to show.
APART = ("big", "outage", "idle")


@scenarios(*(name for name in SCENARIOS if name not in APART))
@pytest.mark.parametrize("key", truth_request.HEADLINE)
def test_the_first_row_is_true_on_every_fleet(store: Backfilled, scenario: str, key: str) -> None:
    """But where slow failures are so many that the P99 of TTFT is theirs, as its description says.

    What a process counted between its last scrape and its restart nobody saw: a rate may be as much lower.
    """
    if (scenario, key) == ("slow-failures", "ttft_p99_now"):
        assert "with slow failures P99 is theirs" in BOARDS["request"].panel(key)["description"]
    elif scenario == "restart" and key in {"requests_now", "output_tokens_now"}:
        [shown], [truth] = (list(one.values()) for one in (store.shown("request", key), _first_row(store, key)))
        assert 0.95 * truth.expected < shown < 1.02 * truth.expected
    else:
        check(store, "request", key, FULL_MODE)


@scenarios("migration", "adaptive-pd")
@pytest.mark.parametrize("key", truth_vllm.MEDIANS)
def test_a_mean_below_0_is_not_shown(store: Backfilled, key: str) -> None:
    """A request that moved between hosts makes it so, and means nothing; the quantiles stay."""
    assert [line for line, value in drawn(store.shown("vllm", key)).items() if value < 0] == []


@scenarios("fresh")
@panels(NO_RARE_EVENTS)
def test_what_has_not_happened_yet_shows_as_0(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, NO_RARE_EVENTS)


def check(store: Backfilled, board: str, key: str, truths: Truths) -> None:
    """Compares all lines of the panel, their names and their last values, with the truth."""
    variables = ALL_INSTANCES if "top" in BOARDS[board].variables else None
    truth = truths[board][key](Events(store.past, WINDOW))
    shown = drawn(store.shown(board, key, variables))
    if leaves_out_zeros(board, key):
        shown = dict.fromkeys(truth, 0.0) | shown
    assert shown == truth


def leaves_out_zeros(board: str, key: str) -> bool:
    """Whether the panel has no line for what is 0 all along."""
    return "all 0 in this time" in BOARDS[board].panel(key)["fieldConfig"]["defaults"].get("noValue", "")


def drawn(values: Values) -> Values:
    """The lines that have a point: NaN is none."""
    return {name: value for name, value in values.items() if not math.isnan(value)}


def test_every_dashboard_is_held_to_the_truth() -> None:
    own = {(board, key) for board, truths in {**FULL_MODE, **LITE_MODE}.items() for key in truths}
    own = {(board, key) for board, key in own if key not in truth_request.HEADLINE}
    assert {board for board, _ in own} == set(BOARDS)
    assert len(own) >= 30
