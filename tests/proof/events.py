"""What happened in a fleet within the last minutes and what is so at their end, added up by hand."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from llumnix_dash.fleet.deployment import RunningDeployment
from llumnix_dash.fleet.engine import CAPACITY_TOKENS, Engine, Request
from llumnix_dash.fleet.gaps import Gaps
from llumnix_dash.fleet.leg import Leg
from tests.proof.expected import about
from tests.proof.fleets import Decision, Past

# A gateway sets its gauges so often, counted from its process's start.
REPORT_SECONDS = 5.0
ROLES = ("prefill", "decode", "neutral")


class Events:
    """The events of a fleet.

    Args:
        past: what happened.
        seconds: for how long events count.
        before_end: until when they do: so many seconds before the end. What is so now is only known at the end.

    Attributes:
        now: until when events count, on the simulation's clock.
    """

    def __init__(self, past: Past, seconds: float, *, before_end: float = 0) -> None:
        self._past = past
        self.seconds = seconds
        self.now = float(past.fleet.times[-1] - past.fleet.start) - before_end

    def recent(self, time: float | None) -> bool:
        """Whether the event counts: a scrape at its very moment has it."""
        return time is not None and self.now - self.seconds < time <= self.now

    @cached_property
    def answered(self) -> list[Request]:
        """Requests that a gateway answered, well or not."""
        return [one for one in self._past.fleet.requests if self.recent(one.finished)]

    @cached_property
    def good(self) -> list[Request]:
        """Of these, those that count as HTTP 200: a stream that broke after its first chunk does, too."""
        return [one for one in self.answered if one.ok]

    @cached_property
    def by_engines(self) -> list[Request]:
        """Of the answered, those that have a TTFT or should: all but status 0, which others answered, without one."""
        return [one for one in self.answered if one.status != "0"]

    @cached_property
    def served(self) -> list[Request]:
        """Of the answered, those that are successes: status 0 is that of an external route or of the fallback."""
        return [one for one in self.answered if one.status == "0" or one.status.startswith("2")]

    @cached_property
    def scheduled(self) -> list[Request]:
        """Requests for which a scheduler found engines, once a try."""
        return [one for one in self._past.fleet.requests for time in one.schedulings if self.recent(time)]

    @cached_property
    def unscheduled(self) -> list[str]:
        """Why a scheduler found no engines, once a try."""
        return [
            error for one in self._past.fleet.requests for time, error in one.failed_schedulings if self.recent(time)
        ]

    @cached_property
    def decisions(self) -> list[Decision]:
        """Choices of an engine, one or two a request."""
        return [one for one in self._past.decisions if self.recent(one.request.scheduled)]

    @cached_property
    def counted(self) -> list[Leg]:
        """Engines' parts of requests that an API server counts."""
        return [leg for leg in self._past.fleet.legs if leg.server is not None]

    @cached_property
    def begun(self) -> list[Leg]:
        """Of these, those whose first output came."""
        return [leg for leg in self.counted if leg.moved_from is None and self.recent(leg.first_token)]

    @cached_property
    def left(self) -> list[Leg]:
        """Of these, those that the engine itself ended: it counts none that its client left."""
        return [leg for leg in self.counted if leg.reason and self.recent(leg.finished)]

    def generated(self, leg: Leg) -> int:
        """Tokens that came out of the engine for it."""
        return leg.generated_by(self.now) - leg.generated_by(self.now - self.seconds)

    def gaps(self, leg: Leg) -> list[float]:
        """Seconds before each token that came out of the engine for it, but the first of all."""
        before = leg.gaps_by(self.now - self.seconds)
        return each(
            [(gap, new - old) for (gap, new), (_, old) in zip(leg.gaps_by(self.now), before, strict=True)],
        )

    def by_role(self, legs: Iterable[Leg]) -> dict[str, list[Leg]]:
        """The legs by the engine's role; of each role that there is."""
        return {role: [] for role in self.roles()} | grouped(legs, lambda leg: leg.engine.pool.role)

    def refreshes(self, name: str) -> list[float]:
        """Milliseconds of each refresh from the cluster meta store, by the metric's name."""
        return [
            milliseconds
            for deployment in self._past.fleet.deployments
            for time, _, metric, milliseconds in deployment.control.refreshes
            if metric.name == name and self.recent(time)
        ]

    def a_second(self, amounts: Iterable[float]) -> Any:
        """The rate at which these amounts came."""
        return about(sum(amounts) / self.seconds)

    def gateways(self) -> dict[str, tuple[int, int]]:
        """Pending and current requests by the gateway's address, at the last time when it set its gauges.

        Pending are those in the queue or with a worker, which a client that has left may be; current are all that
        it has not answered.
        """
        return {
            target.instance: self._held(deployment, number)
            for deployment in self._past.fleet.deployments
            for number, target in enumerate(deployment.gateways)
        }

    def _held(self, deployment: RunningDeployment, number: int) -> tuple[int, int]:
        told = self.now - (self.now - deployment.gateways[number].process.started) % REPORT_SECONDS
        own = [one for one in deployment.frontend.requests if one.gateway == number and not _is_by(one.lost, told)]
        pending = sum(_is_by(one.entered, told) and not _is_by(one.released, told) for one in own)
        current = sum(one.arrived <= told and not _is_by(one.finished, told) for one in own)
        return pending, current

    def pending(self) -> int:
        """The pending requests of all gateways."""
        return sum(pending for pending, _ in self.gateways().values())

    def current(self) -> int:
        """The current requests of all gateways."""
        return sum(current for _, current in self.gateways().values())

    def answering(self) -> dict[str, int]:
        """How many processes of each component are up."""
        counts = dict.fromkeys(("Gateways", "Schedulers", "Engines"), 0)
        for one in self._past.fleet.deployments:
            engines = [engine.target for engine in one.engines]
            for name, targets in zip(counts, (one.gateways, one.schedulers, engines), strict=True):
                counts[name] += sum(target.process.is_up(self.now) for target in targets)
        return counts

    def uptimes(self) -> dict[str, float]:
        """Seconds for which each gateway and scheduler has been up, by component and address."""
        return {
            f"{target.exporter.name} {target.instance}": self.now - target.process.started
            for deployment in self._past.fleet.deployments
            for target in (*deployment.gateways, *deployment.schedulers)
        }

    @cached_property
    def engines(self) -> "dict[Engine, Holding]":
        """What each engine holds now."""
        there = [engine for deployment in self._past.fleet.deployments for engine in deployment.engines]
        holding: dict[Engine, list[Leg]] = {engine: [] for engine in there}
        for leg in self._past.fleet.legs:
            if leg.finished is None and leg.engine in holding:
                holding[leg.engine].append(leg)
        return {engine: Holding(legs, self.now) for engine, legs in holding.items()}

    @property
    def deployments(self) -> list[RunningDeployment]:
        """All that runs."""
        return self._past.fleet.deployments

    @property
    def requests(self) -> list[Request]:
        """Every request."""
        return self._past.fleet.requests

    @cached_property
    def told(self) -> "dict[Engine, list[Holding]]":
        """What each of an instance's vLLM engines held at its last output, with which its gauges came."""
        legs: dict[tuple[Engine, str], list[Leg]] = defaultdict(list)
        for leg in self._past.fleet.legs:
            legs[leg.engine, leg.rank].append(leg)
        return {
            engine: [_told(engine, legs[engine, rank], self.now) for rank in engine.ranks] for engine in self.engines
        }

    def roles(self) -> "dict[str, dict[Engine, Holding]]":
        """The same by role."""
        return {
            role: found
            for role in ROLES
            if (found := {one: held for one, held in self.engines.items() if one.pool.role == role})
        }


class Holding:
    """Requests' parts that an engine holds at a moment, or just before what it starts at that moment."""

    def __init__(self, legs: list[Leg], now: float, *, before: bool = False) -> None:
        self.legs = legs
        started = {leg: math.inf if leg.started is None else leg.started for leg in legs}
        self.running = [leg for leg in legs if started[leg] < now or (started[leg] == now and not before)]
        self.loading = [leg for leg in legs if (leg.loading_until or 0.0) > now]
        self.waiting = [leg for leg in legs if leg not in self.running and leg not in self.loading]
        self.before_first_token = [
            leg for leg in legs if leg.prefills and (leg.first_token is None or leg.first_token > now)
        ]
        self.prefilling = [leg for leg in self.before_first_token if leg in self.running]
        self._now = now

    def tokens(self, legs: Iterable[Leg]) -> int:
        """Tokens of the KV cache that these take, or will when they are here."""
        return sum(leg.tokens_at(self._now) for leg in legs)

    def usage(self, legs: Iterable[Leg], engines: int = 1) -> float:
        """The share of the KV cache that these take; of one of several vLLM engines that share an instance's."""
        return min(1.0, round(self.tokens(legs) * engines / CAPACITY_TOKENS, 4))


def _told(engine: Engine, legs: list[Leg], now: float) -> Holding:
    """What the gauges of a vLLM engine say: they come with its outputs, so without one they stay.

    An output that ends a request says that it is gone; a client that leaves is in no output.
    """
    began = engine.target.process.started
    heard = [one for one in legs if one.server is engine.target and one.first_token and one.first_token >= began]
    if any(one.finished is None for one in heard):
        return Holding([one for one in legs if one.finished is None], now)
    last = max((one.finished or 0.0 for one in heard), default=began)
    held = [one for one in legs if one.arrived < last and (one.finished is None or one.finished > last)]
    if heard:
        held += [one for one in heard if one.finished == last and one.abandoned]
    return Holding(held if heard else [], last, before=True)


def _is_by(time: float | None, moment: float) -> bool:
    """Whether it had happened by then."""
    return time is not None and time <= moment


def grouped(things: Iterable[Any], key: Callable[[Any], str]) -> dict[str, list[Any]]:
    """The things by key."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for one in things:
        groups[key(one)].append(one)
    return dict(groups)


def each(gaps: Gaps) -> list[float]:
    """Each gap between tokens, in seconds."""
    return [gap for gap, times in gaps for _ in range(times)]


def cumulative(values: Iterable[float], bounds: Iterable[float]) -> Mapping[float, int]:
    """How many values do not exceed each bound, +Inf last."""
    found = list(values)
    return {bound: sum(value <= bound for value in found) for bound in (*bounds, float("inf"))}
