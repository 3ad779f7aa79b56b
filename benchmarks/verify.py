"""How long opening each dashboard takes where 500 instances run, beside as many queries that compute nothing.

A real Prometheus holds ten minutes of the simulated fleet ``big``, scraped every minute. A dashboard is opened as a
browser opens it: its drop-downs, then the queries of its open panels, four at a time, for the last ten minutes. The
yardstick are as many queries of a constant, by the same client. Each time is the best of three.

Run: python benchmarks/verify.py
"""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from llumnix_dash.fleet import simulate
from llumnix_dash.fleet.textformat import write_openmetrics
from llumnix_dash.generate import generate
from llumnix_dash.http.session import Connection
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.verify.dashboard import QueriedDashboard, parse
from llumnix_dash.verify.page import page
from llumnix_dash.verify.run import Settings, ask, resolved
from tests.prometheus.stores import prometheus

END = 1_700_002_800
MINUTES = 10
SCRAPE_INTERVAL = "60s"
JOBS = 4
ROUNDS = 3

Result = TypeVar("Result")


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = folder / "big.om"
        with samples.open("w", encoding="utf-8") as stream:
            write_openmetrics(simulate("big", end=END, minutes=MINUTES), stream)
        with prometheus(samples, folder) as url:
            client = Client(Connection(url))
            print(
                f"{'opening, 500 instances':24} {'queries':>8} {'series':>7} {'ms':>7} {'of nothing':>11} {'ratio':>6}"
            )
            for one in generate():
                report(client, parse(one.dashboard, one.name))
    return 0


def report(client: Client, dashboard: QueriedDashboard) -> None:
    """Prints the line of a dashboard."""
    settings = Settings(TimeRange(END - MINUTES * 60, END), scrape_interval=SCRAPE_INTERVAL)

    def opening() -> list[int]:
        scope = resolved(client, dashboard, settings).scope
        plans = page(dashboard, scope, settings.time_range, settings.scrape_interval)
        queries = [query for panel in plans if panel.panel.open for query in panel.queries]
        with ThreadPoolExecutor(JOBS) as pool:
            return list(pool.map(lambda query: len(ask(client, query)), queries))

    series, ours = best(opening)

    def nothing() -> None:
        with ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(lambda _: client.query("vector(1)", END), series))

    _, yardstick = best(nothing)
    print(
        f"{dashboard.name:24} {len(series):8} {sum(series):7} {ours * 1000:7.0f} {yardstick * 1000:11.0f}"
        f" {ours / yardstick:6.1f}"
    )


def best(action: Callable[[], Result]) -> tuple[Result, float]:
    """What the action gives, and the shortest time in seconds that it took."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        result = action()
        times.append(time.perf_counter() - began)
    return result, min(times)


if __name__ == "__main__":
    sys.exit(main())
