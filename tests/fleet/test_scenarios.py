"""Each scenario is what its name promises."""

import pytest

from llumnix_dash.catalog import METRICS, cms, lrs, scheduler, vllm
from llumnix_dash.catalog.metric import Mode
from llumnix_dash.errors import UserError
from llumnix_dash.fleet import SCENARIOS, scenario, simulate
from tests.fleet.conftest import END

ROLES = {
    "neutral-only": {"neutral"},
    "prefill-decode": {"prefill", "decode"},
    "adaptive-pd": {"prefill", "decode"},
}
CHEAP = [name for name in SCENARIOS if name != "big"]
# The modes whose metrics a scenario exports; the others are those of the default.
MODES = {
    "neutral-only": {Mode.LITE},
    "lite-mode": {Mode.LITE},
    "full-mode": {Mode.FULL},
    "lite-reporting": {Mode.LITE},
    "prefill-decode": {Mode.FULL, Mode.CACHE_AWARE, Mode.SLO_AWARE},
    "adaptive-pd": {Mode.FULL, Mode.CACHE_AWARE, Mode.SLO_AWARE},
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
        "restart",
        "overload",
        "idle",
        "big",
        "no-namespace",
        "two-namespaces",
        "old-vllm",
        "lite-reporting",
        "no-capacity",
        "store-away",
        "adaptive-pd",
        "outage",
        "scheduler-down",
        "slow-failures",
        "external-route",
        "no-instance",
        "hang",
        "kvt-batch",
        "kvt-staged",
        "migration",
        "rolling-update",
    ], "a scenario that is meant is promised here, too"


@pytest.mark.parametrize("name", CHEAP)
def test_roles(simulated, name):
    roles = {dict(labels).get("infer_type") for labels in simulated(name, 1).history.up} - {None}
    assert roles == ROLES.get(name, {"prefill", "decode", "neutral"})


@pytest.mark.parametrize("name", CHEAP)
def test_exactly_the_metrics_of_the_mode_and_the_version_are_exported(simulated, name):
    """Rare counters may be absent, and LRS running is exported by one scenario alone."""
    modes = MODES.get(name, DEFAULT_MODES)
    version = "0.12" if name == "old-vllm" else "0.18"
    wanted = {
        metric.name
        for metric in METRICS
        if (metric.mode is None or metric.mode in modes) and (not metric.vllm or version in metric.vllm)
    }
    if name != "neutral-only":
        wanted -= {lrs.RUNNING_REQUESTS.name, lrs.RUNNING_TOKENS.name}
    rare = {metric.name for metric in METRICS if getattr(metric, "rare", False)}
    exported = set(simulated(name).history.families)
    assert wanted - rare <= exported <= wanted


def test_every_metric_of_the_catalogue_is_exported_by_some_scenario(simulated):
    exported: set[str] = set()
    for name, minutes in (
        ("default", 60),
        ("neutral-only", 10),
        ("old-vllm", 10),
        ("slow-failures", 60),
        ("no-instance", 10),
        ("adaptive-pd", 10),
        ("migration", 30),
    ):
        exported |= set(simulated(name, minutes).history.families)
    assert exported == {metric.name for metric in METRICS}


def test_every_series_bears_the_labels_of_the_catalogue(simulated):
    for name, family in simulated("default").history.families.items():
        for track in family.tracks:
            labels = dict(track.labels)
            if labels["job"] != "billing":
                exporters = [one for one in family.metric.exporters if one.name == labels["container"]]
                assert set(labels) == {*family.metric.labels, *exporters[0].labels}, name


def test_big_has_five_hundred_instances_and_two_schedulers(simulated):
    fleet = simulated("big", 1)
    engines = [labels for labels in fleet.history.up if "infer_type" in dict(labels)]
    assert len(engines) == len({dict(labels)["instance"] for labels in engines}) == 500
    assert len(fleet.history.families[cms.RUNNING_REQUESTS.name].tracks) == 2 * 500


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
