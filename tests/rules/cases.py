"""Series on which each alert fires, and some on which it is quiet, for promtool's tests: a value a minute."""

from dataclasses import dataclass
from typing import NamedTuple

Series = dict[str, str]


class Quiet(NamedTuple):
    """Series on which the alert is silent: why, and the series that are other than where it fires."""

    why: str
    series: Series


@dataclass(frozen=True)
class Case:
    """An alert's case.

    Attributes:
        series: name with labels -> values as promtool writes them, on which it fires.
        since: from which minute on the condition holds.
        labels: of the alert, beside cluster and namespace.
        quiet: where it is silent.
    """

    series: Series
    since: int
    quiet: tuple[Quiet, ...]
    labels: str = ""


FLEET = 'cluster="c",namespace="n"'
GATEWAY = f'{FLEET},job="gateway",instance="g-0"'
SCHEDULER = f'{FLEET},job="scheduler",instance="s-0"'


def engine(number: int = 0, role: str = "decode") -> str:
    return (
        f'{FLEET},job="n/llumnix-engine-{role}",infer_type="{role}",pod="{role}-{number}",instance="e-{number}",'
        'model_name="m"'
    )


ENDED = f'request_ttft_milliseconds_count{{{GATEWAY},model="m"}}'
GOOD = f'request_total{{{GATEWAY},model="m",status_code="200"}}'
UNKNOWN_MODEL = f'request_total{{{GATEWAY},model="x",status_code="404"}}'
QUEUED, SHORTLY = (f"request_queue_duration_milliseconds_{what}" for what in ("count", "bucket"))
QUEUED, SHORTLY = f'{QUEUED}{{{GATEWAY},model="m"}}', f'{SHORTLY}{{{GATEWAY},model="m",le="1000"}}'
CURRENT = f"gateway_current_requests{{{GATEWAY}}}"
RETRIES = f'request_retry_total{{{GATEWAY},model="m",status_code="500"}}'
TOKENS, RUNNING, USAGE = (
    f"vllm:{name}{{{engine()}}}" for name in ("generation_tokens_total", "num_requests_running", "kv_cache_usage_perc")
)
UP = {
    name: f"up{{{labels}}}" for name, labels in {"gateway": GATEWAY, "scheduler": SCHEDULER, "engine": engine()}.items()
}
OTHER_GATEWAY = f'up{{{FLEET},job="gateway",instance="g-1"}}'
DEPLOYMENT = f'kube_deployment_spec_replicas{{{FLEET},job="kube-state-metrics",deployment="%s"}}'
STATEFULSET = f'kube_statefulset_replicas{{{FLEET},job="kube-state-metrics",statefulset="decode"}}'
SCHEDULED = f"scheduler_scheduling_total{{{SCHEDULER}}}"
UNSCHEDULED = f'scheduler_scheduling_failed_total{{{SCHEDULER},error_type="no_available_endpoint"}}'
REFRESHED, REFRESH_TIME = (
    f"scheduler_cms_refresh_status_duration_milliseconds_{what}{{{SCHEDULER}}}" for what in ("count", "sum")
)
HITS, BEST_HITS = (f"request_{kind}prefix_cache_hit_percent_count{{{SCHEDULER}}}" for kind in ("", "max_"))
CMS_INSTANCE = f'{SCHEDULER},infer_type="decode",instance_id="i"'
CMS_TOKENS, CMS_RUNNING = (f"instance_cms_{name}{{{CMS_INSTANCE}}}" for name in ("used_gpu_tokens", "running_requests"))
ROLE = 'infer_type="decode"'
OF_ENGINE = f'{ROLE},pod="decode-0",instance="e-0"'

SCALED_TO_ZERO = "1x10 _x90"
GOES_DOWN = "1x10 0x90"

CASES: dict[str, Case] = {
    "LlumnixRequestsFail": Case(
        {ENDED: "0+60x100", GOOD: "0+20x100"},
        1,
        (
            Quiet("most are answered", {GOOD: "0+40x100"}),
            Quiet("the model is one that nobody serves", {UNKNOWN_MODEL: "0+40x100"}),
            Quiet("two failures are chance", {ENDED: "0 1 2 2x100", GOOD: "0x100"}),
        ),
    ),
    "LlumnixQueueTooLong": Case(
        {QUEUED: "0+100x100", SHORTLY: "0+80x100", ENDED: "0+100x100"},
        1,
        (
            Quiet("few wait", {SHORTLY: "0+95x100"}),
            Quiet("hardly anybody asks", {QUEUED: "0+2x100", SHORTLY: "0x100", ENDED: "0+2x100"}),
        ),
    ),
    "LlumnixRequestsHang": Case(
        {CURRENT: "5x100", TOKENS: "100x100"},
        1,
        (
            Quiet("tokens are made", {TOKENS: "0+100x100"}),
            Quiet("nobody asks", {CURRENT: "0x100"}),
            Quiet("others answer", {f'request_total{{{GATEWAY},model="m",status_code="0"}}': "0+60x100"}),
        ),
    ),
    "LlumnixRetries": Case(
        {RETRIES: "0+10x100", ENDED: "0+100x100"}, 1, (Quiet("a few are usual", {RETRIES: "0+2x100"}),)
    ),
    "LlumnixLabelOverflow": Case(
        {f'request_total{{{GATEWAY},model="_overflow",status_code="_overflow"}}': "0+10x100", GOOD: "0+10x100"},
        1,
        (
            Quiet(
                "all labels are kept apart",
                {f'request_total{{{GATEWAY},model="_overflow",status_code="_overflow"}}': "_x100"},
            ),
        ),
    ),
    "LlumnixGatewaysGone": Case(
        {UP["gateway"]: GOES_DOWN},
        11,
        (
            Quiet("one is left", {OTHER_GATEWAY: "1x100"}),
            Quiet("none is wanted", {UP["gateway"]: SCALED_TO_ZERO, DEPLOYMENT % "gateway": "1x10 0x90"}),
            Quiet("one scrape is lost", {UP["gateway"]: "1x10 0 1x90"}),
        ),
    ),
    "LlumnixSchedulersGone": Case(
        {UP["scheduler"]: GOES_DOWN},
        11,
        (
            Quiet("there has never been one", {UP["scheduler"]: "_x100"}),
            Quiet("none is wanted", {UP["scheduler"]: SCALED_TO_ZERO, DEPLOYMENT % "scheduler": "1x10 0x90"}),
        ),
    ),
    "LlumnixEnginesGone": Case(
        {UP["engine"]: GOES_DOWN},
        11,
        (
            Quiet("another of the role is left", {f"up{{{engine(1)}}}": "1x100"}),
            Quiet("none is wanted", {UP["engine"]: SCALED_TO_ZERO, STATEFULSET: "1x10 0x90"}),
        ),
        ROLE,
    ),
    "LlumnixTargetsDown": Case(
        {UP["gateway"]: GOES_DOWN, OTHER_GATEWAY: "1x100"},
        11,
        (
            Quiet("a scrape is lost at times", {UP["gateway"]: "1x10 0 1x9 0 1x80"}),
            Quiet("it is no target any more", {UP["gateway"]: SCALED_TO_ZERO}),
        ),
        'job="gateway"',
    ),
    "LlumnixRestartLoop": Case(
        {f"uptime_seconds{{{GATEWAY}}}": "0+60x2 0+60x2 0+60x2 0+60x90"},
        9,
        (Quiet("two restarts are an update", {f"uptime_seconds{{{GATEWAY}}}": "0+60x2 0+60x2 0+60x90"}),),
        'job="gateway",instance="g-0"',
    ),
    "LlumnixSchedulerBypassed": Case(
        {ENDED: "0+60x100", UP["scheduler"]: "1x100", SCHEDULED: "7x100"},
        1,
        (
            Quiet("it assigns them", {SCHEDULED: "0+60x100"}),
            Quiet("it is asked and finds none", {UNSCHEDULED: "0+60x100"}),
            Quiet("gateways are set to round-robin", {UP["scheduler"]: "_x100", SCHEDULED: "_x100"}),
        ),
    ),
    "LlumnixSchedulingFails": Case(
        {SCHEDULED: "0+100x100", UNSCHEDULED: "0+20x100"},
        1,
        (
            Quiet("few fail", {UNSCHEDULED: "0+5x100"}),
            Quiet("hardly anybody asks", {SCHEDULED: "0x100", UNSCHEDULED: "0+2x100"}),
        ),
    ),
    "LlumnixStatusRefreshSlow": Case(
        {REFRESHED: "0+100x100", REFRESH_TIME: "0+30000x100"}, 1, (Quiet("it is quick", {REFRESH_TIME: "0+100x100"}),)
    ),
    "LlumnixStatusRefreshStalled": Case(
        {REFRESHED: "0+5x100"},
        1,
        (
            Quiet("every 5 s, as with SLO-aware scheduling", {REFRESHED: "0+12x100"}),
            Quiet("lite mode has none", {REFRESHED: "_x100"}),
        ),
    ),
    "LlumnixCacheIndexDown": Case(
        {HITS: "0+60x100", BEST_HITS: "0+10x10 100x90"},
        15,
        (
            Quiet("it answers", {BEST_HITS: "0+10x100"}),
            Quiet("no scheduling by prefix cache", {BEST_HITS: "_x100"}),
        ),
    ),
    "LlumnixGhostInstances": Case(
        {CMS_TOKENS: "100x100", CMS_RUNNING: "3x100"},
        0,
        (
            Quiet("it works", {CMS_TOKENS: "0+10x100"}),
            Quiet("it is idle", {CMS_RUNNING: "0x100"}),
        ),
    ),
    "LlumnixEngineStuck": Case(
        {RUNNING: "4x100", TOKENS: "100x100", CURRENT: "5x100"},
        0,
        (
            Quiet("it makes tokens", {TOKENS: "0+100x100"}),
            Quiet("its gauge is stale, and nobody asks", {CURRENT: "0x100"}),
        ),
        OF_ENGINE,
    ),
    "LlumnixEngineSlow": Case(
        {
            f"vllm:{name}{{{engine(number)}}}": values
            for number, pace in enumerate((30, 100, 100))
            for name, values in {"num_requests_running": "4x100", "generation_tokens_total": f"0+{pace}x100"}.items()
        },
        1,
        (
            Quiet("it is a little slower", {TOKENS: "0+60x100"}),
            Quiet(
                "there are no two others",
                {
                    f"vllm:{name}{{{engine(2)}}}": "_x100"
                    for name in ("num_requests_running", "generation_tokens_total")
                },
            ),
        ),
        f'{OF_ENGINE},model_name="m"',
    ),
    "LlumnixEngineQueue": Case(
        {
            f"vllm:request_queue_time_seconds_{what}{{{engine()}}}": f"0+{pace}x100"
            for what, pace in {"sum": 120, "count": 60}.items()
        },
        1,
        (Quiet("half a second", {f"vllm:request_queue_time_seconds_sum{{{engine()}}}": "0+30x100"}),),
        ROLE,
    ),
    "LlumnixKVCacheFull": Case({USAGE: "0.95x100"}, 0, (Quiet("there is room", {USAGE: "0.85x100"}),), ROLE),
    "LlumnixEnginePreempts": Case(
        {
            f"vllm:num_preemptions_total{{{engine()}}}": "0+5x100",
            f'vllm:request_success_total{{{engine()},finished_reason="stop"}}': "0+100x100",
        },
        1,
        (Quiet("hardly ever", {f"vllm:num_preemptions_total{{{engine()}}}": "0+0.5x100"}),),
        ROLE,
    ),
}
