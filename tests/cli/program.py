"""The real program in a process of its own, as a person meets it: what it prints, where, and its exit code."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs ``llumnix-dash`` with the arguments; its output is no terminal."""
    return subprocess.run(
        [sys.executable, "-m", "llumnix_dash", *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **(environment or {})},
    )


def transcript(*lines: str, cwd: Path) -> str:
    """What a person sees who types the lines, one after the other; ``2>`` marks stderr, and ``…`` is the folder."""
    shown = []
    for line in lines:
        done = run(*line.split()[1:], cwd=cwd)
        assert "Traceback" not in done.stderr
        shown.append(f"$ {line}")
        shown += done.stdout.splitlines()
        shown += [f"2> {text}" for text in done.stderr.splitlines()]
        shown += [f"[exit {done.returncode}]", ""]
    return "\n".join([*shown, ""]).replace(str(cwd), "…")
