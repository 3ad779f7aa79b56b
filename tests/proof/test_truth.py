"""Each panel's lines and numbers are what the events come to, whatever the fleet."""

import math
from collections.abc import Mapping

import pytest

from tests.proof import truth_cms, truth_component, truth_lrs, truth_overview, truth_request, truth_vllm
from tests.proof.fleets import EVERY_FLEET, MINUTES, scenarios
from tests.proof.shown import BOARDS, Backfilled, Values
from tests.proof.shown import panels as each_panel
from tests.proof.truth_request import Truth

FULL_MODE = {
    "overview": truth_overview.PANELS,
    "request": truth_request.PANELS,
    "component": truth_component.PANELS,
    "cms": truth_cms.PANELS | truth_cms.TABLES,
    "vllm": truth_vllm.PANELS | truth_vllm.BY_INSTANCE | truth_vllm.TABLES,
}
PREDICTIONS = {"cms": truth_cms.PREDICTIONS}
OWN = {"cms": truth_cms.OWN}
HELD_BACK = {"cms": truth_cms.HELD_BACK}
ENGINES = {"vllm": FULL_MODE["vllm"]}
BY_REASON = {"vllm": truth_vllm.BY_REASON}
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


@scenarios("kvt-staged")
@panels(HELD_BACK)
def test_requests_that_wait_for_their_kv_cache_are_where_they_are_held(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, HELD_BACK)


@scenarios("prefill-decode", "adaptive-pd")
@panels(PREDICTIONS)
def test_a_panel_shows_what_was_predicted(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, PREDICTIONS)


@scenarios("kvt-batch", "kvt-staged")
@panels(ENGINES)
def test_engines_show_what_happened_whatever_brings_the_kv_cache(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, ENGINES)


@scenarios("new-vllm")
@panels(BY_REASON)
def test_a_newer_vllm_tells_why_requests_wait(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, BY_REASON)


@scenarios("migration")
@pytest.mark.parametrize("key", truth_vllm.MEDIANS)
def test_medians_are_true_where_migrations_poison_means(store: Backfilled, key: str) -> None:
    shown, truth = store.shown("vllm", key, {"quantile": ["0.5"]}), truth_vllm.MEDIANS[key](store.events())
    assert {line: value for line, value in drawn(shown).items() if line.startswith("quantile")} == truth


@scenarios("default")
@pytest.mark.parametrize("q", [0.5, 0.9, 0.95])
def test_latencies_by_role_are_of_the_chosen_quantile(store: Backfilled, q: float) -> None:
    shown = store.shown("vllm", "ttft", {"quantile": [str(q)]})
    assert drawn(shown) == truth_vllm.latencies(q)["ttft"](store.events())


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
    return truth_request.HEADLINE[key](store.events())


# Of these it is what tells them apart that matters.
APART = ("outage", "idle")


@scenarios(*(name for name in EVERY_FLEET if name not in APART))
@pytest.mark.parametrize("key", truth_request.HEADLINE)
def test_the_first_row_is_true_on_every_fleet(store: Backfilled, scenario: str, key: str) -> None:
    """What a process counted between its last scrape and its restart nobody saw: a rate may be as much lower."""
    if (scenario, key) == ("restart", "requests_now"):
        [shown], [truth] = (list(one.values()) for one in (store.shown("request", key), _first_row(store, key)))
        assert 0.95 * truth.expected < shown < 1.02 * truth.expected
    else:
        check(store, "request", key, FULL_MODE)


@scenarios("external-route")
@pytest.mark.parametrize("board", ["cms", "lrs"])
@pytest.mark.parametrize("key", truth_request.HEADLINE)
def test_the_first_row_is_true_on_a_page_that_is_not_about_requests(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, {board: truth_request.HEADLINE})


@scenarios("outage")
@pytest.mark.parametrize("key", truth_request.HEADLINE)
def test_the_first_row_of_an_outage_says_that_the_gateways_are_gone(store: Backfilled, key: str) -> None:
    shown = store.shown("request", key)
    if key == "components_up":
        assert shown == {"Gateways gone": 0, "Schedulers": 1, "Engines": 7} == _first_row(store, key)
    else:
        assert shown == {"gateways gone": 0}


@scenarios("idle")
@pytest.mark.parametrize("key", truth_request.HEADLINE)
def test_the_first_row_of_an_idle_fleet_shows_no_failure(store: Backfilled, key: str) -> None:
    """That nothing was asked of it is no number, and not what an outage looks like."""
    shown = drawn(store.shown("request", key))
    if key == "components_up":
        assert shown == {"Gateways": 2, "Schedulers": 1, "Engines": 7}
    else:
        assert shown == {"requests_now": {"Requests": 0}, "pending_now": {"Pending": 0}}.get(key, {})


@scenarios("scheduler-down")
def test_a_scheduler_that_is_down_is_red_while_it_is(store: Backfilled) -> None:
    """Users do not notice: their gateways take engines in turn."""
    [down] = store.past.fleet.scenario.mishaps
    before_end = MINUTES * 60 * (1 - (down.start + down.end) / 2)
    assert store.shown("request", "components_up", before_end=before_end) == {
        "Gateways": 2,
        "Schedulers gone": 0,
        "Engines": 7,
    }
    assert store.shown("request", "components_up")["Schedulers"] == 1


@scenarios("default")
def test_an_objective_is_drawn_where_it_is_in_sight(store: Backfilled) -> None:
    """All along the range, where P99 comes to a third of it at any moment: a far line would press all others down."""
    # P99s: some 25 s, 0.5 s and 30 ms.
    objectives = {"e2e_latency": ("e2e", "60", "300"), "ttft": ("ttft", "1000", "2000"), "tpot": ("tpot", "50", "200")}
    for key, (name, near, far) in objectives.items():
        session, board = store.session(), BOARDS["request"]
        for chosen, there in ((near, True), (far, False)):
            [target] = [one for one in board.panel(key)["targets"] if one["legendFormat"] == "objective"]
            variables = {f"{name}_objective": [chosen]}
            answer = session.panel(board.json, board.panel(key)["id"], variables=variables)
            lines = answer[target["refId"]]
            assert bool(lines) == there, (key, chosen)
            p99 = answer[board.panel(key)["targets"][3]["refId"]][0]
            assert (max(value for _, value in p99.points) > float(chosen) / 3) == there
            for line in lines:
                assert {value for _, value in line.points} == {float(chosen)}
                assert line.points[0][0] <= p99.points[0][0], "it goes all along"
                assert line.points[-1][0] == p99.points[-1][0]


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
    truth = truths[board][key](store.events())
    shown = drawn(store.shown(board, key, variables))
    if leaves_out_zeros(board, key):
        shown = dict.fromkeys(truth, 0.0) | shown
    assert shown == truth


def leaves_out_zeros(board: str, key: str) -> bool:
    """Whether the panel has no line for what is 0 all along."""
    return "all 0 in this time" in BOARDS[board].panel(key)["fieldConfig"]["defaults"].get("noValue", "")


def drawn(values: Values) -> Values:
    """The lines that have a point: NaN is none.

    An objective is no measurement; for its line see :func:`test_an_objective_is_drawn_where_it_is_in_sight`.
    """
    return {name: value for name, value in values.items() if not math.isnan(value) and name != "objective"}


def test_every_dashboard_is_held_to_the_truth() -> None:
    own = {(board, key) for board, truths in {**FULL_MODE, **LITE_MODE}.items() for key in truths}
    own = {(board, key) for board, key in own if key not in truth_request.HEADLINE}
    # What the alerts page shows, tests/rules hold to what they tell.
    assert {board for board, _ in own} == set(BOARDS) - {"alerts"}
    assert len(own) >= 30
