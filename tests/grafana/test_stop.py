"""Ctrl-C finishes the write under way and says what was done and what was not: a real signal to a real process."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.grafana.command import write
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.server import TOKEN
from tests.grafana.samples import READ, SAVE, dashboard


def started(fake: FakeGrafana, folder: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "llumnix_dash", "push", str(folder), *more],
        env={**os.environ, "GRAFANA_URL": fake.url, "GRAFANA_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_the_word(process: "subprocess.Popen[str]") -> str:
    """What is told on stderr until the program says that it is stopping."""
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        if "stopping after the writes under way" in line:
            break
    return told


def test_during_a_write(tmp_path: Path):
    with FakeGrafana("g12") as fake:
        go_on = threading.Event()
        fault = fake.spoil(SAVE, skip=1, until=go_on)
        process = started(fake, write(tmp_path, *map(dashboard, "abcd")), "--jobs", "1")
        assert fault.arrived.wait(60), "the second write never came"
        process.send_signal(signal.SIGINT)
        assert "stopping after the writes under way" in wait_for_the_word(process)
        go_on.set()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert sorted(fake.store.dashboards) == ["a", "b"], "the write under way was to be finished, and no other begun"
    lines = out.split("Plan:")[1].splitlines()
    assert [line.split("  ")[0] for line in lines if line[:1].isalpha()][:4] == [
        "created",
        "created",
        "not started",
        "not started",
    ]
    assert "Stopped: 2 created, 2 not started." in out
    assert "What was not started was not written; run the command again to go on." in out


def test_during_a_pause_between_attempts(tmp_path: Path):
    with FakeGrafana("g12") as fake:
        slow = {"status": 429, "body": {"message": "slow down"}, "headers": {"Retry-After": "30"}, "times": 9}
        fault = fake.spoil(SAVE, **slow)
        process = started(fake, write(tmp_path, *map(dashboard, "ab")), "--jobs", "1")
        assert fault.arrived.wait(60)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert not fake.store.dashboards
    assert "Stopped: 2 not started." in out


def test_during_the_plan(tmp_path: Path):
    with FakeGrafana("g12") as fake:
        go_on = threading.Event()
        fault = fake.spoil(READ, until=go_on)
        process = started(fake, write(tmp_path, dashboard()))
        assert fault.arrived.wait(60)
        process.send_signal(signal.SIGINT)
        go_on.set()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "nothing was written" in err
    assert "Plan:" not in out
    assert not fake.lines("POST")
