"""Simulated fleets with all that happened in them, and their samples in a file that stores read."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

import pytest

from llumnix_dash.fleet import SCENARIOS, Fleet, Scenario, simulate
from llumnix_dash.fleet.cms import Status
from llumnix_dash.fleet.engine import Engine, Request
from llumnix_dash.fleet.parts import Mishap
from llumnix_dash.fleet.process import Process
from llumnix_dash.fleet.record import scheduler as at_scheduler
from llumnix_dash.fleet.textformat import write_openmetrics
from tests.nightly import EVERY_STORE
from tests.proof.others import Others

# A whole hour, so that steps of any length fall on scrapes.
END = 1_700_002_800
MINUTES = 12
INTERVAL = 15


FOR_ALERTS = (
    *("bypass", "index-down", "label-overflow", "low-traffic-failures", "one-slow-engine", "restart-loop"),
    *("scale-to-zero", "scale-up", "slow-burn", "standstill", "too-small"),
)
"""The scenarios that alerts are tried on: of what the dashboards show there, other scenarios prove the like."""

LIKE_OTHERS = (
    *("full-mode", "no-namespace", "two-namespaces", "no-capacity", "kvt-staged", "two-schedulers", "lite-mode"),
    *("prefill-short", "decode-short", "both-short", "neutral-short", "store-away", "scheduler-down"),
    *("slow-failures", "external-route", "new-vllm"),
)
"""The scenarios on which whole pages look as on others: what is theirs alone has tests that name them. What is asked
of every page of every fleet, `make nightly` asks of these, too."""

EVERY_FLEET = tuple(
    # It has 500 instances, and a store of its own in test_budget.
    name
    for name in SCENARIOS
    if name not in {"big", *FOR_ALERTS, *(() if EVERY_STORE else LIKE_OTHERS)}
)
"""The scenarios of which every page is looked at."""


@dataclass(frozen=True)
class Scrapes:
    """For how many minutes a fleet is scraped, and every how many seconds."""

    interval: int = INTERVAL
    minutes: int = MINUTES


SCRAPES = {
    "default-10s": Scrapes(interval=10),
    "default-30s": Scrapes(interval=30),
    "default-60s": Scrapes(interval=60, minutes=60),
}
"""The scenarios and variants that are scraped in another way than all others."""

_STRANGERS = dict.fromkeys(("gateway", "scheduler", "llumnix-engine"), ("job", "cluster", "namespace"))
OTHERS = {
    "among-others": Others(_STRANGERS),
    "lite-mode-among-others": Others(_STRANGERS),
    "among-choices": Others(
        {
            "gateway": ("model", "instance"),
            "scheduler": ("instance",),
            "llumnix-engine": ("model_name", "infer_type", "instance"),
        }
    ),
}
"""The variants that do not have their store for themselves."""

_OVERLOAD, _CLUSTERS = SCENARIOS["overload"], SCENARIOS["two-clusters"]
_LITE = SCENARIOS["lite-reporting"]
_LITE_DEPLOYMENT = _LITE.deployments[0]
_DEFAULT = SCENARIOS["default"]
VARIANTS: dict[str, Scenario] = {
    **SCENARIOS,
    **{
        name: base.model_copy(
            update={"deployments": (base.deployments[0].model_copy(update={"cluster": "own", "namespace": "own"}),)}
        )
        for name in OTHERS
        for base in [_LITE if name.startswith("lite-mode") else _DEFAULT]
    },
    **{name: SCENARIOS[name.rpartition("-")[0]] for name in SCRAPES},
    "lite-mode-two-schedulers": _LITE.model_copy(
        update={"deployments": (_LITE_DEPLOYMENT.model_copy(update={"schedulers": 2}),)}
    ),
    "overload-two-schedulers": _OVERLOAD.model_copy(
        update={"deployments": (_OVERLOAD.deployments[0].model_copy(update={"schedulers": 2}),)}
    ),
    # Two clusters whose pods have the same addresses.
    "lite-mode-two-clusters": _LITE.model_copy(
        update={
            "deployments": tuple(
                _LITE_DEPLOYMENT.model_copy(update={"namespace": namespace, "network": 0})
                for namespace in ("llumnix-east", "llumnix-west")
            )
        }
    ),
    "nothing-known": SCENARIOS["no-instance"].model_copy(
        update={
            "mishaps": (
                Mishap(kind="engines-gone", role="neutral"),
                Mishap(kind="scheduler-down"),
            )
        }
    ),
    "two-clusters-lite-mode": _CLUSTERS.model_copy(
        update={
            "deployments": tuple(
                one.model_copy(update={"mode": "lite", "reports_requests": True, "names_models": True})
                for one in _CLUSTERS.deployments
            )
        }
    ),
}
"""The scenarios by name, some scraped in other ways, and what none of them has: two schedulers of each kind, two
clusters with one network, and gateways that without a scheduler know no engine by themselves either, so that a status
that has never been begins with all requests at once."""

IN_BOTH = {
    *("default", "restart", "idle", "outage", "lite-reporting", "default-60s"),
}
"""The fleets that VictoriaMetrics holds, too: every panel, and all in which the two programs may differ, as in what
begins, ends, is not there, or is scraped seldom. All others are in Prometheus alone: what they show are other events,
not other queries. `make nightly` asks both programs of all."""


@dataclass(frozen=True)
class Decision:
    """A scheduler's choice of an engine for a request: what it saw there, and the latencies in ms that it predicted.

    A latency is None where it predicted none.
    """

    request: Request
    engine: Engine
    seen: Status
    predicted_ttft: float | None
    predicted_tpot: float | None


@dataclass(frozen=True)
class Past:
    """A simulated fleet and what its schedulers decided, which the simulation itself does not keep."""

    fleet: Fleet
    decisions: tuple[Decision, ...]


@lru_cache(maxsize=4)
def past(name: str) -> Past:
    """The past of the scenario or variant; kept for those who ask next, so leave it as it is."""
    decisions: list[Decision] = []
    scheduled, selected = at_scheduler.scheduled, at_scheduler.selected
    requests: list[Request] = []

    def note_request(process: Process, request: Request, durations: tuple[float, float, float]) -> None:
        requests.append(request)
        scheduled(process, request, durations)

    def note_choice(process: Process, engine: Engine, seen: Status, predicted: at_scheduler.Prediction) -> None:
        decisions.append(Decision(requests[-1], engine, seen, *predicted))
        selected(process, engine, seen, predicted)

    with patch.object(at_scheduler, "scheduled", note_request), patch.object(at_scheduler, "selected", note_choice):
        scrapes = SCRAPES.get(name, Scrapes())
        fleet = simulate(VARIANTS[name], end=END, minutes=scrapes.minutes, interval=scrapes.interval)
    return Past(fleet, tuple(decisions))


def write(fleet: Fleet, path: Path) -> Path:
    """The fleet's samples as an OpenMetrics file."""
    with path.open("w", encoding="utf-8") as stream:
        write_openmetrics(fleet, stream)
    return path


def write_samples(name: str, path: Path) -> Path:
    """All that the store of the scenario or variant holds, as an OpenMetrics file."""
    write(past(name).fleet, path)
    return OTHERS[name].add_to(path) if name in OTHERS else path


def scenarios(*names: str) -> pytest.MarkDecorator:
    """The test runs on each of these fleets: in Prometheus, and those of :data:`IN_BOTH` in VictoriaMetrics, too."""
    return pytest.mark.parametrize("scenario", names, indirect=True)
