"""What the gateway exports: requests as the end user meets them."""

from llumnix_dash.catalog.exporters import GATEWAY
from llumnix_dash.catalog.metric import Counter, Gauge, Histogram, Unit

_TOKEN_BUCKETS = (1, 4, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
_STAGE_BUCKETS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_TOKEN_TIME_BUCKETS = (1, 2, 5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500)
_STAGE_CAVEAT = "Failed requests are recorded too, as 0 in a stage that they did not reach."
# What stands in every label of a process's metric beyond its first 1,000 label sets.
OVERFLOW = "_overflow"
_AT_THE_END = "All tokens of a request are counted when it ends: long answers show late, and at once."

REQUESTS = Counter(
    name="request_total",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    labels=("model", "status_code"),
    description="Requests that have ended at the gateway, by status. 400 is also an engine that refused or vanished;"
    " 503: no instance within 5 s; 499: the client left; 0: an external route or the fallback answered, mostly well.",
    caveats=(
        "A 200 is not success: a stream that breaks or stalls after its first chunk is 200, too.",
        "A scheduler that is down does not show: the gateway takes the engines in turn and answers 200.",
    ),
)
RETRIES = Counter(
    name="request_retry_total",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    labels=("model", "status_code"),
    rare=True,
    description="Attempts that the gateway made again, by what made it try again: a 5xx status or network_error.",
    caveats=(
        "Retries are off by default; an engine that does not answer the dial is never tried again, nor is a 4xx.",
    ),
)
FALLBACKS = Counter(
    name="request_fallback_total",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    labels=("model", "status_code"),
    rare=True,
    description="Fallback endpoints that the gateway tried, by how that ended: success, network_error or an HTTP"
    " status. A request may try several.",
)
FALLBACK_RETRY_SUCCESSES = Counter(
    name="request_fallback_retry_success_total",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    labels=("model",),
    rare=True,
    description="Requests that the fallback refused with 429 and later answered, from a queue that is off by default.",
)
INPUT_TOKENS_TOTAL = Counter(
    name="request_input_tokens_total",
    unit=Unit.TOKENS,
    exporters=(GATEWAY,),
    labels=("model",),
    description="Prompt tokens of requests that have ended, well or not, by the gateway's own tokenizer.",
    caveats=(_AT_THE_END,),
)
OUTPUT_TOKENS_TOTAL = Counter(
    name="request_output_tokens_total",
    unit=Unit.TOKENS,
    exporters=(GATEWAY,),
    labels=("model",),
    description="Tokens of the answers of requests that have ended, by the gateway's own tokenizer; 0 where an external"
    " route answered.",
    caveats=(_AT_THE_END,),
)
INPUT_TOKENS = Histogram(
    name="request_input_tokens",
    unit=Unit.TOKENS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=_TOKEN_BUCKETS,
    description="Prompt length of a request, recorded when it ends, well or not.",
)
OUTPUT_TOKENS = Histogram(
    name="request_output_tokens",
    unit=Unit.TOKENS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=_TOKEN_BUCKETS,
    description="Length of a request's answer, recorded when it ends: 0 where no text came, and where an external route"
    " answered.",
)
E2E_LATENCY = Histogram(
    name="request_e2e_latency_seconds",
    unit=Unit.SECONDS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 240, 300),
    description="End to end: from the request's headers at the gateway to the last write of its answer; upload, queue"
    " and scheduling are in it.",
    caveats=("E2E latency is recorded only for HTTP 200: failures do not show in it, but streams that broke do.",),
)
TTFT = Histogram(
    name="request_ttft_milliseconds",
    unit=Unit.MILLISECONDS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=(10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000),
    whole=True,
    failed=REQUESTS,
    description="Time to first token: from the moment that the gateway hands the request to an engine to the engine's"
    " first event. One value per request.",
    caveats=(
        "Queue and scheduling come before TTFT; remote prefill is in it, and the failed tries of a request that was"
        " retried.",
    ),
)
TPOT = Histogram(
    name="request_tpot_milliseconds",
    unit=Unit.MILLISECONDS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=_TOKEN_TIME_BUCKETS,
    whole=True,
    description="Time per output token: (E2E - TTFT) / (tokens - 1) of a request. One value per request of two tokens"
    " or more, broken ones included.",
    caveats=(
        "Upload, preprocessing, queue and scheduling are in TPOT: where requests queue, it rises with engines as fast"
        " as ever.",
    ),
)
ITL = Histogram(
    name="request_itl_milliseconds",
    unit=Unit.MILLISECONDS,
    exporters=(GATEWAY,),
    labels=("model",),
    buckets=_TOKEN_TIME_BUCKETS,
    whole=True,
    description="Inter-token latency: the gap between two events of an engine's answer, and the wait for an error. One"
    " value per gap, so long answers weigh more; a stall within an answer shows here.",
    caveats=("A chat answer ends with about two gaps of 0, so the mean and P50 of short answers read low.",),
)


def _stage(stage: str, what: str, *caveats: str, buckets: tuple[float, ...] = _STAGE_BUCKETS) -> Histogram:
    return Histogram(
        name=f"request_{stage}_duration_milliseconds",
        unit=Unit.MILLISECONDS,
        exporters=(GATEWAY,),
        labels=("model",),
        buckets=buckets,
        whole=True,
        description=what,
        caveats=caveats,
    )


QUEUE_DURATION = _stage(
    "queue",
    "Time that a request waits before a worker of the gateway takes it, outside a full queue and in it.",
    "A client that leaves while it waits is recorded as 0: a bad queue shows in the current requests, not in this P99.",
    buckets=(1, 5, 10, 50, 100, 200, 500, 1000, 2000, 5000),
)
SCHEDULE_DURATION = _stage(
    "schedule",
    "Time from a worker's taking the request until it has an instance; of staged prefill/decode, the prefill instance.",
    "It may take 5 s where no instance is found: beyond the last bucket, only the mean tells.",
    _STAGE_CAVEAT,
)
PREPROCESS_DURATION = _stage(
    "preprocess",
    "Time that a request's chat template and tokenizer take in the gateway, before the queue.",
    _STAGE_CAVEAT,
)
POSTPROCESS_DURATION = _stage(
    "postprocess",
    "Time that the gateway spends on an answer's chunks, all together, while the engine sends them.",
    "It lies inside the gaps between chunks: do not add it to other durations.",
    _STAGE_CAVEAT,
)
# A gateway's queue, and the workers that take requests out of it: as they are unless told otherwise.
QUEUE = 512
WORKERS = 5
PENDING_REQUESTS = Gauge(
    name="gateway_pending_requests",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    description="Requests in the gateway's queue or being scheduled, looked at every 5 s.",
    caveats=(
        f"Pending ends at {QUEUE + WORKERS} for each gateway: a full queue refuses nobody, and the rest is in the"
        " current requests alone.",
    ),
)
CURRENT_REQUESTS = Gauge(
    name="gateway_current_requests",
    unit=Unit.REQUESTS,
    exporters=(GATEWAY,),
    description="All requests in the gateway, waiting and being answered, looked at every 5 s.",
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
