"""What happened in a fleet within the last minutes and what is so at their end, added up by hand."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from llumnix_dash.fleet.engine import CAPACITY_TOKENS, Engine, Leg, Request
from llumnix_dash.fleet.gaps import Gaps
from tests.proof.expected import about
from tests.proof.fleets import Decision, Past

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
        """Of these, those answered with HTTP 200."""
        return [one for one in self.answered if one.ok]

    @cached_property
    def scheduled(self) -> list[Request]:
        """Requests for which a scheduler found engines."""
        return [one for one in self._past.fleet.requests if one.engines and self.recent(one.scheduled)]

    @cached_property
    def unscheduled(self) -> list[Request]:
        """Requests for which a scheduler found none, and said so."""
        return [
            one
            for one in self._past.fleet.requests
            if one.scheduling_error not in {"", "scheduler_not_ready"} and self.recent(one.scheduled)
        ]

    @cached_property
    def decisions(self) -> list[Decision]:
        """Choices of an engine, one or two a request."""
        return [one for one in self._past.decisions if self.recent(one.request.scheduled)]

    @cached_property
    def left(self) -> list[Leg]:
        """Engines' parts of requests that came to their end there."""
        return [leg for leg in self._past.fleet.legs if leg.reason and self.recent(leg.finished)]

    def left_by_role(self) -> dict[str, list[Leg]]:
        """The same by the engine's role."""
        return grouped(self.left, lambda leg: leg.engine.pool.role)

    def refreshes(self, name: str) -> list[float]:
        """Milliseconds of each refresh from the cluster meta store, by the metric's name."""
        return [
            milliseconds
            for deployment in self._past.fleet.deployments
            for time, _, metric, milliseconds in deployment.frontend.refreshes
            if metric.name == name and self.recent(time)
        ]

    def a_second(self, amounts: Iterable[float]) -> Any:
        """The rate at which these amounts came."""
        return about(sum(amounts) / self.seconds)

    def in_gateways(self) -> list[Request]:
        """Requests that are in a gateway now."""
        return [one for one in self._past.fleet.requests if one.finished is None]

    def pending(self) -> list[Request]:
        """Of these, those that no scheduler has answered yet."""
        return [one for one in self.in_gateways() if one.scheduled is None]

    def gateways(self) -> dict[str, list[Request]]:
        """The requests in each gateway now, by its address."""
        [deployment] = self._past.fleet.deployments
        return {
            target.instance: [one for one in self.in_gateways() if one.gateway == number]
            for number, target in enumerate(deployment.gateways)
        }

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
            if leg.finished is None:
                holding[leg.engine].append(leg)
        return {engine: Holding(legs, self.now) for engine, legs in holding.items()}

    def roles(self) -> "dict[str, dict[Engine, Holding]]":
        """The same by role."""
        return {
            role: found
            for role in ROLES
            if (found := {one: held for one, held in self.engines.items() if one.pool.role == role})
        }


class Holding:
    """Requests' parts that an engine holds at a moment."""

    def __init__(self, legs: list[Leg], now: float) -> None:
        self.legs = legs
        self.running = [leg for leg in legs if leg.started is not None]
        self.loading = [leg for leg in legs if (leg.loading_until or 0.0) > now]
        self.waiting = [leg for leg in legs if leg.started is None and leg not in self.loading]
        self.before_first_token = [leg for leg in legs if leg.prefills and leg.first_token is None]
        self.prefilling = [leg for leg in self.before_first_token if leg.started is not None]
        self._now = now

    def tokens(self, legs: Iterable[Leg]) -> int:
        """Tokens of the KV cache that these take, or will when they are here."""
        return sum(leg.tokens_at(self._now) for leg in legs)

    def usage(self, legs: Iterable[Leg], engines: int = 1) -> float:
        """The share of the KV cache that these take; of one of several vLLM engines that share an instance's."""
        return min(1.0, round(self.tokens(legs) * engines / CAPACITY_TOKENS, 4))


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
