"""What all tests share: golden files, the hypothesis profiles, and that CI skips nothing."""

import os
import signal
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The stores that tests of several folders run on.
pytest_plugins = ["tests.prometheus.fleet"]

GOLDEN = Path(__file__).parent / "golden"

settings.register_profile(
    "ci", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile(
    "nightly",
    max_examples=10_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "quick", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "quick"))


# A runner that starts the tests in the background has them ignore Ctrl-C, and every program that they start as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the golden files anew instead of comparing")


# Tests that mostly wait for time to pass.
WAITING = {"test_demo.py", "test_told.py", "test_live.py"}


def pytest_xdist_auto_num_workers() -> int:
    """A worker a core, and one more: some tests wait, for scrapes and for servers, while others could go on."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits long goes first: a test that stands alone is handed out in this order, and the last one is a tail."""
    items.sort(key=lambda item: item.path.name not in WAITING)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """In CI a skipped test is a failed one: what it needs has to be there."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str | Path, str], None]:
    """Compares a text with the golden file of that name in tests/golden (or at that path); --regenerate writes it."""

    def compare(name: str | Path, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--regenerate"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no golden file {name}: pytest --regenerate writes it"
        assert text == path.read_text(encoding="utf-8"), f"{name} differs; if that is meant: pytest --regenerate"

    return compare
