"""Gateways and schedulers at work: what a request meets before and after the engines."""

import math
from collections import deque

from llumnix_dash.catalog import gateway
from llumnix_dash.fleet import chance, draws
from llumnix_dash.fleet.backend import Backend
from llumnix_dash.fleet.chance import Chance
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.control import Control
from llumnix_dash.fleet.engine import Request
from llumnix_dash.fleet.gaps import total
from llumnix_dash.fleet.record import gateway as at_gateway
from llumnix_dash.fleet.scenarios import Scenario, Traffic
from llumnix_dash.fleet.target import ScrapeTarget

QUEUE_LIMIT = 100
QUEUE_TIMEOUT = 4.0
LONGEST_PROMPT = 12_000
LONGEST_ANSWER = 4_000
# Traffic that has stopped did so this long before the first sample, so that all its answers are out by then.
STOPPED_BEFORE = 120.0
SWING = 0.25
SWING_SECONDS = 1800
SURGE_FROM, SURGE_TO, SURGE_SECONDS = 0.8, 2.0, 600


class Frontend:
    """The gateways and schedulers of a deployment.

    Args:
        scenario: what befalls it.
        namespace: of the deployment.
        gateways: the replicas.
        schedulers: the replicas.
        clock: on which everything happens.
        draw: the source of what is drawn.

    Attributes:
        backend: the engines; set before the start.
        control: what the schedulers know and decide; set before the start.
        requests: every request that has come, in order of arrival.
        pending: of each gateway, the requests that are queued or being scheduled.
        current: of each gateway, all its requests.
    """

    backend: Backend
    control: Control

    def __init__(
        self,
        *,
        scenario: Scenario,
        namespace: str | None,
        gateways: list[ScrapeTarget],
        schedulers: list[ScrapeTarget],
        clock: Clock,
        draw: Chance,
    ) -> None:
        self.requests: list[Request] = []
        self.pending: list[dict[Request, None]] = [{} for _ in gateways]
        self.current: list[dict[Request, None]] = [{} for _ in gateways]
        self._load = scenario.load
        self._namespace = namespace
        self._gateways = gateways
        self._schedulers = schedulers
        self._clock = clock
        self._draw = draw
        self._queues: dict[str, deque[Request]] = {}

    def start(self, traffic: tuple[Traffic, ...]) -> None:
        """Lets traffic begin now."""
        for one in traffic:
            self._queues[one.model] = deque()
            self._await_arrival(one)

    def advance(self, model: str) -> None:
        """Schedules from the queue what the engines may take now."""
        queue = self._queues[model]
        while queue and self.backend.has_room(model):
            self._ask_scheduler(queue.popleft())

    def answer(self, request: Request, status: str) -> None:
        """The request is over; a good answer takes a moment to be sent off."""
        if status == "200":
            request.postprocess_milliseconds = draws.lognormal(self._draw.random, 0.7, 0.6)
        self._clock.after(request.postprocess_milliseconds / 1000, self._record, request, status)

    def restart_gateway(self, number: int, down: float) -> None:
        """A gateway's process ends, and all requests that it holds are lost."""
        self._gateways[number].process.restart(self._clock.now, down)
        for request in self.pending[number]:
            queue = self._queues[request.model]
            if request in queue:
                queue.remove(request)
        self.pending[number].clear()
        self.current[number].clear()

    def restart_scheduler(self, number: int, down: float) -> None:
        """A scheduler's process ends, and it forgets the instances that have gone."""
        self._schedulers[number].process.restart(self._clock.now, down)

    def _rate(self, traffic: Traffic) -> float:
        now = self._clock.now
        rate = traffic.requests_per_second * (1 + SWING * math.sin(2 * math.pi * now / SWING_SECONDS))
        if self._load == "surge":
            rate *= SURGE_FROM + (SURGE_TO - SURGE_FROM) * min(1.0, max(0.0, now / SURGE_SECONDS))
        return rate

    def _await_arrival(self, traffic: Traffic) -> None:
        # Thinning: draw at the highest rate that there can be, keep the share that gives the present one.
        highest = traffic.requests_per_second * (1 + SWING) * (SURGE_TO if self._load == "surge" else 1)
        self._clock.after(draws.exponential(self._draw.random, 1 / highest), self._perhaps_arrive, traffic, highest)

    def _perhaps_arrive(self, traffic: Traffic, highest: float) -> None:
        if self._load == "stopped" and self._clock.now > -STOPPED_BEFORE:
            return
        if self._draw.random.random() * highest < self._rate(traffic):
            self._arrive(traffic)
        self._await_arrival(traffic)

    def _arrive(self, traffic: Traffic) -> None:
        up = [number for number, one in enumerate(self._gateways) if one.process.is_up(self._clock.now)]
        if not up:
            return  # The client meets a closed port: no program of ours knows of it.
        random = self._draw.random
        request = Request(
            namespace=self._namespace,
            model=traffic.model,
            gateway=up[self._draw.one_of(len(up))],
            arrived=self._clock.now,
            prompt_tokens=draws.length(random, traffic.prompt_tokens, 0.8, LONGEST_PROMPT),
            wanted_tokens=draws.length(random, traffic.output_tokens, 0.7, LONGEST_ANSWER),
            preprocess_milliseconds=draws.lognormal(random, 0.8, 0.6),
            aborted=self._draw.rarely(chance.ABORTS),
        )
        self.requests.append(request)
        self.pending[request.gateway][request] = None
        self.current[request.gateway][request] = None
        action = self._refuse if self._draw.rarely(chance.BAD_REQUESTS) else self._enqueue
        self._clock.after(request.preprocess_milliseconds / 1000, action, request)

    def _refuse(self, request: Request) -> None:
        self.answer(request, "400")

    def _enqueue(self, request: Request) -> None:
        if request not in self.current[request.gateway]:
            return
        request.queued = self._clock.now
        queue = self._queues[request.model]
        if not queue and self.backend.has_room(request.model):
            self._ask_scheduler(request)
        elif len(queue) >= QUEUE_LIMIT:
            self._ask_scheduler(request, "all_endpoints_busy")
        else:
            queue.append(request)
            self._clock.after(QUEUE_TIMEOUT, self._time_out, request)

    def _time_out(self, request: Request) -> None:
        queue = self._queues[request.model]
        if request in queue:
            queue.remove(request)
            self._ask_scheduler(request, "no_available_endpoint")

    def _ask_scheduler(self, request: Request, error: str = "") -> None:
        """Asks for engines; an error is known beforehand where the queue is full or the request waited too long."""
        request.queue_milliseconds = round((self._clock.now - request.queued) * 1000, 3)
        request.schedule_milliseconds = draws.lognormal(self._draw.random, 2.2, 0.5)
        request.scheduler = self._draw.one_of(len(self._schedulers))
        if not error and self._draw.rarely(chance.NO_ENDPOINT):
            error = "no_available_endpoint"
        self._clock.after(request.schedule_milliseconds / 1000, self._scheduled, request, error)

    def _scheduled(self, request: Request, error: str) -> None:
        if request not in self.current[request.gateway]:
            return  # Its gateway has restarted: nobody waits for the answer.
        del self.pending[request.gateway][request]
        request.scheduled = self._clock.now
        process = self._schedulers[request.scheduler].process
        engines = None if error else self.backend.choose(request.model)
        if not process.is_up(self._clock.now):
            request.scheduling_error = "scheduler_not_ready"
            self.answer(request, "503")
        elif engines is None:
            request.scheduling_error = error or "all_endpoints_busy"
            self.control.failed(request.scheduler, request.scheduling_error)
            self.answer(request, "429")
        else:
            request.engines = engines
            if self.control.store_is_away:
                # The gateway goes round-robin.
                request.scheduling_error = "cms_not_available"
                self.control.failed(request.scheduler, request.scheduling_error)
            else:
                self.control.scheduled(request)
            request.dispatched = self._clock.now
            if self._draw.rarely(chance.ENGINE_ERRORS):
                self._retry(request)
            else:
                self.backend.dispatch(request)

    def _retry(self, request: Request) -> None:
        """The engine failed at once: the gateway tries again there, or turns to the fallback service."""
        cause = ("502", "503", "network_error")[self._draw.one_of(3)]
        request.retries.append(cause)
        self._gateways[request.gateway].process.increase(gateway.RETRIES, request.model, cause)
        if self._draw.rarely(chance.FALLBACKS_AMONG_ERRORS):
            self._clock.after(0.05 + draws.exponential(self._draw.random, 2.0), self._fall_back, request)
        else:
            self._clock.after(0.05, self.backend.dispatch, request)

    def _fall_back(self, request: Request) -> None:
        if request not in self.current[request.gateway]:
            return
        process = self._gateways[request.gateway].process
        request.fallback = "success" if self._draw.rarely(chance.FALLBACK_SUCCESSES) else "network_error"
        request.fallback_retried = self._draw.rarely(chance.FALLBACK_SECOND_ATTEMPTS)
        process.increase(gateway.FALLBACKS, request.model, request.fallback)
        if request.fallback != "success":
            self.answer(request, "502")
            return
        if request.fallback_retried:
            process.increase(gateway.FALLBACK_RETRY_SUCCESSES, request.model)
        request.first_token = self._clock.now
        request.output_tokens = request.wanted_tokens
        request.gaps = draws.gaps(self._draw.random, request.output_tokens - 1, 0.03)
        self._clock.after(total(request.gaps), self.answer, request, "200")

    def _record(self, request: Request, status: str) -> None:
        self.pending[request.gateway].pop(request, None)
        if request not in self.current[request.gateway]:
            return  # Its gateway has restarted since, or it has been answered before.
        del self.current[request.gateway][request]
        request.finished = self._clock.now
        request.status = status
        at_gateway.answered(self._gateways[request.gateway].process, request)
