"""What the panels of the LRS dashboard show."""

from collections.abc import Callable
from typing import Any

from llumnix_dash.fleet.engine import Engine
from tests.proof.events import ROLES, Events, Holding
from tests.proof.expected import AtLeast, exactly
from tests.proof.truth_cms import instance_counts
from tests.proof.truth_request import HEADLINE, Truth

REQUESTS: dict[str, Callable[[Holding], float]] = {
    "total": lambda held: len(held.legs),
    "running": lambda held: len(held.legs) - len(held.before_first_token),
    "waiting": lambda held: len(held.before_first_token),
}
TOKENS: dict[str, Callable[[Holding], float]] = {
    "total": lambda held: held.tokens(held.legs),
    "running": lambda held: held.tokens(held.legs) - held.tokens(held.before_first_token),
    "waiting": lambda held: held.tokens(held.before_first_token),
}


def _sums(count: Callable[[Holding], float]) -> Truth:
    return lambda events: {
        role: exactly(sum(count(held) for held in engines.values())) for role, engines in events.roles().items()
    }


def _of_each(engines: dict[Engine, Holding], lines: dict[str, Callable[[Holding], float]]) -> dict[str, Any]:
    return {
        f"{name} {engine.lrs_id}": exactly(count(held))
        for engine, held in engines.items()
        for name, count in lines.items()
    }


def _of_role(role: str, lines: dict[str, Callable[[Holding], float]]) -> Truth:
    return lambda events: _of_each(events.roles().get(role, {}), lines)


def _table(events: Events) -> dict[str, Any]:
    columns = {
        "A": REQUESTS["total"],
        "B": REQUESTS["waiting"],
        "C": TOKENS["total"],
        "D": TOKENS["waiting"],
    }
    return _of_each(events.engines, columns)


PANELS: dict[str, Truth] = {
    **HEADLINE,
    "instances": instance_counts("LRS"),
    "running_by_role": _sums(REQUESTS["running"]),
    "waiting_by_role": lambda events: {
        role: AtLeast(sum(REQUESTS["waiting"](held) for held in engines.values()))
        for role, engines in events.roles().items()
    },
    "running_tokens_by_role": _sums(TOKENS["running"]),
    "waiting_tokens_by_role": _sums(TOKENS["waiting"]),
    **{f"lrs_requests_{role}": _of_role(role, REQUESTS) for role in ROLES},
    **{f"lrs_tokens_{role}": _of_role(role, TOKENS) for role in ROLES},
}
TABLES: dict[str, Truth] = {"busiest_instances": _table}
