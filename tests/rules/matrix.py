"""Every alert on every scenario: all fleets in one Prometheus, told apart by their cluster, and when each alert fires.

Each fleet is scraped for :data:`MINUTES`; what happens in a scenario's middle happens after half of them. The first
minutes are left out: what looks back over five has not five to look at.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

import yaml

from llumnix_dash.fleet import SCENARIOS, Scenario, simulate
from llumnix_dash.fleet.textformat import write_openmetrics
from llumnix_dash.prometheus.client import Client
from llumnix_dash.prometheus.connection import Connection
from llumnix_dash.rulefiles import ALERTS_FILE, rule_files
from tests.nightly import EVERY_STORE
from tests.prometheus.recorded import RULES, recorded_samples
from tests.prometheus.stores import prometheus

END = 1_700_002_800
MINUTES = 32
# What takes longer: a budget of which the hours before count as good is not burnt in half an hour.
LONGER = {"too-small": 64}
INTERVAL = 30
WARM_UP = 5.5
EXPECTED: dict[str, dict[str, list[float] | str]] = yaml.safe_load(
    Path(__file__).with_name("matrix.yaml").read_text(encoding="utf-8")
)
"""Scenario -> alert -> from which minute to which it must fire, or ``may``; an alert that is not named must not."""
# It has 500 instances, and nothing happens in it.
LEFT_OUT = ("big",)
# `make nightly` takes these, too. In the first four alerts fire that fire in others as well; in the rest nothing
# happens: they differ in what dashboards show.
NIGHTLY = (
    *("overload", "decode-short", "neutral-short", "bypass"),
    *("full-mode", "no-namespace", "two-namespaces", "old-vllm", "new-vllm"),
    *("lite-reporting", "no-capacity", "adaptive-pd"),
    *("kvt-staged", "external-route", "several-engines", "two-schedulers", "prefill-decode", "prefill-short"),
    *("kvt-batch", "migration", "slow-burn"),
)


class Fires(NamedTuple):
    """An alert that fires in a scenario: from which minute to which."""

    start: float
    end: float


def clusters(name: str, scenario: Scenario) -> list[str]:
    """The clusters of a scenario's deployments, each with the scenario's name before its own."""
    return [f"{name} {one.cluster}" if one.cluster else name for one in scenario.deployments]


def minutes(name: str) -> int:
    """For how long a scenario is simulated."""
    return LONGER.get(name, MINUTES)


def renamed(name: str) -> Scenario:
    """The scenario in clusters of its own."""
    scenario = SCENARIOS[name]
    deployments = zip(scenario.deployments, clusters(name, scenario), strict=True)
    return scenario.model_copy(
        update={"deployments": tuple(one.model_copy(update={"cluster": cluster}) for one, cluster in deployments)}
    )


class Rule(NamedTuple):
    """An alert's rule, as Prometheus has it; several may share a name.

    Attributes:
        name: of the alert.
        condition: its PromQL.
        seconds: for how long it must hold.
    """

    name: str
    condition: str
    seconds: int


[_ALERT_RULES] = [one.rules for one in rule_files() if one.file_name == ALERTS_FILE]
ALERTS = [
    Rule(rule["alert"], rule["expr"], int(rule["for"][:-1]) * {"s": 1, "m": 60, "h": 3600}[rule["for"][-1]])
    for rule in _ALERT_RULES
]


def asked() -> frozenset[str]:
    """The names of the series that any rule asks for."""
    texts = [one.condition for one in ALERTS] + [rule["expr"] for rule in RULES]
    return frozenset(name for text in texts for name in re.findall(r"([\w:]+)\{", text))


class _Only:
    """A stream that keeps the lines of some series alone."""

    def __init__(self, stream: TextIO, names: Iterable[str]) -> None:
        self._stream, self._names = stream, tuple(f"{name}{{" for name in names)

    def write(self, text: str) -> int:
        self.writelines(text.splitlines(keepends=True))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        self._stream.writelines(line for line in lines if line.startswith(self._names))


@contextmanager
def store(of: Sequence[str], folder: Path) -> Iterator[str]:
    """A Prometheus that holds what the alerts ask of these scenarios; gives its URL."""
    samples, names = folder / "samples.om", asked()
    with samples.open("w", encoding="utf-8") as stream:
        for name in of:
            interval = max(INTERVAL, SCENARIOS[name].interval or 0)
            fleet = simulate(renamed(name), end=END, minutes=minutes(name), interval=interval)
            write_openmetrics(fleet, _Only(stream, names))  # type: ignore[arg-type]
        stream.write("# EOF\n")
    with prometheus(samples, folder) as url:
        recorded = recorded_in(url, folder / "recorded.om", max(map(minutes, of)))
    with prometheus(recorded, folder) as url:
        yield url


def recorded_in(url: str, path: Path, of_minutes: int) -> Path:
    """A file of what a ruler that asks every minute would have recorded of the store."""
    lines = recorded_samples(Client(Connection(url)), END - of_minutes * 60, END, 60)
    path.write_text("".join([*lines, "# EOF\n"]), encoding="utf-8")
    return path


def scenarios() -> list[str]:
    """The scenarios that the matrix has, in their order."""
    left_out = LEFT_OUT if EVERY_STORE else (*LEFT_OUT, *NIGHTLY)
    return [name for name in SCENARIOS if name not in left_out]


def fired(url: str, rule: Rule, of: Sequence[str]) -> dict[str, list[Fires]]:
    """Scenario -> when any of the rule's cases fires there, of those in which it does, in a store of these."""
    begins = {name: END - minutes(name) * 60 for name in of}
    found: dict[str, list[Fires]] = defaultdict(list)
    client = Client(Connection(url))
    for series in client.query_range(rule.condition, min(begins.values()) + WARM_UP * 60, END, INTERVAL):
        scenario = series.labels["cluster"].partition(" ")[0]
        start = begins[scenario]
        moments = [moment for moment, _ in series.points if moment >= start + WARM_UP * 60]
        for first, last in _runs(moments) if moments else ():
            if last - first >= rule.seconds:
                found[scenario].append(Fires((first + rule.seconds - start) / 60, (last - start) / 60))
    return dict(found)


def _runs(moments: list[float]) -> Iterator[tuple[float, float]]:
    """The first and the last of moments that follow one another without a gap."""
    first = previous = moments[0]
    for moment in moments[1:]:
        if moment - previous > INTERVAL:
            yield first, previous
            first = moment
        previous = moment
    yield first, previous
