"""The stores of the proof: one a scenario and program, each filled once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prometheus.stores import STORES
from tests.proof.fleets import past, write_samples
from tests.proof.shown import Backfilled


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps the tests of a scenario together, so that no two workers fill the same store."""
    for item in items:
        scenario = getattr(item, "callspec", None) and item.callspec.params.get("scenario")
        if scenario and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group(f"proof {scenario}"))


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
