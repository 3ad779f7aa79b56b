"""An hour of the fleet of 500 instances: at most 30 s and 1 GiB, and how that compares with writing as many lines."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST_SECONDS = 30
MOST_MIB = 1024


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "big.om")
        command = [
            sys.executable,
            "-m",
            "llumnix_dash",
            "simulate",
            "big",
            "--minutes",
            "60",
            "--openmetrics",
            str(path),
        ]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status:
            return 1
        with open(path, encoding="utf-8") as stream:
            lines = sum(1 for _ in stream)
        size = path.stat().st_size
        path.unlink()
        bare = bare_seconds(Path(folder, "bare.om"), lines, size // lines)
    mib = usage.ru_maxrss / 1024
    print(f"simulate big, an hour: {lines:,} lines, {size / 1e9:.1f} GB")
    print(f"  {seconds:6.1f} s    at most {MOST_SECONDS}; {seconds / bare:.1f} x a loop that writes as many lines")
    print(f"  {mib:6.0f} MiB  at most {MOST_MIB}")
    return int(seconds > MOST_SECONDS or mib > MOST_MIB)


def bare_seconds(path: Path, lines: int, width: int) -> float:
    """The time in which a plain loop writes so many lines of this width, each with a number of its own."""
    prefix = "x" * (width - 24)
    began = time.perf_counter()
    with open(path, "w", encoding="utf-8") as stream:
        stream.writelines(f"{prefix} {number} 1700000000\n" for number in range(lines))
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
