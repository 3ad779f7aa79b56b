"""Each scenario is what its name promises."""

import pytest

from llumnix_dash.catalog import METRICS, cms, gateway, lrs, scheduler, vllm
from llumnix_dash.catalog.labels import CLUSTER
from llumnix_dash.catalog.metric import Mode
from llumnix_dash.errors import UserError
from llumnix_dash.fleet import SCENARIOS, scenario, simulate
from llumnix_dash.fleet.kubernetes import WANTED_DEPLOYMENT, WANTED_STATEFULSET
from tests.fleet.conftest import END
from tests.fleet.samples import last, tracks, values

ROLES = {
    "neutral-only": {"neutral"},
    "prefill-decode": {"prefill", "decode"},
    "adaptive-pd": {"prefill", "decode"},
    "several-engines": {"neutral"},
    "prefill-short": {"prefill", "decode"},
    "decode-short": {"prefill", "decode"},
    "both-short": {"prefill", "decode"},
    "neutral-short": {"neutral"},
    "too-small": {"prefill", "decode"},
}
CHEAP = [name for name in SCENARIOS if name not in {"big", "label-overflow"}]
# The modes whose metrics a scenario exports; the others are those of the default.
MODES = {
    "neutral-only": {Mode.LITE},
    "lite-mode": {Mode.LITE},
    "full-mode": {Mode.FULL},
    "lite-reporting": {Mode.LITE},
    "prefill-decode": {Mode.FULL, Mode.CACHE_AWARE, Mode.SLO_AWARE},
    "adaptive-pd": {Mode.FULL, Mode.CACHE_AWARE, Mode.SLO_AWARE},
    "several-engines": {Mode.FULL, Mode.CACHE_AWARE},
}
DEFAULT_MODES = {Mode.FULL, Mode.CACHE_AWARE}


def test_the_scenarios_of_the_help_are_those_that_are_promised():
    assert list(SCENARIOS) == [
        "default",
        "neutral-only",
        "prefill-decode",
        "lite-mode",
        "full-mode",
        "fresh",
        "two-schedulers",
        "big",
        "no-namespace",
        "two-namespaces",
        "old-vllm",
        "new-vllm",
        "lite-reporting",
        "no-capacity",
        "adaptive-pd",
        "kvt-batch",
        "kvt-staged",
        "migration",
        "several-engines",
        "two-clusters",
        "overload",
        "idle",
        "prefill-short",
        "decode-short",
        "both-short",
        "neutral-short",
        "too-small",
        "low-traffic-failures",
        "label-overflow",
        "restart",
        "store-away",
        "outage",
        "scheduler-down",
        "slow-failures",
        "external-route",
        "no-instance",
        "hang",
        "standstill",
        "rolling-update",
        "bypass",
        "index-down",
        "one-slow-engine",
        "slow-burn",
        "restart-loop",
        "scale-to-zero",
        "scale-up",
    ], "a scenario that is meant is promised here, too"


@pytest.mark.parametrize("name", CHEAP)
def test_roles(simulated, name):
    roles = {dict(labels).get("infer_type") for labels in simulated(name).history.up} - {None}
    assert roles == ROLES.get(name, {"prefill", "decode", "neutral"})


@pytest.mark.parametrize("name", CHEAP)
def test_exactly_the_metrics_of_the_mode_and_the_version_are_exported(simulated, name):
    """Rare counters may be absent, and LRS running is exported by one scenario alone."""
    modes = MODES.get(name, DEFAULT_MODES)
    version = SCENARIOS[name].vllm
    wanted = {
        metric.name
        for metric in METRICS
        if (metric.mode is None or metric.mode in modes) and (not metric.vllm or version in metric.vllm)
    }
    if name != "neutral-only":
        wanted -= {lrs.RUNNING_REQUESTS.name, lrs.RUNNING_TOKENS.name}
    rare = {metric.name for metric in METRICS if getattr(metric, "rare", False)}
    exported = set(simulated(name).history.families)
    if any(one.kube_state_metrics for one in SCENARIOS[name].deployments):
        wanted |= {WANTED_DEPLOYMENT.name, WANTED_STATEFULSET.name}
    assert wanted - rare <= exported <= wanted


def test_every_metric_of_the_catalogue_is_exported_by_some_scenario(simulated):
    exported = {metric for name in CHEAP for metric in simulated(name).history.families}
    assert exported >= {metric.name for metric in METRICS}


def test_every_series_bears_the_labels_of_the_catalogue(simulated):
    for name, family in simulated("default").history.families.items():
        for track in family.tracks:
            labels = dict(track.labels)
            if labels["job"] != "billing":
                exporters = [one for one in family.metric.exporters if one.name == labels["container"]]
                assert {CLUSTER, *labels} == {*family.metric.labels, *exporters[0].labels}, name


def test_big_has_five_hundred_instances_and_two_schedulers(simulated):
    fleet = simulated("big", 1)
    engines = [labels for labels in fleet.history.up if "infer_type" in dict(labels)]
    assert len(engines) == len({dict(labels)["instance"] for labels in engines}) == 500
    assert len(fleet.history.families[cms.RUNNING_REQUESTS.name].tracks) == 2 * 500


def test_a_model_has_a_name_of_its_own_at_each_component(simulated):
    """The client's at the gateway, the pods' label, which can hold no slash, and vLLM's first of those it serves."""
    fleet = simulated("prefill-decode")
    assert values(fleet, gateway.REQUESTS, "model") == {"qwen3-32b"}
    assert values(fleet, vllm.RUNNING_REQUESTS, "model") == {"Qwen3-32B"}
    for family in fleet.history.families.values():
        if "model_name" in family.metric.labels:
            assert {dict(track.labels)["model_name"] for track in family.tracks} == {"Qwen/Qwen3-32B"}


def test_several_engines_share_a_pod_and_differ_by_port(simulated):
    fleet = simulated("several-engines")
    ports: dict[tuple[str, str], list[str]] = {}
    for track in tracks(fleet, vllm.RUNNING_REQUESTS):
        labels = dict(track.labels)
        host, port = labels["instance"].split(":")
        ports.setdefault((labels["pod"], host), []).append(port)
    assert ports == {
        ("neutral-0", "10.0.16.10"): ["8000", "8001", "8002", "8003"],
        ("neutral-1", "10.0.16.14"): ["8000", "8001", "8002", "8003"],
    }
    assert len(values(fleet, cms.RUNNING_REQUESTS, "instance_id")) == 8
    assert all(last(fleet, vllm.ITL, instance=f"10.0.16.10:{port}") > 0 for port in range(8000, 8004))
    assert values(fleet, gateway.REQUESTS, "service") == {"chat-gateway"}
    assert values(fleet, gateway.REQUESTS, "job") == {"gateway"}


def test_two_clusters_share_every_name_and_are_told_apart_by_their_label(simulated):
    fleet = simulated("two-clusters")
    east, west = (
        {labels - {("cluster", name)} for labels in map(frozenset, fleet.history.up) if ("cluster", name) in labels}
        for name in ("east", "west")
    )
    assert len(east) + len(west) == len(fleet.history.up)
    assert west < east
    assert len(east - west) == 1, "west has one gateway less"
    assert not any("cluster" in dict(labels) for labels in simulated("default", 1).history.up)
    # They are not one fleet under two names: what happens in them differs.
    of_east, of_west = (last(fleet, gateway.REQUESTS, cluster=name) for name in ("east", "west"))
    assert of_east != of_west


def test_old_vllm_exports_the_name_of_its_version(simulated):
    assert vllm.TIME_PER_OUTPUT_TOKEN.name in simulated("old-vllm").history.families
    assert vllm.TIME_PER_OUTPUT_TOKEN.name not in simulated("default").history.families


def test_lite_mode_schedules_without_full_mode_metrics(simulated):
    families = simulated("lite-mode").history.families
    assert scheduler.SCHEDULINGS.name in families
    assert not any(name.startswith(("instance_cms_", "selected_instance_")) for name in families)


def test_an_unknown_scenario_names_the_nearest():
    with pytest.raises(UserError) as caught:
        scenario("overlaod")
    assert caught.value.hint == "llumnix-dash simulate overload"
    assert "two-namespaces" in (caught.value.detail or "")


def test_a_time_without_two_scrapes_is_refused():
    with pytest.raises(UserError, match="hold no two scrapes"):
        simulate("big", end=END, minutes=0.5)
