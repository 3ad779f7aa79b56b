"""Each request, and the engines: what they hold and how fast they compute.

Times are seconds on the simulation's clock (0 is the first sample), durations are in the unit of the field's name.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from llumnix_dash.fleet.cases import Case
from llumnix_dash.fleet.gaps import Gaps
from llumnix_dash.fleet.leg import Leg
from llumnix_dash.fleet.process import Process
from llumnix_dash.fleet.target import ScrapeTarget, engine_id
from llumnix_dash.fleet.view import View

CAPACITY_TOKENS = 40_000
MOST_RUNNING = 64
MOST_PREFILLS = 2
# What is computed may need more in the end than there is, as few are at their end at once.
MOST_RESERVED = 1.15
PREFILL_TOKENS_PER_SECOND = 8_000
# What has left is kept for those who read of it late: the store's readers, who come every 5 s at the latest.
LOOK_BACK_SECONDS = 20.0
# Hosts were started days apart.
BOOTED = -20 * 86_400.0 - 1_234.5
BOOTED_APART = 3 * 86_400.0 + 567.25


@dataclass(slots=True, eq=False)
class Request:
    """One request, from its arrival at the gateway to its answer.

    Attributes:
        namespace: of the deployment.
        model: what was asked.
        gateway: number of the replica that took it.
        scheduler: number of the replica that was asked last.
        arrived: when it came.
        prompt_tokens: length of the prompt.
        wanted_tokens: length of the whole answer.
        output_tokens: length of the answer as the gateway counts it: less where it was cut, 0 where others answered.
        streamed: whether the client asked for a stream; the engine always sends one.
        external: whether a route leads it past the engines.
        preprocess_milliseconds: and the other stages, as fractions; the metrics have whole milliseconds.
        queued: when preprocessing was done and it asked for a place in the queue.
        entered: when it got one.
        taken: when a worker took it from the queue.
        released: when that worker was free again.
        queue_milliseconds: 0 where it was never taken, or its client had left by then.
        schedule_milliseconds: 0 where no engine was asked for, or its client had left by then.
        postprocess_milliseconds: 0 where there was no answer.
        schedulings: when a scheduler found engines for it: once a try.
        failed_schedulings: when a scheduler found none, and its ``error_type``.
        aborted: whether the client has gone before the end.
        cached_percent: share of the prompt that the chosen instance has in its prefix cache.
        hit_percent: the same as the scheduler's index tells it: 0 for short prompts.
        max_hit_percent: best hit of any instance; None where the index was not asked.
        retries: what made the gateway try again, one entry a try.
        dispatched: when the gateway first handed it to an engine.
        first_token: when the gateway had the first event of the answer.
        first_error: when it had an error, or its client's leaving, in place of that; the last one, if several.
        last_token: when the last token so far came.
        gaps: between tokens, as the gateway saw them.
        error_gap: seconds from the last token to the error that broke the answer off.
        engines: those that it was to pass: one, or one for prefill and one for decode.
        legs: the engines' parts.
        finished: when it was recorded at the gateway.
        lost: when its gateway died; it is recorded nowhere.
        case: how it ended.
        status: as the gateway counts it; empty while under way, and for ever where its gateway died.
    """

    namespace: str | None
    model: str
    gateway: int
    arrived: float
    prompt_tokens: int
    wanted_tokens: int
    output_tokens: int = 0
    streamed: bool = True
    external: bool = False
    preprocess_milliseconds: float = 0.0
    queued: float = 0.0
    entered: float | None = None
    taken: float | None = None
    released: float | None = None
    queue_milliseconds: float = 0.0
    schedule_milliseconds: float = 0.0
    postprocess_milliseconds: float = 0.0
    scheduler: int = 0
    schedulings: list[float] = field(default_factory=list)
    failed_schedulings: list[tuple[float, str]] = field(default_factory=list)
    cached_percent: float = 0.0
    hit_percent: float = 0.0
    max_hit_percent: float | None = None
    aborted: bool = False
    retries: list[str] = field(default_factory=list)
    dispatched: float | None = None
    first_token: float | None = None
    first_error: float | None = None
    last_token: float = 0.0
    gaps: Gaps = field(default_factory=list)
    error_gap: float | None = None
    engines: "list[Engine]" = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    finished: float | None = None
    lost: float | None = None
    case: Case | None = None
    status: str = ""

    @property
    def cached_tokens(self) -> int:
        """Prompt tokens that the chosen instance found in its prefix cache."""
        return int(self.prompt_tokens * self.cached_percent / 100)

    @property
    def expected_tokens(self) -> int:
        """Prompt tokens that the scheduler expects to be in its prefix cache."""
        return min(self.prompt_tokens, int(self.prompt_tokens * self.hit_percent / 100))

    @property
    def scheduled(self) -> float | None:
        """When a scheduler last found engines for it; None where none did."""
        return self.schedulings[-1] if self.schedulings else None

    @property
    def ok(self) -> bool:
        """Whether it counts as 200, which a stream that broke does too."""
        return self.status == "200"

    @property
    def ttft_milliseconds(self) -> int:
        """From the first handing over to an engine to the first event or error; 0 where neither came."""
        first = self.first_error if self.first_token is None else self.first_token
        return _whole(first - self.dispatched) if first is not None and self.dispatched is not None else 0

    @property
    def e2e_seconds(self) -> float:
        """From arrival to the last byte."""
        return round((self.finished or self.arrived) - self.arrived, 6)

    @property
    def tpot_milliseconds(self) -> int | None:
        """What the gateway records: E2E less TTFT, by the tokens after the first; None where there are none.

        So preprocessing, queue and scheduling are in it.
        """
        if self.output_tokens < 2:
            return None
        return (_whole(self.e2e_seconds) - self.ttft_milliseconds) // (self.output_tokens - 1)

    @property
    def event_gaps(self) -> list[tuple[int, int]]:
        """The gaps between the engine's events that the gateway records: (whole milliseconds, how many of them).

        After the last token of a good answer come its usage and ``[DONE]``, in place of them an error.
        """
        seen = [(_whole(gap), times) for gap, times in self.gaps]
        if self.case in {Case.ANSWERED, Case.RETRIED}:
            seen.append((0, 2))
        if self.error_gap is not None:
            seen.append((_whole(self.error_gap), 1))
        return seen


def _whole(seconds: float) -> int:
    """Whole milliseconds, rounded down."""
    return int(round(seconds * 1000, 3))


class Engine:
    """One engine instance.

    Args:
        target: where it is scraped.
        ranks: vLLM engines in it.
        number: among those of its role.
        epoch: seconds since the epoch when the simulation's clock was at 0.
        version: of vLLM.
        hybrid: whether HybridConnector brings the KV cache, which holds a request until it is there.

    Attributes:
        target: where it is scraped.
        pool: its role and model.
        version: of vLLM.
        hybrid: whether HybridConnector holds what waits for its KV cache.
        booted: when its host started: vLLM takes its durations from the host's clock, which begins there.
        slowness: how many times slower than its peers it computes.
        legs: all that it holds.
        left: what it held until some seconds ago, for those who look back.
        waiting: what it has not begun to compute, first come first served.
        idle_since: when each rank had nothing left to do.
        hung: since when it stands still and tells nothing of itself, though it is there; None while it works.
        farewells: called with it when its process ends, while it still has its id and all that it held.
        id: its id in the cluster meta store, without a rank.
    """

    def __init__(
        self,
        target: ScrapeTarget,
        *,
        number: int,
        ranks: int,
        epoch: int,
        version: str = "0.18",
        hybrid: bool = False,
    ) -> None:
        assert target.pool is not None
        self.target = target
        self.pool = target.pool
        self.version = version
        self.hybrid = hybrid
        self.booted = BOOTED - BOOTED_APART * number
        self.slowness = 1.0
        self.ranks = tuple(str(rank) for rank in range(ranks))
        self.legs: dict[Leg, None] = {}
        self.left: deque[Leg] = deque()
        self.waiting: deque[Leg] = deque()
        self.idle_since = dict.fromkeys(self.ranks, target.process.started)
        self.hung: float | None = None
        self.farewells: list[Callable[[Engine], None]] = []
        self._number = number
        self._epoch = epoch
        self.id = self._new_id()
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

    def rank_of(self, request: Request) -> str:
        """Which of its vLLM engines takes the request."""
        return self.ranks[int(request.arrived * 1e6) % len(self.ranks)]

    def attach(self, leg: Leg) -> None:
        """Takes the leg in, not started yet."""
        self.legs[leg] = None
        self._held += leg.tokens

    def may_start(self, leg: Leg) -> bool:
        """Whether the leg may be computed now, as for batch size and KV cache."""
        prefills = leg.prefills
        return (
            self._running < MOST_RUNNING and (not prefills or self._prefilling < MOST_PREFILLS) and self.has_blocks(leg)
        )

    def has_blocks(self, leg: Leg) -> bool:
        """Whether the leg's KV cache finds its place now; there is always one in an engine that computes nothing."""
        return self._running == 0 or self._active_tokens + leg.tokens <= MOST_RESERVED * CAPACITY_TOKENS

    def speaks(self, server: ScrapeTarget, rank: str) -> bool:
        """Whether outputs of this rank go to the API server now: the scheduler's stats travel with them alone."""
        return any(leg.outputs and leg.server is server and leg.rank == rank for leg in self.legs)

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
        if leg.finished is not None:
            self.left.append(leg)
            self.idle_since[leg.rank] = leg.finished
            while (self.left[0].finished or 0.0) < leg.finished - LOOK_BACK_SECONDS:
                self.left.popleft()
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
        """A new process: empty, with a new id, and elsewhere at another address."""
        self.legs.clear()
        self.left.clear()
        self.waiting.clear()
        self.hung = None
        self._held = self._running = self._prefilling = self._active_tokens = 0
        if elsewhere:
            self.target = self.target.moved()
        self.idle_since = dict.fromkeys(self.ranks, self.target.process.down_until)
        self.id = self._new_id()

    def _new_id(self) -> str:
        process = self.target.process
        # One that does not come back has an id that nobody learns.
        started = process.down_until if math.isfinite(process.down_until) else process.started
        return engine_id(self.pool, self._epoch * 10**9 + round(started * 1e9))

    def retire(self) -> "Engine":
        """Its pod, which works on with all that it holds and is no target any more; this engine is empty after it."""
        process = self.target.process
        target = replace(self.target, process=Process(list(process.metrics.values()), process.started))
        old = Engine(
            target,
            number=self._number,
            ranks=len(self.ranks),
            epoch=self._epoch,
            version=self.version,
            hybrid=self.hybrid,
        )
        old.id, old.slowness, old.legs, old.waiting = self.id, self.slowness, self.legs, self.waiting
        old.left, old.idle_since, old.farewells = self.left, self.idle_since, self.farewells
        old._held, old._running = self._held, self._running
        old._prefilling, old._active_tokens = self._prefilling, self._active_tokens
        for leg in old.legs:
            leg.engine = old
            leg.server = target if leg.server is self.target else leg.server
        self.legs, self.waiting, self.left = {}, deque(), deque()
        return old

    def view(self, now: float, rank: str | None = None) -> View:
        """What it holds now; of one of its vLLM engines, or of all."""
        view = View(CAPACITY_TOKENS if rank is None else CAPACITY_TOKENS / len(self.ranks))
        for leg in self.legs:
            if rank is None or leg.rank == rank:
                _add(view, leg, now)
        return view


def _add(view: View, leg: Leg, now: float) -> None:
    if leg.started is not None:
        view.running += 1
        view.used_tokens += leg.tokens_at(now)
    elif leg.loading_until is not None and now < leg.loading_until:
        view.loading += 1
        view.loading_tokens += leg.tokens_at(now)
    else:
        view.waiting += 1
