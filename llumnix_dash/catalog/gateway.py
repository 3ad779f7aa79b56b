"""What the gateway exports: requests as the end user meets them."""

from llumnix_dash.catalog.exporters import GATEWAY
from llumnix_dash.catalog.metric import Counter, Gauge, Histogram, Unit

_TOKEN_BUCKETS = (1, 4, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
_STAGE_BUCKETS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_TOKEN_TIME_BUCKETS = (1, 2, 5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500)
_STAGE_CAVEAT = "Failed requests are recorded too, as 0 in a stage that they did not reach."

REQUESTS = Counter(
    name="request_total",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    labels=("model", "status_code"),
    description="Requests that the gateway has answered, by the HTTP status that the client got.",
)
RETRIES = Counter(
    name="request_retry_total",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    labels=("model", "status_code"),
    rare=True,
    description="Attempts that the gateway made again at an engine, by what made it try again: the engine's HTTP status"
    " or a network error.",
)
FALLBACKS = Counter(
    name="request_fallback_total",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    labels=("model", "status_code"),
    rare=True,
    description="Requests that the gateway sent to the fallback service instead, by how that ended: success, a network"
    " error or an HTTP status.",
)
FALLBACK_RETRY_SUCCESSES = Counter(
    name="request_fallback_retry_success_total",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    labels=("model",),
    rare=True,
    description="Requests that the fallback service answered well at a further attempt.",
)
INPUT_TOKENS_TOTAL = Counter(
    name="request_input_tokens_total",
    unit=Unit.TOKENS,
    exporters=(GATEWAY,),
    labels=("model",),
    description="Prompt tokens of the requests that came in.",
)
OUTPUT_TOKENS_TOTAL = Counter(
    name="request_output_tokens_total",
    unit=Unit.TOKENS,
    exporters=(GATEWAY,),
    labels=("model",),
    description="Tokens generated and sent back to clients.",
)
INPUT_TOKENS = Histogram(
    name="request_input_tokens",
    unit=Unit.TOKENS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=_TOKEN_BUCKETS,
    description="Prompt length of a request.",
)
OUTPUT_TOKENS = Histogram(
    name="request_output_tokens",
    unit=Unit.TOKENS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=_TOKEN_BUCKETS,
    description="Length of a request's answer.",
)
E2E_LATENCY = Histogram(
    name="request_e2e_latency_seconds",
    unit=Unit.SECONDS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 240, 300),
    description="End to end: from the request's arrival at the gateway to the last byte of its answer, queueing and"
    " scheduling included.",
    caveats=("E2E latency is recorded only for requests answered with HTTP 200: failures do not show in it.",),
)
TTFT = Histogram(
    name="request_ttft_milliseconds",
    unit=Unit.MILLISECONDS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=(10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000),
    failed=REQUESTS,
    description="Time to first token: from the moment that the gateway hands the request to an engine to the first"
    " token. One value per request.",
    caveats=("TTFT begins after queueing and scheduling: see the queue and schedule durations.",),
)
TPOT = Histogram(
    name="request_tpot_milliseconds",
    unit=Unit.MILLISECONDS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=_TOKEN_TIME_BUCKETS,
    description="Time per output token: a request's mean time between tokens after the first. One value per request, so"
    " short and long answers weigh the same.",
    caveats=("TPOT is not recorded for requests of a single output token.",),
)
ITL = Histogram(
    name="request_itl_milliseconds",
    unit=Unit.MILLISECONDS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=_TOKEN_TIME_BUCKETS,
    description="Inter-token latency: the gap between two tokens of an answer. One value per gap, so long answers weigh"
    " more; stalls within an answer show here and not in TPOT.",
)


def _stage(stage: str, what: str, buckets: tuple[float, ...] = _STAGE_BUCKETS) -> Histogram:
    return Histogram(
        name=f"request_{stage}_duration_milliseconds",
        unit=Unit.MILLISECONDS,
        exporters=(GATEWAY,),
        labels=("model",),
        buckets=buckets,
        whole=True,
        description=what,
        caveats=(_STAGE_CAVEAT,),
    )


QUEUE_DURATION = _stage(
    "queue",
    "Time that a request waits in the gateway's queue before it is scheduled.",
    (1, 5, 10, 50, 100, 200, 500, 1000, 2000, 5000),
)
SCHEDULE_DURATION = _stage("schedule", "Time from the gateway's question to the scheduler until it has an instance.")
PREPROCESS_DURATION = _stage("preprocess", "Time that the gateway spends on a request before queueing it.")
POSTPROCESS_DURATION = _stage("postprocess", "Time that the gateway spends on a request after the engine is done.")
PENDING_REQUESTS = Gauge(
    name="gateway_pending_requests",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    description="Requests that wait in the gateway: queued, or being scheduled.",
)
CURRENT_REQUESTS = Gauge(
    name="gateway_current_requests",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    description="All requests in the gateway, waiting and being answered.",
)

METRICS = (
    REQUESTS,
    RETRIES,
    FALLBACKS,
    FALLBACK_RETRY_SUCCESSES,
    INPUT_TOKENS_TOTAL,
    OUTPUT_TOKENS_TOTAL,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    E2E_LATENCY,
    TTFT,
    TPOT,
    ITL,
    QUEUE_DURATION,
    SCHEDULE_DURATION,
    PREPROCESS_DURATION,
    POSTPROCESS_DURATION,
    PENDING_REQUESTS,
    CURRENT_REQUESTS,
)
