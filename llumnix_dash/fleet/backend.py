"""The engines at work: waiting, prefill, the KV cache's way to the decode engine, decode, moves between engines."""

import math
from collections.abc import Callable
from typing import Literal

from llumnix_dash.fleet import chance, draws
from llumnix_dash.fleet.chance import Chance
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.engine import Engine, Request
from llumnix_dash.fleet.gaps import total
from llumnix_dash.fleet.leg import Leg
from llumnix_dash.fleet.parts import Deployment
from llumnix_dash.fleet.record import engine as at_engine
from llumnix_dash.fleet.record import scheduler as at_scheduler
from llumnix_dash.fleet.target import ScrapeTarget

# The scheduler takes the least loaded of so many engines, from a drawn one on: equals share the load.
MOST_COMPARED = 4
KV_TRANSFER_SECONDS_PER_TOKEN = 20e-6
PREEMPTION_USAGE = 0.97
PREEMPTION_SECONDS = 0.25
# What one step computes of prompts: a longer one takes several, and all but the last of them have no output.
STEP_TOKENS = 2048
# Of the requests that are decoded, where a deployment reschedules.
MOVES = 0.03
# A pod that is to end works on for so long, and is then killed.
GRACE_SECONDS = 300.0
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
        deployment: how KV caches go from prefill to decode, and whether requests are moved.
        clock: on which everything happens.
        draw: the source of what is drawn.
        done: called with a request when the engines are done with it, well or not, or give no more of it (stalled).
    """

    def __init__(
        self,
        *,
        stages: dict[str, list[list[Engine]]],
        schedulers: list[ScrapeTarget],
        deployment: Deployment,
        clock: Clock,
        draw: Chance,
        done: Callable[[Request, Outcome], None],
    ) -> None:
        self._stages = stages
        self._schedulers = schedulers
        self._batch = deployment.transfer == "kvt-batch"
        self._reschedules = deployment.reschedules
        self._clock = clock
        self._draw = draw
        self._done = done
        self._turn = 0

    def stages(self, model: str) -> int:
        """How many engines a request for this model passes."""
        return len(self._stages_of(model))

    def serves(self, model: str) -> bool:
        """Whether the engines know the model: of one that they do not know they say so themselves."""
        return model in self._stages

    def choose(self, model: str) -> list[Engine]:
        """The engines that the scheduler finds for a request, in order: none for a stage whose engines are all gone."""
        found = (self._least_loaded(engines) for engines in self._stages_of(model))
        return [engine for engine in found if engine is not None]

    def in_turn(self, model: str) -> list[Engine]:
        """The engines that a gateway takes by itself: of those that discovery knows, the next of each stage."""
        self._turn += 1
        now = self._clock.now
        known = ([one for one in engines if one.target.process.is_up(now)] for engines in self._stages_of(model))
        return [engines[self._turn % len(engines)] for engines in known if engines]

    def dispatch(self, request: Request) -> None:
        """Hands the request to its engines: to both at once with ``kvt-batch``, else to the first."""
        needed = request.engines if self._batch else request.engines[:1]
        if not all(one.target.process.is_up(self._clock.now) for one in needed):
            self._done(request, "refused")
            return
        first = request.engines[0]
        if len(request.engines) == 1:
            self._begin(request, first, request.wanted_tokens, first.target)
        elif self._batch:
            # The outputs of the prefill engine are dropped: it tells nobody what it does.
            self._begin(request, first, 1, None)
            decode = request.engines[1]
            self._begin(request, decode, request.wanted_tokens, decode.target, loading_until=math.inf)
        else:
            self._begin(request, first, 1, first.target)

    def abandon(self, request: Request) -> None:
        """The gateway has closed the connection: the engines let the request go, and no metric tells that it ended."""
        for leg in request.legs:
            if leg.finished is None:
                self._drop(leg)

    def stall(self, engine: Engine) -> None:
        """The engine stands still from now on: it is there, and gives no more."""
        now = engine.hung = self._clock.now
        for leg in engine.legs:
            at_engine.continued(leg, leg.gaps_by(now))
            leg.stopped = now
            self._done(leg.request, "stalled")

    def restart(self, engine: Engine, down: float, elsewhere: bool) -> None:
        """The engine's process ends, and with it all that it holds; a new one comes, perhaps at another address."""
        self._bury(engine)
        self._renew(engine, down, elsewhere)

    def replace(self, engine: Engine, down: float) -> Engine:
        """A new pod takes the engine's place; the old one works on unseen with what it has, and is then killed.

        Returns:
            The old one.
        """
        old = self._retire(engine)
        self._renew(engine, down, elsewhere=True)
        return old

    def remove(self, engine: Engine) -> Engine:
        """The engine's pod works on unseen with what it has, and is then killed; no other takes its place.

        Returns:
            The one that works on.
        """
        old = self._retire(engine)
        self._renew(engine, math.inf, elsewhere=False)
        engine.target.process.is_target = False
        return old

    def add(self, engine: Engine, down: float) -> None:
        """A pod that was not there before: a target at once, which answers when the model is loaded."""
        engine.target.process.is_target = True
        self._renew(engine, down, elsewhere=False)

    def _stages_of(self, model: str) -> list[list[Engine]]:
        # Neither gateway nor scheduler checks the name of a model.
        return self._stages.get(model) or next(iter(self._stages.values()))

    def _retire(self, engine: Engine) -> Engine:
        old = engine.retire()
        self._clock.after(GRACE_SECONDS, self._bury_for_good, old)
        return old

    def _bury(self, engine: Engine) -> None:
        """The engine's process ends: who wants to know is told while it still holds what it held."""
        for farewell in engine.farewells:
            farewell(engine)
        self._kill(engine)

    def _bury_for_good(self, engine: Engine) -> None:
        self._bury(engine)
        engine.target.process.restart(self._clock.now, math.inf)

    def _renew(self, engine: Engine, down: float, elsewhere: bool) -> None:
        engine.target.process.restart(self._clock.now, down)
        engine.come_back(elsewhere)
        at_engine.started(engine)

    def _kill(self, engine: Engine) -> None:
        """All that the engine holds is lost, and what moved on from it, as its client is connected to the engine."""
        moved = [
            leg
            for engines in self._stages[engine.pool.model]
            for other in engines
            for leg in other.legs
            if leg.moved_from and leg.moved_from.engine is engine
        ]
        for leg in [*engine.legs, *moved]:
            if leg.finished is None:
                self.abandon(leg.request)
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

    def _begin(
        self,
        request: Request,
        engine: Engine,
        tokens: int,
        server: ScrapeTarget | None,
        *,
        loading_until: float | None = None,
        moved_from: Leg | None = None,
    ) -> None:
        """The request reaches an engine, for so many tokens; ``loading_until`` is given for one that only decodes."""
        now = self._clock.now
        rank = engine.rank_of(request)
        if moved_from and moved_from.rank != rank:
            server = None  # The first API server does not know an engine of this label.
        leg = Leg(request, engine, server, rank, now, tokens, moved_from, loading_until, received=now)
        request.legs.append(leg)
        engine.attach(leg)
        if engine.hung is not None:
            leg.stopped = now
            self._done(request, "stalled")
        elif loading_until is None:
            self._wait(leg)
        elif loading_until < math.inf:
            self._load_until(leg, loading_until)

    def _load_until(self, leg: Leg, time: float) -> None:
        """The KV cache is on its way; vLLM's scheduler gets the request then, or has it already."""
        leg.loading_until = round(time, 6)
        if leg.engine.hybrid:
            leg.received = leg.loading_until
        self._clock.at(leg.loading_until, self._wait, leg)

    def _wait(self, leg: Leg) -> None:
        if leg.goes_on:
            leg.engine.waiting.append(leg)
            self._fill(leg.engine)

    def _fill(self, engine: Engine) -> None:
        """Starts what the engine may start."""
        while engine.waiting:
            leg = engine.waiting[0]
            if not engine.may_start(leg):
                if leg.blocked_since is None and not engine.has_blocks(leg):
                    leg.blocked_since = self._clock.now
                return
            engine.waiting.popleft()
            self._start(leg)

    def _start(self, leg: Leg) -> None:
        now, engine = self._clock.now, leg.engine
        uncached = leg.request.prompt_tokens - leg.request.cached_tokens if leg.prefills else 1
        if uncached <= STEP_TOKENS or engine.speaks(engine.target, leg.rank):
            # Else the step in which the prefix cache was asked has no output, and its stats are lost.
            blocked = now - leg.blocked_since if leg.blocked_since is not None else 0.0
            at_engine.scheduled(leg, attempts=1 + int(blocked / engine.gap_seconds()))
        engine.start(leg, now)
        seconds = engine.prefill_seconds(self._draw.random, uncached) if leg.prefills else engine.gap_seconds()
        self._clock.after(seconds, self._first_token, leg)

    def _first_token(self, leg: Leg) -> None:
        if not leg.goes_on:
            return
        now, request, engine = self._clock.now, leg.request, leg.engine
        leg.first_token = now
        if leg.prefills:
            engine.prefilled()
        wanted = leg.to_generate
        if leg.is_last:
            if request.first_token is None:
                request.first_token = now
            else:
                # The gap between the last token before a move and the first one after it.
                request.gaps.append((round(now - request.last_token, 6), 1))
            request.last_token = now
        leg.batch = engine.batch
        leg.generated = wanted
        leg.gaps = draws.gaps(self._draw.random, wanted - 1, engine.gap_seconds())
        self._perhaps_preempt(leg)
        leg.counted = [0] * len(leg.gaps)
        leg.decode_seconds = total(leg.gaps)
        at_engine.first_output(leg)
        if self._reschedules and wanted > 8 and not leg.moved_from and leg.is_last and self._draw.rarely(MOVES):
            self._clock.after(leg.decode_seconds / 2, self._move, leg)
        if leg.gaps:
            self._clock.after(leg.decode_seconds, self._finish, leg)
            self._fill(engine)
        else:
            self._finish(leg)

    def _perhaps_preempt(self, leg: Leg) -> None:
        """Where the engine's KV cache is full it may put the leg back: one of the gaps is then a stall."""
        if (
            not leg.gaps
            or leg.engine.reserved < PREEMPTION_USAGE
            or not self._draw.rarely(chance.PREEMPTIONS_WHEN_FULL)
        ):
            return
        gap, times = leg.gaps.pop()
        leg.gaps += [(gap, times - 1)] * (times > 1) + [(round(gap + PREEMPTION_SECONDS, 6), 1)]
        self._clock.after(total(leg.gaps), at_engine.preempted, leg)

    def _move(self, leg: Leg) -> None:
        """The scheduler moves a request that is being decoded to the least loaded of the other engines."""
        request, now = leg.request, self._clock.now
        process = self._schedulers[request.scheduler].process
        if not leg.goes_on or not process.is_up(now):
            return
        engine = self._least_loaded([one for one in self._stages[request.model][-1] if one is not leg.engine])
        failed = engine is None or self._draw.rarely(chance.FAILURES_AMONG_RESCHEDULINGS)
        at_scheduler.rescheduled(process, RESCHEDULING_RULE, failed=failed)
        if engine is None or failed:
            return
        self._close(leg)
        self._begin(
            request,
            engine,
            leg.to_generate - leg.generated,
            leg.server,
            loading_until=now + (request.prompt_tokens + leg.generated) * KV_TRANSFER_SECONDS_PER_TOKEN,
            moved_from=leg,
        )
        self._go_on(leg.engine)

    def _finish(self, leg: Leg) -> None:
        """All that the leg was to generate is out."""
        request, now = leg.request, self._clock.now
        if not leg.goes_on:
            return
        if not leg.is_last:
            self._end(leg, "length")
            self._hand_over(request, now + request.prompt_tokens * KV_TRANSFER_SECONDS_PER_TOKEN)
        else:
            # One answer in eight meets its limit.
            self._end(leg, "length" if request.wanted_tokens % 8 == 0 else "stop")
            self._done(request, "finished")

    def _hand_over(self, request: Request, loading_until: float) -> None:
        """The prompt is computed: its KV cache goes to the decode engine."""
        decode = request.engines[1]
        if self._batch:
            self._load_until(request.legs[-1], loading_until)
        elif decode.target.process.is_up(self._clock.now):
            self._begin(request, decode, request.wanted_tokens, decode.target, loading_until=loading_until)
        else:
            self._done(request, "lost")

    def _end(self, leg: Leg, reason: str) -> None:
        """The engine ends the leg itself: its last output brings the stats of a scheduler that has it no more."""
        leg.reason = reason
        self._close(leg)
        at_engine.finished(leg)
        if leg.server is not None and not leg.engine.speaks(leg.server, leg.rank):
            at_engine.show(leg.engine, leg.server, leg.rank, self._clock.now)
        self._go_on(leg.engine)

    def _drop(self, leg: Leg) -> None:
        """The client has gone: the last output's stats still have the leg, and none follow if it was the only one."""
        leg.abandoned = True
        if leg.server is not None and leg.outputs:
            at_engine.show(leg.engine, leg.server, leg.rank, self._clock.now)
        self._close(leg)
        self._go_on(leg.engine)

    def _close(self, leg: Leg) -> None:
        """The leg is over on its engine; what came out of it counts."""
        request = leg.request
        leg.finished = self._clock.now
        if leg.engine.hung is None:
            leg.engine.detach(leg)
        if leg.first_token is None:
            return
        gaps = leg.gaps_by(leg.finished)
        leg.generated = leg.generated_by(leg.finished)
        at_engine.continued(leg, gaps)
        at_engine.stepped(leg)
        if leg.is_last:
            request.gaps += [(gap, times) for gap, times in gaps if times]
            request.output_tokens += leg.generated
            request.last_token = round(leg.first_token + total(gaps), 6)

    def _go_on(self, engine: Engine) -> None:
        """Something has left the engine: there is room for more."""
        if engine.hung is None:
            self._fill(engine)


def _load(engine: Engine) -> float:
    return engine.load
