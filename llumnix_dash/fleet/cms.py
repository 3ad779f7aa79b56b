"""The cluster meta store: what an engine instance tells there, and what a scheduler's metrics show of it.

Sources: ``pkg/cms/cms_read_client.go`` and ``pkg/scheduler/policy/metrics.go`` of Llumnix.
"""

from dataclasses import dataclass
from itertools import chain

from llumnix_dash.catalog import cms
from llumnix_dash.catalog.metric import Gauge
from llumnix_dash.fleet.engine import CAPACITY_TOKENS, Engine
from llumnix_dash.fleet.leg import Leg

# Go's largest float32: the usage of an instance that tells no capacity.
MAX_FLOAT32 = 3.4028234663852886e38
# An engine tells its status at each step; an idle one makes none, and tells it in such a rhythm.
IDLE_STATUS_SECONDS = 30.0
BLOCK_TOKENS = 16


@dataclass(frozen=True)
class Instance:
    """An entry of the store: an engine, or one of the data-parallel ranks in it.

    Attributes:
        engine: whose.
        rank: vLLM's label ``engine``.
    """

    engine: Engine
    rank: str

    @property
    def id(self) -> str:
        """Its id in the store: a new one each time that the engine starts."""
        ranked = len(self.engine.ranks) > 1 or self.engine.pool.program == "sglang"
        return f"{self.engine.id}_dp{self.rank}" if ranked else self.engine.id

    @property
    def role(self) -> str:
        """What the engine is."""
        return self.engine.pool.role


def instances(engine: Engine) -> list[Instance]:
    """The engine's entries in the store."""
    return [Instance(engine, rank) for rank in engine.ranks]


@dataclass(slots=True)
class Status:
    """An instance as one scheduler sees it; counts of requests and of tokens.

    The fields up to ``awaited_tokens`` are the engine's own. The others are of the scheduler's dispatches that the
    engine has not told yet; they drift, and may be negative.

    Attributes:
        capacity: of its KV cache; None where it tells none.
        awaited_tokens: of all that will be decoded here and whose KV cache is not here yet.
        inflight: a neutral instance's dispatch is one here, and one in each of the next two.
    """

    capacity: float | None
    running: int = 0
    waiting: int = 0
    loading: int = 0
    decoding: int = 0
    hybrid_waiting: int = 0
    waiting_to_decode: int = 0
    running_to_decode: int = 0
    used_tokens: int = 0
    waiting_prefill_tokens: int = 0
    running_prefill_tokens: int = 0
    unallocated_prefill_tokens: int = 0
    loading_tokens: int = 0
    hybrid_waiting_tokens: int = 0
    waiting_to_decode_tokens: int = 0
    running_to_decode_tokens: int = 0
    decode_tokens: int = 0
    awaited_tokens: int = 0
    inflight: int = 0
    inflight_prefills: int = 0
    inflight_decodes: int = 0
    inflight_prefill_tokens: int = 0
    inflight_decode_tokens: int = 0

    @property
    def decode_batch_size(self) -> int:
        """All requests that are, or will be, decoded here: waiting ones and those on their way too."""
        held = self.decoding + self.loading + self.hybrid_waiting + self.waiting_to_decode + self.running_to_decode
        return held + self.inflight_decodes

    @property
    def prefill_tokens(self) -> int:
        """Prompt tokens yet to be computed here."""
        return self.waiting_prefill_tokens + self.running_prefill_tokens + self.inflight_prefill_tokens

    @property
    def all_decode_tokens(self) -> int:
        """Tokens of the requests that are, or will be, decoded here."""
        held = self.decode_tokens + self.loading_tokens + self.hybrid_waiting_tokens + self.waiting_to_decode_tokens
        return held + self.running_to_decode_tokens + self.inflight_decode_tokens

    @property
    def projected_usage(self) -> float:
        """KV cache in use and asked for, as a share of all: above 1 on a full instance.

        Of prompts on their way, those count that will be decoded here.
        """
        if not self.capacity:
            return MAX_FLOAT32
        coming = self.waiting_prefill_tokens + self.awaited_tokens + self.inflight_decode_tokens
        return round((self.used_tokens + coming) / self.capacity, 4)


GAUGES: tuple[tuple[Gauge, str], ...] = (
    (cms.USED_GPU_TOKENS, "used_tokens"),
    (cms.WAITING_REQUESTS, "waiting"),
    (cms.LOADING_REQUESTS, "loading"),
    (cms.RUNNING_REQUESTS, "running"),
    (cms.SCHEDULER_WAITING_TO_DECODE_REQUESTS, "waiting_to_decode"),
    (cms.SCHEDULER_RUNNING_TO_DECODE_REQUESTS, "running_to_decode"),
    (cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_REQUESTS, "hybrid_waiting"),
    (cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS, "waiting_prefill_tokens"),
    (cms.UNCOMPUTED_TOKENS_SCHEDULER_RUNNING_PREFILLS, "running_prefill_tokens"),
    (cms.UNALLOCATED_TOKENS_SCHEDULER_RUNNING_PREFILLS, "unallocated_prefill_tokens"),
    (cms.UNALLOCATED_TOKENS_HYBRID_SCHEDULER_WAITING_DECODES, "hybrid_waiting_tokens"),
    (cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_TOKENS, "hybrid_waiting_tokens"),
    (cms.SCHEDULER_WAITING_TO_DECODE_TOKENS, "waiting_to_decode_tokens"),
    (cms.SCHEDULER_RUNNING_TO_DECODE_TOKENS, "running_to_decode_tokens"),
    (cms.TOKENS_LOADING_REQUESTS, "loading_tokens"),
    (cms.INFLIGHT_DISPATCH_REQUESTS, "inflight"),
    (cms.INFLIGHT_DISPATCH_PREFILL_REQUESTS, "inflight_prefills"),
    (cms.INFLIGHT_DISPATCH_DECODE_REQUESTS, "inflight_decodes"),
    (cms.UNCOMPUTED_TOKENS_INFLIGHT_DISPATCH_PREFILL_REQUESTS, "inflight_prefill_tokens"),
    (cms.TOKENS_INFLIGHT_DISPATCH_DECODE_REQUESTS, "inflight_decode_tokens"),
    (cms.KV_CACHE_USAGE, "projected_usage"),
    (cms.DECODE_BATCH_SIZE, "decode_batch_size"),
    (cms.ALL_PREFILLS_TOKENS, "prefill_tokens"),
    (cms.ALL_DECODES_TOKENS, "all_decode_tokens"),
)
"""The metrics of an instance, and what of its status each shows."""


def status(instance: Instance, at: float, *, hybrid_connector: bool) -> Status:
    """What the instance told of itself at a moment, which may lie some seconds back.

    Args:
        instance: whose status.
        at: the moment.
        hybrid_connector: whether requests whose KV cache has not come are held outside vLLM's scheduler; without it
            they wait in there, and all that is ``loading`` or ``hybrid`` is 0.
    """
    engine = instance.engine
    told = Status(CAPACITY_TOKENS / len(engine.ranks) if engine.pool.program == "vllm" else None)
    for leg in chain(engine.legs, engine.left):
        if leg.rank == instance.rank and leg.arrived <= at and (leg.finished is None or leg.finished > at):
            _add(told, leg, at, hybrid_connector)
    return told


def told_at(instance: Instance, at: float) -> float:
    """When the instance last told its status."""
    engine = instance.engine
    if engine.hung is not None and engine.hung <= at:
        return engine.hung
    legs = [leg for leg in chain(engine.legs, engine.left) if leg.rank == instance.rank and leg.arrived <= at]
    if any(leg.finished is None or leg.finished > at for leg in legs):
        return at
    idle_since = max([engine.target.process.started, engine.idle_since[instance.rank]])
    idle_since = max([idle_since, *(leg.finished for leg in legs if leg.finished is not None)])
    return at if idle_since > at else idle_since + (at - idle_since) // IDLE_STATUS_SECONDS * IDLE_STATUS_SECONDS


def _add(told: Status, leg: Leg, at: float, hybrid_connector: bool) -> None:
    began = leg.started is not None and leg.started <= at
    answers = leg.first_token is not None and leg.first_token <= at
    tokens = leg.tokens_at(at) if answers else leg.request.prompt_tokens
    decodes_here = leg.to_generate > 1
    if began:
        told.running += 1
        told.used_tokens += tokens
        if answers or not leg.prefills:
            told.decoding += decodes_here or not leg.prefills
            told.decode_tokens += tokens
        else:
            told.running_prefill_tokens += tokens
            # The last block of a prompt is allocated as it is reached.
            told.unallocated_prefill_tokens += tokens % BLOCK_TOKENS
            told.running_to_decode += decodes_here
            told.running_to_decode_tokens += tokens * decodes_here
    elif leg.prefills:
        told.waiting += 1
        told.waiting_prefill_tokens += tokens
        told.waiting_to_decode += decodes_here
        told.waiting_to_decode_tokens += tokens * decodes_here
    else:
        told.awaited_tokens += tokens
        if not hybrid_connector:
            told.waiting += 1
            told.waiting_to_decode += 1
            told.waiting_to_decode_tokens += tokens
        elif leg.loading_until is not None and at < leg.loading_until:
            told.loading += 1
            told.loading_tokens += tokens
        else:
            told.waiting += 1
            told.hybrid_waiting += 1
            told.hybrid_waiting_tokens += tokens
