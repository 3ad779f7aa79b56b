"""What opening a dashboard costs Prometheus where 510 instances run, in one slow query of the same run.

The yardstick is a query that groups by instance over an hour, as a careless dashboard has one for each panel. Each
query of a dashboard's open panels is asked by itself, as ``verify`` sends it, over the same hour in as many steps, and
the processor time that they take together is held to a limit. One fleet runs in full mode and one in lite mode, both
scraped every minute; of the samples those are kept for which a dashboard asks.

Run: python benchmarks/cost.py
"""

import io
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from llumnix_dash.catalog import process
from llumnix_dash.fleet import SCENARIOS, Scenario, simulate
from llumnix_dash.fleet.textformat import write_openmetrics
from llumnix_dash.generate import generate
from llumnix_dash.http.session import Connection
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.verify.dashboard import QueriedDashboard, parse
from llumnix_dash.verify.page import page
from llumnix_dash.verify.run import Settings, resolved
from tests.prometheus.stores import prometheus

END = 1_700_002_800
SECONDS = 3600
SCRAPE_SECONDS = 60
STEP = 15
ROUNDS = 15
UNIT = "sum(max by (namespace, instance_id, infer_type) ({gauge}))"
# The fleet's mode -> the gauge of the yardstick; dashboard -> how many yardsticks its open part may cost.
GAUGES = {"full": "instance_cms_running_requests", "lite": "instance_lrs_total_requests"}
LIMITS = {"full": {"cms": 2.0, "vllm": 4.0}, "lite": {"lrs": 0.7}}


class Kept(io.TextIOBase):
    """A file that takes the samples of some names, and drops the others."""

    def __init__(self, path: Path, names: set[str]) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._dropped = re.compile(rf"^(?!(?:{'|'.join(map(re.escape, sorted(names)))})[{{ ]|# EOF).*\n", re.MULTILINE)

    def write(self, text: str) -> int:
        """Takes whole lines."""
        return self._file.write(self._dropped.sub("", text))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def main() -> int:
    boards = {one.name: parse(one.dashboard, one.name) for one in generate()}
    over = False
    print(f"{'opening, 510 instances':24} {'queries':>8} {'ms':>7} {'of slow':>8} {'ratio':>6} {'limit':>6}")
    for mode, limits in LIMITS.items():
        with tempfile.TemporaryDirectory() as name:
            samples = Path(name, "big.om")
            with Kept(samples, {GAUGES[mode]}.union(*(asked(boards[board]) for board in limits))) as stream:
                write_openmetrics(
                    simulate(big_fleet(mode), end=END, minutes=SECONDS // 60, interval=SCRAPE_SECONDS), stream
                )
            with prometheus(samples, Path(name)) as url:
                for board, limit in limits.items():
                    over |= report(url, boards[board], GAUGES[mode], limit)
    return int(over)


def asked(dashboard: QueriedDashboard) -> set[str]:
    """The names of the series for which the dashboard asks when it is opened."""
    texts = [target.expr for panel in dashboard.panels if panel.open for target in panel.targets]
    return {name for text in texts for name in re.findall(r"[a-z_][\w:]*(?=\{)", text)} | {process.UPTIME.name}


def report(url: str, dashboard: QueriedDashboard, gauge: str, limit: float) -> bool:
    """Prints the line of a dashboard; gives whether it is over its limit."""
    queries, open_page = opening(url, dashboard)
    slow = cost(url, lambda: Client(Connection(url)).query_range(UNIT.format(gauge=gauge), END - SECONDS, END, STEP))
    spent = cost(url, open_page)
    ratio = spent / slow
    print(
        f"{dashboard.name:24} {queries:8} {spent * 1000:7.0f} {slow * 1000:8.1f} {ratio:6.2f} {limit:6.1f}"
        + ("  over" if ratio > limit else "")
    )
    return ratio > limit


def opening(url: str, dashboard: QueriedDashboard) -> tuple[int, Callable[[], None]]:
    """How many queries the open panels of a dashboard have, and what asks them all."""
    client = Client(Connection(url))
    settings = Settings(TimeRange(END - SECONDS, END), scrape_interval=f"{SCRAPE_SECONDS}s")
    scope = resolved(client, dashboard, settings).scope
    plans = page(dashboard, scope, settings.time_range, settings.scrape_interval)
    queries = [query for panel in plans if panel.panel.open for query in panel.queries]
    # As many points as on a fleet that is scraped every 15 s.
    finer = page(dashboard, scope, settings.time_range, f"{STEP}s")
    steps = [query.step for panel in finer if panel.panel.open for query in panel.queries]

    def open_page() -> None:
        for query, step in zip(queries, steps, strict=True):
            if query.instant:
                client.query(query.expr, END)
            else:
                client.query_range(query.expr, END - SECONDS, END, step)

    return len(queries), open_page


def cost(url: str, action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The seconds of processor time that the action takes of Prometheus; other programs have no part in it."""
    action()
    before = _processor_seconds(url)
    for _ in range(rounds):
        action()
    return (_processor_seconds(url) - before) / rounds


def _processor_seconds(url: str) -> float:
    metrics = requests.get(f"{url}/metrics", timeout=10).text
    found = re.search(r"^process_cpu_seconds_total (\S+)", metrics, re.MULTILINE)
    assert found
    return float(found[1])


def big_fleet(mode: str) -> Scenario:
    """The scenario ``big`` with ten instances more and one scheduler."""
    big = SCENARIOS["big"]
    [deployment] = big.deployments
    first, *others = deployment.pools
    pools = (first.model_copy(update={"instances": first.instances + 10}), *others)
    return big.model_copy(
        update={"deployments": (deployment.model_copy(update={"mode": mode, "pools": pools, "schedulers": 1}),)}
    )


if __name__ == "__main__":
    sys.exit(main())
