"""The gateway's queue, its gauges, and what mishaps do to it."""

import pytest

from llumnix_dash.catalog import gateway, scheduler
from llumnix_dash.fleet import SCENARIOS, Fleet, simulate
from llumnix_dash.fleet.cases import Case
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.engine import Request
from llumnix_dash.fleet.parts import Mishap
from llumnix_dash.fleet.queue import PLACES, WORKERS, Queue
from tests.fleet.conftest import END
from tests.fleet.samples import last, tracks


def request() -> Request:
    return Request(namespace=None, model="m", gateway=0, arrived=0, prompt_tokens=1, wanted_tokens=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


def test_a_full_queue_refuses_nobody_and_pending_ends_at_517(clock):
    entered: list[Request] = []
    taken: list[Request] = []
    queue = Queue(clock, entered.append, taken.append)
    for _ in range(600):
        queue.offer(request())
    assert queue.pending == PLACES + WORKERS == 517
    assert (len(entered), len(taken)) == (517, 5)
    clock.run_until(0.9)
    queue.release(taken[0])
    assert (queue.pending, len(taken)) == (516, 6), "who waits outside looks again each second only"
    clock.run_until(1.1)
    assert (queue.pending, len(entered)) == (517, 518)


def test_requests_leave_the_queue_in_the_order_in_which_they_came_in(clock):
    taken: list[Request] = []
    queue = Queue(clock, lambda one: None, taken.append)
    offered = [request() for _ in range(20)]
    for one in offered:
        queue.offer(one)
    for place in range(15):
        queue.release(offered[place])
    assert taken == offered
    queue.release(offered[0])
    assert queue.pending == 5, "who is not at work is not released twice"


def test_a_process_that_ends_forgets_who_waits_outside_too(clock):
    entered: list[Request] = []
    queue = Queue(clock, entered.append, lambda one: None)
    for _ in range(600):
        queue.offer(request())
    queue.clear()
    clock.run_until(5.0)
    assert (queue.pending, len(entered)) == (0, 517)


def test_without_an_instance_each_gateway_answers_one_request_a_second_and_its_queue_fills(simulated):
    fleet = simulated("no-instance", 20)
    for number in range(2):
        [pending] = tracks(fleet, gateway.PENDING_REQUESTS, pod=f"gateway-{number}")
        [current] = tracks(fleet, gateway.CURRENT_REQUESTS, pod=f"gateway-{number}")
        assert max(pending.values) == 517
        assert current.values[-1] > 517 + 50, "the rest waits outside"
        held = [one for one in fleet.requests if one.status == "503" and one.gateway == number and one.finished > 900]
        assert len(held) == pytest.approx(300, rel=0.1)


def test_gauges_are_set_every_five_seconds_and_not_when_scraped():
    """Scraped each second, they change only at the fifth ones after the process's start."""
    fleet = simulate("default", end=END, minutes=5, interval=1)
    for number, target in enumerate(fleet.deployments[0].gateways):
        [current] = tracks(fleet, gateway.CURRENT_REQUESTS, pod=f"gateway-{number}")
        changes = [tick for tick in range(1, 301) if current.values[tick] != current.values[tick - 1]]
        assert len(changes) > 30
        assert {(tick - target.process.started) % 5 for tick in changes} == {0}


def test_a_gateway_that_restarts_tells_first_after_five_seconds(simulated):
    fleet = simulated("restart")
    lost = [one for one in fleet.requests if one.lost is not None]
    assert lost
    assert all(not one.status and all(leg.finished is not None for leg in one.legs) for one in lost)
    [current] = tracks(fleet, gateway.CURRENT_REQUESTS, pod="gateway-0")
    assert 0 < current.values[-1] < 40


def _taken_within(fleet: Fleet, since: float, until: float) -> list[Request]:
    return [one for one in fleet.requests if one.taken is not None and since < one.taken <= until and one.status]


def test_a_scheduler_that_is_down_is_seen_in_no_status(simulated):
    """Gateways take engines in turn and answer 200; nothing is scheduled."""
    fleet = simulated("scheduler-down")
    away = _taken_within(fleet, 300, 449)
    assert len(away) > 500
    assert all(not one.schedulings and not one.failed_schedulings for one in away)
    assert sum(one.ok for one in away) > 0.95 * len(away)
    assert not any(one.status == "503" for one in fleet.requests)
    decoders = [one.engines[-1].id for one in away if len(one.engines) == 2]
    shares = [decoders.count(engine) / len(decoders) for engine in set(decoders)]
    assert len(shares) == 3
    assert max(shares) < 0.4
    back = _taken_within(fleet, 451, 590)
    assert all(one.schedulings for one in back if one.case is Case.ANSWERED)


def test_a_store_that_is_away_is_one_failed_scheduling_a_request_and_a_good_answer():
    away = SCENARIOS["default"].model_copy(update={"mishaps": (Mishap(kind="store-away", start=0.25, end=0.75),)})
    fleet = simulate(away, end=END, minutes=10)
    during = _taken_within(fleet, 151, 449)
    assert sum(one.ok for one in during) > 0.95 * len(during)
    for one in during:
        assert [error for _, error in one.failed_schedulings] == ["cms_not_available"]
        assert not one.schedulings
    after = _taken_within(fleet, 451, 590)
    assert not any(one.failed_schedulings for one in after)
    assert last(fleet, scheduler.FAILED_SCHEDULINGS, error_type="cms_not_available") >= len(during)


def test_an_outage_leaves_no_gateway(simulated):
    fleet = simulated("outage")
    for labels, track in fleet.history.up.items():
        half = len(track.values) // 2
        gone = dict(labels)["container"] == "gateway"
        assert set(track.values[half + 1 :]) == ({0} if gone else {1})
    assert not any(one.arrived > 300 for one in fleet.requests)


def test_streams_of_an_engine_that_hangs_end_as_200_after_five_minutes(simulated):
    """Those that had no chunk yet are 400; current requests hold them until then, and nobody sees it elsewhere."""
    fleet = simulated("hang", 12)
    engine = next(one for one in fleet.deployments[0].engines if one.hung is not None)
    assert engine.hung == 180
    stalled = [one for one in fleet.requests if engine in one.engines and (one.error_gap or 0) > 299]
    assert len(stalled) >= 3
    assert {one.status for one in stalled} <= {"200", "400"}
    assert all(one.ok == one.streamed for one in stalled)
    waiting = [one for one in fleet.requests if engine in one.engines and one.case is Case.RESET]
    assert max(one.ttft_milliseconds for one in waiting) > 300_000
    assert not any(engine in one.engines and one.arrived > 245 for one in fleet.requests)
