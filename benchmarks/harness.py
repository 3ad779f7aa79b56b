"""Times whole processes in pairs: ours and a yardstick in turn, so that a busy machine slows both alike."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

ROUNDS = 15

Command = Sequence[str]


class Comparison(NamedTuple):
    """What is timed, against what, and how many times as long it may take.

    Attributes:
        name: what people call it.
        ours: the command that is timed.
        yardstick: the command that it is held against.
        limit: the highest ratio that is allowed.
        prepare: done before each run of ours, and not timed.
    """

    name: str
    ours: Command
    yardstick: Command
    limit: float
    prepare: Callable[[], object] = lambda: None


def python(*arguments: str) -> list[str]:
    """A command of the interpreter that runs the benchmark."""
    return [sys.executable, *arguments]


def seconds(command: Command) -> float:
    """The wall-clock time of the whole process, from start to exit; what it prints is dropped.

    Raises:
        subprocess.CalledProcessError: the process fails; its time would mean nothing.
    """
    # Byte code is cached as on a user's machine, for both.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - begin


def compare(
    comparisons: Sequence[Comparison], rounds: int = ROUNDS, time_of: Callable[[Command], float] = seconds
) -> int:
    """Times each comparison, prints a table, and gives the exit code: 1 where a median ratio is over its limit."""
    print(f"{'':30} {'ours':>9} {'yardstick':>10} {'ratio':>7} {'limit':>7}")
    over = 0
    for one in comparisons:
        pairs = []
        for _ in range(1 + rounds):
            one.prepare()
            pairs.append((time_of(one.ours), time_of(one.yardstick)))
        del pairs[0]  # The first warms caches and writes byte code.
        ours, yardstick = (statistics.median(times) for times in zip(*pairs, strict=True))
        ratio = statistics.median(mine / theirs for mine, theirs in pairs)
        over += ratio > one.limit
        verdict = "  over" if ratio > one.limit else ""
        print(f"{one.name:30} {ours:7.3f} s {yardstick:8.3f} s {ratio:6.2f}× {one.limit:6.1f}×{verdict}")
    return 1 if over else 0
