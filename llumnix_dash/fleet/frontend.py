"""Gateways and schedulers at work: what a request meets before and after the engines."""

from llumnix_dash.catalog import gateway
from llumnix_dash.fleet import chance, draws
from llumnix_dash.fleet.arrivals import Arrivals
from llumnix_dash.fleet.backend import Backend, Outcome
from llumnix_dash.fleet.cases import Case
from llumnix_dash.fleet.chance import Chance
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.control import Control
from llumnix_dash.fleet.engine import Engine, Request
from llumnix_dash.fleet.parts import Deployment, Scenario, Traffic
from llumnix_dash.fleet.queue import Queue
from llumnix_dash.fleet.record import gateway as at_gateway
from llumnix_dash.fleet.target import ScrapeTarget

LONGEST_PROMPT = 12_000
LONGEST_ANSWER = 4_000
# How often a gateway sets its gauges, counted from its process's start.
REPORT_SECONDS = 5.0
# While there is no instance a gateway asks each second, until five are over (``--wait-scheduling-timeout``).
MOST_ATTEMPTS, ATTEMPT_SECONDS = 6, 1.0
# What an error takes: three hidden tries, a dial timeout, an answer of the engine's own, a stream without a chunk.
REFUSAL_SECONDS, DIAL_SECONDS, REJECTION_SECONDS, STALL_SECONDS = 0.1, 3.0, 0.004, 300.0
BACKOFF_SECONDS = 0.05
OTHER_SERVICE_SECONDS = 2.5
BREAK_SECONDS = 2.0


class Frontend:
    """The gateways and schedulers of a deployment.

    Args:
        scenario: what befalls it.
        deployment: how it is made.
        gateways: the replicas.
        schedulers: the replicas.
        clock: on which everything happens.
        draw: the source of what is drawn.

    Attributes:
        backend: the engines; set before the start.
        control: what the schedulers know and decide; set before the start.
        requests: every request that has come, in order of arrival.
        arrivals: when clients ask.
        queues: of each gateway.
        current: of each gateway, the requests that it has not answered.
    """

    backend: Backend
    control: Control

    def __init__(
        self,
        *,
        scenario: Scenario,
        deployment: Deployment,
        gateways: list[ScrapeTarget],
        schedulers: list[ScrapeTarget],
        clock: Clock,
        draw: Chance,
    ) -> None:
        self.requests: list[Request] = []
        self._reaches_schedulers = True
        self.queues = [Queue(clock, self._entered, self._taken) for _ in gateways]
        self.current: list[dict[Request, None]] = [{} for _ in gateways]
        self._deployment = deployment
        self._failures = scenario.failures
        self._gateways = gateways
        self._schedulers = schedulers
        self._clock = clock
        self._draw = draw
        self.arrivals = Arrivals(scenario.load, clock, draw, self._arrive)

    def start(self) -> None:
        """Lets traffic and reports begin now."""
        self.arrivals.start(self._deployment.traffic)
        for number, target in enumerate(self._gateways):
            since = (self._clock.now - target.process.started) % REPORT_SECONDS
            self._clock.after(REPORT_SECONDS - since, self._report, number, target.process.life)

    def answer(self, request: Request, outcome: Outcome) -> None:
        """The engines are done with the request, or give no more of it."""
        if self._is_over(request):
            return
        if outcome == "finished":
            self._end(request, Case.RETRIED if request.retries else Case.ANSWERED)
        elif outcome == "refused":
            self._clock.after(REFUSAL_SECONDS, self._fail, request, Case.REFUSED, "network_error")
        elif outcome == "lost":
            self._break(request)
        else:
            self._clock.after(STALL_SECONDS, self._break, request)

    def restart_gateway(self, number: int, down: float) -> None:
        """A gateway's process ends, and all requests that it holds are lost."""
        process = self._gateways[number].process
        process.restart(self._clock.now, down)
        self.queues[number].clear()
        lost, self.current[number] = self.current[number], {}
        for request in lost:
            request.lost = self._clock.now
            self.backend.abandon(request)
        self._clock.after(REPORT_SECONDS, self._report, number, process.life)

    def restart_scheduler(self, number: int, down: float) -> None:
        """A scheduler's process ends, and it forgets the instances that have gone."""
        self._schedulers[number].process.restart(self._clock.now, down)

    def reach_schedulers(self, reached: bool) -> None:
        """Whether gateways reach the schedulers from now on, which are up all the same."""
        self._reaches_schedulers = reached

    def _is_over(self, request: Request) -> bool:
        """Whether it has been recorded, or its gateway has died."""
        return request not in self.current[request.gateway]

    def _arrive(self, traffic: Traffic) -> None:
        processes = [one.process for one in self._gateways]
        # A Service sends nothing to a pod that is about to end.
        up = [number for number, one in enumerate(processes) if one.is_up(self._clock.now) and one.is_target]
        if not up:
            return  # The client meets a closed port: no program of ours knows of it.
        draw, random = self._draw, self._draw.random
        request = Request(
            namespace=self._deployment.namespace,
            model=f"{traffic.model}-{len(self.requests)}" if traffic.misspelt else traffic.model,
            gateway=up[draw.one_of(len(up))],
            arrived=self._clock.now,
            prompt_tokens=draws.length(random, traffic.prompt_tokens, 0.8, LONGEST_PROMPT),
            wanted_tokens=draws.length(random, traffic.output_tokens, 0.7, LONGEST_ANSWER),
            preprocess_milliseconds=draws.lognormal(random, 0.8, 0.6),
            streamed=random.random() >= chance.UNSTREAMED,
            external=draw.rarely(self._failures.external),
        )
        self.requests.append(request)
        self.current[request.gateway][request] = None
        if draw.rarely(chance.IMPATIENT):
            self._clock.after(draws.exponential(random, chance.PATIENCE_SECONDS), self._leave, request)
        self._clock.after(request.preprocess_milliseconds / 1000, self._enqueue, request)

    def _enqueue(self, request: Request) -> None:
        if not self._is_over(request):
            request.queued = self._clock.now
            self.queues[request.gateway].offer(request)

    def _entered(self, request: Request) -> None:
        request.entered = self._clock.now
        if request.aborted:  # Only here the gateway sees that a client outside the queue has gone.
            self._end(request, Case.LEFT_QUEUE)

    def _leave(self, request: Request) -> None:
        """The client closes its connection."""
        if self._is_over(request):
            return
        request.aborted = True
        if request.first_token is not None:
            self._end(request, Case.LEFT_STREAMING)
        elif request.dispatched is not None:
            if self._draw.one_of(2):  # Two threads of the gateway race for it.
                request.first_error = self._clock.now
            self._end(request, Case.LEFT_WAITING)
        elif request.taken is not None:
            self._end(request, Case.LEFT_WAITING if request.released is not None else Case.LEFT_SCHEDULING)
        elif request.entered is not None:
            self._end(request, Case.LEFT_QUEUE)

    def _taken(self, request: Request) -> None:
        """A worker has taken the request; it does so though the client may have left."""
        request.taken = self._clock.now
        if not self._is_over(request):
            request.queue_milliseconds = round((request.taken - request.queued) * 1000, 3)
        if request.external:
            self._release(request)
            self._clock.after(
                draws.exponential(self._draw.random, OTHER_SERVICE_SECONDS), self._end, request, Case.EXTERNAL
            )
        else:
            self._ask_scheduler(request, 1)

    def _release(self, request: Request) -> None:
        if request.released is None:
            request.released = self._clock.now
            self.queues[request.gateway].release(request)

    def _ask_scheduler(self, request: Request, attempt: int) -> None:
        if request.lost is None:
            request.scheduler = self._draw.one_of(len(self._schedulers))
            seconds = draws.lognormal(self._draw.random, 2.2, 0.5) / 1000
            self._clock.after(seconds, self._scheduled, request, attempt)

    def _scheduled(self, request: Request, attempt: int) -> None:
        if request.lost is not None:
            return
        process = self._schedulers[request.scheduler].process
        if not (self._reaches_schedulers and process.is_up(self._clock.now)):
            self._go_forward(request, self.backend.in_turn(request.model))
        elif self.control.store_is_away:
            self._record_failure(request, "cms_not_available")
            self._go_forward(request, self.backend.in_turn(request.model))
        elif engines := self.backend.choose(request.model):
            request.engines = engines
            request.schedulings.append(self._clock.now)
            half = len(engines) < self.backend.stages(request.model)
            (self.control.half_found if half else self.control.scheduled)(request)
            self._go_forward(request, engines)
        else:
            self._record_failure(request, "no_available_endpoint")
            if attempt < MOST_ATTEMPTS:
                self._clock.after(ATTEMPT_SECONDS, self._ask_scheduler, request, attempt + 1)
            else:
                self._go_forward(request, [])

    def _record_failure(self, request: Request, error: str) -> None:
        request.failed_schedulings.append((self._clock.now, error))
        self.control.failed(request.scheduler, error)

    def _go_forward(self, request: Request, engines: list[Engine]) -> None:
        """The worker hands the request on, to the engines if there are any."""
        now = self._clock.now
        self._release(request)
        if self._is_over(request):
            return  # Its client left while a worker was at it.
        request.engines = engines
        if request.dispatched is None:
            assert request.taken is not None
            request.schedule_milliseconds = round((now - request.taken) * 1000, 3)
        if not engines:
            self._give_up(request, Case.NO_INSTANCE, Case.FALLBACK_WITHOUT_INSTANCE)
            return
        request.dispatched = now if request.dispatched is None else request.dispatched
        if len(engines) < self.backend.stages(request.model):
            request.first_error = now
            self._end(request, Case.HALF_FOUND)
        else:
            self._meet(request)

    def _meet(self, request: Request) -> None:
        """The request comes to its first engine, or does not."""
        failures, after = self._failures, self._clock.after
        if not self.backend.serves(request.model):
            after(REJECTION_SECONDS, self._meet_error, request, Case.REJECTED, "404")
            return
        shares = (failures.rejected, failures.refused, failures.vanished, failures.erring, failures.broken)
        rejected, refused, vanished, erring, broken = self._draw.which(shares)
        if rejected:
            after(REJECTION_SECONDS, self._meet_error, request, Case.REJECTED, "400")
        elif vanished:
            after(DIAL_SECONDS, self._meet_error, request, Case.VANISHED)
        elif refused:
            after(REFUSAL_SECONDS, self._fail, request, Case.REFUSED, "network_error")
        elif erring:
            after(REJECTION_SECONDS, self._fail, request, Case.REJECTED, "500")
        else:
            if broken:
                after(draws.exponential(self._draw.random, BREAK_SECONDS), self._break, request)
            self.backend.dispatch(request)

    def _meet_error(self, request: Request, case: Case, status: str = "") -> None:
        """An error in place of the first chunk that the gateway does not try to heal."""
        if not self._is_over(request):
            request.first_error = self._clock.now
            self._end(request, case, status)

    def _break(self, request: Request) -> None:
        """No more comes from the engine: its connection broke, or the gateway has waited for a chunk long enough."""
        if self._is_over(request):
            return
        now = self._clock.now
        self.backend.abandon(request)
        if request.first_token is None:
            self._meet_error(request, Case.RESET)
        else:
            request.error_gap = round(now - request.last_token, 6)
            self._end(request, Case.BROKEN if request.streamed else Case.BROKEN_UNSTREAMED)

    def _fail(self, request: Request, case: Case, cause: str) -> None:
        """An error that the gateway tries to heal, if it may: at engines again, and then by the fallback service."""
        if self._is_over(request):
            return
        request.first_error = self._clock.now
        if len(request.retries) < self._deployment.retries:
            request.retries.append(cause)
            self._gateways[request.gateway].process.increase(gateway.RETRIES, request.model, cause)
            self._clock.after(BACKOFF_SECONDS, self._ask_scheduler, request, 1)
        else:
            self._give_up(request, case, Case.FALLBACK_AFTER_FAILURE, "500" if cause == "500" else "")

    def _give_up(self, request: Request, case: Case, healed: Case, status: str = "") -> None:
        """No engine answers: the fallback service may, where there is one."""
        if self._deployment.fallback:
            seconds = draws.exponential(self._draw.random, OTHER_SERVICE_SECONDS)
            self._clock.after(seconds, self._fall_back, request, healed)
        else:
            self._end(request, case, status)

    def _fall_back(self, request: Request, healed: Case) -> None:
        if self._is_over(request):
            return
        process = self._gateways[request.gateway].process
        good, too_many = self._draw.which((chance.FALLBACK_SUCCESSES, chance.FALLBACK_TOO_MANY))
        answer = "success" if good else "429" if too_many else "network_error"
        process.increase(gateway.FALLBACKS, request.model, answer)
        if too_many and self._draw.rarely(chance.FALLBACK_RETRY_SUCCESSES):
            process.increase(gateway.FALLBACK_RETRY_SUCCESSES, request.model)
            good = True
        self._end(request, healed if good else Case.FALLBACK_FAILED)

    def _end(self, request: Request, case: Case, status: str = "") -> None:
        """The request is over, and recorded at once; the engines are told if they are still at it."""
        if self._is_over(request):
            return
        self.backend.abandon(request)
        del self.current[request.gateway][request]
        if request.output_tokens:
            request.postprocess_milliseconds = draws.lognormal(self._draw.random, 0.7, 0.6)
        request.finished = self._clock.now
        request.case = case
        request.status = status or case.status
        at_gateway.answered(self._gateways[request.gateway].process, request)

    def _report(self, number: int, life: int) -> None:
        """A gateway sets its gauges, as long as it is the same process."""
        process = self._gateways[number].process
        if process.life == life:
            if process.is_up(self._clock.now):
                at_gateway.told(process, self.queues[number].pending, len(self.current[number]))
            self._clock.after(REPORT_SECONDS, self._report, number, life)
