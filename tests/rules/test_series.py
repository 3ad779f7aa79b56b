"""What the ruler keeps: names that tell it, and series that a store can read."""

import yaml

from llumnix_dash.catalog import lrs, vllm
from llumnix_dash.catalog.labels import FLEET
from llumnix_dash.catalog.recorded import EVERY_MINUTES
from llumnix_dash.promql.balance import slowness
from llumnix_dash.rulefiles import RECORDING_FILE, RECORDING_SECONDS, rule_files
from llumnix_dash.rules.declared import RECORDED
from llumnix_dash.rules.series import distributions, leading, sums
from llumnix_dash.settings.site import Site
from tests.reading import parse

BY = (*FLEET, "model_name")


def test_a_name_says_the_labels_the_metric_and_the_operations() -> None:
    assert [one.name for one in distributions(vllm.ITL, by=BY)] == [
        f"cluster_namespace_model_name:vllm_inter_token_latency_seconds_{suffix}:rate5m"
        for suffix in ("bucket", "sum", "count")
    ]
    [slowest] = leading(slowness(), "slowness", by=BY)
    assert slowest.name == "cluster_namespace_model_name:vllm_num_requests_running:slowness_top50"


def test_every_name_is_one_series_own() -> None:
    names = [record.name for records in RECORDED.values() for record in records]
    assert len(names) == len(set(names))


def test_a_gauge_that_another_may_stand_in_for_is_recorded_as_itself() -> None:
    [record] = sums(lrs.RUNNING_REQUESTS, by=FLEET)
    assert record.expression() == 'sum by (cluster, namespace) (instance_lrs_running_requests{job="scheduler"})'


def test_a_rare_event_that_has_not_happened_is_not_recorded() -> None:
    for records in RECORDED.values():
        assert not [record.name for record in records if "none yet" in record.expression()]


def test_the_rules_of_a_site_bear_its_matchers_as_labels() -> None:
    site = Site(matchers={"environment": "prod"})
    [text] = [one.text for one in rule_files(site) if one.file_name == RECORDING_FILE]
    for group in yaml.safe_load(text)["groups"]:
        assert group["interval"] in {f"{RECORDING_SECONDS}s", f"{EVERY_MINUTES}m"}
        assert all(rule["labels"]["environment"] == "prod" for rule in group["rules"])
        assert all(parse(rule["expr"]) for rule in group["rules"])
