"""What the vLLM engines export themselves: of 0.12 and 0.18, on which Llumnix builds, and of 0.33."""

from llumnix_dash.catalog.exporters import ENGINE
from llumnix_dash.catalog.metric import Counter, Gauge, Histogram, Metric, Unit

# Values of `finished_reason`, by version: series of each are there from the start.
FINISHED_REASONS = {
    "0.12": ("stop", "length", "abort"),
    "0.18": ("stop", "length", "abort", "error", "repetition"),
    "0.33": ("stop", "length", "abort", "error", "repetition"),
}
# Values of `source`.
PROMPT_SOURCES = ("local_compute", "local_cache_hit", "external_kv_transfer")

_LABELS = ("model_name", "engine")
_KVT = "With batch KVT (the usual prefill/decode manifests) a prefill engine reports nothing but 0."
_ENDED = "Recorded when a request ends; one that its client aborts never is."
_MIGRATED = "One migrated request spoils means and sums, and a mean below 0 is left out: trust the median."
_ATTEMPTS = "Before vLLM 0.33 every try to schedule counts: with a full cache the first in line counts at each step."
_ABORTED = "A request that the engine aborts before its first token counts as the host's uptime: trust the median."
_STALE = "Gauges come with an engine's outputs: after a last abort they stay high, in a long lone prefill low."
_REQUEST_BUCKETS = (0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680)
_FIRST_TOKEN_BUCKETS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75),
    *(1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560),
)
_TOKEN_TIME_BUCKETS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80)
# Bounds of 1, 2 and 5 times powers of ten, up to the model's longest context: vLLM makes them from its configuration.
_LENGTH_BUCKETS = tuple(step * 10**power for power in range(6) for step in (1, 2, 5) if step * 10**power <= 200_000)


def _latency(
    name: str, what: str, *caveats: str, buckets: tuple[float, ...] = _REQUEST_BUCKETS, ended: bool = True
) -> Histogram:
    return Histogram(
        name=f"vllm:{name}_seconds",
        unit=Unit.SECONDS,
        exporters=(ENGINE,),
        labels=_LABELS,
        buckets=buckets,
        description=what,
        caveats=(*((_ENDED,) if ended else ()), *caveats, _KVT),
    )


def _tokens(name: str, what: str) -> Histogram:
    return Histogram(
        name=f"vllm:{name}",
        unit=Unit.TOKENS,
        exporters=(ENGINE,),
        labels=_LABELS,
        buckets=_LENGTH_BUCKETS,
        grows=True,
        description=what,
        caveats=(_ENDED, _KVT),
    )


def _gauge(
    name: str,
    unit: Unit,
    what: str,
    *caveats: str,
    labels: tuple[str, ...] = (),
    replaces: tuple[str, ...] = (),
    versions: tuple[str, ...] = (),
) -> Gauge:
    return Gauge(
        name=f"vllm:{name}",
        unit=unit,
        exporters=(ENGINE,),
        labels=_LABELS + labels,
        replaces=replaces,
        vllm=versions,
        description=what,
        caveats=(*caveats, _STALE, _KVT),
    )


def _counter(
    name: str,
    unit: Unit,
    what: str,
    *,
    labels: tuple[str, ...] = (),
    replaces: tuple[str, ...] = (),
    caveats: tuple[str, ...] = (),
    versions: tuple[str, ...] = (),
) -> Counter:
    return Counter(
        name=f"vllm:{name}_total",
        unit=unit,
        exporters=(ENGINE,),
        labels=_LABELS + labels,
        description=what,
        replaces=replaces,
        caveats=(*caveats, _KVT),
        vllm=versions,
    )


E2E_LATENCY = _latency(
    "e2e_request_latency", "From a request's arrival at the engine's API server to its last output there."
)
TTFT = _latency(
    "time_to_first_token",
    "From a request's arrival at the engine's API server to its first token there. vLLM 0.18 has tokenization in it,"
    " 0.12 has not.",
    "On a decode engine with batch KVT the remote prefill and the transfer are in it.",
    buckets=_FIRST_TOKEN_BUCKETS,
    ended=False,
)
ITL = Histogram(
    name="vllm:inter_token_latency_seconds",
    unit=Unit.SECONDS,
    exporters=(ENGINE,),
    labels=_LABELS,
    buckets=_TOKEN_TIME_BUCKETS,
    replaces=("vllm:time_per_output_token_seconds",),
    description="The gap between two outputs of a request on the engine, which may hold several tokens; a preemption's"
    " wait is one gap. One value per gap, so long answers weigh more.",
    caveats=(_MIGRATED, _KVT),
)
TIME_PER_OUTPUT_TOKEN = Histogram(
    name="vllm:time_per_output_token_seconds",
    unit=Unit.SECONDS,
    exporters=(ENGINE,),
    labels=_LABELS,
    buckets=_TOKEN_TIME_BUCKETS,
    vllm=("0.12",),
    description="The former name of the inter-token latency; vLLM 0.12 exports it only where hidden metrics are shown.",
)
REQUEST_TPOT = _latency(
    "request_time_per_output_token",
    "A request's mean time between tokens after the first. One value per request; a request of one token counts as 0.",
    buckets=_TOKEN_TIME_BUCKETS,
)
QUEUE_TIME = _latency(
    "request_queue_time",
    "From the engine scheduler's receipt of a request to its first scheduling.",
    "Waits after a preemption, and for blocks or KV in HybridConnector, are not in it; a migrated one counts below 0,"
    " and a mean below 0 is left out.",
)
PREFILL_TIME = _latency(
    "request_prefill_time",
    "From a request's first scheduling to its first output, a preemption's wait included.",
    _ABORTED,
)
DECODE_TIME = _latency(
    "request_decode_time", "From a request's first output to its last, a preemption's wait included.", _MIGRATED
)
INFERENCE_TIME = _latency(
    "request_inference_time",
    "From a request's first scheduling to its last output, a preemption's wait included.",
    _MIGRATED,
)
RUNNING_REQUESTS = _gauge(
    "num_requests_running", Unit.REQUESTS, "Requests in the engine's running list, prefilling or decoding."
)
WAITING_REQUESTS = _gauge(
    "num_requests_waiting",
    Unit.REQUESTS,
    "Requests that wait in the engine, preempted and deferred ones included; not those that HybridConnector holds.",
)
WAITING_BY_REASON = _gauge(
    "num_requests_waiting_by_reason",
    Unit.REQUESTS,
    "Requests that wait in the engine, by why: capacity (for room in the batch or the KV cache) or deferred (for"
    " something else first, such as a KV cache that comes from elsewhere). The two add up to the waiting requests.",
    labels=("reason",),
    versions=("0.33",),
)
KV_CACHE_USAGE = _gauge(
    "kv_cache_usage_perc",
    Unit.RATIO,
    "Share of the engine's KV cache blocks that requests hold; cached blocks that nobody holds are free. Near 1 it"
    " preempts running requests.",
    replaces=("vllm:gpu_cache_usage_perc",),
)
PROMPT_TOKENS_TOTAL = _counter(
    "prompt_tokens",
    Unit.TOKENS,
    "Prompt tokens of requests whose first output has come, cached and transferred ones included.",
    caveats=("A long prefill shows as one jump at its end: this is not the prefill's load.",),
)
PROMPT_TOKENS_BY_SOURCE = _counter(
    "prompt_tokens_by_source",
    Unit.TOKENS,
    "Prompt tokens by where the engine had their KV cache from: local_compute (computed here, the true prefill load),"
    " local_cache_hit (its own prefix cache), external_kv_transfer (another engine). Counted with the first output.",
    labels=("source",),
    caveats=(
        "The sources add up to a little more than the prompt tokens: where a whole prompt came from elsewhere, its last"
        " token is computed again.",
    ),
    versions=("0.18", "0.33"),
)
GENERATION_TOKENS_TOTAL = _counter(
    "generation_tokens", Unit.TOKENS, "Tokens that the engine has generated, those of aborted requests included."
)
FINISHED_REQUESTS = _counter(
    "request_success",
    Unit.REQUESTS,
    "Requests that ended on the engine, by reason: stop (the model ended), length (the limit came first, as always on a"
    " prefill engine), abort (the engine ended it); from vLLM 0.18 error and repetition, too.",
    labels=("finished_reason",),
    caveats=("A request that its client aborts is counted nowhere.",),
)
PREEMPTIONS = _counter(
    "num_preemptions",
    Unit.REQUESTS,
    "Running requests that the engine put back because its KV cache was full, counted at their next output.",
)
ADMISSION_REJECTIONS = Counter(
    name="vllm:admission_rejections_total",
    unit=Unit.REQUESTS,
    exporters=(ENGINE,),
    labels=("model_name", "reason"),
    description="Requests that the engine refused to take, by the limit that they met: max_num_queued_reqs or"
    " max_num_queued_tokens. It stays 0 where neither limit is set.",
    caveats=("No other metric of the engine counts a request that was refused.",),
    vllm=("0.33",),
)
PREFIX_CACHE_QUERIES = _counter(
    "prefix_cache_queries",
    Unit.TOKENS,
    "Tokens looked up in the engine's own prefix cache.",
    replaces=("vllm:gpu_prefix_cache_queries_total",),
    caveats=(_ATTEMPTS,),
)
PREFIX_CACHE_HITS = _counter(
    "prefix_cache_hits",
    Unit.TOKENS,
    "Tokens found in the engine's own prefix cache.",
    replaces=("vllm:gpu_prefix_cache_hits_total",),
    caveats=(_ATTEMPTS,),
)
PROMPT_TOKENS = _tokens("request_prompt_tokens", "Prompt length of a request on the engine, cached tokens included.")
GENERATION_TOKENS = _tokens("request_generation_tokens", "Tokens that the engine generated for a request.")
ITERATION_TOKENS = Histogram(
    name="vllm:iteration_tokens_total",
    unit=Unit.TOKENS,
    exporters=(ENGINE,),
    labels=_LABELS,
    buckets=(1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384),
    description="Tokens of one step of the engine: those generated, and whole prompts whose first output came in it; of"
    " prompts vLLM 0.33 counts what it computed.",
    caveats=("Steps without outputs are left out: this is not the batch size.", _KVT),
)

# Values of `reason`, by metric: series of each are there from the start.
REASONS: dict[Metric, tuple[str, ...]] = {
    WAITING_BY_REASON: ("capacity", "deferred"),
    ADMISSION_REJECTIONS: ("max_num_queued_reqs", "max_num_queued_tokens"),
}

METRICS = (
    E2E_LATENCY,
    TTFT,
    ITL,
    TIME_PER_OUTPUT_TOKEN,
    REQUEST_TPOT,
    QUEUE_TIME,
    PREFILL_TIME,
    DECODE_TIME,
    INFERENCE_TIME,
    RUNNING_REQUESTS,
    WAITING_REQUESTS,
    WAITING_BY_REASON,
    KV_CACHE_USAGE,
    PROMPT_TOKENS_TOTAL,
    PROMPT_TOKENS_BY_SOURCE,
    GENERATION_TOKENS_TOTAL,
    FINISHED_REQUESTS,
    PREEMPTIONS,
    ADMISSION_REJECTIONS,
    PREFIX_CACHE_QUERIES,
    PREFIX_CACHE_HITS,
    PROMPT_TOKENS,
    GENERATION_TOKENS,
    ITERATION_TOKENS,
)
