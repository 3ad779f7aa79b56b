"""What a scheduler's metrics show of an instance: what it last told of itself, and what is on its way there."""

import itertools
import math

import pytest

from llumnix_dash.catalog import cms, scheduler
from llumnix_dash.fleet import SCENARIOS
from llumnix_dash.fleet.account import Accounts
from llumnix_dash.fleet.cms import MAX_FLOAT32, Instance, Status, status, told_at
from llumnix_dash.fleet.deployment import RunningDeployment
from llumnix_dash.fleet.engine import Engine, Request
from llumnix_dash.fleet.fleet import RunningFleet
from llumnix_dash.fleet.leg import Leg
from tests.fleet.samples import last, last_sum, tracks

PERIOD = 0.5


def running(name: str) -> RunningDeployment:
    """A deployment that has not begun, and no traffic."""
    return RunningFleet(SCENARIOS[name], seed=1, restart_at=300, epoch=1_700_000_000).deployments[0]


def engine_of(deployment: RunningDeployment, role: str) -> Engine:
    return next(one for one in deployment.engines if one.pool.role == role and len(one.ranks) == 1)


def request_to(engine: Engine, *, at: float, tokens: int = 100) -> Request:
    request = Request("llumnix", engine.pool.model, 0, arrived=at, prompt_tokens=tokens, wanted_tokens=10)
    request.engines = [engine]
    return request


def arrive(engine: Engine, request: Request, at: float) -> Leg:
    """The request waits in the engine."""
    leg = Leg(request, engine, engine.target.instance, engine.ranks[0], at, request.wanted_tokens)
    request.legs.append(leg)
    engine.attach(leg)
    return leg


def leave(leg: Leg, at: float) -> None:
    leg.finished = at
    leg.engine.detach(leg)


def seen(accounts: Accounts, instance: Instance, at: float) -> Status:
    """What a scheduler shows after it has read the store at this time."""
    told = told_at(instance, at)
    found = status(instance, told, hybrid_connector=True)
    accounts.add(found, instance, at=at, told=told, pulled=at)
    return found


@pytest.fixture
def neutral() -> Instance:
    return Instance(engine_of(running("default"), "neutral"), "0")


def inflight(found: Status) -> tuple[int, int, int, int]:
    return (found.inflight, found.inflight_prefills, found.inflight_decodes, found.inflight_prefill_tokens)


def test_a_dispatch_is_in_flight_until_the_engine_tells_of_it(neutral):
    accounts = Accounts(PERIOD, cache_aware=False)
    request = request_to(neutral.engine, at=0.1)
    accounts.book(neutral, request, 0.1)
    assert inflight(seen(accounts, neutral, 0.1)) == (1, 1, 1, 100)
    leg = arrive(neutral.engine, request, 0.2)
    found = seen(accounts, neutral, 0.5)
    assert inflight(found) == (0, 0, 0, 0)
    assert found.waiting == found.waiting_to_decode == found.decode_batch_size == 1
    leg.started = 0.6
    assert inflight(seen(accounts, neutral, 1.0)) == (0, 0, 0, 0)


def test_a_client_that_leaves_while_its_request_waits_in_the_engine_is_taken_off_twice(neutral):
    """For good, and what is derived inherits it."""
    accounts = Accounts(PERIOD, cache_aware=False)
    request = request_to(neutral.engine, at=0.1)
    accounts.book(neutral, request, 0.1)
    leg = arrive(neutral.engine, request, 0.1)
    assert inflight(seen(accounts, neutral, 0.5)) == (0, 0, 0, 0)
    leave(leg, 0.9)
    for time in (1.0, 100.0, 10_000.0):
        found = seen(accounts, neutral, time)
        assert inflight(found) == (-1, -1, -1, -100)
        assert found.projected_usage < 0
        assert found.decode_batch_size == -1


def test_a_client_that_leaves_before_the_engine_has_told_of_it_is_taken_off_once(neutral):
    accounts = Accounts(PERIOD, cache_aware=False)
    request = request_to(neutral.engine, at=0.1)
    accounts.book(neutral, request, 0.1)
    leave(arrive(neutral.engine, request, 0.1), 0.3)
    assert inflight(seen(accounts, neutral, 0.5)) == (0, 0, 0, 0)


def test_a_dispatch_that_never_comes_is_forgotten_after_ten_seconds_of_work(neutral):
    """An idle engine tells nothing new, so that it stays until there is something to tell."""
    accounts = Accounts(PERIOD, cache_aware=False)
    accounts.book(neutral, request_to(neutral.engine, at=0.0), 0.0)
    neutral.engine.idle_since["0"] = 0.0
    assert inflight(seen(accounts, neutral, 20.0))[0] == 1
    arrive(neutral.engine, request_to(neutral.engine, at=20.1), 20.1)
    assert inflight(seen(accounts, neutral, 20.5))[0] == 0


def test_a_prefill_instance_without_a_decode_instance_leaves_a_count():
    deployment = running("default")
    prefill = engine_of(deployment, "prefill")
    deployment.control.half_found(request_to(prefill, at=0.0))
    [process] = [one.process for one in deployment.schedulers]
    assert process.series[scheduler.SCHEDULINGS.name] == {(): 1}
    replica = deployment.control.replica(0)
    for _ in range(2):
        found = deployment.control.seen(replica, Instance(prefill, "0"))
        assert inflight(found) == (1, 0, 0, 0)


def test_with_cache_aware_scheduling_a_replica_counts_the_waiting_prompts_of_its_own(neutral):
    accounts, others = Accounts(PERIOD, cache_aware=True), Accounts(PERIOD, cache_aware=True)
    for tokens, book in ((100, accounts), (400, others), (700, None)):
        request = request_to(neutral.engine, at=0.0, tokens=tokens)
        if book:
            book.book(neutral, request, 0.0)
        arrive(neutral.engine, request, 0.0)
    one, two = seen(accounts, neutral, 0.5), seen(others, neutral, 0.5)
    assert (one.waiting_prefill_tokens, two.waiting_prefill_tokens) == (100, 400)
    assert one.prefill_tokens < two.prefill_tokens
    assert one.projected_usage < two.projected_usage
    assert seen(Accounts(PERIOD, cache_aware=False), neutral, 0.5).waiting_prefill_tokens == 1200


def test_an_idle_engine_tells_its_status_every_thirty_seconds_and_a_busy_one_all_the_time(neutral):
    neutral.engine.idle_since["0"] = 7.0
    assert [told_at(neutral, time) for time in (7.0, 36.9, 37.0, 70.0)] == [7.0, 7.0, 37.0, 67.0]
    arrive(neutral.engine, request_to(neutral.engine, at=70.5), 70.5)
    assert told_at(neutral, 71.0) == 71.0


def test_an_engine_that_hangs_tells_nothing_new(neutral):
    arrive(neutral.engine, request_to(neutral.engine, at=1.0), 1.0)
    neutral.engine.hung = 2.0
    assert [told_at(neutral, time) for time in (1.5, 2.0, 100.0)] == [1.5, 2.0, 2.0]


def test_usage_is_projected_beyond_one(simulated):
    usages = tracks(simulated("overload", 15), cms.KV_CACHE_USAGE)
    assert max(max(track.values) for track in usages) > 1.2


def test_decode_batches_hold_what_waits(simulated):
    fleet = simulated("overload", 15)
    batch, running_requests, waiting = (
        [max(track.values) for track in tracks(fleet, metric, infer_type="neutral")]
        for metric in (cms.DECODE_BATCH_SIZE, cms.RUNNING_REQUESTS, cms.WAITING_REQUESTS)
    )
    assert max(batch) > max(running_requests)
    assert max(waiting) > 0


def test_without_hybrid_connector_nothing_loads(simulated):
    metrics = (
        cms.LOADING_REQUESTS,
        cms.TOKENS_LOADING_REQUESTS,
        cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_REQUESTS,
        cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_TOKENS,
    )
    for metric in metrics:
        assert {value for track in tracks(simulated("default"), metric) for value in track.values} == {0}
    for metric in metrics[:2]:
        assert any(max(track.values) > 0 for track in tracks(simulated("adaptive-pd"), metric))


def test_an_instance_without_a_capacity_is_full_beyond_measure(simulated):
    fleet = simulated("no-capacity")
    [track] = [one for one in tracks(fleet, cms.KV_CACHE_USAGE) if "-" in dict(one.labels)["instance_id"]]
    assert set(track.values) == {MAX_FLOAT32}
    assert dict(track.labels)["instance_id"].endswith("_dp0")
    # Its choices swallow all others in the sum.
    assert last_sum(fleet, scheduler.SELECTED_KV_CACHE_USAGE, infer_type="decode") >= MAX_FLOAT32
    [chosen] = tracks(fleet, scheduler.SELECTED_KV_CACHE_USAGE, infer_type="decode")
    sums = chosen.column(chosen.width - 1)
    counts = chosen.column(chosen.width - 2)
    grown = [tick for tick, (before, after) in enumerate(itertools.pairwise(counts)) if after > before]
    assert any(sums[tick] == sums[tick + 1] for tick in grown)


def test_nothing_new_is_shown_and_nothing_scheduled_while_the_store_is_away(simulated):
    fleet = simulated("store-away")
    interval, middle = fleet.scenario.interval, 300
    away = range(middle // interval + 1, (middle + 120) // interval)
    for metric in (cms.USED_GPU_TOKENS, cms.RUNNING_REQUESTS, cms.KV_CACHE_USAGE):
        for track in tracks(fleet, metric, infer_type="decode"):
            assert len({track.values[tick] for tick in away}) == 1
            assert len(set(track.values)) > 5
    [done] = tracks(fleet, scheduler.SCHEDULINGS)
    assert len({done.values[tick] for tick in away}) == 1
    [failed] = tracks(fleet, scheduler.FAILED_SCHEDULINGS, error_type="cms_not_available")
    assert failed.values[-1] > 300
    assert last(fleet, scheduler.CMS_REFRESH_STATUS_DURATION) == pytest.approx(900 / PERIOD, abs=2)
    in_time = [one for one in fleet.requests if middle < one.arrived < middle + 100 and one.status]
    assert sum(one.status == "200" for one in in_time) > 0.95 * len(in_time)


def test_two_schedulers_do_not_read_the_store_at_the_same_moment(simulated):
    fleet = simulated("two-schedulers")
    first, second = (
        {dict(track.labels)["instance_id"]: list(track.values) for track in tracks(fleet, cms.USED_GPU_TOKENS, pod=pod)}
        for pod in ("scheduler-0", "scheduler-1")
    )
    assert first.keys() == second.keys()
    assert first != second


def test_ids_are_the_moment_of_the_start_and_new_after_it(simulated):
    fleet = simulated("restart")
    for engine in fleet.deployments[0].engines:
        assert int(engine.id) == fleet.start * 10**9 + round(engine.target.process.down_until * 1e9)
    shown = {dict(track.labels)["instance_id"] for track in tracks(fleet, cms.RUNNING_REQUESTS)}
    assert len(shown) == 8 + 2


def test_predictions_are_of_the_role_that_they_matter_to(simulated):
    for name, wanted in (("prefill-decode", {"prefill": "ttft", "decode": "tpot"}), ("adaptive-pd", None)):
        for metric, key in (
            (scheduler.SELECTED_PREDICTED_TTFT, "ttft"),
            (scheduler.SELECTED_PREDICTED_TPOT, "tpot"),
        ):
            roles = {dict(track.labels)["infer_type"] for track in tracks(simulated(name), metric)}
            assert roles == {role for role in ("prefill", "decode") if wanted is None or wanted[role] == key}
    assert not math.isinf(last_sum(simulated("prefill-decode"), scheduler.SELECTED_PREDICTED_TTFT))


def test_a_scheduler_that_starts_exports_nothing_but_itself():
    """All else begins with its first event."""
    deployment = running("default")
    deployment.measure()
    [process] = [one.process for one in deployment.schedulers]
    exported = {name for name, series in process.series.items() if series}
    assert exported == {"uptime_seconds", "go_goroutines", "go_memstats_alloc_bytes"}


def test_moves_are_counted_where_schedulers_make_them(simulated):
    assert not tracks(simulated("default"), scheduler.RESCHEDULINGS)
    fleet = simulated("adaptive-pd")
    assert 0 < last(fleet, scheduler.FAILED_RESCHEDULINGS) < last(fleet, scheduler.RESCHEDULINGS)


def test_a_ghost_keeps_what_the_schedulers_read_last():
    """Not what was scraped last: the store was read since then."""
    fleet = RunningFleet(SCENARIOS["default"], seed=1, restart_at=300, epoch=1_700_000_000)
    [deployment] = fleet.deployments
    [target] = deployment.schedulers
    ghost = Instance(engine_of(deployment, "decode"), "0")
    labels = (ghost.id, "decode")
    used = target.process.series[cms.USED_GPU_TOKENS.name]
    fleet.run_until(60.0)
    scraped = used[labels]
    fleet.clock.run_until(75.0)
    pulled = deployment.control.replica(0).pulled
    assert pulled is not None
    told = status(ghost, pulled, hybrid_connector=False)
    deployment.backend.restart(ghost.engine, 10.0, True)
    for time in (80.0, 300.0):
        fleet.run_until(time)
        assert used[labels] == told.used_tokens != scraped
    assert used[ghost.id, "decode"] != used[labels]
