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
from llumnix_dash.rules import Alert
from llumnix_dash.rules.declared import every_alert
from tests.prometheus.stores import prometheus

END = 1_700_002_800
MINUTES = 32
INTERVAL = 30
WARM_UP = 5.5
EXPECTED: dict[str, dict[str, list[float] | str]] = yaml.safe_load(
    Path(__file__).with_name("matrix.yaml").read_text(encoding="utf-8")
)
"""Scenario -> alert -> from which minute to which it must fire, or ``may``; an alert that is not named must not."""
# It has 500 instances, and nothing happens in it.
LEFT_OUT = ("big",)


class Fires(NamedTuple):
    """An alert that fires in a scenario: from which minute to which."""

    start: float
    end: float


def clusters(name: str, scenario: Scenario) -> list[str]:
    """The clusters of a scenario's deployments, each with the scenario's name before its own."""
    return [f"{name} {one.cluster}" if one.cluster else name for one in scenario.deployments]


def renamed(name: str) -> Scenario:
    """The scenario in clusters of its own."""
    scenario = SCENARIOS[name]
    deployments = zip(scenario.deployments, clusters(name, scenario), strict=True)
    return scenario.model_copy(
        update={"deployments": tuple(one.model_copy(update={"cluster": cluster}) for one, cluster in deployments)}
    )


def asked() -> frozenset[str]:
    """The names of the series that any alert asks for."""
    return frozenset(name for alert in every_alert() for name in re.findall(r"([\w:]+)\{", alert.condition()))


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
            fleet = simulate(renamed(name), end=END, minutes=MINUTES, interval=INTERVAL)
            write_openmetrics(fleet, _Only(stream, names))  # type: ignore[arg-type]
        stream.write("# EOF\n")
    with prometheus(samples, folder) as url:
        yield url


def scenarios() -> list[str]:
    """The scenarios that the matrix has, in their order."""
    return [name for name in SCENARIOS if name not in LEFT_OUT]


def fired(url: str, alert: Alert) -> dict[str, list[Fires]]:
    """Scenario -> when any of the alert's cases fires there, of those in which it does."""
    start = END - MINUTES * 60
    found: dict[str, list[Fires]] = defaultdict(list)
    for series in Client(Connection(url)).query_range(alert.condition(), start + WARM_UP * 60, END, INTERVAL):
        scenario = series.labels["cluster"].partition(" ")[0]
        for first, last in _runs([moment for moment, _ in series.points]):
            if last - first >= alert.seconds:
                found[scenario].append(Fires((first + alert.seconds - start) / 60, (last - start) / 60))
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
