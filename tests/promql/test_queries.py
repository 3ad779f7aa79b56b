"""What each function asks: one golden file that reads as documentation, and the promises that it cannot show."""

import re
from collections.abc import Callable

import pytest

from llumnix_dash.catalog import cms, gateway, lrs, process, scheduler, vllm
from llumnix_dash.catalog.exporters import SCHEDULER
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.promql import (
    Objective,
    Query,
    answering,
    average,
    bucket_rates,
    distribution,
    failure_ratio,
    fewer,
    first_of,
    gone,
    highest,
    in_sight,
    increase,
    instances,
    leaders,
    mean,
    observations,
    of_instance,
    peak_of_instance,
    quantile,
    rate,
    ratio,
    restarted,
    share_below,
    side_by_side,
    staleness,
    started,
    sum_and_number,
    top_instances,
    total,
    where_any_reaches,
    zero,
)
from llumnix_dash.promql.capacity import wait_for_prefill
from llumnix_dash.promql.goodput import success
from llumnix_dash.variables import ENGINE_INFER_TYPE, MODEL, NAMESPACE
from tests.reading import parse

SCOPE = (NAMESPACE.filter, MODEL.filter, ENGINE_INFER_TYPE.filter)
TTFT_OBJECTIVE = Objective("ttft_objective", "TTFT objective", gateway.TTFT, 2000)

QUERIES: dict[str, dict[str, Query]] = {
    "Counters": {
        "rate(gateway.REQUESTS)": rate(gateway.REQUESTS),
        'rate(gateway.REQUESTS, by=("status_code",))': rate(gateway.REQUESTS, by=("status_code",)),
        'rate(gateway.REQUESTS, where={"status_code": "200"})': rate(gateway.REQUESTS, where={"status_code": "200"}),
        'rate(gateway.REQUESTS, where={"status_code": ("4..", "5..")}, window="5m")': rate(
            gateway.REQUESTS, where={"status_code": ("4..", "5..")}, window="5m"
        ),
        'rate(gateway.REQUESTS, unless={"status_code": "200"})': rate(gateway.REQUESTS, unless={"status_code": "200"}),
        "rate(gateway.RETRIES)  # rare": rate(gateway.RETRIES),
        'rate(gateway.RETRIES, by=("model", "status_code"))  # rare, by two labels': rate(
            gateway.RETRIES, by=("model", "status_code")
        ),
        'rate(scheduler.FAILED_SCHEDULINGS, by=("error_type",))  # rare': rate(
            scheduler.FAILED_SCHEDULINGS, by=("error_type",)
        ),
        "increase(gateway.OUTPUT_TOKENS_TOTAL)": increase(gateway.OUTPUT_TOKENS_TOTAL),
        "ratio(rate(vllm.PREFIX_CACHE_HITS), rate(vllm.PREFIX_CACHE_QUERIES))": ratio(
            rate(vllm.PREFIX_CACHE_HITS), rate(vllm.PREFIX_CACHE_QUERIES)
        ),
        "failure_ratio(scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS)": failure_ratio(
            scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS
        ),
        "restarted(vllm.GENERATION_TOKENS_TOTAL, vllm.RUNNING_REQUESTS)": restarted(
            vllm.GENERATION_TOKENS_TOTAL, vllm.RUNNING_REQUESTS
        ),
    },
    "Histograms": {
        "quantile(0.99, gateway.E2E_LATENCY)": quantile(0.99, gateway.E2E_LATENCY),
        "quantile(0.99, gateway.E2E_LATENCY, resolved=True)": quantile(0.99, gateway.E2E_LATENCY, resolved=True),
        "quantile(0.99, gateway.TTFT)  # failed requests are taken out": quantile(0.99, gateway.TTFT),
        'quantile(0.5, vllm.TTFT, by=("infer_type",))': quantile(0.5, vllm.TTFT, by=("infer_type",)),
        "mean(gateway.E2E_LATENCY)": mean(gateway.E2E_LATENCY),
        "mean(gateway.TTFT)": mean(gateway.TTFT),
        'mean(vllm.ITL, by=("infer_type",))': mean(vllm.ITL, by=("infer_type",)),
        "share_below(gateway.E2E_LATENCY, 0.25)": share_below(gateway.E2E_LATENCY, 0.25),
        "share_below(gateway.TTFT, TTFT_OBJECTIVE)": share_below(gateway.TTFT, TTFT_OBJECTIVE),
        "observations(gateway.TTFT)": observations(gateway.TTFT),
        'bucket_rates(vllm.PROMPT_TOKENS, where={"infer_type": ("decode", "neutral")})': bucket_rates(
            vllm.PROMPT_TOKENS, where={"infer_type": ("decode", "neutral")}
        ),
        "in_sight(TTFT_OBJECTIVE)": in_sight(TTFT_OBJECTIVE),
        **{
            f'distribution(vllm.ITL, by=("infer_type",), window="5m")["{suffix}"]': query
            for suffix, query in distribution(vllm.ITL, by=("infer_type",), window="5m").items()
        },
    },
    "Shares and waits": {
        'success(window="5m")': success(window="5m"),
        'wait_for_prefill("prefill")': wait_for_prefill("prefill"),
        'wait_for_prefill("neutral")': wait_for_prefill("neutral"),
    },
    "Gauges": {
        "total(gateway.PENDING_REQUESTS)": total(gateway.PENDING_REQUESTS),
        'total(cms.RUNNING_REQUESTS, by=("infer_type",))  # replicated': total(
            cms.RUNNING_REQUESTS, by=("infer_type",)
        ),
        "total(cms.WAITING_REQUESTS, peak=True)": total(cms.WAITING_REQUESTS, peak=True),
        "total(cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS)": total(cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS),
        "total(lrs.WAITING_TOKENS)  # each replica's own": total(lrs.WAITING_TOKENS),
        "total(lrs.RUNNING_REQUESTS)  # exported, or else derived": total(lrs.RUNNING_REQUESTS),
        'average(vllm.KV_CACHE_USAGE, by=("infer_type",))': average(vllm.KV_CACHE_USAGE, by=("infer_type",)),
        "average(cms.KV_CACHE_USAGE)": average(cms.KV_CACHE_USAGE),
        'highest(vllm.KV_CACHE_USAGE, peak=True, window="5m")': highest(vllm.KV_CACHE_USAGE, peak=True, window="5m"),
        'highest(vllm.KV_CACHE_USAGE, window="5m")': highest(vllm.KV_CACHE_USAGE, window="5m"),
        'sum_and_number(cms.KV_CACHE_USAGE, by=("namespace",))[1]': sum_and_number(
            cms.KV_CACHE_USAGE, by=("namespace",)
        )[1],
        'leaders(highest(vllm.KV_CACHE_USAGE, by=("namespace", "instance")), by=("namespace",), count=50)': leaders(
            highest(vllm.KV_CACHE_USAGE, by=("namespace", "instance")), by=("namespace",), count=50
        ),
        "highest(cms.KV_CACHE_USAGE, peak=True)": highest(cms.KV_CACHE_USAGE, peak=True),
        "total(process.ENGINE_ANSWERS)": total(process.ENGINE_ANSWERS),
        'instances(vllm.RUNNING_REQUESTS, by=("infer_type",))': instances(vllm.RUNNING_REQUESTS, by=("infer_type",)),
        'instances(cms.RUNNING_REQUESTS, by=("infer_type",))': instances(cms.RUNNING_REQUESTS, by=("infer_type",)),
        "started(process.UPTIME)": started(process.UPTIME),
    },
    "States": {
        "answering(process.ENGINE_ANSWERS)": answering(process.ENGINE_ANSWERS),
        "fewer(process.ENGINE_ANSWERS)": fewer(process.ENGINE_ANSWERS),
        "gone(process.ENGINE_ANSWERS)": gone(process.ENGINE_ANSWERS),
        "gone(process.ANSWERS[SCHEDULER])  # a fleet may run without": gone(process.ANSWERS[SCHEDULER]),
        "where_any_reaches(gateway.PENDING_REQUESTS, 512)": where_any_reaches(gateway.PENDING_REQUESTS, 512),
        'first_of(("gone", gone(process.ENGINE_ANSWERS)), ("engines", answering(process.ENGINE_ANSWERS)))': first_of(
            ("gone", gone(process.ENGINE_ANSWERS)), ("engines", answering(process.ENGINE_ANSWERS))
        ),
        "side_by_side([answering(process.ENGINE_ANSWERS), zero()])": side_by_side(
            [answering(process.ENGINE_ANSWERS), zero()]
        ),
    },
    "Instances": {
        'of_instance(cms.KV_CACHE_USAGE, where={"infer_type": "decode"})': of_instance(
            cms.KV_CACHE_USAGE, where={"infer_type": "decode"}
        ),
        "of_instance(cms.INFLIGHT_DISPATCH_REQUESTS)  # each replica's own": of_instance(
            cms.INFLIGHT_DISPATCH_REQUESTS
        ),
        "of_instance(cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS)  # each replica's own at times": of_instance(
            cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS
        ),
        "peak_of_instance(cms.KV_CACHE_USAGE)": peak_of_instance(cms.KV_CACHE_USAGE),
        "staleness(cms.USED_GPU_TOKENS, cms.RUNNING_REQUESTS)": staleness(cms.USED_GPU_TOKENS, cms.RUNNING_REQUESTS),
        "of_instance(vllm.RUNNING_REQUESTS)": of_instance(vllm.RUNNING_REQUESTS),
        "of_instance(vllm.KV_CACHE_USAGE)": of_instance(vllm.KV_CACHE_USAGE),
        "of_instance(vllm.PREEMPTIONS)": of_instance(vllm.PREEMPTIONS),
        "of_instance(lrs.TOTAL_TOKENS)": of_instance(lrs.TOTAL_TOKENS),
        "top_instances(of_instance(cms.RUNNING_REQUESTS), cms.KV_CACHE_USAGE)": top_instances(
            of_instance(cms.RUNNING_REQUESTS), cms.KV_CACHE_USAGE
        ),
        "top_instances(of_instance(vllm.PREEMPTIONS), vllm.PREEMPTIONS)": top_instances(
            of_instance(vllm.PREEMPTIONS), vllm.PREEMPTIONS
        ),
        "top_instances(quantile(0.99, vllm.ITL, by=vllm.ITL.identity), vllm.ITL)": top_instances(
            quantile(0.99, vllm.ITL, by=vllm.ITL.identity), vllm.ITL
        ),
        "top_instances(of_instance(process.UPTIME), process.UPTIME, lowest=True)": top_instances(
            of_instance(process.UPTIME), process.UPTIME, lowest=True
        ),
    },
}
EACH_QUERY = [pytest.param(query, id=call) for part in QUERIES.values() for call, query in part.items()]


def test_what_each_function_asks(golden: Callable[[str, str], None]) -> None:
    lines = ["# On a dashboard with the variables namespace, model and infer_type."]
    for part, calls in QUERIES.items():
        lines += ["", f"## {part}"]
        for call, query in calls.items():
            lines += ["", f">>> {call}    [{query.unit.value}]", query.text(SCOPE)]
    golden("promql/queries.txt", "\n".join([*lines, ""]))


@pytest.mark.parametrize("query", EACH_QUERY)
@pytest.mark.parametrize("scope", [pytest.param((), id="alone"), pytest.param(SCOPE, id="on a dashboard")])
def test_prometheus_can_read_it(query: Query, scope: tuple[object, ...]) -> None:
    parse(query.text(scope))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "unit"),
    [
        (rate(gateway.REQUESTS), Unit.REQUESTS_PER_SECOND),
        (rate(gateway.INPUT_TOKENS_TOTAL), Unit.TOKENS_PER_SECOND),
        (rate(scheduler.SCHEDULINGS), Unit.OPERATIONS_PER_SECOND),
        (increase(gateway.REQUESTS), Unit.REQUESTS),
        (quantile(0.5, gateway.TTFT), Unit.MILLISECONDS),
        (mean(vllm.TTFT), Unit.SECONDS),
        (share_below(gateway.TTFT, 1000), Unit.RATIO),
        (failure_ratio(scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS), Unit.RATIO),
        (instances(cms.RUNNING_REQUESTS), Unit.COUNT),
        (total(cms.USED_GPU_TOKENS), Unit.TOKENS),
        (of_instance(vllm.PREEMPTIONS), Unit.REQUESTS_PER_SECOND),
    ],
)
def test_the_unit_follows_from_the_metric(query: Query, unit: Unit) -> None:
    assert query.unit is unit


def test_the_zero_of_a_rare_counter_has_a_name_in_the_legend() -> None:
    """Of several labels the first bears it, so that the legend begins with it; the line is one, not one per label."""
    rule, order = scheduler.RESCHEDULINGS.labels
    text = rate(scheduler.RESCHEDULINGS, by=(rule, order)).text(())
    assert re.findall(r'label_replace\(.*, "(\w+)", "none yet", "", ""\)', text) == [rule]
    assert "label_replace" not in rate(scheduler.RESCHEDULINGS).text(())
