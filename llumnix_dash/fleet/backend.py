"""The engines at work: waiting, prefill, the KV cache's way to the decode engine, decode, moves between engines."""

import math
from collections.abc import Callable

from llumnix_dash.catalog import scheduler, vllm
from llumnix_dash.fleet import chance, draws
from llumnix_dash.fleet.chance import Chance
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.engine import BUSY, Engine, Leg, Request
from llumnix_dash.fleet.gaps import Gaps, total
from llumnix_dash.fleet.record import engine as at_engine
from llumnix_dash.fleet.target import ScrapeTarget

# The scheduler takes the least loaded of so many engines, from a drawn one on: equals share the load.
MOST_COMPARED = 4
KV_TRANSFER_SECONDS_PER_TOKEN = 20e-6
PREEMPTION_USAGE = 0.97
PREEMPTION_SECONDS = 0.25
# Labels of a rescheduling: which rule chose the request, and in which order.
RESCHEDULING_RULE = ("TOKEN", "SR")


class Backend:
    """All engines of a deployment.

    Args:
        stages: of each model, the engines by the stages that a request passes: one list, or prefill and decode.
        schedulers: whose reschedulings move requests.
        clock: on which everything happens.
        draw: the source of what is drawn.
        done: called with a request and its HTTP status when the engines are done with it.
        freed: called with the model when an engine may take more.
    """

    def __init__(
        self,
        *,
        stages: dict[str, list[list[Engine]]],
        schedulers: list[ScrapeTarget],
        clock: Clock,
        draw: Chance,
        done: Callable[[Request, str], None],
        freed: Callable[[str], None],
    ) -> None:
        self._stages = stages
        self._schedulers = schedulers
        self._clock = clock
        self._draw = draw
        self._done = done
        self._freed = freed

    def has_room(self, model: str) -> bool:
        """Whether an engine of each stage would take a request now."""
        return all(any(map(self._takes_more, engines)) for engines in self._stages[model])

    def choose(self, model: str) -> list[Engine] | None:
        """The engines that a request would pass now, in order; None where all of a stage are busy or down."""
        chosen = []
        for engines in self._stages[model]:
            engine = self._least_loaded(engines)
            if engine is None:
                return None
            chosen.append(engine)
        return chosen

    def dispatch(self, request: Request) -> None:
        """Hands the request to the first of its engines."""
        first = request.engines[0]
        if first.target.process.is_up(self._clock.now):
            self._begin(request, first, request.wanted_tokens if len(request.engines) == 1 else 1)
        else:
            self._done(request, "502")

    def predict(self, engine: Engine, request: Request) -> tuple[float, float]:
        """TTFT and TPOT in milliseconds that the scheduler predicts there; +Inf where it fails."""
        if self._draw.random.random() < chance.FAILED_PREDICTIONS:
            return math.inf, math.inf
        prefill = engine.prefill_seconds(self._draw.random, request.prompt_tokens - request.cached_tokens)
        return round(prefill * 1000, 3), round(engine.gap_seconds() * 1000, 3)

    def restart(self, engine: Engine, down: float, elsewhere: bool) -> None:
        """The engine's process ends, and with it all that it holds; a new one comes, perhaps at another address."""
        legs = list(engine.legs)
        engine.target.process.restart(self._clock.now, down)
        engine.come_back(elsewhere)
        at_engine.started(engine)
        for leg in legs:
            leg.finished = self._clock.now
            self._done(leg.request, "502")

    def _takes_more(self, engine: Engine) -> bool:
        return engine.load < BUSY and engine.target.process.is_up(self._clock.now)

    def _least_loaded(self, engines: list[Engine]) -> Engine | None:
        if not engines:
            return None
        start = self._draw.one_of(len(engines))
        in_turn = engines[start:] + engines[:start]
        free: list[Engine] = []
        if len(engines) > MOST_COMPARED:
            # The better of a few drawn ones is nearly as good as the best, and quick in a large fleet.
            free = [one for one in in_turn[:MOST_COMPARED] if self._takes_more(one)]
        free = free or [one for one in in_turn if self._takes_more(one)]
        return min(free, key=_load) if free else None

    def _begin(self, request: Request, engine: Engine, tokens: int, transfer: float | None = None) -> None:
        """The request reaches an engine; ``transfer`` is the time of the KV cache's way for one that only decodes."""
        now = self._clock.now
        rank = engine.ranks[self._draw.one_of(len(engine.ranks))]
        leg = Leg(request, engine, engine.target.instance, rank, now, tokens)
        request.legs.append(leg)
        engine.attach(leg)
        if transfer is None:
            self._wait(leg)
        else:
            leg.loading_until = round(now + transfer, 6)
            self._clock.at(leg.loading_until, self._wait, leg)

    def _wait(self, leg: Leg) -> None:
        if leg.finished is None:
            leg.engine.waiting.append(leg)
            self._fill(leg.engine)

    def _fill(self, engine: Engine) -> None:
        """Starts what the engine may start."""
        while engine.waiting and engine.may_start(engine.waiting[0]):
            leg = engine.waiting.popleft()
            engine.start(leg, self._clock.now)
            if leg.prefills:
                uncached = leg.request.prompt_tokens - leg.request.cached_tokens
                seconds = engine.prefill_seconds(self._draw.random, uncached)
            else:
                seconds = engine.gap_seconds()
            self._clock.after(seconds, self._first_token, leg)

    def _first_token(self, leg: Leg) -> None:
        if leg.finished is not None:
            return
        now, request, engine = self._clock.now, leg.request, leg.engine
        leg.first_token = now
        if leg.prefills:
            engine.prefilled()
        if request.first_token is None:
            request.first_token = now
        else:
            # The gap between the last token of one engine and the first of the next.
            request.gaps.append((round(now - request.last_token, 6), 1))
        request.last_token = now
        wanted = leg.to_generate
        if request.aborted and leg.is_last:
            wanted = 1 + self._draw.one_of(wanted)
        leg.batch = engine.batch
        leg.generated = wanted
        leg.gaps = draws.gaps(self._draw.random, wanted - 1, engine.gap_seconds())
        self._perhaps_preempt(leg)
        leg.decode_seconds = total(leg.gaps)
        if wanted > 8 and not leg.prefills and not request.aborted and self._draw.rarely(chance.RESCHEDULINGS):
            half = [(gap, times // 2) for gap, times in leg.gaps if times >= 2]
            self._clock.after(total(half), self._move, leg, half)
        self._clock.after(leg.decode_seconds, self._finish, leg)
        self._fill(engine)

    def _perhaps_preempt(self, leg: Leg) -> None:
        """Where the engine's KV cache is full it may put the leg back: one of the gaps is then a stall."""
        if (
            not leg.gaps
            or leg.engine.reserved < PREEMPTION_USAGE
            or not self._draw.rarely(chance.PREEMPTIONS_WHEN_FULL)
        ):
            return
        leg.engine.target.process.increase(vllm.PREEMPTIONS, leg.engine.pool.model_name, leg.rank)
        gap, times = leg.gaps.pop()
        leg.gaps += [(gap, times - 1)] * (times > 1) + [(round(gap + PREEMPTION_SECONDS, 6), 1)]

    def _move(self, leg: Leg, done: Gaps) -> None:
        """The scheduler moves a request that has been decoded so far to the least loaded of the other engines."""
        request = leg.request
        process = self._schedulers[request.scheduler].process
        if leg.finished is not None or not process.is_up(self._clock.now):
            return
        engine = self._least_loaded([one for one in self._stages[request.model][-1] if one is not leg.engine])
        if engine is None or self._draw.rarely(chance.FAILURES_AMONG_RESCHEDULINGS):
            process.increase(scheduler.FAILED_RESCHEDULINGS)
            return
        process.increase(scheduler.RESCHEDULINGS, *RESCHEDULING_RULE)
        leg.gaps = done
        leg.decode_seconds = total(done)
        leg.generated = 1 + sum(times for _, times in done)
        self._end(leg, "abort")
        transfer = (request.prompt_tokens + leg.generated) * KV_TRANSFER_SECONDS_PER_TOKEN
        self._begin(request, engine, leg.to_generate - leg.generated, transfer)

    def _finish(self, leg: Leg) -> None:
        if leg.finished is not None:
            return
        request = leg.request
        if leg.is_last and request.aborted:
            reason = "abort"
        else:
            # The engine is asked for one token only where another decodes; one answer in eight meets its limit.
            reason = "length" if not leg.is_last or request.wanted_tokens % 8 == 0 else "stop"
        self._end(leg, reason)
        if leg.is_last:
            self._done(request, "200")
        elif request.engines[1].target.process.is_up(self._clock.now):
            transfer = request.prompt_tokens * KV_TRANSFER_SECONDS_PER_TOKEN
            self._begin(request, request.engines[1], request.wanted_tokens - 1, transfer)
        else:
            self._done(request, "502")

    def _end(self, leg: Leg, reason: str) -> None:
        now = self._clock.now
        leg.finished = now
        leg.reason = reason
        request = leg.request
        request.gaps += leg.gaps
        request.output_tokens += leg.generated
        request.last_token = now
        leg.engine.detach(leg)
        at_engine.left(leg.engine.target.process, leg)
        self._fill(leg.engine)
        self._freed(request.model)


def _load(engine: Engine) -> float:
    return engine.load
