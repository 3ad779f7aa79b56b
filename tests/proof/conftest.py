"""The stores of the proof: one a scenario and program, each filled once."""

from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nightly import EVERY_STORE
from tests.prometheus.stores import STORES
from tests.proof.fleets import IN_BOTH, past, write_samples
from tests.proof.shown import Backfilled


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """Keeps the tests of a store together, so that it is filled once: on one worker, and one after another there.

    A store that is not to be filled has no tests: see :data:`tests.proof.fleets.IN_BOTH`.
    """
    needless = {item for item in items if _params(item).get("program") not in {None, *_programs(item)}}
    config.hook.pytest_deselected(items=list(needless))
    items[:] = [item for item in items if item not in needless]
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and not item.get_closest_marker("xdist_group"):
            # A file whose tests have no scenario has a store of its own.
            item.add_marker(pytest.mark.xdist_group(f"proof {_params(item).get('scenario', item.path.stem)}"))
    yield
    items.sort(key=_store_of)


def _programs(item: pytest.Item) -> Collection[str]:
    """The programs in which the test's scenario is looked at; without a scenario, all."""
    return STORES if EVERY_STORE or _params(item).get("scenario") in {None, *IN_BOTH} else ("prometheus",)


def _store_of(item: pytest.Item) -> tuple[str, str]:
    """A test's group, and the store's program; a test without a group stays where it is."""
    group = item.get_closest_marker("xdist_group")
    return (group.args[0], _params(item).get("program", "")) if group else ("", "")


def _params(item: pytest.Item) -> dict[str, Any]:
    return item.callspec.params if hasattr(item, "callspec") else {}


@pytest.fixture(scope="session")
def scenario(request: pytest.FixtureRequest) -> str:
    """The name of the scenario; parametrize it indirectly."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def samples(scenario: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario's samples in a file."""
    return write_samples(scenario, tmp_path_factory.mktemp(scenario) / "samples.om")


@pytest.fixture(scope="session", params=list(STORES))
def program(request: pytest.FixtureRequest) -> str:
    """The name of the store's program."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def store(scenario: str, samples: Path, program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfilled]:
    """The scenario in a running store."""
    with STORES[program](samples, tmp_path_factory.mktemp(program)) as url:
        yield Backfilled(program, url, past(scenario))
