"""Fleets that several tests look at; each is simulated once."""

from collections.abc import Callable
from functools import cache

import pytest

from llumnix_dash.fleet import Fleet, simulate

END = 1_700_000_000


# Before pytest-xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps the tests that look at these fleets on one worker, so that no other simulates them again."""
    for item in items:
        if "simulated" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("fleets"))


@cache
def _simulated(name: str, minutes: float) -> Fleet:
    return simulate(name, end=END, minutes=minutes)


@pytest.fixture(scope="session")
def simulated() -> Callable[..., Fleet]:
    """A fleet by the scenario's name, ten minutes of it unless more are asked for; do not change it."""

    def fleet(name: str, minutes: float = 10) -> Fleet:
        return _simulated(name, minutes)

    return fleet
