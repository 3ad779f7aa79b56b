"""The engines record what vLLM records under Llumnix, and as little of it."""

import math
from collections.abc import Callable

import pytest

from llumnix_dash.catalog import scheduler, vllm
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.fleet import SCENARIOS, Fleet
from llumnix_dash.fleet.backend import GRACE_SECONDS
from llumnix_dash.fleet.fleet import RunningFleet
from llumnix_dash.fleet.leg import Leg
from tests.fleet.samples import last, last_sum, tracks, values

Simulated = Callable[..., Fleet]

# Observed when a request ends.
AT_THE_END = (
    vllm.E2E_LATENCY,
    vllm.QUEUE_TIME,
    vllm.PREFILL_TIME,
    vllm.DECODE_TIME,
    vllm.INFERENCE_TIME,
    vllm.REQUEST_TPOT,
    vllm.PROMPT_TOKENS,
    vllm.GENERATION_TOKENS,
)
GAUGES = (vllm.RUNNING_REQUESTS, vllm.WAITING_REQUESTS, vllm.KV_CACHE_USAGE)
STAGED = ["default", "overload", "kvt-staged"]


def of_role(fleet: Fleet, role: str) -> list[Leg]:
    return [leg for leg in fleet.legs if leg.engine.pool.role == role]


def prompts(legs: list[Leg]) -> int:
    return sum(leg.request.prompt_tokens for leg in legs)


def end(fleet: Fleet) -> float:
    return float(fleet.times[-1] - fleet.start)


@pytest.mark.parametrize("name", ["default", "overload", "kvt-staged", "kvt-batch"])
def test_an_end_counts_where_the_engine_ends_the_request_and_nowhere_else(simulated: Simulated, name: str) -> None:
    fleet = simulated(name)
    for role in ("prefill", "decode", "neutral"):
        ended = [leg for leg in of_role(fleet, role) if leg.reason and leg.server]
        assert last(fleet, vllm.FINISHED_REQUESTS, infer_type=role) == len(ended)
        for metric in AT_THE_END:
            assert last(fleet, metric, infer_type=role) == len(ended), metric.name
        begun = [leg for leg in of_role(fleet, role) if leg.first_token is not None and leg.server]
        assert last(fleet, vllm.TTFT, infer_type=role) == len(begun)
        assert last(fleet, vllm.PROMPT_TOKENS_TOTAL, infer_type=role) == prompts(begun)
        tokens = sum(leg.generated_by(end(fleet)) for leg in begun)
        assert last(fleet, vllm.GENERATION_TOKENS_TOTAL, infer_type=role) == tokens
        assert last(fleet, vllm.ITL, infer_type=role) == tokens - len(begun)


def test_a_client_that_leaves_is_in_no_count_of_ends(simulated: Simulated) -> None:
    fleet = simulated("default")
    left = [leg for leg in fleet.legs if leg.abandoned and leg.first_token is not None]
    assert len(left) > 10
    assert last(fleet, vllm.TTFT) - last(fleet, vllm.E2E_LATENCY) >= len(left)
    assert last(fleet, vllm.FINISHED_REQUESTS, finished_reason="abort") == 0


@pytest.mark.parametrize(
    ("name", "reasons"),
    [("default", {"stop", "length", "abort", "error", "repetition"}), ("old-vllm", {"stop", "length", "abort"})],
)
def test_each_reason_of_the_version_is_there_from_the_start(simulated: Simulated, name: str, reasons: set[str]) -> None:
    fleet = simulated(name, 1)
    assert values(fleet, vllm.FINISHED_REQUESTS, "finished_reason") == reasons
    assert all(track.ticks[0] == 0 for track in tracks(fleet, vllm.FINISHED_REQUESTS))


@pytest.mark.parametrize("name", STAGED)
def test_where_both_engines_are_asked_the_prefill_engine_makes_one_token_of_each(
    simulated: Simulated, name: str
) -> None:
    fleet = simulated(name)
    prefills = {"infer_type": "prefill"}
    ended = last(fleet, vllm.FINISHED_REQUESTS, **prefills)
    assert last(fleet, vllm.FINISHED_REQUESTS, finished_reason="length", **prefills) == ended > 0
    assert last(fleet, vllm.GENERATION_TOKENS_TOTAL, **prefills) == last(fleet, vllm.TTFT, **prefills)
    assert last_sum(fleet, vllm.REQUEST_TPOT, **prefills) == 0
    assert last(fleet, vllm.ITL, **prefills) == 0


def test_a_prefill_engine_of_batch_kvt_tells_nothing_but_zeros(simulated: Simulated) -> None:
    fleet = simulated("kvt-batch")
    assert len([leg for leg in of_role(fleet, "prefill") if leg.finished]) > 100
    for metric in vllm.METRICS:
        for track in tracks(fleet, metric, infer_type="prefill"):
            assert not any(track.values), metric.name


def test_with_batch_kvt_the_decode_engine_has_the_remote_prefill_in_its_ttft_alone(simulated: Simulated) -> None:
    fleet = simulated("kvt-batch")
    ended = [request for request in fleet.requests if request.legs and request.legs[-1].reason]
    for prefill, decode in (request.legs for request in ended if len(request.legs) == 2):
        assert decode.arrived == prefill.arrived
        assert prefill.finished < decode.loading_until == decode.received <= decode.started
    batch, staged = (
        {
            metric: last_sum(one, metric, infer_type="decode") / last(one, metric, infer_type="decode")
            for metric in (vllm.TTFT, vllm.E2E_LATENCY, vllm.QUEUE_TIME, vllm.PREFILL_TIME)
        }
        for one in (fleet, simulated("kvt-staged"))
    )
    assert batch[vllm.TTFT] > staged[vllm.TTFT] + 0.05
    assert batch[vllm.QUEUE_TIME] == pytest.approx(staged[vllm.QUEUE_TIME], abs=0.01)
    assert batch[vllm.PREFILL_TIME] == pytest.approx(staged[vllm.PREFILL_TIME], rel=0.1)


@pytest.mark.parametrize("name", [*STAGED, "kvt-batch"])
def test_decode_and_neutral_engines_have_each_prompt_once(simulated: Simulated, name: str) -> None:
    fleet = simulated(name)
    answered = [one for one in fleet.requests if one.legs and one.legs[-1].is_last and one.legs[-1].first_token]
    counted = sum(last(fleet, vllm.PROMPT_TOKENS_TOTAL, infer_type=role) for role in ("decode", "neutral"))
    assert counted == sum(one.prompt_tokens for one in answered)


@pytest.mark.parametrize("name", ["default", "kvt-staged", "kvt-batch"])
def test_prompt_tokens_have_a_source(simulated: Simulated, name: str) -> None:
    """Their sum exceeds the prompts by the token of each that a decode engine computes again."""
    fleet = simulated(name)
    decoded = len([leg for leg in of_role(fleet, "decode") if leg.first_token is not None])
    for role, again in (("decode", decoded), ("neutral", 0)):
        total = last(fleet, vllm.PROMPT_TOKENS_TOTAL, infer_type=role)
        assert last(fleet, vllm.PROMPT_TOKENS_BY_SOURCE, infer_type=role) == total + again
    computed = last(fleet, vllm.PROMPT_TOKENS_BY_SOURCE, infer_type="decode", source="local_compute")
    assert computed == decoded > 0
    assert not tracks(simulated("old-vllm"), vllm.PROMPT_TOKENS_BY_SOURCE)


def test_a_newer_vllm_tells_why_requests_wait(simulated: Simulated) -> None:
    """The reasons add up to the requests that wait."""
    fleet = simulated("new-vllm")
    total = sum(last(fleet, vllm.WAITING_BY_REASON, reason=reason) for reason in ("capacity", "deferred"))
    assert total == last(fleet, vllm.WAITING_REQUESTS)
    assert last(fleet, vllm.ADMISSION_REJECTIONS, reason="max_num_queued_reqs") == 0
    assert not tracks(simulated("default"), vllm.WAITING_BY_REASON)


def test_tokens_count_as_they_come_and_not_at_the_end(simulated: Simulated) -> None:
    """At each scrape, from the requests alone."""
    fleet = simulated("default")
    interval = fleet.scenario.interval
    for tick in range(0, len(fleet.times), 7):
        for metric, amount in (
            (vllm.GENERATION_TOKENS_TOTAL, lambda leg, now: leg.generated_by(now)),
            (vllm.PROMPT_TOKENS_TOTAL, lambda leg, now: leg.request.prompt_tokens * (leg.generated_by(now) > 0)),
        ):
            told = sum(track.values[tick] for track in tracks(fleet, metric))
            assert told == sum(amount(leg, tick * interval) for leg in fleet.legs), metric.name
    ends = [leg for leg in fleet.legs if leg.reason and leg.generated > 100]
    assert any(0 < leg.generated_by(now) < leg.generated for leg in ends for now in range(0, 600, interval))


def test_gauges_follow_an_engine_that_has_outputs(simulated: Simulated) -> None:
    fleet = simulated("overload")
    interval = fleet.scenario.interval
    for pod in ("decode-0", "decode-1", "neutral-1"):
        own = [leg for leg in fleet.legs if leg.engine.target.pod == pod]
        [track] = tracks(fleet, vllm.RUNNING_REQUESTS, pod=pod)
        for tick in range(10, len(fleet.times), 7):
            now = tick * interval
            there = [leg for leg in own if leg.finished is None or leg.finished > now]
            if any(leg.first_token is not None and leg.first_token <= now for leg in there):
                assert track.values[tick] == sum(leg.started is not None and leg.started <= now for leg in there)


def test_gauges_stay_low_while_an_engine_prefills_alone(simulated: Simulated) -> None:
    """A prefill engine has an output only when a prompt is done: what it computes then is not in its gauge."""
    fleet = simulated("default")
    interval, missed = fleet.scenario.interval, 0
    for track in tracks(fleet, vllm.RUNNING_REQUESTS, infer_type="prefill"):
        own = [leg for leg in fleet.legs if leg.engine.target.pod == dict(track.labels)["pod"] and leg.started]
        for tick, told in enumerate(track.values):
            now = tick * interval
            computed = sum(leg.started <= now and (leg.finished is None or leg.finished > now) for leg in own)
            missed += told < computed
    assert missed > 5


def test_gauges_stay_high_after_the_last_client_left() -> None:
    """Traffic has ended; all clients leave, and no output tells of it."""
    fleet = RunningFleet(SCENARIOS["idle"], seed=1, restart_at=300)
    fleet.run_until(-119)
    [deployment] = fleet.deployments
    busy = {leg.engine for engine in deployment.engines for leg in engine.legs if leg.outputs}
    assert len(busy) > 2
    for request in deployment.frontend.requests:
        deployment.backend.abandon(request)
    fleet.run_until(0)
    assert not any(engine.legs for engine in deployment.engines)
    for engine in busy:
        for gauge in (vllm.RUNNING_REQUESTS, vllm.KV_CACHE_USAGE):
            assert sum(engine.target.process.series[gauge.name].values()) > 0  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "held"), [("default", False), ("kvt-staged", True), ("kvt-batch", True)])
def test_hybrid_connector_keeps_what_waits_for_its_kv_cache_from_the_waiting(
    simulated: Simulated, name: str, held: bool
) -> None:
    fleet = simulated(name)
    interval, hidden, there = fleet.scenario.interval, 0, 0
    for track in tracks(fleet, vllm.WAITING_REQUESTS, infer_type="decode"):
        own = [leg for leg in fleet.legs if leg.engine.target.pod == dict(track.labels)["pod"]]
        for tick, told in enumerate(track.values):
            now = tick * interval
            loading = sum(
                leg.arrived <= now < leg.loading_until and (leg.finished is None or leg.finished > now) for leg in own
            )
            there += loading
            hidden += loading > 0 and told == 0
    assert there > 0
    assert (hidden == there or hidden > 3) if held else hidden == 0


def test_a_full_cache_counts_the_first_in_line_at_each_step(simulated: Simulated) -> None:
    def lookups(name: str) -> float:
        fleet = simulated(name, 15)
        started = [leg for leg in fleet.legs if leg.started is not None and leg.server]
        return last(fleet, vllm.PREFIX_CACHE_QUERIES) / prompts(started)

    assert lookups("overload") > 1.5
    # Otherwise once a request, less what is lost with a step that has no output.
    assert 0.5 < lookups("default") < 1


def test_a_preemption_counts_with_the_next_output(simulated: Simulated) -> None:
    fleet = simulated("overload", 15)
    assert last(fleet, vllm.PREEMPTIONS) > 0
    stalls = sum(gap > 0.25 and times == 1 for leg in fleet.legs for gap, times in leg.gaps if leg.reason)
    assert last(fleet, vllm.PREEMPTIONS) <= stalls


def total_of(fleet: Fleet, metric: Histogram) -> list[float]:
    return [value for track in tracks(fleet, metric) for value in track.column(track.width - 1)]


def test_nothing_migrates_where_the_manifests_say_so(simulated: Simulated) -> None:
    for name in ("default", "overload"):
        assert not any(leg.moved_from for leg in simulated(name).legs)
        assert not tracks(simulated(name), scheduler.RESCHEDULINGS)


def test_a_migration_poisons_sums_and_not_medians(simulated: Simulated) -> None:
    fleet = simulated("migration")
    for metric in (vllm.ITL, vllm.QUEUE_TIME, vllm.DECODE_TIME, vllm.INFERENCE_TIME):
        assert max(map(abs, total_of(fleet, metric))) > 100_000, metric.name
        assert max(map(abs, total_of(simulated("default"), metric))) < 100_000, metric.name
    assert any(value < 0 for value in total_of(fleet, vllm.QUEUE_TIME))
    for metric in (vllm.TTFT, vllm.E2E_LATENCY, vllm.PREFILL_TIME):
        assert 0 <= min(total_of(fleet, metric)) <= max(total_of(fleet, metric)) < 100_000, metric.name
    for track in tracks(fleet, vllm.ITL, infer_type="decode"):
        counts = track.column(track.width - 2)
        assert track.column(vllm.ITL.buckets.index(0.1))[-1] > 0.98 * counts[-1]


def test_a_migrated_request_counts_at_its_first_server_or_nowhere(simulated: Simulated) -> None:
    fleet = simulated("migration")
    moved = [leg for leg in fleet.legs if leg.moved_from]
    for leg in moved:
        assert leg.server is (leg.moved_from.engine.target if leg.rank == leg.moved_from.rank else None)
        assert leg.moved_from.reason == ""
    assert any(leg.server for leg in moved)
    assert not all(leg.server for leg in moved)
    ended = [leg for leg in fleet.legs if leg.reason and leg.server]
    assert last(fleet, vllm.FINISHED_REQUESTS) == len(ended)
    tokens = sum(leg.generated_by(end(fleet)) for leg in fleet.legs if leg.server)
    assert last(fleet, vllm.GENERATION_TOKENS_TOTAL) == tokens


def test_pairs_count_when_they_start_failed_ones_included(simulated: Simulated) -> None:
    fleet = simulated("migration", 30)
    failed = last(fleet, scheduler.FAILED_RESCHEDULINGS)
    assert last(fleet, scheduler.RESCHEDULINGS) == failed + sum(leg.moved_from is not None for leg in fleet.legs)
    assert failed > 0


def test_a_rolling_update_replaces_every_engine_and_loses_sight_of_the_old(simulated: Simulated) -> None:
    fleet = simulated("rolling-update", 20)
    addresses: dict[str, list[str]] = {}
    for labels, track in sorted(fleet.history.up.items(), key=lambda item: item[1].ticks[0]):
        if "infer_type" in dict(labels):
            addresses.setdefault(dict(labels)["pod"], []).append(dict(labels)["instance"])
            assert track.ticks[0] == 0 or track.ticks[0] >= len(fleet.times) // 2
    assert len(addresses) == 7
    assert all(len(set(found)) == 2 for found in addresses.values())
    seen = {engine for deployment in fleet.deployments for engine in deployment.engines}
    old = [leg for leg in fleet.legs if leg.engine not in seen]
    assert len(old) > 7
    assert any(leg.reason for leg in old), "the old pod works on"
    assert all(leg.finished is not None and leg.finished < end(fleet) for leg in old)
    assert max(leg.finished - leg.arrived for leg in old) <= GRACE_SECONDS + 120
    gone = sum(leg.reason != "" for leg in old)
    told = sum(track.values[-1] for track in tracks(fleet, vllm.FINISHED_REQUESTS) if not math.isnan(track.values[-1]))
    ended = [leg for leg in fleet.legs if leg.reason]
    assert told == len(ended) - gone - unseen(fleet, ended, old)


def unseen(fleet: Fleet, ended: list[Leg], old: list[Leg]) -> int:
    """Ends between the last scrape of an old pod and its end as a target."""
    interval, count = fleet.scenario.interval, 0
    for labels, track in fleet.history.up.items():
        if track.ticks[-1] < len(fleet.times) - 1 and "infer_type" in dict(labels):
            instance, seen_until = dict(labels)["instance"], track.ticks[-1] * interval
            count += sum(
                leg.server.instance == instance and leg.finished > seen_until and leg not in old
                for leg in ended
                if leg.server
            )
    return count
