"""The fleet sets the traps into which a wrong query falls: each test names one, and the wrong number it would give."""

import math
import re

import pytest

from llumnix_dash.catalog import METRICS, cms, gateway, lrs, process, scheduler, vllm
from llumnix_dash.catalog.metric import Counter
from llumnix_dash.fleet.target import STRANGER_REQUESTS
from tests.fleet.samples import last, last_sum, tracks, values


def test_another_program_exports_the_same_names(simulated):
    fleet = simulated("default")
    assert last(fleet, gateway.REQUESTS, job="billing") > 10 * last(fleet, gateway.REQUESTS, job="gateway")
    for metric in (process.UPTIME, process.GOROUTINES):
        assert values(fleet, metric, "job") == {"gateway", "scheduler", "billing"}
    assert STRANGER_REQUESTS.name == gateway.REQUESTS.name


def test_every_scheduler_replica_exports_every_instance(simulated):
    fleet = simulated("two-schedulers")
    ids = {
        pod: {dict(track.labels)["instance_id"] for track in tracks(fleet, cms.RUNNING_REQUESTS, pod=pod)}
        for pod in ("scheduler-0", "scheduler-1")
    }
    assert ids["scheduler-0"] == ids["scheduler-1"]
    # One of the seven engines has two data-parallel ranks, each an instance of its own.
    assert len(ids["scheduler-0"]) == 8
    assert sum(one.endswith(("_dp0", "_dp1")) for one in ids["scheduler-0"]) == 2
    for pod in ids:
        assert last(fleet, cms.RUNNING_REQUESTS, pod=pod) == pytest.approx(last(fleet, vllm.RUNNING_REQUESTS), abs=10)


def test_label_sets_of_instances_do_not_join(simulated):
    full, lite, named = simulated("default"), simulated("lite-mode"), simulated("lite-reporting")
    [cms_labels] = {frozenset(dict(track.labels)) for track in tracks(full, cms.RUNNING_REQUESTS)}
    assert "model" not in cms_labels
    assert "instance_id" in cms_labels
    cms_ids, addresses = values(full, cms.RUNNING_REQUESTS, "instance_id"), values(full, vllm.ITL, "instance")
    schedulers = values(lite, lrs.TOTAL_REQUESTS, "instance")
    lrs_ids = values(lite, lrs.TOTAL_REQUESTS, "instance_id")
    assert all(re.fullmatch(r"\d{19}(_dp\d)?", one) for one in cms_ids)
    assert all(one.count(":") == 1 and one not in schedulers for one in lrs_ids)
    assert values(lite, lrs.TOTAL_REQUESTS, "model") == {""}
    assert values(named, lrs.TOTAL_REQUESTS, "model") == {"qwen3-32b", "llama-3.1-8b"}
    assert values(full, vllm.ITL, "engine") == {"0", "1"}
    assert len(tracks(full, vllm.RUNNING_REQUESTS)) > len(addresses)


def test_an_instance_that_has_gone_keeps_its_last_value_until_the_scheduler_restarts(simulated):
    fleet = simulated("restart")
    ids = {dict(track.labels)["instance_id"] for track in tracks(fleet, cms.RUNNING_REQUESTS, infer_type="decode")}
    present = {one.id for one in fleet.deployments[0].engines}
    [gone] = ids - present
    [new] = [one for one in ids & present if tracks(fleet, cms.RUNNING_REQUESTS, instance_id=one)[0].ticks[0]]
    assert len(ids) == 4
    [track] = tracks(fleet, cms.USED_GPU_TOKENS, instance_id=gone)
    first_of_new = tracks(fleet, cms.USED_GPU_TOKENS, instance_id=new)[0].ticks[0]
    after = [value for tick, value in zip(track.ticks, track.values, strict=True) if tick >= first_of_new]
    assert len(after) > 3
    assert len(set(after)) == 1
    [old_up, new_up] = [one for labels, one in fleet.history.up.items() if dict(labels)["pod"] == "decode-0"]
    assert old_up.labels != new_up.labels
    assert old_up.ticks[-1] < new_up.ticks[-1]


def test_counters_fall_to_zero_at_a_restart(simulated):
    fleet = simulated("restart")
    for metric, labels in (
        (gateway.OUTPUT_TOKENS_TOTAL, {"pod": "gateway-0"}),
        (scheduler.SCHEDULINGS, {}),
        (vllm.PROMPT_TOKENS_TOTAL, {"pod": "neutral-1"}),
        (process.UPTIME, {"pod": "scheduler-0"}),
    ):
        for track in tracks(fleet, metric, **labels):
            falls = [later < earlier for earlier, later in zip(track.values, track.values[1:], strict=False)]
            assert falls.count(True) == 1, metric.name
    for track in tracks(fleet, gateway.OUTPUT_TOKENS_TOTAL, pod="gateway-1"):
        assert list(track.values) == sorted(track.values)


def test_rare_counters_are_absent_until_the_first_event_and_then_begin_at_a_few(simulated):
    rare = [metric for metric in METRICS if isinstance(metric, Counter) and metric.rare]
    assert len(rare) == 6
    assert not any(tracks(simulated("fresh"), metric) for metric in rare)
    others = [simulated("slow-failures", 60), simulated("no-instance", 10), simulated("adaptive-pd")]
    fleets = [simulated("default", 60), *others, simulated("migration", 30)]
    found = {metric.name: [track for fleet in fleets for track in tracks(fleet, metric)] for metric in rare}
    assert all(found.values())
    late = [track for fleet in fleets[:2] for metric in rare for track in tracks(fleet, metric) if track.ticks[0] > 0]
    assert late
    assert all(1 <= track.values[0] <= 6 for track in late)


def test_schedulings_count_successes_only_and_a_request_fails_six_times(simulated):
    fleet = simulated("no-instance", 15)
    refused = [request for request in fleet.requests if request.status == "503"]
    assert len(refused) > 100
    assert all(len(request.failed_schedulings) == 6 for request in refused)
    assert all(request.schedulings == [] for request in refused)
    assert last(fleet, scheduler.FAILED_SCHEDULINGS) >= 6 * len(refused)
    assert values(fleet, scheduler.FAILED_SCHEDULINGS, "error_type") == {"no_available_endpoint"}
    assert last(fleet, scheduler.SCHEDULINGS) == sum(len(request.schedulings) for request in fleet.requests)


def test_a_neutral_instances_decision_is_recorded_as_prefill_and_as_decode(simulated):
    fleet = simulated("default")
    good = [request for request in fleet.requests if request.engines]
    for role in ("prefill", "decode"):
        assert last(fleet, scheduler.SELECTED_DECODE_BATCH_SIZE, infer_type=role) == len(good)
    assert values(fleet, scheduler.SELECTED_DECODE_BATCH_SIZE, "infer_type") == {"prefill", "decode"}


def test_a_request_counts_at_two_engines_in_a_prefill_decode_deployment(simulated):
    fleet = simulated("prefill-decode")
    prompts = last(fleet, gateway.INPUT_TOKENS_TOTAL)
    assert last(fleet, vllm.PROMPT_TOKENS_TOTAL) == pytest.approx(2 * prompts, rel=0.05)
    assert last(fleet, vllm.PROMPT_TOKENS_TOTAL, infer_type="prefill") == pytest.approx(prompts, rel=0.05)


def test_each_request_has_one_ttft_and_a_failed_one_that_of_its_error(simulated):
    """So failed requests lie in the first bucket, and those that fail slowly far beyond it."""
    fleet = simulated("slow-failures")
    answered = [request for request in fleet.requests if request.status]
    failed = [request for request in answered if not request.ok]
    assert last(fleet, gateway.TTFT) == len(answered)
    assert last(fleet, gateway.E2E_LATENCY) == len(answered) - len(failed)
    slow = [request for request in failed if request.ttft_milliseconds >= 3000]
    assert len(slow) > 0.02 * len(answered)
    two_seconds = gateway.TTFT.buckets.index(2000)
    beyond = sum(
        track.column(track.width - 2)[-1] - track.column(two_seconds)[-1] for track in tracks(fleet, gateway.TTFT)
    )
    assert beyond >= len(slow)
    assert sum(request.ttft_milliseconds for request in answered) == last_sum(fleet, gateway.TTFT)


def test_an_external_route_answers_with_status_0_and_a_ttft_of_zero(simulated):
    fleet = simulated("external-route")
    external = [request for request in fleet.requests if request.status == "0"]
    assert last(fleet, gateway.REQUESTS, status_code="0") == len(external) > 300
    assert {request.ttft_milliseconds for request in external} == {0}
    assert sum(track.column(0)[-1] for track in tracks(fleet, gateway.TTFT)) >= len(external)
    assert all(request.output_tokens == 0 < request.prompt_tokens for request in external)


@pytest.mark.parametrize(
    "metric", [metric for metric in METRICS if getattr(metric, "whole", False)], ids=lambda metric: metric.name
)
def test_stage_durations_are_whole_milliseconds(simulated, metric):
    """Whole values only: nothing lies between the bounds 0.1, 0.2 and 0.5, and the sum is whole."""
    fleet = simulated("overload", 15)
    assert last(fleet, metric) > 0
    assert last_sum(fleet, metric).is_integer()
    below_one = [place for place, bound in enumerate(metric.buckets) if bound < 1]
    for track in tracks(fleet, metric):
        assert len({track.column(place)[-1] for place in below_one}) <= 1


@pytest.mark.parametrize("metric", [scheduler.CMS_REFRESH_STATUS_DURATION, scheduler.CMS_REFRESH_METADATA_DURATION])
def test_refresh_durations_are_fractions(simulated, metric):
    fleet = simulated("default")
    assert not last_sum(fleet, metric).is_integer()
    [track] = tracks(fleet, metric)
    per_minute = (track.column(track.width - 2)[-1] - track.column(track.width - 2)[0]) / 10
    assert (
        per_minute == {scheduler.CMS_REFRESH_STATUS_DURATION: 120, scheduler.CMS_REFRESH_METADATA_DURATION: 6}[metric]
    )


@pytest.mark.parametrize("metric", [scheduler.SELECTED_PREDICTED_TTFT, scheduler.SELECTED_PREDICTED_TPOT])
def test_failed_predictions_are_infinite(simulated, metric):
    """With adaptive PD alone: elsewhere no instance is chosen for which the prediction fails."""
    assert not math.isinf(last_sum(simulated("prefill-decode"), metric))
    fleet = simulated("adaptive-pd")
    assert math.isinf(last_sum(fleet, metric))
    [track] = tracks(fleet, metric, infer_type="decode")
    failed = track.column(track.width - 2)[-1] - track.column(track.width - 3)[-1]
    assert 0 < failed < 0.1 * track.column(track.width - 2)[-1]


def test_tpot_weighs_requests_and_holds_the_queue_and_itl_weighs_gaps(simulated):
    fleet = simulated("no-instance", 15)
    [itl, tpot] = [last_sum(fleet, metric) / last(fleet, metric) for metric in (gateway.ITL, gateway.TPOT)]
    assert tpot > 2 * itl
    assert last(fleet, gateway.ITL) > 50 * last(fleet, gateway.TPOT)


def test_hit_ratios_differ_at_the_low_quantiles_and_not_at_the_high_ones(simulated):
    """Short prompts are 0 in the one, and left out of the other."""
    fleet = simulated("default")
    [chosen] = tracks(fleet, scheduler.PREFIX_CACHE_HIT_PERCENT)
    [best] = tracks(fleet, scheduler.MAX_PREFIX_CACHE_HIT_PERCENT)
    count, asked = (track.column(track.width - 2)[-1] for track in (chosen, best))
    long = [one.prompt_tokens >= 1024 for one in fleet.requests if one.engines]
    assert (count, asked) == (len(long), sum(long))
    assert chosen.column(0)[-1] > count - asked + 0.2 * asked
    at_ninety = scheduler.PREFIX_CACHE_HIT_PERCENT.buckets.index(90)
    assert chosen.column(at_ninety)[-1] < count
    assert chosen.column(3)[-1] > best.column(3)[-1] + count - asked


def test_hits_are_above_a_hundred_where_unfull_chunks_are_saved(simulated):
    for name, above in (("default", False), ("adaptive-pd", True)):
        [hits] = tracks(simulated(name), scheduler.PREFIX_CACHE_HIT_PERCENT)
        at_hundred = scheduler.PREFIX_CACHE_HIT_PERCENT.buckets.index(100)
        assert (hits.column(at_hundred)[-1] < hits.column(hits.width - 2)[-1]) is above


def test_todays_schedulers_do_not_export_lrs_running(simulated):
    assert not tracks(simulated("lite-mode"), lrs.RUNNING_REQUESTS)
    fleet = simulated("neutral-only")
    for running, total, waiting in (
        (lrs.RUNNING_REQUESTS, lrs.TOTAL_REQUESTS, lrs.WAITING_REQUESTS),
        (lrs.RUNNING_TOKENS, lrs.TOTAL_TOKENS, lrs.WAITING_TOKENS),
    ):
        assert last(fleet, running) == last(fleet, total) - last(fleet, waiting) > 0


def test_outside_kubernetes_no_series_has_a_namespace(simulated):
    fleet = simulated("no-namespace")
    for labels in fleet.history.up:
        assert set(dict(labels)) in ({"job", "instance"}, {"job", "instance", "infer_type", "model"})
    assert values(fleet, vllm.ITL, "job") == {f"llumnix-engine-{role}" for role in ("prefill", "decode", "neutral")}


def test_restarting_targets_are_down_for_a_while(simulated):
    fleet = simulated("restart")
    down = {dict(labels)["pod"] for labels, track in fleet.history.up.items() if 0 in track.values}
    assert {"gateway-0", "scheduler-0", "neutral-1", "decode-0"} == down


def test_an_idle_fleet_is_up_and_nothing_moves(simulated):
    fleet = simulated("idle")
    assert all(set(track.values) == {1} for track in fleet.history.up.values())
    for metric in (gateway.REQUESTS, gateway.OUTPUT_TOKENS_TOTAL, scheduler.SCHEDULINGS, vllm.GENERATION_TOKENS_TOTAL):
        assert tracks(fleet, metric)
        assert all(len(set(track.values)) == 1 for track in tracks(fleet, metric))
    assert not any(track.values[-1] for track in tracks(fleet, vllm.RUNNING_REQUESTS))
