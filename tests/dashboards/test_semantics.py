"""Every number is right on any fleet: each query of each dashboard keeps each rule, and each rule finds its fault."""

from pathlib import Path

import pytest
import yaml

from tests.dashboards.query_rules import RULES, Rule
from tests.reading import DASHBOARDS, Json, every_dashboard, queries

BROKEN = yaml.safe_load(Path(__file__).with_name("broken_queries.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.__name__) for rule in RULES])
@every_dashboard
def test_each_query_keeps_the_rule(dashboard: Json, rule: Rule) -> None:
    faults = [f"{where}: {fault}" for where, text in queries(dashboard) for fault in rule(text)]
    assert faults == []


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.__name__) for rule in RULES])
def test_the_rule_finds_its_fault(rule: Rule) -> None:
    broken = BROKEN[rule.__name__]
    assert [rule(one["query"]) for one in broken] == [[one["fault"]] for one in broken]


def test_the_dashboards_have_what_the_rules_are_about() -> None:
    """A rule about queries that do not exist would hold of anything."""
    texts = " ".join(text for dashboard in DASHBOARDS.values() for _, text in queries(dashboard))
    for about in ("kv_cache_usage_perc", "instance_cms_", "lrs_running", "_retry_total", "histogram_quantile", 'le=~"'):
        assert about in texts
