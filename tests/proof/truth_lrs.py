"""What the panels of the LRS dashboard show: what the schedulers' books have of each instance, added up."""

from collections.abc import Callable
from functools import cache
from typing import Any

from llumnix_dash.fleet.deployment import RunningDeployment
from llumnix_dash.fleet.engine import Engine, Request
from tests.proof.events import ROLES, Events
from tests.proof.expected import AtLeast, exactly
from tests.proof.truth_request import HEADLINE, Truth


class Booked:
    """Requests that the schedulers' books have for an instance, each at the time of its scheduler's last submission.

    Attributes:
        requests: all of them.
        waiting: those that are not marked as prefilled.
    """

    def __init__(self, engine: Engine, deployment: RunningDeployment) -> None:
        settings, schedulers = deployment.deployment, len(deployment.schedulers)
        self.requests: list[Request] = []
        self.waiting: list[Request] = []
        for time, number, one, engines in deployment.control.bookings:
            now = deployment.control.replica(number).book.submitted
            connected = one.gateway % schedulers == number
            if now is None or time > now or not connected or engine not in engines:
                continue
            if settings.reports_requests and _is(one.finished, now):
                continue
            self.requests.append(one)
            marked = settings.reports_requests and engine.pool.role == "neutral" and _is(one.first_token, now)
            if not marked:
                self.waiting.append(one)


def _is(time: float | None, now: float) -> bool:
    return time is not None and time <= now


@cache
def booked(events: Events) -> dict[Engine, Booked]:
    """What is booked for each instance."""
    return {engine: Booked(engine, deployment) for deployment in events.deployments for engine in deployment.engines}


def _tokens(requests: list[Request]) -> int:
    return sum(one.prompt_tokens for one in requests)


REQUESTS: dict[str, Callable[[Booked], float]] = {
    "total": lambda held: len(held.requests),
    "running": lambda held: len(held.requests) - len(held.waiting),
    "waiting": lambda held: len(held.waiting),
}
TOKENS: dict[str, Callable[[Booked], float]] = {
    "total": lambda held: _tokens(held.requests),
    "running": lambda held: _tokens(held.requests) - _tokens(held.waiting),
    "waiting": lambda held: _tokens(held.waiting),
}


def _sum_by_role(events: Events, count: Callable[[Booked], float]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for engine, held in booked(events).items():
        sums[engine.pool.role] = sums.get(engine.pool.role, 0) + count(held)
    return sums


def _sums(count: Callable[[Booked], float]) -> Truth:
    return lambda events: {role: exactly(value) for role, value in _sum_by_role(events, count).items()}


def _instances(events: Events) -> dict[str, Any]:
    """Engines that answer, and those that a scheduler tells of, where none has gone."""
    return {
        f"{name} {role}": exactly(len(engines))
        for role, engines in events.roles().items()
        for name in ("engines", "LRS")
    }


def _of_each(held: dict[Engine, Booked], lines: dict[str, Callable[[Booked], float]]) -> dict[str, Any]:
    return {
        f"{name} {engine.lrs_id}".lstrip(): exactly(count(one))
        for engine, one in held.items()
        for name, count in lines.items()
    }


def _of_role(role: str, lines: dict[str, Callable[[Booked], float]]) -> Truth:
    return lambda events: _of_each(
        {engine: held for engine, held in booked(events).items() if engine.pool.role == role}, lines
    )


def _table(events: Events) -> dict[str, Any]:
    columns = {
        "A": REQUESTS["total"],
        "B": REQUESTS["waiting"],
        "C": TOKENS["total"],
    }
    return _of_each(booked(events), columns)


PANELS: dict[str, Truth] = {
    **HEADLINE,
    "instances": _instances,
    "running_by_role": _sums(REQUESTS["running"]),
    "waiting_by_role": lambda events: {
        role: AtLeast(value) for role, value in _sum_by_role(events, REQUESTS["waiting"]).items()
    },
    "running_tokens_by_role": _sums(TOKENS["running"]),
    "waiting_tokens_by_role": _sums(TOKENS["waiting"]),
    **{
        f"{key}{'' if part == 'total' else f'_{part}'}_{role}": _of_role(role, {"": count})
        for role in ROLES
        for key, parts in {"lrs_requests": REQUESTS, "lrs_tokens": TOKENS}.items()
        for part, count in parts.items()
    },
}
TABLES: dict[str, Truth] = {"busiest_instances": _table}
