"""From a live fleet to a green report: what the generated configuration scrapes is what the dashboards ask for."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llumnix_dash.cli import main
from llumnix_dash.http.session import Connection
from llumnix_dash.prometheus.client import Client
from tests.prometheus.stores import free_port, server, wait_until_ready

CHECKOUT = Path(__file__).parents[2]
SCRAPES = 3
PATIENCE_SECONDS = 120


def until(condition: Callable[[], bool], what: str) -> None:
    """Asks again and again until it is so; fails if that takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} s: {what}"
        pause.wait(0.2)


@contextmanager
def live_fleet(config: Path) -> Iterator[None]:
    """``simulate --serve`` as a user starts it, once its Prometheus configuration is there."""
    command = [sys.executable, "-m", "llumnix_dash", "simulate", "--serve", "0", "--prometheus-config", str(config)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, env={**os.environ, "NO_COLOR": "1"}) as fleet:
        try:
            until(lambda: config.exists() or fleet.poll() is not None, "a configuration")
            assert fleet.poll() is None
            yield
        finally:
            fleet.terminate()


# It waits for scrapes: in the largest group, the first to begin, the other workers have something to do meanwhile.
@pytest.mark.xdist_group("proof default")
def test_a_live_fleet_scraped_by_the_generated_configuration_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, log = tmp_path / "prometheus.yml", tmp_path / "prometheus.log"
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address={address}"]
    with live_fleet(config), server("prometheus", *options, log=log):
        url = f"http://{address}"
        wait_until_ready(f"{url}/-/ready", log)
        client = Client(Connection(url))

        def scraped() -> bool:
            # The points of some panels stand at whole minutes, as Grafana asks for them.
            found = client.query("min(sum_over_time(up[5m]))", time.time() // 60 * 60)
            return bool(found) and found[0].points[0][1] >= SCRAPES

        until(scraped, f"{SCRAPES} scrapes of every target before the last whole minute")

        engines = client.query("vllm:num_requests_running", time.time())
        assert {tuple(one.labels[name] for name in ("infer_type", "model", "model_name")) for one in engines} == {
            ("prefill", "Qwen3-32B", "Qwen/Qwen3-32B"),
            ("decode", "Qwen3-32B", "Qwen/Qwen3-32B"),
            ("neutral", "Llama-3.1-8B", "meta-llama/Llama-3.1-8B-Instruct"),
        }

        with pytest.raises(SystemExit) as stopped:
            main(["verify", "--prometheus", url, "--range", "5m", "--scrape-interval", "10s", "--format", "json"])
        report = json.loads(capsys.readouterr().out)
        failed = [
            (panel["title"], panel["queries"])
            for dashboard in report["dashboards"]
            for panel in dashboard["panels"]
            if panel["status"] not in {"ok", "explained"}
        ]
        assert (failed, stopped.value.code) == ([], 0)
