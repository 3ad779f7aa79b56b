"""Coverage both ways: what no panel shows, and what panels ask for in vain."""

import pytest

from llumnix_dash.http.session import Connection
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.verify.coverage import LLUMNIX_JOBS, Shown, coverage, exported_by_store, family
from llumnix_dash.verify.report import Gap
from tests.prometheus.fleet import Store


def test_a_store_exports_what_llumnix_jobs_and_the_catalogue_name(store: Store) -> None:
    names = exported_by_store(Client(Connection(store.url)), TimeRange(store.start, store.end), LLUMNIX_JOBS)
    assert "custom_gateway_total" in names
    assert "request_ttft_milliseconds_bucket" in names
    assert not names & {"node_load1", "up"}


def test_the_whole_store_counts_where_no_job_is_named(store: Store) -> None:
    client, time_range = Client(Connection(store.url)), TimeRange(store.start, store.end)
    assert {"node_load1", "request_total"} <= exported_by_store(client, time_range, ())
    assert "node_load1" in exported_by_store(client, time_range, ("no.*",))
    assert "custom_gateway_total" not in exported_by_store(client, time_range, ("no.*",))


def test_of_a_whole_store_only_the_catalogue_is_listed_and_the_others_are_counted() -> None:
    found = coverage("here", EXPORTED, shown("node_load1", "request_retry_total"), listed=False)
    assert [gap.metric for gap in found.missing] == ["request_retry_total"]
    assert "custom_total" not in {gap.metric for gap in found.unshown}
    assert found.unlisted == (1, 1)


EXPORTED = frozenset(
    {
        "request_total",
        "gateway_pending_requests",
        "request_ttft_milliseconds_bucket",
        "request_ttft_milliseconds_count",
        "request_ttft_milliseconds_sum",
        "request_ttft_milliseconds_created",
        "instance_lrs_total_requests",
        "scheduler_scheduling_total",
        "custom_total",
    }
)


def shown(*queries: str) -> Shown:
    found = Shown(EXPORTED)
    if queries:
        found.add("Board", "Panel", queries)
    return found


def gaps(*queries: str) -> tuple[tuple[Gap, ...], tuple[Gap, ...]]:
    found = coverage("here", EXPORTED, shown(*queries))
    return found.unshown, found.missing


def test_a_histogram_is_one_metric_and_each_side_is_told_with_its_reason() -> None:
    unshown, missing = gaps(
        "sum(rate(request_ttft_milliseconds_bucket[5m]))",
        "sum(request_total) / sum(instance_cms_used_gpu_tokens)",
        "request_retry_total or mystery_total",
        "instance_lrs_total_requests + scheduler_scheduling_total",
    )
    assert unshown == (Gap("custom_total", "not in the catalogue"), Gap("gateway_pending_requests"))
    panels = ("Board / Panel",)
    assert missing == (
        Gap("instance_cms_used_gpu_tokens", "exists only in full mode", panels),
        Gap("mystery_total", "", panels),
        Gap("request_retry_total", "counts a rare event that has not happened yet", panels),
    )


def test_a_former_name_that_is_still_exported_is_told_as_such() -> None:
    found = coverage("here", EXPORTED | {"vllm:gpu_cache_usage_perc"}, shown())
    assert Gap("vllm:gpu_cache_usage_perc", "a former name of vllm:kv_cache_usage_perc") in found.unshown


def test_a_component_that_is_not_scraped_is_the_reason_for_all_of_its_metrics() -> None:
    _, missing = gaps("vllm:num_requests_running")
    assert missing[0].reason == "nothing of the engine is there"


def test_a_selector_by_a_pattern_on_the_name_shows_all_that_match() -> None:
    unshown, missing = gaps('{__name__=~"request_.*|custom_.*|gateway_.*|instance_.*|scheduler_.*"}')
    assert (unshown, missing) == ((), ())


def test_what_prometheus_records_of_a_scrape_is_no_metric_of_the_fleet() -> None:
    _, missing = gaps("up", "scrape_duration_seconds", 'ALERTS{alertstate="firing"}')
    assert missing == ()


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("x_count", {"x_bucket", "x_count"}, "x"),
        ("x_sum", {"x_sum", "x_count"}, "x"),
        ("x_count", {"x_count"}, "x_count"),
        ("x_created", {"x_total"}, "x_total"),
        ("request_ttft_milliseconds_sum", set(), "request_ttft_milliseconds"),
    ],
)
def test_the_family_of_a_series(name: str, known: set[str], expected: str) -> None:
    assert family(name, known) == expected
