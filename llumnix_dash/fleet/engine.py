"""An engine instance: what it holds, what it may start, how fast it computes."""

from collections import deque
from dataclasses import dataclass
from random import Random

from llumnix_dash.fleet.requests import Leg
from llumnix_dash.fleet.target import LRS_PORT, Target, engine_id

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


@dataclass(slots=True)
class View:
    """An instance as it is at one moment; counts of requests and of tokens.

    The names are those of the cluster meta store's metrics as far as they go.
    """

    capacity: float = CAPACITY_TOKENS
    running: int = 0
    prefilling: int = 0
    waiting: int = 0
    loading: int = 0
    waiting_decodes: int = 0
    inflight_prefills: int = 0
    inflight_decodes: int = 0
    used_tokens: int = 0
    waiting_prefill_tokens: int = 0
    running_prefill_tokens: int = 0
    loading_tokens: int = 0
    waiting_decode_tokens: int = 0
    decode_tokens: int = 0
    inflight_prefill_tokens: int = 0
    inflight_decode_tokens: int = 0
    waiting_to_decode: int = 0
    running_to_decode: int = 0
    waiting_to_decode_tokens: int = 0
    running_to_decode_tokens: int = 0
    unallocated_prefill_tokens: int = 0
    before_first_token: int = 0
    tokens_before_first_token: int = 0

    @property
    def decoding(self) -> int:
        """Requests that are being decoded."""
        return self.running - self.prefilling

    @property
    def waiting_or_loading(self) -> int:
        """Requests that wait, for their turn or for their KV cache."""
        return self.waiting + self.loading

    @property
    def requests(self) -> int:
        """All that it holds."""
        return self.running + self.waiting + self.loading

    @property
    def past_first_token(self) -> int:
        """Requests whose first token has come."""
        return self.requests - self.before_first_token

    @property
    def tokens(self) -> int:
        """Tokens of all that it holds."""
        return self.used_tokens + self.waiting_prefill_tokens + self.loading_tokens + self.waiting_decode_tokens

    @property
    def tokens_past_first_token(self) -> int:
        """Of these, the tokens of requests whose first token has come."""
        return self.tokens - self.tokens_before_first_token

    @property
    def inflight(self) -> int:
        """Requests that the engine has not reported yet."""
        return self.inflight_prefills + self.inflight_decodes

    @property
    def prefill_tokens(self) -> int:
        """Prompt tokens yet to be computed."""
        return self.waiting_prefill_tokens + self.running_prefill_tokens

    @property
    def all_decode_tokens(self) -> int:
        """Tokens of the requests that are, or will be, decoded."""
        return self.decode_tokens + self.loading_tokens + self.waiting_decode_tokens

    @property
    def usage(self) -> float:
        """Share of the KV cache in use."""
        return min(1.0, round(self.used_tokens / self.capacity, 4))

    @property
    def projected_usage(self) -> float:
        """The same, with what is on its way."""
        return min(1.0, round(self.tokens / self.capacity, 4))


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

    def __init__(self, target: Target, number: int, ranks: int) -> None:
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
        return f"{self.target.host}:{LRS_PORT}"

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
