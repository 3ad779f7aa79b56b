"""What a page over recorded series costs Prometheus, of its raw form, and what the rules cost to evaluate.

At 510 instances both forms of each page are opened in one Prometheus, as in ``cost.py``, and the processor time of the
one is held against that of the other. At 5,100 instances, which are the 510 ten times under other names, the recorded
series are the same, for none is of an instance but those that lead; what grows is what pages still ask of instances.
The rules are evaluated once each on a store that was scraped as ``deploy`` does it.

Run: python benchmarks/recorded.py
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cost import END, SCRAPE_SECONDS, SECONDS, Kept, asked, big_fleet, cost, opening
from llumnix_dash.fleet import simulate
from llumnix_dash.fleet.textformat import write_openmetrics
from llumnix_dash.generate import generate
from llumnix_dash.http.session import Connection
from llumnix_dash.prometheus.client import Client
from llumnix_dash.recorded.queries import Recorded
from llumnix_dash.rulefiles import RECORDING_SECONDS, recorded_series
from llumnix_dash.settings.site import Dashboards, Site
from llumnix_dash.verify.dashboard import QueriedDashboard, parse
from tests.prometheus.stores import prometheus

ROUNDS = 3
# Of the raw form at 510 instances what the recorded one may cost there, and at ten times as many.
LIMIT, LIMIT_OF_MANY = 0.1, 0.15
# Of their interval what the rules may take.
LIMIT_OF_RULES = 0.1
COPIES = 10
MODES = {"full": ("overview", "request", "component", "cms", "vllm", "alerts"), "lite": ("lrs",)}
# As deploy/scrape_configs has it.
LIVE_SCRAPE_SECONDS, LIVE_MINUTES = 10, 6


def main() -> int:
    raw = {one.name: parse(one.dashboard, one.name) for one in generate()}
    site = Site(dashboards=Dashboards(recorded=True))
    recorded = {one.name: parse(one.dashboard, one.name) for one in generate(site=site)}
    rules = recorded_series(site)
    over = False
    at_many = f"{'at 5,100':>9} {'ratio':>6} {'limit':>6}"
    print(f"{'opening':24} {'raw ms':>8} {'recorded':>9} {'ratio':>6} {'limit':>6} {at_many}")
    for mode, names in MODES.items():
        over |= pages(mode, {name: (raw[name], recorded[name]) for name in names}, rules)
    return int(over | evaluation(rules))


def pages(mode: str, boards: dict[str, tuple[QueriedDashboard, QueriedDashboard]], rules: Iterable[Recorded]) -> bool:
    """Prints a line for each page; gives whether one is over its limit."""
    still = set[str]().union(*(asked(recorded) for _, recorded in boards.values()))
    texts = " ".join(
        target.expr for _, one in boards.values() for panel in one.panels for target in panel.targets if panel.open
    )
    used = [rule for rule in rules if rule.name in texts]
    kept = still.union(_metrics(used), *(asked(one) for one, _ in boards.values()))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = folder / "raw.om"
        with Kept(samples, kept) as stream:
            write_openmetrics(
                simulate(big_fleet(mode), end=END, minutes=SECONDS // 60, interval=SCRAPE_SECONDS), stream
            )
        with _store(folder, "raw", samples) as url:
            _write(folder / "rules.om", _evaluated(url, used))
        _write(folder / "both.om", _lines(samples), _lines(folder / "rules.om"))
        with _store(folder, "both", folder / "both.om") as url:
            costs = {
                board: [cost(url, opening(url, form)[1], ROUNDS) for form in forms] for board, forms in boards.items()
            }
        _write(folder / "many.om", _many(samples, still), _lines(folder / "rules.om"))
        with _store(folder, "many", folder / "many.om") as url:
            many = {board: cost(url, opening(url, form)[1], ROUNDS) for board, (_, form) in boards.items()}
    for board, (before, after) in costs.items():
        ratio, of_many = after / before, many[board] / before
        over = ratio > LIMIT or of_many > LIMIT_OF_MANY
        print(
            f"{board:24} {before * 1000:8.0f} {after * 1000:9.1f} {ratio:6.3f} {LIMIT:6.2f}"
            f" {many[board] * 1000:9.1f} {of_many:6.3f} {LIMIT_OF_MANY:6.2f}" + ("  over" if over else "")
        )
    return any(costs[one][1] > LIMIT * costs[one][0] or many[one] > LIMIT_OF_MANY * costs[one][0] for one in costs)


def evaluation(rules: Iterable[Recorded]) -> bool:
    """Prints what share of their interval the rules take at 510 instances; gives whether it is over the limit."""
    with tempfile.TemporaryDirectory() as name:
        samples = Path(name, "live.om")
        with Kept(samples, _metrics(rules)) as stream:
            write_openmetrics(
                simulate(big_fleet("full"), end=END, minutes=LIVE_MINUTES, interval=LIVE_SCRAPE_SECONDS), stream
            )
        with _store(Path(name), "live", samples) as url:
            client = Client(Connection(url))
            spent = cost(url, lambda: [client.query(rule.expression, END) for rule in rules], ROUNDS)
    ratio = spent / RECORDING_SECONDS
    print(f"{'rules, of their interval':24} {spent * 1000:8.0f} {'':9} {ratio:6.3f} {LIMIT_OF_RULES:6.2f}")
    return ratio > LIMIT_OF_RULES


def _store(folder: Path, name: str, samples: Path) -> AbstractContextManager[str]:
    own = folder / f"store-{name}"
    own.mkdir()
    return prometheus(samples, own)


def _metrics(rules: Iterable[Recorded]) -> set[str]:
    return {name for rule in rules for name in re.findall(r"[a-z_][\w:]*(?=\{)", rule.expression)}


def _evaluated(url: str, rules: Iterable[Recorded]) -> Iterator[str]:
    """The rules' samples of the hour, at their interval."""
    client = Client(Connection(url))
    for rule in rules:
        for series in client.query_range(rule.expression, END - SECONDS, END, RECORDING_SECONDS):
            labels = {label: value for label, value in series.labels.items() if label != "__name__"}
            named = ",".join(f"{label}={json.dumps(value)}" for label, value in labels.items())
            for moment, value in series.points:
                yield f"{rule.name}{{{named}}} {value!r} {moment}\n"


def _many(samples: Path, names: set[str]) -> Iterator[str]:
    """The samples of these names, those of engines several times over, each time of engines of other names."""
    wanted = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(names)))})[{{ ]")
    for line in _lines(samples):
        if not wanted.match(line):
            continue
        yield line
        label = "instance_id" if 'instance_id="' in line else "instance" if "llumnix-engine" in line else ""
        for copy in range(1, COPIES if label else 1):
            yield re.sub(rf'([{{,]{label}=")', rf"\g<1>{copy}.", line, count=1)


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as stream:
        yield from (line for line in stream if not line.startswith("# EOF"))


def _write(path: Path, *parts: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for part in parts:
            stream.writelines(part)
        stream.write("# EOF\n")


if __name__ == "__main__":
    sys.exit(main())
