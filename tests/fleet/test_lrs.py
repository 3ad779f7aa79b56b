"""A lite-mode scheduler's book: its own requests, and what becomes of them there."""

import pytest

from llumnix_dash.catalog import lrs, scheduler
from llumnix_dash.fleet import SCENARIOS, Fleet, simulate
from llumnix_dash.fleet.fleet import RunningFleet
from tests.fleet.conftest import END
from tests.fleet.samples import last, tracks


def test_without_reports_a_book_only_grows(simulated):
    """All requests wait for ever, of which most are long over."""
    fleet = simulated("lite-mode")
    for total, waiting in ((lrs.TOTAL_REQUESTS, lrs.WAITING_REQUESTS), (lrs.TOTAL_TOKENS, lrs.WAITING_TOKENS)):
        for track in tracks(fleet, total):
            assert list(track.values) == sorted(track.values)
        assert last(fleet, total) == last(fleet, waiting)
    assert last(fleet, lrs.TOTAL_REQUESTS, infer_type="decode") > 1000
    assert sum(not request.status for request in fleet.requests) < 100


def test_with_reports_requests_are_released_and_neutral_ones_marked(simulated):
    fleet = simulated("lite-reporting")
    assert 0 < last(fleet, lrs.TOTAL_REQUESTS) < 200
    for role in ("prefill", "decode"):
        assert last(fleet, lrs.WAITING_REQUESTS, infer_type=role) == last(fleet, lrs.TOTAL_REQUESTS, infer_type=role)
    for total, waiting in ((lrs.TOTAL_REQUESTS, lrs.WAITING_REQUESTS), (lrs.TOTAL_TOKENS, lrs.WAITING_TOKENS)):
        assert last(fleet, waiting, infer_type="neutral") < last(fleet, total, infer_type="neutral")


def test_a_book_is_shown_every_five_seconds():
    fleet = RunningFleet(SCENARIOS["lite-mode"], seed=1, restart_at=300, epoch=END)
    [target] = fleet.deployments[0].schedulers
    shown = []
    for second in range(21):
        fleet.run_until(float(second))
        shown.append(sum(target.process.series[lrs.TOTAL_REQUESTS.name].values()))
    assert 4 <= len(set(shown)) <= 5


def test_each_scheduler_books_the_gateways_that_are_connected_to_it():
    """Their sum is less than what they have scheduled: a request of another's gateway is booked nowhere."""
    one = SCENARIOS["lite-mode"].deployments[0]
    two = SCENARIOS["lite-mode"].model_copy(update={"deployments": (one.model_copy(update={"schedulers": 2}),)})
    fleet = simulate(two, end=END, minutes=5)
    booked = [last(fleet, lrs.TOTAL_REQUESTS, pod=f"scheduler-{number}", infer_type="prefill") for number in (0, 1)]
    assert all(booked)
    assert booked[0] != booked[1]
    scheduled = sum(request.model == "qwen3-32b" and bool(request.engines) for request in fleet.requests)
    assert sum(booked) == pytest.approx(scheduled / 2, rel=0.1)
    assert last(fleet, scheduler.SCHEDULINGS) > 1.5 * sum(booked)


def test_a_gateway_that_reconnects_and_an_instance_that_goes_drop_their_share():
    fleet = RunningFleet(SCENARIOS["lite-mode"], seed=1, restart_at=300, epoch=END)
    [deployment] = fleet.deployments
    [target] = deployment.schedulers

    def total() -> dict[tuple[str, ...], float]:
        fleet.run_until(fleet.clock.now + 6)
        return dict(target.process.series[lrs.TOTAL_REQUESTS.name])  # type: ignore[arg-type]

    fleet.run_until(60.0)
    before = total()
    deployment.frontend.restart_gateway(0, 1.0)
    after = total()
    assert all(0.3 * before[one] < after[one] < 0.8 * before[one] for one in before)
    engine = deployment.engines[2]
    labels = ("", engine.lrs_id, "decode")
    deployment.backend.restart(engine, 3.0, False)
    assert total()[labels] < 0.2 * after[labels]
    gone = deployment.engines[3]
    place = ("", gone.lrs_id, "decode")
    deployment.backend.restart(gone, 1000.0, True)
    ghost = total()[place]
    assert total()[place] == ghost > 0


def test_the_scheduling_duration_is_there_in_lite_mode_too(simulated):
    fleet: Fleet = simulated("lite-mode")
    attempts = last(fleet, scheduler.SCHEDULINGS) + last(fleet, scheduler.FAILED_SCHEDULINGS)
    assert last(fleet, scheduler.FULL_MODE_SCHEDULE_DURATION) == attempts


def test_lite_mode_does_not_mind_a_cluster_meta_store_that_is_away():
    fleet = RunningFleet(SCENARIOS["lite-mode"], seed=1, restart_at=300, epoch=END)
    [deployment] = fleet.deployments
    deployment.control.lose_store()
    fleet.run_until(60.0)
    series = deployment.schedulers[0].process.series
    assert not series[scheduler.FAILED_SCHEDULINGS.name].get(("cms_not_available",))
    assert series[scheduler.SCHEDULINGS.name]
