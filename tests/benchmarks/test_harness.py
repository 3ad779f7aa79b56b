"""The benchmarks' judgement, with times that are given: a test of speed itself would fail on a busy machine."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest

HARNESS = Path(__file__).parent.parent.parent / "benchmarks" / "harness.py"


@pytest.fixture(scope="module")
def harness() -> ModuleType:
    specification = importlib.util.spec_from_file_location("harness", HARNESS)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def times(*pairs: tuple[float, float]) -> Callable[[Sequence[str]], float]:
    """First a pair for the warm-up, then the pairs, in the order in which they are asked for."""
    waiting = iter([(100.0, 0.001), *pairs])
    current: dict[str, float] = {}

    def time_of(command: Sequence[str]) -> float:
        if command[0] == "ours":
            current["ours"], current["theirs"] = next(waiting)
        return current[command[0]]

    return time_of


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([(1.5, 1.0), (1.5, 1.0), (1.5, 1.0)], 0),
        ([(1.7, 1.0), (1.7, 1.0), (1.7, 1.0)], 1),
        # One round on a busy machine decides nothing, and what slows both alike neither.
        ([(1.5, 1.0), (9.0, 1.0), (1.5, 1.0)], 0),
        ([(1.5, 1.0), (3.0, 2.0), (15.0, 10.0)], 0),
    ],
)
def test_the_median_of_the_ratios_decides(
    harness: ModuleType, pairs: list[tuple[float, float]], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    comparison = harness.Comparison("a name", ["ours"], ["theirs"], 1.6)
    assert harness.compare([comparison], rounds=3, time_of=times(*pairs)) == code
    assert capsys.readouterr().out.rstrip().endswith("over") == bool(code)


def test_the_table(harness: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    comparison = harness.Comparison("generate", ["ours"], ["theirs"], 1.6)
    harness.compare([comparison], rounds=1, time_of=times((0.3, 0.2)))
    assert capsys.readouterr().out == (
        "                                    ours  yardstick   ratio   limit\n"
        "generate                         0.300 s    0.200 s   1.50×    1.6×\n"
    )


def test_a_process_that_fails_has_no_time(harness: ModuleType) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        harness.seconds([sys.executable, "-c", "raise SystemExit(3)"])


def test_byte_code_is_cached_as_on_a_users_machine(harness: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PYTHONDONTWRITEBYTECODE", "1")
    harness.seconds([sys.executable, "-c", "import sys; assert not sys.dont_write_bytecode"])
