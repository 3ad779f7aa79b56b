"""How much longer a push takes than its bare requests: 100 dashboards to a Grafana that answers in 50 ms.

Prints, for a first push (all are created) and a second one (nothing has changed), how long the command takes, from
reading the files to the summary but without the start of Python, as a multiple of the time that the very same requests
take when bare ``requests`` sessions send them, from as many threads and in any order, without looking at the answers.
What is read back after a save is among the requests, and its number is told. Each is the best of five.
Exits 1 where the multiple of the first push is above its bound, or the second push writes.

Run: python benchmarks/push.py
"""

import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from multiprocessing.connection import Connection
from pathlib import Path
from threading import local
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from llumnix_dash.cli import program as command  # noqa: E402
from llumnix_dash.generate import load_dashboards  # noqa: E402
from tests.grafana.fake import FakeGrafana  # noqa: E402
from tests.grafana.fake.server import TOKEN  # noqa: E402

DASHBOARDS = 100
JOBS = 4
ROUNDS = 5
DELAY = 0.05  # seconds
BOUND = 1.3
Call = tuple[str, str, Any, Any]


class Server:
    """A fake Grafana in a process of its own."""

    def __init__(self) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.url: str = self._pipe.recv()

    def calls(self) -> list[Call]:
        """The requests since this was asked last."""
        self._pipe.send("requests?")
        return list(self._pipe.recv())

    def stop(self) -> None:
        """Ends the process."""
        self._pipe.send("stop")
        self._process.join()


def _serve(pipe: Connection) -> None:
    with FakeGrafana("g13.0") as fake:
        fake.delay = DELAY
        pipe.send(fake.url)
        while pipe.recv() == "requests?":
            pipe.send([(request.method, request.path, request.query, request.body) for request in fake.requests])
            fake.requests.clear()


def dashboards(folder: Path) -> None:
    """100 dashboards as large as our own, each with a uid of its own."""
    ours = list(load_dashboards().values())
    for number in range(DASHBOARDS):
        dashboard = {**ours[number % len(ours)], "uid": f"benchmark-{number}", "title": f"Benchmark {number}"}
        (folder / f"{number:03}.json").write_text(json.dumps(dashboard))


def push(url: str, folder: Path) -> float:
    """Seconds that the command takes."""
    os.environ |= {"GRAFANA_URL": url, "GRAFANA_TOKEN": TOKEN}
    began = time.perf_counter()
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        command.main(["push", str(folder), "--jobs", str(JOBS)], standalone_mode=False)
    return time.perf_counter() - began


def bare(url: str, calls: list[Call]) -> float:
    """Seconds that the same requests take from as many threads, each with a connection of its own."""
    own = local()

    def send(call: Call) -> None:
        if not hasattr(own, "session"):
            own.session = requests.Session()
            own.session.headers["Authorization"] = f"Bearer {TOKEN}"
        method, path, query, body = call
        own.session.request(method, url + path, params=query, json=body, timeout=30)

    began = time.perf_counter()
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(send, calls))
    return time.perf_counter() - began


def read_backs(calls: list[Call]) -> int:
    """How many of the requests read a dashboard a second time: after it was saved, what the server made of it."""
    reads = Counter(path for method, path, *_ in calls if method == "GET" and "benchmark-" in path)
    return sum(reads.values()) - len(reads)


def rounds(folder: Path) -> tuple[list[tuple[float, float]], list[tuple[int, int]]]:
    """For a first and a second push: seconds of the push and of its bare requests, and the writes and read-backs.

    The bare requests go to a server of their own, so that it has the same work with them.
    """
    server, other = Server(), Server()
    times, writes = [], []
    for _ in ("first", "second"):
        seconds = push(server.url, folder)
        calls = server.calls()
        times.append((seconds, bare(other.url, calls)))
        writes.append((sum(method != "GET" for method, *_ in calls), read_backs(calls)))
    server.stop()
    other.stop()
    return times, writes


def main() -> int:
    """Prints the ratios; 1 where one is above its bound."""
    print(f"{DASHBOARDS} dashboards, answers after {1000 * DELAY:.0f} ms, {JOBS} at once, best of {ROUNDS}")
    with tempfile.TemporaryDirectory() as folder:
        dashboards(Path(folder))
        results = [rounds(Path(folder)) for _ in range(ROUNDS)]
    good = True
    for number, name in enumerate(("first push", "unchanged")):
        ratio = min(times[number][0] for times, *_ in results) / min(times[number][1] for times, *_ in results)
        writes, read_back = results[0][1][number]
        bound = f"at most {BOUND}" if name == "first push" else "of interest; it must not write"
        good &= ratio <= BOUND if name == "first push" else writes == 0
        print(f"{name:12} {writes:4} writes {read_back:4} read back   {ratio:.2f} x the same requests bare ({bound})")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
