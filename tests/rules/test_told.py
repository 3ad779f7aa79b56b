"""From a fleet that fails to whoever is on call: a live fleet, a Prometheus, an Alertmanager and a webhook."""

import json
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from llumnix_dash.prometheus.client import Client
from llumnix_dash.prometheus.connection import Connection
from llumnix_dash.rulefiles import ALERTS_FILE, RECORDING_FILE, rule_files
from tests.prometheus.stores import free_port, server, wait_until_ready

CHECKOUT = Path(__file__).parents[2]
ALERTMANAGER = CHECKOUT / "deploy" / "alertmanager" / "llumnix.yaml"
# Nobody wants to wait for minutes: all windows, durations and waits are so many times shorter, and so are scrapes.
QUICKER = 20
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Seconds within which each message has to come, however busy the machine is.
PATIENCE = 120
GONE = {"LlumnixGatewaysGone", "LlumnixSchedulersGone", "LlumnixEnginesGone"}


class Message(NamedTuple):
    """What a receiver was told: its name, whether all is over, and of which alerts."""

    receiver: str
    resolved: bool
    alerts: frozenset[str]
    fleets: frozenset[str]


def quicker(text: str) -> str:
    """A configuration or rule whose windows, offsets, durations and waits are shorter."""

    def shorter(match: re.Match[str]) -> str:
        seconds = max(1, int(match["amount"]) * SECONDS[match["unit"]] // QUICKER)
        return f"{match['before']}{seconds}s"

    return re.sub(r"(?P<before>\[|offset |for: |(?:wait|interval): )(?P<amount>\d+)(?P<unit>[smhd])\b", shorter, text)


@contextmanager
def webhook() -> Iterator[tuple[str, "queue.Queue[Message]"]]:
    """A receiver on loopback: its URL, and what it is told."""
    told: queue.Queue[Message] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body: Any = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            names, fleets = (
                frozenset(one["labels"].get(label, "") for one in body["alerts"])
                for label in ("alertname", "namespace")
            )
            told.put(Message(body["receiver"], body["status"] == "resolved", names, fleets))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=receiver.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{receiver.server_port}", told
    finally:
        receiver.shutdown()
        receiver.server_close()
        thread.join()


@contextmanager
def fleet(port: int, config: Path) -> Iterator[None]:
    """A live fleet, and the configuration of a Prometheus that scrapes it."""
    command = [sys.executable, "-m", "llumnix_dash", "simulate", "--serve", str(port), "--interval", "1"]
    child = subprocess.Popen(
        [*command, "--prometheus-config", str(config)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        while "http://" not in child.stdout.readline():
            assert child.poll() is None
        yield
    finally:
        child.terminate()
        child.wait()


def next_to(told: "queue.Queue[Message]", receiver: str, *, resolved: bool) -> Message:
    """The next message of the kind to a receiver; others are passed over."""
    while True:
        message = told.get(timeout=PATIENCE)
        if (message.receiver, message.resolved) == (receiver, resolved):
            return message


@pytest.mark.parametrize("one", [ALERTMANAGER], ids=["deploy/alertmanager"])
def test_the_example_is_a_configuration(one: Path) -> None:
    config = yaml.safe_load(one.read_text(encoding="utf-8"))
    names = {rule["alert"] for one in rule_files() if one.file_name == ALERTS_FILE for rule in one.rules}
    for inhibition in config["inhibit_rules"]:
        for matcher in (*inhibition["source_matchers"], *inhibition["target_matchers"]):
            pattern = re.fullmatch(r'alertname=~?"(.+)"', matcher)
            assert pattern
            assert any(re.fullmatch(pattern[1], name) for name in names), f"{matcher} matches no alert"


def test_an_outage_is_told_once_and_so_is_its_end(tmp_path: Path) -> None:
    """One page that names all that is gone, no word of targets that do not answer, and that it is over."""
    for one in rule_files():
        if one.file_name in {ALERTS_FILE, RECORDING_FILE}:
            (tmp_path / Path(one.file_name).name).write_text(quicker(one.text), encoding="utf-8")
    fleet_port, alertmanager_port, prometheus_port = (free_port() for _ in range(3))
    with ExitStack() as running:
        url, told = running.enter_context(webhook())
        routes = re.sub(r"http://\w+\.example", url, quicker(ALERTMANAGER.read_text(encoding="utf-8")))
        (tmp_path / "alertmanager.yml").write_text(routes, encoding="utf-8")
        running.enter_context(
            started(
                "prometheus-alertmanager",
                alertmanager_port,
                f"--config.file={tmp_path / 'alertmanager.yml'}",
                f"--storage.path={tmp_path / 'alertmanager'}",
                "--cluster.listen-address=",
                log=tmp_path / "alertmanager.log",
            )
        )
        with fleet(fleet_port, tmp_path / "scraping.yml"):
            settings = yaml.safe_load((tmp_path / "scraping.yml").read_text(encoding="utf-8"))
            settings["global"]["evaluation_interval"] = "1s"
            settings["rule_files"] = [str(tmp_path / "*.yaml")]
            targets = [{"targets": [f"127.0.0.1:{alertmanager_port}"]}]
            settings["alerting"] = {"alertmanagers": [{"static_configs": targets}]}
            (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
            running.enter_context(
                started(
                    "prometheus",
                    prometheus_port,
                    f"--config.file={tmp_path / 'prometheus.yml'}",
                    f"--storage.tsdb.path={tmp_path / 'data'}",
                    log=tmp_path / "prometheus.log",
                )
            )
        page = next_to(told, "pager", resolved=False)
        while not page.alerts >= GONE:
            page = next_to(told, "pager", resolved=False)
        assert page.fleets == {"llumnix"}
        store, told_since = Client(Connection(f"http://127.0.0.1:{prometheus_port}")), []
        while not store.query('ALERTS{alertname="LlumnixTargetsDown",alertstate="firing"}', time.time()):
            with suppress(queue.Empty):
                told_since.append(told.get(timeout=1))
        with fleet(fleet_port, tmp_path / "scraping.yml"):
            over = next_to(told, "pager", resolved=True)
        assert over.alerts >= GONE
        assert not [one for one in (*told_since, *_rest(told)) if "LlumnixTargetsDown" in one.alerts]


@contextmanager
def started(program: str, port: int, *arguments: str, log: Path) -> Iterator[None]:
    """The program, once it says that it is ready."""
    with server(program, *arguments, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error", log=log):
        wait_until_ready(f"http://127.0.0.1:{port}/-/ready", log)
        yield


def _rest(told: "queue.Queue[Message]") -> Iterator[Message]:
    while not told.empty():
        yield told.get()
