"""What truly happened: each request, and each engine's part of it.

Times are seconds on the simulation's clock (0 is the first sample), durations are in the unit of the field's name.
"""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llumnix_dash.fleet.engine import Engine

# Gaps between tokens: (seconds, how many of them).
Gaps = list[tuple[float, int]]


def total(gaps: Gaps) -> float:
    """The time that the gaps take together, in seconds; of the exact sum, as ``sum`` differs between Pythons."""
    return round(math.fsum(gap * times for gap, times in gaps), 6)


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
        scheduler: number of the replica that scheduled it, or refused to.
        arrived: when it came.
        prompt_tokens: length of the prompt.
        wanted_tokens: length of the whole answer.
        output_tokens: length of the answer as the client got it: less where it was aborted or failed.
        preprocess_milliseconds: and the other stages, as fractions; the metrics have whole milliseconds.
        queued: when preprocessing was done and it asked for its turn.
        queue_milliseconds: 0 where it was never queued.
        schedule_milliseconds: 0 where no scheduler was asked.
        postprocess_milliseconds: 0 where there was no answer.
        scheduled: when the scheduler answered, well or not.
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
    scheduler: int | None = None
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
