"""One small fleet in lite mode, with neutral and decode engines, in each of the stores."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from llumnix_dash.catalog.exporters import GATEWAY
from tests.prometheus.stores import STORES, Samples

START = 1_750_000_000


@dataclass(frozen=True)
class Store:
    """A running store: its program, its URL, and the times of its first and last sample."""

    program: str
    url: str
    start: int
    end: int


def fleet() -> Samples:
    samples = Samples(START)
    gateway = {"job": GATEWAY.job, "namespace": "prod", "instance": "gw-0:8089"}
    scheduler = {"job": "scheduler", "namespace": "prod", "instance": "sched-0:8088"}
    for status, rate in {"200": 9.0, "500": 1.0}.items():
        samples.add(
            "request_total", lambda age, rate=rate: rate * age, **gateway, model="qwen-7b.v1", status_code=status
        )
    samples.histogram(
        "request_ttft_milliseconds", {"50": 4, "100": 8, "250": 10, "+Inf": 10}, 70, **gateway, model="qwen-7b.v1"
    )
    samples.histogram("request_tpot_milliseconds", {"50": 0, "+Inf": 0}, 0, **gateway, model="qwen-7b.v1")
    samples.add("gateway_pending_requests", lambda age: 3, **gateway)
    samples.add("custom_gateway_total", lambda age: age, **gateway)
    samples.add("scheduler_scheduling_total", lambda age: 10 * age, **scheduler)
    for number, role in enumerate(("neutral", "neutral", "decode")):
        samples.add(
            "instance_lrs_total_requests",
            lambda age, number=number: number + 1,
            **scheduler,
            infer_type=role,
            instance_id=f"10.0.0.{number}:8000",
        )
        samples.add(
            "vllm:num_requests_running",
            lambda age, number=number: number + 1,
            job=f"prod/llumnix-engine-{role}",
            namespace="prod",
            instance=f"10.0.0.{number}:8000",
            model="qwen-7b.v1",
            infer_type=role,
        )
    samples.add("up", lambda age: 1, **gateway)
    samples.add("node_load1", lambda age: 1, job="node", namespace="kube-system")
    return samples


@pytest.fixture(scope="session")
def openmetrics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fleet().write(tmp_path_factory.mktemp("samples") / "fleet.om")


@pytest.fixture(scope="session", params=list(STORES))
def store(
    request: pytest.FixtureRequest, openmetrics: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    program = request.param
    with STORES[program](openmetrics, tmp_path_factory.mktemp(program)) as url:
        yield Store(program, url, START, START + 3600)
