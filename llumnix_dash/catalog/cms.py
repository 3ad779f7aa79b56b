"""The cluster meta store's view of each engine instance, exported by every scheduler replica in full mode."""

from llumnix_dash.catalog.exporters import SCHEDULER
from llumnix_dash.catalog.labels import ENGINE, ROLE
from llumnix_dash.catalog.metric import Gauge, Mode, Spread, Unit

GONE_CAVEAT = "An instance that has gone or hangs keeps its last value until the scheduler restarts."
_HYBRID = "Loading and hybrid requests and tokens stay 0 without HybridConnector."
_DRIFT = (
    "In-flight dispatches drift: a client that leaves while its request waits takes one off for good, below 0, too."
)
_INHERITED_DRIFT = "KV cache usage, decode batch and all tokens hold what is on its way to the instance, and its drift."
# Name -> what this one alone cannot show.
_CAVEATS = {
    "loading_requests": (_HYBRID,),
    "tokens_loading_requests": (_HYBRID,),
    "hybrid_scheduler_waiting_to_decode_requests": (_HYBRID,),
    "hybrid_scheduler_waiting_to_decode_tokens": (_HYBRID,),
    "inflight_dispatch_requests": (_DRIFT,),
    "inflight_dispatch_prefill_requests": (_DRIFT,),
    "inflight_dispatch_decode_requests": (_DRIFT,),
    "uncomputed_tokens_inflight_dispatch_prefill_requests": (_DRIFT,),
    "tokens_inflight_dispatch_decode_requests": (_DRIFT,),
    "kv_cache_usage_ratio_projected": (_INHERITED_DRIFT,),
    "decode_batch_size": (_INHERITED_DRIFT,),
    "all_prefills_tokens_num": (_INHERITED_DRIFT,),
    "all_decodes_tokens_num": (_INHERITED_DRIFT,),
}


def _gauge(
    name: str,
    unit: Unit,
    what: str,
    *,
    spread: Spread = "copies",
    drifts: bool = False,
    unknown_from: float | None = None,
) -> Gauge:
    return Gauge(
        name=f"instance_cms_{name}",
        unit=unit,
        exporters=(SCHEDULER,),
        labels=(ENGINE, ROLE),
        mode=Mode.FULL,
        spread=spread,
        drifts=drifts,
        unknown_from=unknown_from,
        description=what,
        caveats=(*_CAVEATS.get(name, ()), GONE_CAVEAT),
    )


def _requests(name: str, what: str, *, drifts: bool = False) -> Gauge:
    return _gauge(name, Unit.REQUESTS, what, drifts=drifts)


def _tokens(name: str, what: str, *, spread: Spread = "copies", drifts: bool = False) -> Gauge:
    return _gauge(name, Unit.TOKENS, what, spread=spread, drifts=drifts)


def _dispatched(name: str, unit: Unit, what: str) -> Gauge:
    """A replica's own dispatches, of which some are never taken off again."""
    return _gauge(name, unit, what, spread="shares", drifts=True)


RUNNING_REQUESTS = _requests("running_requests", "Requests that the engine computes, as it last told the store.")
WAITING_REQUESTS = _requests("waiting_requests", "Requests that the engine holds and has not begun to compute.")
LOADING_REQUESTS = _requests("loading_requests", "Requests whose KV cache is being brought to the instance.")
SCHEDULER_WAITING_TO_DECODE_REQUESTS = _requests(
    "scheduler_waiting_to_decode_requests", "Requests whose prefill waits in the engine and that will decode here."
)
SCHEDULER_RUNNING_TO_DECODE_REQUESTS = _requests(
    "scheduler_running_to_decode_requests", "Requests whose prefill runs in the engine and that will decode here."
)
HYBRID_SCHEDULER_WAITING_TO_DECODE_REQUESTS = _requests(
    "hybrid_scheduler_waiting_to_decode_requests",
    "Requests that wait in the hybrid scheduler in front of the engine to be decoded here.",
)
USED_GPU_TOKENS = _tokens(
    "used_gpu_tokens",
    "Tokens of the KV cache that requests hold in GPU memory; cached blocks that nobody holds are free.",
)
UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS = _tokens(
    "uncomputed_tokens_all_waiting_prefills",
    "Prompt tokens still to compute of all requests that wait for prefill.",
    spread="either",
)
UNCOMPUTED_TOKENS_SCHEDULER_RUNNING_PREFILLS = _tokens(
    "uncomputed_tokens_scheduler_running_prefills", "Prompt tokens still to compute of the prefills that run."
)
UNALLOCATED_TOKENS_SCHEDULER_RUNNING_PREFILLS = _tokens(
    "unallocated_tokens_scheduler_running_prefills",
    "Prompt tokens of the running prefills for which no KV cache is allocated yet.",
)
UNALLOCATED_TOKENS_HYBRID_SCHEDULER_WAITING_DECODES = _tokens(
    "unallocated_tokens_hybrid_scheduler_waiting_decodes",
    "Tokens of the decodes that wait in the hybrid scheduler and have no KV cache allocated yet.",
)
HYBRID_SCHEDULER_WAITING_TO_DECODE_TOKENS = _tokens(
    "hybrid_scheduler_waiting_to_decode_tokens", "Tokens of the requests that wait in the hybrid scheduler to decode."
)
SCHEDULER_WAITING_TO_DECODE_TOKENS = _tokens(
    "scheduler_waiting_to_decode_tokens", "Tokens of the requests whose prefill waits and that will decode here."
)
SCHEDULER_RUNNING_TO_DECODE_TOKENS = _tokens(
    "scheduler_running_to_decode_tokens", "Tokens of the requests whose prefill runs and that will decode here."
)
TOKENS_LOADING_REQUESTS = _tokens(
    "tokens_loading_requests", "Tokens of the requests whose KV cache is being brought to the instance."
)
INFLIGHT_DISPATCH_REQUESTS = _dispatched(
    "inflight_dispatch_requests", Unit.REQUESTS, "Requests sent to the instance that it has not reported yet."
)
INFLIGHT_DISPATCH_PREFILL_REQUESTS = _dispatched(
    "inflight_dispatch_prefill_requests", Unit.REQUESTS, "Of these, the requests sent for prefill."
)
INFLIGHT_DISPATCH_DECODE_REQUESTS = _dispatched(
    "inflight_dispatch_decode_requests", Unit.REQUESTS, "Of these, the requests sent for decode."
)
UNCOMPUTED_TOKENS_INFLIGHT_DISPATCH_PREFILL_REQUESTS = _dispatched(
    "uncomputed_tokens_inflight_dispatch_prefill_requests",
    Unit.TOKENS,
    "Prompt tokens to compute of the requests sent for prefill and not reported yet.",
)
TOKENS_INFLIGHT_DISPATCH_DECODE_REQUESTS = _dispatched(
    "tokens_inflight_dispatch_decode_requests",
    Unit.TOKENS,
    "Tokens of the requests sent for decode and not reported yet.",
)
KV_CACHE_USAGE = _gauge(
    "kv_cache_usage_ratio_projected",
    Unit.RATIO,
    "Share of the instance's KV cache in use, projected: with what is on its way to it, so above 1 where more is on its"
    " way than fits.",
    drifts=True,
    # An instance of which no capacity is known has the highest float there is.
    unknown_from=1e6,
)
DECODE_BATCH_SIZE = _requests(
    "decode_batch_size",
    "All requests that the instance decodes or will decode, waiting ones included: not the engine's batch.",
    drifts=True,
)
ALL_PREFILLS_TOKENS = _tokens(
    "all_prefills_tokens_num", "Prompt tokens that the instance has yet to compute, in all.", drifts=True
)
ALL_DECODES_TOKENS = _tokens(
    "all_decodes_tokens_num", "Tokens of all requests that the instance decodes or will.", drifts=True
)

METRICS = (
    USED_GPU_TOKENS,
    WAITING_REQUESTS,
    LOADING_REQUESTS,
    RUNNING_REQUESTS,
    SCHEDULER_WAITING_TO_DECODE_REQUESTS,
    SCHEDULER_RUNNING_TO_DECODE_REQUESTS,
    HYBRID_SCHEDULER_WAITING_TO_DECODE_REQUESTS,
    UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS,
    UNCOMPUTED_TOKENS_SCHEDULER_RUNNING_PREFILLS,
    UNALLOCATED_TOKENS_SCHEDULER_RUNNING_PREFILLS,
    UNALLOCATED_TOKENS_HYBRID_SCHEDULER_WAITING_DECODES,
    HYBRID_SCHEDULER_WAITING_TO_DECODE_TOKENS,
    SCHEDULER_WAITING_TO_DECODE_TOKENS,
    SCHEDULER_RUNNING_TO_DECODE_TOKENS,
    TOKENS_LOADING_REQUESTS,
    INFLIGHT_DISPATCH_REQUESTS,
    INFLIGHT_DISPATCH_PREFILL_REQUESTS,
    INFLIGHT_DISPATCH_DECODE_REQUESTS,
    UNCOMPUTED_TOKENS_INFLIGHT_DISPATCH_PREFILL_REQUESTS,
    TOKENS_INFLIGHT_DISPATCH_DECODE_REQUESTS,
    KV_CACHE_USAGE,
    DECODE_BATCH_SIZE,
    ALL_PREFILLS_TOKENS,
    ALL_DECODES_TOKENS,
)
