"""The engines at work: waiting, prefill, the KV cache's way to the decode engine, decode, moves between engines."""

from collections.abc import Callable
from typing import Literal

from llumnix_dash.catalog import vllm
from llumnix_dash.fleet import chance, draws
from llumnix_dash.fleet.chance import Chance
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.engine import Engine, Leg, Request
from llumnix_dash.fleet.gaps import Gaps, total, until
from llumnix_dash.fleet.record import engine as at_engine
from llumnix_dash.fleet.record import scheduler as at_scheduler
from llumnix_dash.fleet.target import ScrapeTarget

# The scheduler takes the least loaded of so many engines, from a drawn one on: equals share the load.
MOST_COMPARED = 4
KV_TRANSFER_SECONDS_PER_TOKEN = 20e-6
PREEMPTION_USAGE = 0.97
PREEMPTION_SECONDS = 0.25
# Labels of a rescheduling: which rule chose the request, and in which order.
RESCHEDULING_RULE = ("TOKEN", "SR")
# An instance that stands still is chosen until its status is so old.
STALE_SECONDS = 60.0

Outcome = Literal["finished", "refused", "lost", "stalled"]


class Backend:
    """All engines of a deployment.

    Args:
        stages: of each model, the engines by the stages that a request passes: one list, or prefill and decode.
        schedulers: whose reschedulings move requests.
        clock: on which everything happens.
        draw: the source of what is drawn.
        done: called with a request when the engines are done with it, well or not, or give no more of it (stalled).
    """

    def __init__(
        self,
        *,
        stages: dict[str, list[list[Engine]]],
        schedulers: list[ScrapeTarget],
        clock: Clock,
        draw: Chance,
        done: Callable[[Request, Outcome], None],
    ) -> None:
        self._stages = stages
        self._schedulers = schedulers
        self._clock = clock
        self._draw = draw
        self._done = done
        self._turn = 0

    def stages(self, model: str) -> int:
        """How many engines a request for this model passes."""
        return len(self._stages[model])

    def choose(self, model: str) -> list[Engine]:
        """The engines that the scheduler finds for a request, in order: none for a stage whose engines are all gone."""
        found = (self._least_loaded(engines) for engines in self._stages[model])
        return [engine for engine in found if engine is not None]

    def in_turn(self, model: str) -> list[Engine]:
        """The engines that a gateway takes by itself: of those that discovery knows, the next of each stage."""
        self._turn += 1
        known = (
            [one for one in engines if one.target.process.is_up(self._clock.now)] for engines in self._stages[model]
        )
        return [engines[self._turn % len(engines)] for engines in known if engines]

    def dispatch(self, request: Request) -> None:
        """Hands the request to the first of its engines."""
        first = request.engines[0]
        if first.target.process.is_up(self._clock.now):
            self._begin(request, first, request.wanted_tokens if len(request.engines) == 1 else 1)
        else:
            self._done(request, "refused")

    def abandon(self, request: Request) -> None:
        """The gateway has closed the connection: its client left, or it waited long enough."""
        for leg in request.legs:
            if leg.finished is None:
                self._cut(leg)
                self._end(leg, "abort")

    def stall(self, engine: Engine) -> None:
        """The engine stands still from now on: it is there, and gives no more."""
        engine.hung = self._clock.now
        for leg in engine.legs:
            self._cut(leg)
            self._done(leg.request, "stalled")

    def restart(self, engine: Engine, down: float, elsewhere: bool) -> None:
        """The engine's process ends, and with it all that it holds; a new one comes, perhaps at another address."""
        legs = list(engine.legs)
        engine.target.process.restart(self._clock.now, down)
        engine.come_back(elsewhere)
        at_engine.started(engine)
        for leg in legs:
            self._cut(leg)
            leg.finished = self._clock.now
            _deliver(leg)
            self._done(leg.request, "lost")

    def _is_known(self, engine: Engine) -> bool:
        now = self._clock.now
        return engine.target.process.is_up(now) and (engine.hung is None or now - engine.hung < STALE_SECONDS)

    def _least_loaded(self, engines: list[Engine]) -> Engine | None:
        if not engines:
            return None
        start = self._draw.one_of(len(engines))
        in_turn = engines[start:] + engines[:start]
        free: list[Engine] = []
        if len(engines) > MOST_COMPARED:
            # The better of a few drawn ones is nearly as good as the best, and quick in a large fleet.
            free = [one for one in in_turn[:MOST_COMPARED] if self._is_known(one)]
        free = free or [one for one in in_turn if self._is_known(one)]
        return min(free, key=_load) if free else None

    def _begin(self, request: Request, engine: Engine, tokens: int, transfer: float | None = None) -> None:
        """The request reaches an engine; ``transfer`` is the time of the KV cache's way for one that only decodes."""
        now = self._clock.now
        leg = Leg(request, engine, engine.target.instance, engine.rank_of(request), now, tokens)
        request.legs.append(leg)
        engine.attach(leg)
        if engine.hung is not None:
            self._done(request, "stalled")
        elif transfer is None:
            self._wait(leg)
        else:
            leg.loading_until = round(now + transfer, 6)
            self._clock.at(leg.loading_until, self._wait, leg)

    def _wait(self, leg: Leg) -> None:
        if leg.finished is None and leg.engine.hung is None:
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
        if leg.finished is not None or leg.engine.hung is not None:
            return
        now, request, engine = self._clock.now, leg.request, leg.engine
        leg.first_token = now
        if leg.prefills:
            engine.prefilled()
        if leg.is_last:
            if request.first_token is None:
                request.first_token = now
            else:
                # The gap between the last token of one engine and the first of the next.
                request.gaps.append((round(now - request.last_token, 6), 1))
            request.last_token = now
        wanted = leg.to_generate
        leg.batch = engine.batch
        leg.generated = wanted
        leg.gaps = draws.gaps(self._draw.random, wanted - 1, engine.gap_seconds())
        self._perhaps_preempt(leg)
        leg.decode_seconds = total(leg.gaps)
        if wanted > 8 and not leg.prefills and self._draw.rarely(chance.RESCHEDULINGS):
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
        leg.engine.target.process.increase(vllm.PREEMPTIONS, leg.request.model, leg.rank)
        gap, times = leg.gaps.pop()
        leg.gaps += [(gap, times - 1)] * (times > 1) + [(round(gap + PREEMPTION_SECONDS, 6), 1)]

    def _move(self, leg: Leg, done: Gaps) -> None:
        """The scheduler moves a request that has been decoded so far to the least loaded of the other engines."""
        request = leg.request
        process = self._schedulers[request.scheduler].process
        if leg.finished is not None or leg.engine.hung is not None or not process.is_up(self._clock.now):
            return
        engine = self._least_loaded([one for one in self._stages[request.model][-1] if one is not leg.engine])
        failed = engine is None or self._draw.rarely(chance.FAILURES_AMONG_RESCHEDULINGS)
        at_scheduler.rescheduled(process, RESCHEDULING_RULE, failed=failed)
        if engine is None or failed:
            return
        leg.gaps = done
        leg.decode_seconds = total(done)
        leg.generated = 1 + sum(times for _, times in done)
        self._end(leg, "abort")
        transfer = (request.prompt_tokens + leg.generated) * KV_TRANSFER_SECONDS_PER_TOKEN
        self._begin(request, engine, leg.to_generate - leg.generated, transfer)

    def _finish(self, leg: Leg) -> None:
        if leg.finished is not None or leg.engine.hung is not None:
            return
        request = leg.request
        # The engine is asked for one token only where another decodes; one answer in eight meets its limit.
        reason = "length" if not leg.is_last or request.wanted_tokens % 8 == 0 else "stop"
        self._end(leg, reason)
        if leg.is_last:
            self._done(request, "finished")
        elif request.engines[1].target.process.is_up(self._clock.now):
            transfer = request.prompt_tokens * KV_TRANSFER_SECONDS_PER_TOKEN
            self._begin(request, request.engines[1], request.wanted_tokens, transfer)
        else:
            self._done(request, "lost")

    def _end(self, leg: Leg, reason: str) -> None:
        now = self._clock.now
        leg.finished = now
        leg.reason = reason
        _deliver(leg)
        if leg.engine.hung is None:
            leg.engine.detach(leg)
            at_engine.left(leg.engine.target.process, leg)
            self._fill(leg.engine)

    def _cut(self, leg: Leg) -> None:
        """Nothing comes of the leg after now."""
        if leg.first_token is not None and leg.engine.hung in {None, self._clock.now}:
            leg.gaps = until(leg.gaps, self._clock.now - leg.first_token)
            leg.decode_seconds = total(leg.gaps)
            leg.generated = 1 + sum(times for _, times in leg.gaps)


def _deliver(leg: Leg) -> None:
    """The gateway has had all that an engine generated; a prefill engine's own token is for no client."""
    request = leg.request
    if leg.is_last and leg.first_token is not None:
        request.gaps += leg.gaps
        request.output_tokens += leg.generated
        request.last_token = round(leg.first_token + leg.decode_seconds, 6)


def _load(engine: Engine) -> float:
    return engine.load
