"""Each request, each engine's part of it (a leg), and the engines: what they hold and how fast they compute.

Times are seconds on the simulation's clock (0 is the first sample), durations are in the unit of the field's name.
"""

from collections import deque
from dataclasses import dataclass, field
from random import Random

from llumnix_dash.fleet.gaps import Gaps, total
from llumnix_dash.fleet.target import ScrapeTarget, engine_id
from llumnix_dash.fleet.view import View

CAPACITY_TOKENS = 40_000
MOST_RUNNING = 64
MOST_PREFILLS = 2
# What is computed may need more in the end than there is, as few are at their end at once.
MOST_RESERVED = 1.15
PREFILL_TOKENS_PER_SECOND = 8_000
# The scheduler sends nothing more to an instance that holds so much of its capacity.
BUSY = 1.2
# Until an instance has reported a request, the scheduler counts it as in flight.
REPORT_DELAY = 0.5
BLOCK_TOKENS = 16


@dataclass(slots=True, eq=False)
class Leg:
    """One engine's part of a request.

    Attributes:
        request: the whole.
        engine: who does it.
        instance: the engine's address at that time.
        rank: vLLM's label ``engine``.
        arrived: when the engine got it.
        loading_until: a decode leg's KV cache has come from the prefill engine then.
        started: when it was first computed.
        first_token: when this engine's first token came.
        finished: when it ended here.
        to_generate: tokens that this engine is to generate, the first included.
        generated: tokens that it generates, known from the first one on.
        gaps: between this engine's tokens.
        decode_seconds: the gaps' sum.
        batch: requests that were computed together when it began to decode.
        reason: vLLM's ``finished_reason``; empty where the engine died first.
    """

    request: "Request"
    engine: "Engine"
    instance: str
    rank: str
    arrived: float
    to_generate: int
    loading_until: float | None = None
    started: float | None = None
    first_token: float | None = None
    finished: float | None = None
    generated: int = 0
    gaps: Gaps = field(default_factory=list)
    decode_seconds: float = 0.0
    batch: int = 1
    reason: str = ""

    @property
    def prefills(self) -> bool:
        """Whether this engine computes the prompt, rather than getting its KV cache."""
        return self.loading_until is None

    @property
    def is_last(self) -> bool:
        """Whether the answer ends here."""
        return not self.prefills or len(self.request.engines) == 1 or self.request.wanted_tokens == 1

    @property
    def tokens(self) -> int:
        """Tokens of KV cache that it needs in the end."""
        return self.request.prompt_tokens + self.to_generate

    def tokens_at(self, now: float) -> int:
        """Tokens of KV cache that it takes at this time: the prompt, and what has been generated."""
        if self.first_token is None or not self.gaps:
            return self.request.prompt_tokens
        share = min(1.0, (now - self.first_token) / self.decode_seconds)
        return self.request.prompt_tokens + 1 + int(share * (self.generated - 1))


@dataclass(slots=True, eq=False)
class Request:
    """One request, from its arrival at the gateway to its answer.

    Attributes:
        namespace: of the deployment.
        model: what was asked.
        gateway: number of the replica that took it.
        scheduler: number of the replica that was asked.
        arrived: when it came.
        prompt_tokens: length of the prompt.
        wanted_tokens: length of the whole answer.
        output_tokens: length of the answer as the client got it: less where it was aborted or failed.
        preprocess_milliseconds: and the other stages, as fractions; the metrics have whole milliseconds.
        queued: when preprocessing was done and it asked for its turn.
        queue_milliseconds: 0 where it was never queued.
        schedule_milliseconds: 0 where no scheduler was asked.
        postprocess_milliseconds: 0 where there was no answer.
        scheduled: when the scheduler answered, well or not; None where it was not asked.
        scheduling_error: ``error_type`` of a failed scheduling.
        aborted: whether the client goes before the end.
        hit_percent: prefix cache hit on the chosen instance.
        max_hit_percent: best hit of any instance.
        retries: what made the gateway try again, one entry an attempt.
        fallback: how the fallback service ended it, where it was asked.
        fallback_retried: whether that took a further attempt.
        dispatched: when the gateway handed it to an engine.
        first_token: when the first token came.
        last_token: when the last one so far came.
        gaps: between tokens, as the gateway saw them.
        engines: those that the scheduler chose: one, or one for prefill and one for decode.
        legs: the engines' parts.
        finished: when it was recorded at the gateway.
        status: HTTP status; empty while under way, and for ever where its gateway died.
    """

    namespace: str | None
    model: str
    gateway: int
    arrived: float
    prompt_tokens: int
    wanted_tokens: int
    output_tokens: int = 0
    preprocess_milliseconds: float = 0.0
    queued: float = 0.0
    queue_milliseconds: float = 0.0
    schedule_milliseconds: float = 0.0
    postprocess_milliseconds: float = 0.0
    scheduler: int = 0
    scheduled: float | None = None
    scheduling_error: str = ""
    hit_percent: float = 0.0
    max_hit_percent: float = 0.0
    aborted: bool = False
    retries: list[str] = field(default_factory=list)
    fallback: str = ""
    fallback_retried: bool = False
    dispatched: float | None = None
    first_token: float | None = None
    last_token: float = 0.0
    gaps: Gaps = field(default_factory=list)
    engines: "list[Engine]" = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    finished: float | None = None
    status: str = ""

    @property
    def cached_tokens(self) -> int:
        """Prompt tokens that the chosen instance found in its prefix cache."""
        return int(self.prompt_tokens * self.hit_percent / 100)

    @property
    def ok(self) -> bool:
        """Whether the client got HTTP 200."""
        return self.status == "200"

    @property
    def ttft_milliseconds(self) -> float:
        """From the handing over to an engine to the first token; 0 for a failed one, as the gateway records it."""
        if not self.ok or self.first_token is None or self.dispatched is None:
            return 0.0
        return round((self.first_token - self.dispatched) * 1000, 3)

    @property
    def e2e_seconds(self) -> float:
        """From arrival to the last byte."""
        return round((self.finished or self.arrived) - self.arrived, 6)

    @property
    def tpot_milliseconds(self) -> float | None:
        """Mean gap between tokens; None where there is none."""
        count = sum(times for _, times in self.gaps)
        return round(total(self.gaps) * 1000 / count, 3) if count else None


class Engine:
    """One engine instance.

    Args:
        target: where it is scraped.
        number: among those of its role.
        ranks: vLLM engines in it.

    Attributes:
        target: where it is scraped.
        pool: its role and model.
        slowness: how many times slower than its peers it computes.
        legs: all that it holds.
        waiting: what it has not begun to compute, first come first served.
        id: its id in the cluster meta store.
    """

    def __init__(self, target: ScrapeTarget, number: int, ranks: int) -> None:
        assert target.pool is not None
        self.target = target
        self.pool = target.pool
        self.slowness = 1.0
        self.ranks = tuple(str(rank) for rank in range(ranks))
        self.legs: dict[Leg, None] = {}
        self.waiting: deque[Leg] = deque()
        self._number = number
        self.id = engine_id(self.pool.role, number, 0)
        self._held = 0
        self._running = 0
        self._prefilling = 0
        self._active_tokens = 0

    @property
    def lrs_id(self) -> str:
        """``host:port`` by which the scheduler's local realtime state names it."""
        return self.target.instance

    @property
    def load(self) -> float:
        """Tokens of all that it holds, as a share of its capacity; can exceed 1."""
        return self._held / CAPACITY_TOKENS

    @property
    def reserved(self) -> float:
        """Share of the KV cache that what it computes will need in the end."""
        return self._active_tokens / CAPACITY_TOKENS

    @property
    def batch(self) -> int:
        """Requests that it computes."""
        return self._running

    def attach(self, leg: Leg) -> None:
        """Takes the leg in, not started yet."""
        self.legs[leg] = None
        self._held += leg.tokens

    def may_start(self, leg: Leg) -> bool:
        """Whether the leg may be computed now, as for batch size and KV cache."""
        prefills = leg.prefills
        return (
            self._running < MOST_RUNNING
            and (not prefills or self._prefilling < MOST_PREFILLS)
            and (self._active_tokens + leg.tokens <= MOST_RESERVED * CAPACITY_TOKENS or self._running == 0)
        )

    def start(self, leg: Leg, now: float) -> None:
        """Begins to compute the leg."""
        leg.started = now
        self._running += 1
        self._prefilling += leg.prefills
        self._active_tokens += leg.tokens

    def prefilled(self) -> None:
        """One of the prefills is done."""
        self._prefilling -= 1

    def detach(self, leg: Leg) -> None:
        """Lets the leg go, in whatever state it is."""
        del self.legs[leg]
        self._held -= leg.tokens
        if leg.started is None:
            if leg in self.waiting:
                self.waiting.remove(leg)
            return
        self._running -= 1
        self._active_tokens -= leg.tokens
        if leg.prefills and leg.first_token is None:
            self._prefilling -= 1

    def prefill_seconds(self, random: Random, tokens: int) -> float:
        """Time that a prefill of so many uncached tokens takes, in the company that it has now."""
        company = 1 + 0.3 * (self._prefilling - 1) + 0.005 * (self._running - 1)
        jitter = 0.9 + 0.2 * random.random()
        return round((0.02 + tokens / PREFILL_TOKENS_PER_SECOND) * company * jitter * self.slowness, 6)

    def gap_seconds(self) -> float:
        """The usual gap between tokens with the batch that it has now."""
        return (0.018 + 0.00045 * self._running) * self.slowness

    def come_back(self, elsewhere: bool) -> None:
        """A new process: empty, and elsewhere under another address and id."""
        self.legs.clear()
        self.waiting.clear()
        self._held = self._running = self._prefilling = self._active_tokens = 0
        if elsewhere:
            self.target = self.target.moved()
            self.id = engine_id(self.pool.role, self._number, self.target.process.life)

    def view(self, now: float, rank: str | None = None) -> View:
        """What it holds now; of one of its vLLM engines, or of all."""
        view = View(CAPACITY_TOKENS if rank is None else CAPACITY_TOKENS / len(self.ranks))
        for leg in self.legs:
            if rank is None or leg.rank == rank:
                _add(view, leg, now)
        return view


def _add(view: View, leg: Leg, now: float) -> None:
    prefills = leg.prefills
    decodes_here = leg.to_generate > 1
    tokens = leg.tokens_at(now)
    if prefills and leg.first_token is None:
        view.before_first_token += 1
        view.tokens_before_first_token += tokens
        if leg.started is None:
            view.waiting += 1
            view.waiting_prefill_tokens += tokens
            view.waiting_to_decode += decodes_here
            view.waiting_to_decode_tokens += tokens * decodes_here
        else:
            view.running += 1
            view.used_tokens += tokens
            view.prefilling += 1
            view.running_prefill_tokens += tokens
            # The last block of a prompt is allocated as it is reached.
            view.unallocated_prefill_tokens += tokens % BLOCK_TOKENS
            view.running_to_decode += decodes_here
            view.running_to_decode_tokens += tokens * decodes_here
    elif leg.started is not None:
        view.running += 1
        view.used_tokens += tokens
        view.decode_tokens += tokens
    elif leg.loading_until is not None and now < leg.loading_until:
        view.loading += 1
        view.loading_tokens += tokens
    else:
        view.waiting += 1
        view.waiting_decodes += 1
        view.waiting_decode_tokens += tokens
    if now - leg.arrived < REPORT_DELAY:
        if prefills:
            view.inflight_prefills += 1
            view.inflight_prefill_tokens += leg.request.prompt_tokens
        else:
            view.inflight_decodes += 1
            view.inflight_decode_tokens += tokens
