"""Each word of the dashboards' vocabulary: what of unit, legend, colours and description follows from the metrics."""

from collections.abc import Callable

import grafanalib.core as grafanalib
import pytest

from llumnix_dash.catalog import cms, gateway, lrs, process, scheduler, vllm
from llumnix_dash.catalog.exporters import ENGINE, GATEWAY
from llumnix_dash.catalog.metric import CatalogError
from llumnix_dash.panels import (
    REASON_COLOURS,
    components,
    failure_share,
    heatmap,
    instance_counts,
    instance_table,
    outcomes,
    per_instance,
    quantile_per_instance,
    quantiles,
    quantiles_by_role,
    rates,
    rates_by,
    rates_by_role,
    share_within_objective,
    shares_by_role,
    stat,
    totals,
    totals_by_role,
    usage_by_role,
    within_objectives,
)
from llumnix_dash.promql import rate
from llumnix_dash.shapes.panels import Panel
from llumnix_dash.variables import E2E_OBJECTIVE, TPOT_OBJECTIVE, TTFT_OBJECTIVE

Golden = Callable[[str, str], None]

PANELS: dict[str, Panel] = {
    "totals": totals("a", "Gateway Requests", {"pending": gateway.PENDING_REQUESTS}, reading="Over all gateways."),
    "totals_by_role": totals_by_role(
        "a", "State", {"running": vllm.RUNNING_REQUESTS, "waiting": vllm.WAITING_REQUESTS}
    ),
    "usage_by_role": usage_by_role("a", "KV Cache Usage", cms.KV_CACHE_USAGE),
    "instance_counts": instance_counts("a", "Instances", lrs.TOTAL_REQUESTS, teller="LRS"),
    "per_instance": per_instance("a", "Used Tokens", cms.USED_GPU_TOKENS, role="decode"),
    "per_instance, ranked by another": per_instance(
        "a", "Prompt Tokens", vllm.PROMPT_TOKENS_TOTAL, rank_by=vllm.GENERATION_TOKENS_TOTAL
    ),
    "rates_by, any at all": rates_by(
        "a", "Reasons", vllm.FINISHED_REQUESTS, by=("finished_reason",), reading="A.", colours=[], any_at_all=True
    ),
    "shares_by_role": shares_by_role(
        "a", "Hits", vllm.PREFIX_CACHE_HITS, vllm.PREFIX_CACHE_QUERIES, reading="Found of looked up."
    ),
    "per_instance, lowest first": per_instance("a", "Uptime", process.UPTIME, lowest_first=True),
    "heatmap": heatmap("a", "Prompt Length", vllm.PROMPT_TOKENS, roles=("decode", "neutral"), note="Not prefill."),
    "quantiles": quantiles("a", "TTFT", gateway.TTFT),
    "quantiles, low is bad": quantiles("a", "Hit Ratio", scheduler.PREFIX_CACHE_HIT_PERCENT),
    "quantiles, no mean": quantiles("a", "Predicted TTFT", scheduler.SELECTED_PREDICTED_TTFT, role="prefill"),
    "quantiles, whole milliseconds": quantiles("a", "Queue Duration", gateway.QUEUE_DURATION),
    "quantiles_by_role": quantiles_by_role("a", "E2E", vllm.E2E_LATENCY),
    "quantile_per_instance": quantile_per_instance("a", "P99 ITL", 0.99, vllm.ITL),
    "within_objectives": within_objectives("a", "Within", {"TTFT": TTFT_OBJECTIVE, "E2E": E2E_OBJECTIVE}),
    "rates": rates(
        "a", "Retries", {"retries": gateway.RETRIES, "fallbacks": gateway.FALLBACKS}, reading="0 is normal."
    ),
    "rates_by": rates_by(
        "a", "Reasons", vllm.FINISHED_REQUESTS, by=("finished_reason",), reading="Why.", colours=REASON_COLOURS
    ),
    "rates_by_role": rates_by_role("a", "Preemptions", {"": vllm.PREEMPTIONS}, reading="0 is healthy."),
    "outcomes": outcomes(
        "a", "Scheduling", scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS, failures_by=("error_type",)
    ),
    "failure_share": failure_share("a", "Failures", scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS),
    "quantiles, objective": quantiles("a", "TPOT", gateway.TPOT, objective=TPOT_OBJECTIVE),
    "stat": stat("a", "Requests", rate(gateway.REQUESTS), "Requests a second."),
    "components": components("a", "Up", {"Gateways": GATEWAY, "Engines": ENGINE}),
    "share_within_objective": share_within_objective("a", "TTFT in Objective", TTFT_OBJECTIVE),
    "instance_table": instance_table(
        "a", "Fullest", {"KV cache": cms.KV_CACHE_USAGE, "Running": cms.RUNNING_REQUESTS}, rank_by=cms.KV_CACHE_USAGE
    ),
}
EACH = [pytest.param(panel, id=name) for name, panel in PANELS.items()]


def test_what_a_reader_sees(golden: Golden) -> None:
    """Unit, legends, what stands in place of no data, and the description."""
    lines = []
    for name, panel in PANELS.items():
        json = panel.to_json_data()
        defaults = json["fieldConfig"]["defaults"]
        unit = defaults.get("unit") or json["options"]["yAxis"]["unit"]
        legends = ", ".join(target["legendFormat"] for target in json["targets"])
        lines += [f"## {name}", f"{json['title']} [{unit}]: {legends}"]
        lines += [f"({defaults['noValue']})"] if "noValue" in defaults else []
        lines += ["", json["description"], ""]
    golden("panels/descriptions.md", "\n".join(lines))


@pytest.mark.parametrize("panel", EACH)
def test_it_is_grafanalibs_panel(panel: Panel) -> None:
    """So that other people's boards, and grafanalib's own program, can take it."""
    assert isinstance(panel, grafanalib.Panel)
    assert all(isinstance(target, grafanalib.Target) for target in panel.targets)
    assert grafanalib.Dashboard(title="Theirs", panels=[panel]).auto_panel_ids().panels[0].id == 1


@pytest.mark.parametrize("panel", EACH)
def test_without_a_board_it_still_asks(panel: Panel) -> None:
    assert all(
        "job=" in target["expr"] and "$namespace" not in target["expr"] for target in panel.to_json_data()["targets"]
    )


MISTAKES = [
    (lambda: quantiles("a", "A", gateway.REQUESTS), "a quantile of request_total means nothing"),
    (lambda: quantiles_by_role("a", "A", vllm.RUNNING_REQUESTS), "a quantile of vllm:num_requests_running means"),
    (lambda: quantiles_by_role("a", "A", gateway.E2E_LATENCY), "has no label 'infer_type'"),
    (lambda: quantile_per_instance("a", "A", 0.99, vllm.PREEMPTIONS), "a quantile of vllm:num_preemptions_total"),
    (lambda: heatmap("a", "A", gateway.REQUESTS), "a heatmap of request_total means nothing"),
    (lambda: heatmap("a", "A", gateway.INPUT_TOKENS, roles=("decode",)), "has no label 'infer_type'"),
    (lambda: rates("a", "A", {"a": gateway.PENDING_REQUESTS}, reading=""), "a rate of gateway_pending_requests"),
    (lambda: rates_by("a", "A", gateway.REQUESTS, by=("status",), reading="", colours=[]), "has no label 'status'"),
    (lambda: totals("a", "A", {"a": cms.KV_CACHE_USAGE}, reading=""), "a sum of instance_cms_kv_cache_usage_ratio"),
    (lambda: totals("a", "A", {"a": gateway.REQUESTS}, reading=""), "a sum over instances of request_total"),
    (lambda: usage_by_role("a", "A", gateway.PENDING_REQUESTS), "has no label 'infer_type'"),
    (lambda: failure_share("a", "A", scheduler.SCHEDULINGS, gateway.TTFT), "a failure ratio of request_ttft"),
    (lambda: per_instance("a", "A", gateway.PENDING_REQUESTS, role="decode"), "has no label 'infer_type'"),
    (
        lambda: instance_table("a", "A", {"a": gateway.PENDING_REQUESTS}, rank_by=cms.USED_GPU_TOKENS),
        "has no label 'infer_type'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), MISTAKES)
def test_a_mistake_is_refused_in_the_words_of_the_catalogue(make: Callable[[], Panel], message: str) -> None:
    """At the latest when the panel's text is needed, which for a dashboard is when its module is imported."""
    with pytest.raises(CatalogError, match=message):
        make().to_json_data()
