"""What opening a dashboard costs Prometheus where 510 instances run, in one slow query of the same run.

The yardstick is a query that groups by instance over an hour, as a careless dashboard has one for each panel. Each
query of a dashboard's open panels is asked by itself, as ``verify`` sends it, over the same hour in as many steps; the
shortest time of each counts, and their sum is held to a limit. One fleet runs in full mode and one in lite mode, both
scraped every minute; of the samples those are kept for which a dashboard asks.

Run: python benchmarks/cost.py
"""

import io
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from llumnix_dash.catalog import process
from llumnix_dash.fleet import SCENARIOS, Scenario, simulate
from llumnix_dash.fleet.textformat import write_openmetrics
from llumnix_dash.generate import generate
from llumnix_dash.http.session import Connection
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.verify.dashboard import QueriedDashboard, parse
from llumnix_dash.verify.plan import StoreQuery, plan
from llumnix_dash.verify.run import Settings, resolved
from tests.prometheus.stores import prometheus

END = 1_700_002_800
SECONDS = 3600
SCRAPE_SECONDS = 60
STEP = 15
ROUNDS = 3
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
                    simulate(_fleet(mode), end=END, minutes=SECONDS // 60, interval=SCRAPE_SECONDS), stream
                )
            with prometheus(samples, Path(name)) as url:
                client = Client(Connection(url))
                for board, limit in limits.items():
                    over |= report(client, boards[board], GAUGES[mode], limit)
    return int(over)


def asked(dashboard: QueriedDashboard) -> set[str]:
    """The names of the series for which the dashboard asks when it is opened."""
    texts = [target.expr for panel in dashboard.panels if panel.open for target in panel.targets]
    return {name for text in texts for name in re.findall(r"[a-z_][\w:]*(?=\{)", text)} | {process.UPTIME.name}


def report(client: Client, dashboard: QueriedDashboard, gauge: str, limit: float) -> bool:
    """Prints the line of a dashboard; gives whether it is over its limit."""
    settings = Settings(TimeRange(END - SECONDS, END), scrape_interval=f"{SCRAPE_SECONDS}s")
    scope = resolved(client, dashboard, settings).scope
    plans = plan(dashboard, scope, settings.time_range, settings.scrape_interval)
    queries = [query for panel in plans if panel.panel.open for query in panel.queries]
    # As many points as on a fleet that is scraped every 15 s; a panel with a longer step of its own keeps it.
    finest = {panel.panel.title: STEP if not panel.panel.minimum_interval else SCRAPE_SECONDS for panel in plans}
    steps = [finest[panel.panel.title] for panel in plans if panel.panel.open for _ in panel.queries]

    def cost(query: StoreQuery, step: int) -> float:
        if query.instant:
            return shortest(lambda: client.query(query.expr, END))
        return shortest(lambda: client.query_range(query.expr, END - SECONDS, END, step))

    slow = shortest(lambda: client.query_range(UNIT.format(gauge=gauge), END - SECONDS, END, STEP))
    spent = sum(cost(query, step) for query, step in zip(queries, steps, strict=True))
    ratio = spent / slow
    print(
        f"{dashboard.name:24} {len(queries):8} {spent * 1000:7.0f} {slow * 1000:8.1f} {ratio:6.2f} {limit:6.1f}"
        + ("  over" if ratio > limit else "")
    )
    return ratio > limit


def shortest(action: Callable[[], object]) -> float:
    """The shortest time in seconds that the action took."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return min(times)


def _fleet(mode: str) -> Scenario:
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
