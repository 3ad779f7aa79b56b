"""What befalls a fleet is seen in its samples as it would be in a real one's, and no sooner."""

import itertools
from collections.abc import Callable

import pytest

from llumnix_dash.catalog import cms, gateway, process, scheduler, vllm
from llumnix_dash.catalog.metric import Metric
from llumnix_dash.fleet import SCENARIOS, Fleet, simulate
from llumnix_dash.fleet.cases import Case
from llumnix_dash.fleet.engine import Request
from llumnix_dash.fleet.kubernetes import WANTED_DEPLOYMENT, WANTED_STATEFULSET
from llumnix_dash.fleet.parts import Scaling
from llumnix_dash.fleet.process import OVERFLOW
from tests.fleet.conftest import END
from tests.fleet.samples import last, tracks, values

Simulated = Callable[..., Fleet]


def taken(fleet: Fleet, since: float, until: float) -> list[Request]:
    """Requests that a gateway's worker took in this time, and that are over."""
    return [one for one in fleet.requests if one.taken is not None and since < one.taken <= until and one.status]


def failed(requests: list[Request]) -> float:
    """The share of these requests that an objective of success counts as failed."""
    return sum(one.status not in {"200", "499"} for one in requests) / len(requests)


def counted(fleet: Fleet, metric: Metric, since: int, until: int) -> float:
    """By how much a counter, or a histogram's count, rose from one scrape to another."""
    columns = [track.column(max(0, track.width - 2)) for track in tracks(fleet, metric)]
    return sum(column[until] - column[since] for column in columns)


def ups(fleet: Fleet, container: str) -> dict[str, tuple[int, int, set[float]]]:
    """Of each target of a component, by its pod: its first scrape, its last one, and what it answered."""
    return {
        dict(labels)["pod"]: (track.ticks[0], track.ticks[-1], set(track.values))
        for labels, track in fleet.history.up.items()
        if dict(labels)["container"] == container
    }


def wanted(fleet: Fleet) -> dict[str, list[float]]:
    """How many replicas of each workload were wanted, each number once, in order."""
    return {
        dict(track.labels)[label]: [value for value, _ in itertools.groupby(track.values)]
        for metric, label in ((WANTED_DEPLOYMENT, "deployment"), (WANTED_STATEFULSET, "statefulset"))
        for track in tracks(fleet, metric)
    }


def test_a_scheduler_that_is_bypassed_is_up_and_counts_no_scheduling(simulated: Simulated) -> None:
    """Users do not notice: only that requests flow and schedulings do not tells of it."""
    fleet = simulated("bypass")
    before, after = taken(fleet, 0, 299), taken(fleet, 301, 590)
    assert all(one.schedulings for one in before if one.case is Case.ANSWERED)
    assert len(after) > 1000
    assert not any(one.schedulings or one.failed_schedulings for one in after)
    assert failed(after) < 0.02
    assert counted(fleet, scheduler.SCHEDULINGS, 0, 30) > 1000
    assert counted(fleet, scheduler.SCHEDULINGS, 31, 60) == 0
    assert ups(fleet, "scheduler") == {"scheduler-0": (0, 60, {1})}
    assert counted(fleet, scheduler.CMS_REFRESH_STATUS_DURATION, 31, 60) == 2 * 290, "it goes on reading the store"


def test_an_index_that_is_down_tells_no_best_hit_and_its_scheduler_goes_on(simulated: Simulated) -> None:
    fleet = simulated("index-down")
    scheduled = [one for one in fleet.requests if one.scheduled is not None]
    for one in scheduled:
        there = one.scheduled < 300 and one.prompt_tokens >= 1024
        assert (one.max_hit_percent is not None) is there
        assert one.hit_percent == 0 or there
    asked = sum(one.max_hit_percent is not None for one in scheduled)
    assert last(fleet, scheduler.PREFIX_CACHE_HIT_PERCENT) == len(scheduled)
    assert last(fleet, scheduler.QUERY_PREFIX_CACHE_HIT_DURATION) == asked > 0
    assert last(fleet, scheduler.CALC_PREFIX_CACHE_HIT_DURATION) == asked
    assert last(fleet, scheduler.MAX_PREFIX_CACHE_HIT_PERCENT) == asked + 1, "the query that found it down is a 0"
    assert counted(fleet, scheduler.MAX_PREFIX_CACHE_HIT_PERCENT, 32, 60) == 0
    assert failed(taken(fleet, 300, 590)) < 0.02


def test_one_slow_engine_takes_three_times_as_long_for_a_token_and_nothing_waits(simulated: Simulated) -> None:
    fleet = simulated("one-slow-engine")
    means = {
        dict(track.labels)["pod"]: track.column(track.width - 1)[-1] / track.column(track.width - 2)[-1]
        for track in tracks(fleet, vllm.ITL, infer_type="decode")
    }
    slow = means.pop("decode-3")
    assert len(means) == 3
    assert max(means.values()) < 1.05 * min(means.values())
    assert 2.5 * max(means.values()) < slow < 3.5 * min(means.values())
    answered = [one for one in fleet.requests if one.ok]
    assert sum(one.ttft_milliseconds > 2000 for one in answered) < 0.01 * len(answered)


def test_a_slow_burn_is_about_the_same_all_the_time_and_below_what_pages(simulated: Simulated) -> None:
    """Below six times what an objective of 99 % allows, in every five minutes; above three times in the long run."""
    fleet = simulated("slow-burn", 20)
    assert 0.03 < failed(taken(fleet, -300, 1190)) < 0.043
    assert max(failed(taken(fleet, since, since + 300)) for since in range(0, 900, 60)) < 0.06


def test_a_gateway_in_a_restart_loop_starts_anew_every_four_minutes(simulated: Simulated) -> None:
    fleet = simulated("restart-loop", 20)
    for pod, times in (("gateway-0", 4), ("gateway-1", 0)):
        [uptime] = tracks(fleet, process.UPTIME, pod=pod)
        falls = [later for earlier, later in itertools.pairwise(uptime.values) if later < earlier]
        assert len(falls) == times, pod
        assert all(value < 30 for value in falls)
    restarts = sorted({one.lost for one in fleet.requests if one.lost is not None})
    assert restarts == [300, 540, 780, 1020]
    assert ups(fleet, "gateway")["gateway-0"] == (0, 120, {0, 1})


def test_few_requests_that_mostly_fail(simulated: Simulated) -> None:
    fleet = simulated("low-traffic-failures", 60)
    during = taken(fleet, 0, 3600)
    assert 60 < len(during) < 120, "one every 30 to 60 seconds"
    assert 0.7 < failed(during) < 0.95
    assert all(one.e2e_seconds < 1 for one in during if one.status in {"400", "500"})


def test_names_that_nobody_serves_fill_the_label_sets_and_the_rest_is_one_series() -> None:
    fleet = simulate("label-overflow", end=END, minutes=7, interval=420)
    unknown = [one for one in fleet.requests if one.model.startswith("who-knows") and one.status]
    assert {one.status for one in unknown} <= {"404", "499"}
    assert all(not one.legs and one.ttft_milliseconds < 10 for one in unknown if one.status == "404")
    for metric in (gateway.REQUESTS, gateway.TTFT):
        sets = tracks(fleet, metric)
        [overflow] = tracks(fleet, metric, model=OVERFLOW)
        assert len(sets) == 1001, metric.name
        assert list(overflow.ticks) == [1], "none before the first thousand"
    assert last(fleet, gateway.REQUESTS) == sum(one.status != "" for one in fleet.requests)
    assert last(fleet, gateway.REQUESTS, model="llama-3.1-8b", status_code="200") > 500, (
        "what it knows it goes on to count"
    )


def test_a_fleet_that_is_scaled_to_zero_leaves_in_order_and_is_not_wanted_any_more(simulated: Simulated) -> None:
    """No target is seen down: each is no target any more. Nobody is asked for anything by then."""
    fleet = simulated("scale-to-zero")
    assert max(one.arrived for one in fleet.requests) < 240
    assert all(one.status and one.lost is None for one in fleet.requests)
    assert all(leg.finished is not None for leg in fleet.legs)
    assert failed(fleet.requests) < 0.02
    for component, last_tick, count in (("engine", 29, 7), ("gateway", 44, 2), ("scheduler", 44, 1)):
        assert list(ups(fleet, component).values()) == [(0, last_tick, {1})] * count
    assert wanted(fleet) == {
        "gateway": [2, 0],
        "scheduler": [1, 0],
        "prefill": [2, 0],
        "decode": [3, 0],
        "neutral": [2, 0],
    }
    [gateways] = tracks(fleet, WANTED_DEPLOYMENT, deployment="gateway")
    assert gateways.values.index(0) == 45


def test_a_gateway_that_is_to_end_gets_nothing_new_and_ends_what_it_has() -> None:
    fewer = SCENARIOS["default"].model_copy(update={"scalings": (Scaling(workload="gateway", replicas=1),)})
    fleet = simulate(fewer, end=END, minutes=4)
    taken_by_it = [one for one in fleet.requests if one.gateway == 1]
    assert 110 < max(one.arrived for one in taken_by_it) < 120
    assert all(one.status and one.lost is None for one in taken_by_it)
    assert max(one.finished or 0 for one in taken_by_it) > 120
    assert ups(fleet, "gateway") == {"gateway-0": (0, 24, {1}), "gateway-1": (0, 11, {1})}


def test_what_is_scaled_to_zero_is_still_shown_by_the_scheduler(simulated: Simulated) -> None:
    """Nothing removes an instance's gauges; idle as it was."""
    fleet = simulated("scale-to-zero")
    shown = tracks(fleet, cms.RUNNING_REQUESTS)
    assert len(shown) == 8
    assert all((track.ticks[-1], track.values[-1]) == (44, 0) for track in shown)


def test_engines_that_are_added_are_targets_at_once_and_answer_when_loaded(simulated: Simulated) -> None:
    fleet = simulated("scale-up")
    engines = {pod: one for pod, one in ups(fleet, "engine").items() if pod.startswith("decode")}
    assert len(engines) == 6
    for number in range(3):
        assert engines[f"decode-{number}"] == (0, 60, {1})
        assert engines[f"decode-{number + 3}"] == (30, 60, {0, 1})
        [tokens] = tracks(fleet, vllm.GENERATION_TOKENS_TOTAL, pod=f"decode-{number + 3}")
        assert 34 <= tokens.ticks[0] <= 36
        assert tokens.values[-1] > 1000
    assert wanted(fleet)["decode"] == [3, 6]
    assert len(values(fleet, cms.RUNNING_REQUESTS, "instance_id")) == 8 + 3, "each has an id of its own"
    assert failed(taken(fleet, 0, 590)) < 0.02


def test_kube_state_metrics_tells_what_is_wanted_where_there_is_one(simulated: Simulated) -> None:
    fleet = simulated("outage")
    assert wanted(fleet) == {"gateway": [2], "scheduler": [1], "prefill": [2], "decode": [3], "neutral": [2]}
    [track] = tracks(fleet, WANTED_DEPLOYMENT, deployment="gateway")
    labels = dict(track.labels)
    assert (labels["namespace"], labels["job"]) == ("llumnix", "kube-state-metrics"), "of the workload, not its own"
    assert ups(fleet, "kube-state-metrics") == {"kube-state-metrics-0": (0, 60, {1})}
    assert "monitoring" in {dict(labels)["namespace"] for labels in fleet.history.up}
    assert not tracks(simulated("default"), WANTED_DEPLOYMENT)


@pytest.mark.parametrize("name", ["scale-to-zero", "scale-up"])
def test_rates_of_a_scaled_fleet_only_rise(simulated: Simulated, name: str) -> None:
    """Nothing restarts: a counter that falls would be told as a restart."""
    for metric in (gateway.OUTPUT_TOKENS_TOTAL, vllm.GENERATION_TOKENS_TOTAL, scheduler.SCHEDULINGS):
        for track in tracks(simulated(name), metric):
            assert list(track.values) == sorted(track.values)
