"""How much memory ``llumnix-dash verify`` takes for 500 dashboards, beside what it takes for 50.

The dashboards are copies of ours, each with its own uid. They run on a real Prometheus that holds some minutes of the
simulated fleet. So that the run ends soon, all but a few queries of each are hidden; reading and walking the JSON is
what memory could go to, and that is whole.

Run: python benchmarks/many.py

Exit code 1 if the ratio is over its limit.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from llumnix_dash.document.walk import walk
from llumnix_dash.fleet import simulate
from llumnix_dash.fleet.textformat import write_openmetrics
from llumnix_dash.generate import generate
from tests.prometheus.stores import prometheus

END = 1_700_002_800
MINUTES = 5
FEW, MANY = 50, 500
ASKED = 4  # queries of each dashboard that run
LIMIT = 1.25


def main() -> int:
    """Measures both; returns the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = folder / "fleet.om"
        with samples.open("w", encoding="utf-8") as stream:
            write_openmetrics(simulate("default", end=END, minutes=MINUTES), stream)
        with prometheus(samples, folder) as url:
            few, many = (measured(written(folder / str(count), count), url) for count in (FEW, MANY))
    ratio = many[0] / few[0]
    for count, (memory, seconds) in ((FEW, few), (MANY, many)):
        print(f"{count:4} dashboards {memory / 2**20:8.1f} MiB {seconds:7.1f} s")
    print(f"memory, {MANY} beside {FEW}: {ratio:.2f}, limit {LIMIT}{'  over' if ratio > LIMIT else ''}")
    return 1 if ratio > LIMIT else 0


def written(folder: Path, count: int) -> Path:
    """A folder with so many dashboards."""
    folder.mkdir()
    ours = [with_few_queries(one.dashboard) for one in generate()]
    for number, dashboard in enumerate(islice(cycle(ours), count)):
        text = json.dumps({**dashboard, "uid": f"copy-{number}"}, indent=2)
        (folder / f"{number:04}.json").write_text(text, encoding="utf-8")
    return folder


def with_few_queries(dashboard: dict[str, Any]) -> dict[str, Any]:
    """The dashboard with all but its first queries hidden."""
    dashboard = copy.deepcopy(dashboard)
    targets = [target for place in walk(dashboard) for target in place.panel.get("targets") or []]
    for target in targets[ASKED:]:
        target["hide"] = True
    return dashboard


def measured(folder: Path, url: str) -> tuple[int, float]:
    """The most bytes of memory that verify takes for the folder, and its seconds."""
    command = [sys.executable, "-m", "llumnix_dash", "verify", str(folder), "--prometheus", url, "--to", str(END)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in {0, 1}
    return usage.ru_maxrss * 1024, time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
