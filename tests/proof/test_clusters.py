"""Two clusters in one store that share every name are two fleets: nothing is counted once that is there twice."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.proof import truth_cms, truth_component, truth_lrs, truth_request, truth_vllm
from tests.proof.events import Events
from tests.proof.fleets import Past, scenarios
from tests.proof.shown import WINDOW, Backfilled, panels
from tests.proof.test_truth import drawn
from tests.proof.truth_request import Truth

# Lines of the whole fleet or of a role: sums, counts, extremes, rates and quantiles over the instances of both.
FULL_MODE: dict[tuple[str, str], Truth] = {
    ("request", "request_rate"): truth_request.PANELS["request_rate"],
    ("request", "ttft"): truth_request.PANELS["ttft"],
    **{("request", key): truth_request.HEADLINE[key] for key in ("components_up", "pending_now")},
    ("component", "gateway_requests"): truth_component.PANELS["gateway_requests"],
    ("cms", "instances"): truth_cms.PANELS["instances"],
    ("cms", "running_by_role"): truth_cms.PANELS["running_by_role"],
    ("vllm", "scheduler_state"): truth_vllm.PANELS["scheduler_state"],
    ("vllm", "cache_utilization"): truth_vllm.PANELS["cache_utilization"],
    ("vllm", "token_throughput"): truth_vllm.PANELS["token_throughput"],
}
LITE_MODE: dict[tuple[str, str], Truth] = {
    ("lrs", key): truth_lrs.PANELS[key] for key in ("instances", "waiting_by_role", "waiting_tokens_by_role")
}


def of_cluster(past: Past, name: str) -> Past:
    """What happened in one of the clusters."""
    fleet = copy.copy(past.fleet)
    fleet.deployments = [one for one in fleet.deployments if one.deployment.cluster == name]
    there = set(fleet.requests)
    return Past(fleet, tuple(one for one in past.decisions if one.request in there))


@scenarios("two-clusters")
@panels(FULL_MODE)
def test_both_clusters_count(store: Backfilled, board: str, key: str) -> None:
    assert drawn(store.shown(board, key)) == FULL_MODE[board, key](store.events())


@scenarios("two-clusters-lite-mode")
@panels(LITE_MODE)
def test_both_clusters_count_in_lite_mode(store: Backfilled, board: str, key: str) -> None:
    """An instance's id is its address there, which clusters with like networks share."""
    assert drawn(store.shown(board, key)) == LITE_MODE[board, key](store.events())


@scenarios("two-clusters")
@pytest.mark.parametrize("cluster", ["east", "west"])
@panels(FULL_MODE)
def test_the_drop_down_chooses_one_of_them(store: Backfilled, cluster: str, board: str, key: str) -> None:
    truth = FULL_MODE[board, key](Events(of_cluster(store.past, cluster), WINDOW))
    assert drawn(store.shown(board, key, {"cluster": [cluster]})) == truth


def counted(count: Callable[[Events], Any], careless: str, store: Backfilled) -> None:
    """The careless query counts less than there is."""
    there, found = count(store.events()), store.number(careless)
    assert found is not None
    assert found < there


@scenarios("two-clusters")
def test_engines_told_apart_without_their_cluster_are_too_few(store: Backfilled) -> None:
    counted(
        lambda events: len(events.engines), "count(count by (namespace, instance) (vllm:kv_cache_usage_perc))", store
    )


@scenarios("two-clusters-lite-mode")
def test_instances_told_apart_without_their_cluster_are_too_few(store: Backfilled) -> None:
    counted(
        lambda events: len(events.engines),
        "count(count by (namespace, instance_id) (instance_lrs_total_requests))",
        store,
    )
