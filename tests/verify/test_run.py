"""A dashboard runs on each store alike: what has data, what has none and why, what is in error and where."""

import json
from pathlib import Path
from typing import Any

import pytest

from llumnix_dash.http.session import Connection
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.verify.dashboard import parse
from llumnix_dash.verify.explain import Explainer
from llumnix_dash.verify.report import DashboardResult, FailOn, PanelResult, Status
from llumnix_dash.verify.run import Settings, run, span
from tests.prometheus.fleet import Store

FLEET = Path(__file__).parent / "dashboards" / "fleet.json"


def run_panels(store: Store, *panels: dict[str, Any], **settings: Any) -> DashboardResult:
    return run_on(store, parse({"panels": list(panels)}, "x.json"), **settings)


def run_on(store: Store, dashboard: Any, **settings: Any) -> DashboardResult:
    time_range = TimeRange(store.start, store.end)
    client = Client(Connection(store.url))
    return run(client, dashboard, Settings(time_range, **settings), explain=Explainer(client, time_range))


def run_query(store: Store, *exprs: str, **target: Any) -> PanelResult:
    targets = [{"refId": chr(65 + number), "expr": expr, **target} for number, expr in enumerate(exprs)]
    [panel] = run_panels(store, {"id": 1, "title": "P", "targets": targets}).panels
    return panel


def test_every_panel_of_a_dashboard_is_told_in_order(store: Store) -> None:
    dashboard = parse(json.loads(FLEET.read_text()), str(FLEET))
    result = run_on(store, dashboard)
    assert [(panel.title, panel.open, panel.status.value) for panel in result.panels] == [
        ("Request Rate", True, "ok"),
        ("TTFT of All", True, "ok"),
        ("TPOT", True, "explained"),
        ("Running (prefill)", False, "explained"),
        ("Running (decode)", False, "ok"),
        ("Running (neutral)", False, "ok"),
        ("KV Cache", False, "explained"),
        ("Retries", False, "no data"),
        ("Broken", False, "error"),
        ("Logs", False, "skipped"),
    ]
    assert (result.open.panels, result.open.queries) == (3, 4)
    assert (result.all.panels, result.all.queries) == (10, 12)
    assert result.all.series == sum(panel.series for panel in result.panels)
    assert result.fails(FailOn.NO_DATA)


@pytest.mark.parametrize("jobs", [1, 8])
def test_the_order_does_not_depend_on_the_jobs(store: Store, jobs: int) -> None:
    panels = [
        {"id": number, "title": str(number), "targets": [{"refId": "A", "expr": f"vector({number})"}]}
        for number in range(20)
    ]
    result = run_panels(store, *panels, jobs=jobs)
    assert [panel.queries[0].query.expr for panel in result.panels] == [f"vector({number})" for number in range(20)]


def test_a_chosen_value_reaches_the_queries(store: Store) -> None:
    dashboard = parse(json.loads(FLEET.read_text()), str(FLEET))
    result = run_on(store, dashboard, chosen={"role": ["decode"], "window": ["1m"]})
    assert [panel.title for panel in result.panels if panel.title.startswith("Running")] == ["Running (decode)"]
    assert "[1m]" in result.panels[0].queries[0].query.expr


@pytest.mark.parametrize("target", [{"instant": True}, {"instant": True, "format": "table"}, {}, {"format": "heatmap"}])
def test_instant_and_range_queries_of_each_format_run(store: Store, target: dict[str, Any]) -> None:
    panel = run_query(store, "sum by (le) (increase(request_ttft_milliseconds_bucket[5m]))", **target)
    assert (panel.status, panel.series) == (Status.OK, 4)


def test_samples_that_are_all_nan_are_no_data(store: Store) -> None:
    panel = run_query(store, "0 * sum(gateway_pending_requests) / 0")
    assert panel.status is Status.NO_DATA


def test_some_queries_without_data_do_not_make_a_panel_blank(store: Store) -> None:
    panel = run_query(store, "up", "no_such_metric", "gateway_pending_requests")
    assert panel.status is Status.OK
    assert [result.query.ref_id for result in panel.blank] == ["B"]


# Query -> is it explained, and by what.
REASONS = {
    'sum(vllm:num_requests_running{infer_type="prefill"})': (True, "no prefill engines in this fleet"),
    'sum(vllm:num_requests_running{infer_type=~"prefill|neutral2"})': (True, "no prefill engines in this fleet"),
    'instance_cms_used_gpu_tokens{infer_type="neutral"}': (True, "exists only in full mode"),
    "histogram_quantile(0.5, sum by (le) (rate(selected_instance_predicted_ttft_bucket[5m])))": (
        True,
        "exists only with SLO-aware scheduling",
    ),
    "histogram_quantile(0.9, sum by (le) (rate(request_tpot_milliseconds_bucket[5m])))": (
        True,
        "no such event in this time (0 divided by 0)",
    ),
    "sum(rate(request_retry_total[5m]))": (
        False,
        "request_retry_total: counts a rare event that has not happened yet",
    ),
    "sum(instance_lrs_running_requests)": (
        False,
        "instance_lrs_running_requests: specified, but current schedulers export total and waiting only",
    ),
    "vllm:gpu_cache_usage_perc": (False, "vllm:gpu_cache_usage_perc: a former name of vllm:kv_cache_usage_perc"),
    # Decisions for neutral instances are recorded as prefill and as decode: the role is no reason for a blank.
    'selected_instance_decode_batch_size_count{infer_type="prefill"}': (True, "exists only in full mode"),
    # Recorded series: what they are recorded from is there, or is not.
    "sum(cluster_namespace:request_total:rate5m)": (
        False,
        "cluster_namespace:request_total:rate5m: nothing records it",
    ),
    "sum(cluster_namespace:instance_cms_running_requests:sum)": (True, "exists only in full mode"),
    "no_such_metric": (False, "no_such_metric: no such metric in the store"),
    'request_total{status_code="404"}': (False, 'request_total has no status_code="404"; there are 200, 500'),
    'vllm:num_requests_running{infer_type="decode",model="other"}': (
        False,
        'vllm:num_requests_running has no model="other"; there is qwen-7b.v1',
    ),
    'request_total{cluster="eu"}': (False, "no series of request_total has a label cluster"),
    'vllm:num_requests_running{infer_type="decode",instance="10.0.0.0:8000"}': (
        False,
        'no series matches vllm:num_requests_running{infer_type="decode",instance="10.0.0.0:8000"}',
    ),
    "gateway_pending_requests > 5": (
        False,
        "its metrics are there, but their comparison or join leaves no series",
    ),
    # One reason that excuses does not excuse what has none.
    "instance_cms_used_gpu_tokens + no_such_metric": (
        False,
        "exists only in full mode; no_such_metric: no such metric in the store",
    ),
    "instance_cms_running_requests or request_retry_total": (
        True,
        "exists only in full mode; request_retry_total: counts a rare event that has not happened yet",
    ),
}


@pytest.mark.parametrize("expr", REASONS, ids=str)
def test_a_blank_is_told_apart_by_its_reason(store: Store, expr: str) -> None:
    explained, message = REASONS[expr]
    [result] = run_query(store, expr).queries
    assert (result.status, result.message) == (Status.EXPLAINED if explained else Status.NO_DATA, message)


def test_a_window_too_short_for_the_scrapes_is_hinted_at(store: Store) -> None:
    [result] = run_query(store, "sum(rate(request_total[5s])) + absent(up)").queries
    assert result.status is Status.NO_DATA
    assert "--scrape-interval" in result.hint


def test_where_no_engine_is_seen_a_missing_role_explains_nothing(store: Store) -> None:
    before = TimeRange(store.start - 7200, store.start - 3600)
    client = Client(Connection(store.url))
    targets = [{"refId": "A", "expr": 'vllm:num_requests_running{infer_type="prefill"}'}]
    dashboard = parse({"panels": [{"title": "P", "targets": targets}]}, "x.json")
    result = run(client, dashboard, Settings(before), explain=Explainer(client, before))
    assert result.panels[0].status is Status.NO_DATA


@pytest.mark.parametrize(
    ("exprs", "status"),
    [
        (["up", "sum("], "error"),
        (["no_such_metric", "up"], "ok"),
        (["instance_cms_used_gpu_tokens", "up"], "ok"),
        (["instance_cms_used_gpu_tokens", "no_such_metric"], "no data"),
        (["instance_cms_used_gpu_tokens", "instance_cms_decode_batch_size"], "explained"),
    ],
)
def test_a_panel_is_as_bad_as_its_queries_make_it(store: Store, exprs: list[str], status: str) -> None:
    assert run_query(store, *exprs).status.value == status


@pytest.mark.parametrize(
    ("expr", "marked"),
    [
        ("sum(rate(request_total[5m])", ""),
        ("up + ] + up", "]"),
        ('up{job="ä"} + ] + up', "]"),
        ("sum(up)\n  + ] + up", "]"),
        ("sum(up[$nowhere])", "$nowhere"),
    ],
)
def test_an_error_marks_its_place_in_the_query(store: Store, expr: str, marked: str) -> None:
    [result] = run_query(store, expr).queries
    assert result.status is Status.ERROR
    assert result.span is not None
    found = expr[result.span[0] : result.span[1]].strip("[ ")
    assert found == marked or (store.program == "victoria-metrics" and found.startswith(marked[:1]))


def test_an_error_without_a_place_marks_none() -> None:
    assert span("a / b", "found duplicate series for the match group {} on the right hand-side") is None


def test_an_unknown_variable_is_named_with_the_error(store: Store) -> None:
    [result] = run_query(store, "rate(up[$window])").queries
    assert result.hint == "the dashboard has no variable $window"


def test_a_panel_that_cannot_ask_is_in_error_and_the_others_run(store: Store) -> None:
    targets = [{"refId": "A", "expr": "up"}]
    result = run_panels(
        store, {"title": "bad", "interval": "?", "targets": targets}, {"title": "good", "targets": targets}
    )
    assert [panel.status for panel in result.panels] == [Status.ERROR, Status.OK]


def test_a_variable_whose_query_is_refused_fails_the_dashboard(store: Store) -> None:
    model = {"name": "v", "type": "query", "query": "label_values(up{, job)"}
    result = run_on(store, parse({"panels": [], "templating": {"list": [model]}}, "x.json"))
    assert result.fails(FailOn.NO_DATA)
    assert result.variables[0].error
