"""Series on which each alert fires, and some on which it is quiet, for promtool's tests: a value a minute."""

from llumnix_dash.rules import Alert
from tests.rules.burn_cases import BURNS
from tests.rules.presence_cases import GOES_DOWN, SCALED_TO_ZERO, presence
from tests.rules.worlds import FLEET, Case, Quiet, Told

GATEWAY = f'{FLEET},job="gateway",instance="g-0"'
SCHEDULER = f'{FLEET},job="scheduler",instance="s-0"'


def engine(number: int = 0, role: str = "decode", model: str = "m") -> str:
    return (
        f'{FLEET},job="n/llumnix-engine-{role}",infer_type="{role}",pod="{role}-{number}",instance="e-{number}",'
        f'model_name="{model}"'
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
FAILED, ELSEWHERE, OVERFLOWING = (
    f'request_total{{{GATEWAY},model="{model}",status_code="{status}"}}'
    for model, status in (("m", "503"), ("m", "0"), ("_overflow", "_overflow"))
)
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


# A counter that there is, and that counts nothing.
NONE = "0+0x100"
QUEUE_TIME = f"vllm:request_queue_time_seconds_sum{{{engine()}}}"
PREEMPTIONS = f"vllm:num_preemptions_total{{{engine()}}}"
FINISHED = f'vllm:request_success_total{{{engine()},finished_reason="stop"}}'
NO_STORE = UNSCHEDULED.replace("no_available_endpoint", "cms_not_available")


def tokens_of(number: int, model: str = "m") -> str:
    return f"vllm:generation_tokens_total{{{engine(number, model=model)}}}"


def running_of(number: int, model: str = "m") -> str:
    return f"vllm:num_requests_running{{{engine(number, model=model)}}}"


CASES: dict[str, Case] = {
    "LlumnixRequestsFail": Case(
        {ENDED: "0+60x100", GOOD: "0+24x100", FAILED: "0+36x100"},
        1,
        "0.6",
        (
            Quiet("more are answered", {GOOD: "0+34x100", FAILED: "0+26x100"}),
            Quiet("the model is one that nobody serves", {UNKNOWN_MODEL: "0+36x100", FAILED: NONE}),
            Quiet("two failures are chance", {ENDED: "0+0.15x100", GOOD: "0+0.06x100", FAILED: "0+0.09x100"}),
        ),
        begins=17,
        ends=16,
        stands=28,
        told=(
            Told("nobody is answered", {GOOD: "_x100"}, {6: "1", 60: "1"}),
            Told(
                "three failures are enough",
                {ENDED: "0+0.2x100", GOOD: "0+0.08x100", FAILED: "0+0.12x100"},
                {40: "0.6"},
            ),
            Told(
                "four of six after a quiet hour",
                {ENDED: "0x70 1 2 3 4 5 6x100", GOOD: "0x70 0 0 1 1 2 2x100", FAILED: "0x70 1 2 2 3 3 4x100"},
                {90: "0.667"},
            ),
        ),
    ),
    "LlumnixQueueTooLong": Case(
        {
            QUEUED: "0+4x100",
            SHORTLY: "0+3.52x100",
            SHORTLY.replace('"1000"', '"+Inf"'): "0+4x100",
            ENDED: "0+4x100",
        },
        4,
        "0.12",
        (
            Quiet("few wait", {SHORTLY: "0+3.68x100"}),
            Quiet("hardly anybody asks", {QUEUED: "0+2x100", SHORTLY: NONE, ENDED: "0+2x100"}),
        ),
        begins=7,
        ends=1,
        stands=0,
    ),
    "LlumnixRequestsHang": Case(
        {CURRENT: "5x100", TOKENS: NONE, FAILED: "0+1x100", ELSEWHERE: NONE},
        1,
        "5",
        (
            Quiet("tokens are made", {TOKENS: "0+100x100"}),
            Quiet("nobody asks", {CURRENT: "0x100"}),
            Quiet("others answer", {ELSEWHERE: "0+60x100"}),
        ),
        begins=6,
        ends=-1,
        told=(
            Told("all end at once", {CURRENT: "5x30 0 5x69"}, {30: "5", 31: None, 38: None, 39: "5"}),
            Told("others answered until now", {ELSEWHERE: "0+60x30 1800x70"}, {30: None, 36: None, 37: "5"}),
        ),
    ),
    "LlumnixRetries": Case(
        {RETRIES: "0+0.24x100", ENDED: "0+4x100"},
        4,
        "0.06",
        (
            Quiet("a few are usual", {RETRIES: "0+0.16x100"}),
            Quiet("hardly anybody asks", {RETRIES: "0+0.12x100", ENDED: "0+2x100"}),
        ),
        begins=14,
        ends=4,
        stands=0,
        told=(Told("each is tried again and again", {RETRIES: "0+10x100"}, {20: "1"}),),
    ),
    "LlumnixLabelOverflow": Case(
        {OVERFLOWING: "0+10x100", GOOD: "0+10x100"},
        1,
        "0.167",
        (
            Quiet("none any more", {OVERFLOWING: NONE}),
            Quiet("all labels are kept apart", {OVERFLOWING: "_x100"}),
        ),
        begins=10,
        ends=3,
        stands=3,
    ),
    "LlumnixGatewaysGone": presence(
        UP["gateway"],
        OTHER_GATEWAY,
        f'up{{{FLEET},job="gateway",instance="g-2"}}',
        DEPLOYMENT % "gateway",
        DEPLOYMENT % "scheduler",
    ),
    "LlumnixSchedulersGone": presence(
        UP["scheduler"],
        *(f'up{{{FLEET},job="scheduler",instance="s-{number}"}}' for number in (1, 2)),
        DEPLOYMENT % "scheduler",
        DEPLOYMENT % "gateway",
    ),
    "LlumnixEnginesGone": presence(UP["engine"], *(f"up{{{engine(number)}}}" for number in (1, 2)), STATEFULSET),
    "LlumnixTargetsDown": Case(
        {UP["gateway"]: GOES_DOWN, OTHER_GATEWAY: "1x100", UP["scheduler"]: "1x100", UP["engine"]: "1x100"},
        11,
        "1",
        (
            Quiet("a scrape is lost at times", {UP["gateway"]: "1x10 0 1x9 0 1x80"}),
            Quiet("it is no target any more", {UP["gateway"]: SCALED_TO_ZERO}),
        ),
        'job="gateway"',
        told=tuple(
            Told(f"a target of {job} does not answer", {UP["gateway"]: "1x100", UP[of]: GOES_DOWN}, {21: "1"}, labels)
            for of, job in (("scheduler", "scheduler"), ("engine", "n/llumnix-engine-decode"))
            for labels in [f'job="{job}"']
        ),
    ),
    "LlumnixRestartLoop": Case(
        {f"uptime_seconds{{{GATEWAY}}}": "0+60x2 0+60x2 0+60x2 0+60x90"},
        9,
        "3",
        (Quiet("two restarts are an update", {f"uptime_seconds{{{GATEWAY}}}": "0+60x2 0+60x2 0+60x90"}),),
        'job="gateway",instance="g-0"',
        told=(Told("the first restart is 30 minutes ago", {}, {32: "3", 33: None, 40: None}),),
    ),
    "LlumnixSchedulerBypassed": Case(
        {ENDED: "0+60x100", UP["scheduler"]: "1x100", SCHEDULED: NONE, UNSCHEDULED: NONE, NO_STORE: "0+60x100"},
        1,
        "1",
        (
            Quiet("it assigns them", {SCHEDULED: "0+60x100"}),
            Quiet("it is asked and finds none", {UNSCHEDULED: "0+60x100"}),
            Quiet("gateways are set to round-robin", {UP["scheduler"]: "_x100", SCHEDULED: "_x100"}),
        ),
        begins=6,
        ends=-1,
        stands=3,
        told=(
            Told("more ask", {ENDED: "0+60x30 1890+90x60"}, {31: "1.1"}),
            Told("it was asked until now", {UNSCHEDULED: "0+60x30 1800x70"}, {30: None, 36: None, 37: "1"}),
            Told(
                "the scheduler was taken away more than a day ago",
                {ENDED: "0+60x1600", UP["scheduler"]: "1x10 _x1600"},
                {1440: "1", 1460: None, 1600: None},
            ),
        ),
    ),
    "LlumnixSchedulingFails": Case(
        {SCHEDULED: "0+6.16x100", UNSCHEDULED: "0+0.84x100"},
        5,
        "0.12",
        (
            Quiet("few fail", {SCHEDULED: "0+6.44x100", UNSCHEDULED: "0+0.56x100"}),
            Quiet("hardly anybody asks", {SCHEDULED: "0+3.52x100", UNSCHEDULED: "0+0.48x100"}),
            Quiet("none fails", {UNSCHEDULED: "_x100"}),
        ),
        begins=7,
        ends=1,
        told=(
            Told("none is found", {SCHEDULED: "_x100", UNSCHEDULED: "0+7x100"}, {12: "1"}),
            Told(
                "they come in bursts",
                {SCHEDULED: "0x20 28x3 56x80", UNSCHEDULED: "0x20 5x3 10x80"},
                {25: None, 26: "0.152", 29: "0.152", 30: None},
            ),
        ),
    ),
    "LlumnixStatusRefreshSlow": Case(
        {REFRESHED: "0+100x100", REFRESH_TIME: "0+30000x100"},
        1,
        "300",
        (Quiet("it is quick enough", {REFRESH_TIME: "0+20000x100"}),),
        begins=7,
        ends=1,
        stands=3,
    ),
    "LlumnixStatusRefreshStalled": Case(
        {REFRESHED: "0+5x100", REFRESHED.replace("s-0", "s-1"): "0+30x100"},
        1,
        "0.0833",
        (
            Quiet("every 5 s, as with SLO-aware scheduling", {REFRESHED: "0+12x100"}),
            Quiet("every 9 s", {REFRESHED: "0+7x100"}),
            Quiet("lite mode has none", {REFRESHED: "_x100", REFRESHED.replace("s-0", "s-1"): "_x100"}),
        ),
        begins=9,
        ends=-1,
        alone=True,
    ),
    "LlumnixCacheIndexDown": Case(
        {HITS: "0+60x100", BEST_HITS: NONE},
        1,
        "1",
        (
            Quiet("it answers", {BEST_HITS: "0+10x100"}),
            Quiet("no scheduling by prefix cache", {BEST_HITS: "_x100"}),
        ),
        begins=14,
        ends=-1,
        stands=3,
        told=(
            Told("there are more", {HITS: "0+60x30 1890+90x60"}, {31: "1.1"}),
            Told(
                "it answered more than a day ago",
                {HITS: "0+60x1600", BEST_HITS: "0x10 _x1600"},
                {1440: "1", 1460: None, 1600: None},
            ),
        ),
    ),
    "LlumnixGhostInstances": Case(
        {CMS_TOKENS: "100x100", CMS_RUNNING: "3x100"}
        | {name.replace('"i"', '"j"'): values for name, values in ((CMS_TOKENS, "70x100"), (CMS_RUNNING, "1x100"))},
        0,
        "2",
        (
            Quiet("they work", {CMS_TOKENS: "0+10x100", CMS_TOKENS.replace('"i"', '"j"'): "0+10x100"}),
            Quiet("they are idle", {CMS_RUNNING: "0x100", CMS_RUNNING.replace('"i"', '"j"'): "0x100"}),
        ),
        begins=20,
        ends=-1,
        alone=True,
    ),
    "LlumnixEngineStuck": Case(
        {RUNNING: "4x100", TOKENS: NONE, CURRENT: "5x100"}
        | {RUNNING.replace('"e-0"', '"e-9"'): "4x100", TOKENS.replace('"e-0"', '"e-9"'): "0+100x100"},
        0,
        "4",
        (
            Quiet("it makes tokens", {TOKENS: "0+100x100"}),
            Quiet("its gauge is stale, and nobody asks", {CURRENT: "0x100"}),
        ),
        OF_ENGINE,
        begins=6,
        ends=-1,
        told=(
            Told("its requests end at once", {RUNNING: "4x30 0 4x69"}, {30: "4", 31: None, 38: None, 39: "4"}),
            Told("all requests end at once", {CURRENT: "5x30 0 5x69"}, {30: "4", 31: None, 38: None, 39: "4"}),
        ),
    ),
    "LlumnixEngineSlow": Case(
        {
            f"vllm:{name}{{{engine(number)}}}": values
            for number, pace in enumerate((40, 100, 100))
            for name, values in {"num_requests_running": "4x100", "generation_tokens_total": f"0+{pace}x100"}.items()
        }
        | {running_of(number, "x"): "9x100" for number in (5, 6, 7)}
        | {tokens_of(number, "x"): "0+100x100" for number in (5, 6, 7)},
        1,
        "2.5",
        (
            Quiet("it is a little slower", {TOKENS: "0+60x100"}),
            Quiet("there are no two others", {tokens_of(2): "_x100", running_of(2): "_x100"}),
            Quiet("one of the others is idle", {running_of(2): "0.3x100"}),
            Quiet("all stand still", dict.fromkeys(map(tokens_of, range(3)), NONE)),
        ),
        f'{OF_ENGINE},model_name="m"',
        begins=12,
        ends=1,
        told=(
            Told("it stands still", {TOKENS: NONE}, {20: "99"}),
            Told("it runs less", {RUNNING: "4x30 1x70"}, {31: "2.19", 32: None}),
            Told(
                "the others become slow, too",
                dict.fromkeys(map(tokens_of, (1, 2)), "0+100x30 3020+20x70"),
                {31: "2.1", 32: None},
            ),
            Told("the others run more", dict.fromkeys(map(running_of, (1, 2)), "4x30 8x70"), {31: "2.14", 32: None}),
            Told(
                "all stand still, and it has most",
                dict.fromkeys(map(tokens_of, range(3)), NONE) | {RUNNING: "12x100"},
                {20: "3"},
            ),
            Told(
                "others are idle and slow",
                {running_of(number): "0.3x100" for number in (3, 4)}
                | {tokens_of(number): "0+1x100" for number in (3, 4)},
                {20: "2.5"},
            ),
        ),
    ),
    "LlumnixEngineQueue": Case(
        {QUEUE_TIME: "0+72x100", QUEUE_TIME.replace("_sum", "_count"): "0+60x100"},
        1,
        "1.2",
        (Quiet("less than a second", {QUEUE_TIME: "0+48x100"}),),
        ROLE,
        begins=7,
        ends=1,
        stands=3,
    ),
    "LlumnixKVCacheFull": Case(
        {USAGE: "0.99x100", USAGE.replace("-0", "-1"): "0.93x100"},
        0,
        "0.96",
        (Quiet("one has room", {USAGE: "0.76x100"}),),
        ROLE,
        begins=12,
        ends=2,
    ),
    "LlumnixEnginePreempts": Case(
        {PREEMPTIONS: "0+1.2x100", FINISHED: "0+100x100"},
        1,
        "0.012",
        (
            Quiet("hardly ever", {PREEMPTIONS: "0+0.8x100"}),
            Quiet("none finishes", {FINISHED: NONE}),
        ),
        ROLE,
        begins=14,
        ends=4,
        stands=8,
        told=(Told("each again and again", {PREEMPTIONS: "0+300x100"}, {11: "1"}),),
    ),
}


def case_of(alert: Alert) -> Case | None:
    """The case of an alert; nothing of one that is tried by hand alone."""
    return BURNS.get(alert.name) if alert.labels.get("long") == "1h" else CASES.get(alert.name)
