"""How long ``llumnix-dash diff`` takes, and how much memory, as ratios within this run.

Two sets of 100 dashboards of 76 panels are compared by the command as a user runs it, start of the process and all. The
measure of time is what Python takes to parse all their JSON and dump it again, both in processor time, so that it does
not matter what else the machine does; of memory, the size of the files.

    python benchmarks/diff.py

Exit code 1 if a limit is passed.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DASHBOARDS = 100
PANELS = 76
ROUNDS = 5
MOST_TIME = 2.0
MOST_MEMORY = 10.0

Json = dict[str, Any]


def main() -> int:
    """Runs all cases; returns the exit code."""
    print(f"two sets of {DASHBOARDS} dashboards of {PANELS} panels, the best of {ROUNDS} rounds\n")
    print(f"{'':42} {'parse + dump':>12} {'diff':>8} {'ratio':>7}  {'limit':>5}   {'memory / files':>14}  {'limit':>5}")
    passed = False
    with tempfile.TemporaryDirectory() as folder:
        for form, indent in (("as generated, indented", 2), ("compact", None)):
            old = write(Path(folder) / f"old-{indent}", dashboard, indent)
            for name, make in CASES:
                new = write(Path(folder) / f"{name}-{indent}".replace(" ", "-"), make, indent)
                passed |= case(f"{name} ({form})", old, new)
    return 1 if passed else 0


def case(name: str, old: Path, new: Path) -> bool:
    """Measures one pair of sets and prints its line; returns whether a limit is passed."""
    files = [*sorted(old.iterdir()), *sorted(new.iterdir())]
    size = sum(file.stat().st_size for file in files)
    command = [sys.executable, "-m", "llumnix_dash", "diff", str(old), str(new)]
    baseline, ours, memory = [], [], []
    for _ in range(ROUNDS):  # in turn, so that a busy machine is busy for both
        baseline.append(parse_and_dump([file.read_text(encoding="utf-8") for file in files]))
        seconds, peak = run(command)
        ours.append(seconds)
        memory.append(peak)
    ratio, share = min(ours) / min(baseline), min(memory) / size
    times = f"{min(baseline):10.2f} s {min(ours):6.2f} s {ratio:7.2f}  {MOST_TIME:5.0f}"
    print(f"{name:42} {times}   {share:14.1f}  {MOST_MEMORY:5.0f}")
    return ratio > MOST_TIME or share > MOST_MEMORY


def parse_and_dump(texts: list[str]) -> float:
    """The seconds of processor time that it takes to parse the texts and to dump each again."""
    start = time.process_time()
    for value in [json.loads(text) for text in texts]:
        json.dumps(value)
    return time.process_time() - start


def run(command: list[str]) -> tuple[float, int]:
    """The seconds of processor time, of user and system, and the most bytes of memory that a command takes."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def write(folder: Path, make: Callable[[int], Json], indent: int | None) -> Path:
    """Writes a set of dashboards."""
    folder.mkdir()
    for number in range(DASHBOARDS):
        text = json.dumps(make(number), indent=indent, sort_keys=True)
        (folder / f"{number}.json").write_text(text, encoding="utf-8")
    return folder


# -- the dashboards ---------------------------------------------------------------------------------------------------


def dashboard(number: int) -> Json:
    """A dashboard of the size and the make of ours."""
    return {
        "uid": f"board-{number}",
        "title": f"Board {number}",
        "schemaVersion": 42,
        "time": {"from": "now-1h", "to": "now"},
        "panels": [panel(number, at) for at in range(PANELS)],
    }


def panel(number: int, at: int) -> Json:
    """A panel of three quantiles."""
    source = {"type": "prometheus", "uid": "${datasource}"}
    queries = [
        {
            "refId": ref_id,
            "datasource": source,
            "editorMode": "code",
            "range": True,
            "legendFormat": f"P{share}",
            "expr": f"histogram_quantile(0.{share}, sum by (le) (rate(metric_{number}_{at}_bucket"
            '{namespace=~"$namespace",model=~"$model"}[$__rate_interval])))',
        }
        for ref_id, share in (("A", 50), ("B", 90), ("C", 99))
    ]
    custom = {"drawStyle": "line", "fillOpacity": 10, "lineWidth": 2, "showPoints": "never", "spanNulls": False}
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 80}]
    red = {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}
    return {
        "id": at + 1,
        "type": "timeseries",
        "title": f"Panel {at}",
        "description": "What it measures, from where to where, how to read it, and what it cannot show. " * 2,
        "gridPos": {"h": 8, "w": 12, "x": 12 * (at % 2), "y": 8 * (at // 2)},
        "datasource": source,
        "pluginVersion": "11.6.0",
        "targets": queries,
        "fieldConfig": {
            "defaults": {"unit": "s", "thresholds": {"mode": "absolute", "steps": steps}, "custom": custom},
            "overrides": [{"matcher": {"id": "byName", "options": "P99"}, "properties": [red]}],
        },
        "options": {
            "legend": {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def edited(number: int) -> Json:
    """The dashboard after a day's work: three queries, a title, a panel gone, one moved to the end, one come."""
    chance = random.Random(number)
    board = dashboard(number)
    for one in chance.sample(board["panels"], 3):
        one["targets"][0]["expr"] = one["targets"][0]["expr"].replace("0.50", "0.75")
    chance.choice(board["panels"])["title"] = "Another title"
    board["panels"].pop(chance.randrange(PANELS))
    moved = board["panels"].pop(chance.randrange(PANELS - 1))
    board["panels"].append({**moved, "gridPos": {**moved["gridPos"], "y": 400}})
    board["panels"].append({**panel(number, 500), "gridPos": {"h": 8, "w": 12, "x": 0, "y": 500}})
    return board


def saved_by_a_server(number: int) -> Json:
    """The dashboard as a server gives it back: every panel has defaults written out and another plugin version."""
    board = {**dashboard(number), "id": number, "version": 3, "editable": True}
    for one in board["panels"]:
        one |= {"pluginVersion": "12.1.0", "transparent": False, "links": []}
        one["fieldConfig"]["defaults"]["custom"] |= {"axisBorderShow": False, "pointSize": 5, "gradientMode": "none"}
        one["options"]["tooltip"]["hideZeros"] = False
    return board


def renumbered(number: int) -> Json:
    """The dashboard with other panel ids."""
    board = dashboard(number)
    for one in board["panels"]:
        one["id"] += 1000
    return board


CASES: list[tuple[str, Callable[[int], Json]]] = [
    ("equal", dashboard),
    ("seven edits in each", edited),
    ("saved by a server", saved_by_a_server),
    ("renumbered", renumbered),
]

if __name__ == "__main__":
    sys.exit(main())
