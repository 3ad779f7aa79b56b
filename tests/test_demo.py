"""``make demo``: a live fleet, a real Prometheus that scrapes it for a minute or two, and every query run on it."""

import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from llumnix_dash.dashboards import DASHBOARDS

CHECKOUT = Path(__file__).parents[1]


@pytest.mark.skipif(not shutil.which("prometheus"), reason="there is no prometheus on this machine")
def test_the_demo_is_green_and_ctrl_c_leaves_nothing_behind():
    demo = subprocess.Popen(
        [sys.executable, "scripts/demo.py"], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert demo.stdout is not None
    lines = []
    for line in demo.stdout:
        lines.append(line.rstrip())
        if line.startswith("Ctrl-C stops both"):
            demo.send_signal(signal.SIGINT)
    text = "\n".join(lines)
    assert demo.wait() == 0, text
    assert f"{len(DASHBOARDS)} dashboards: " in text
    assert lines[-1] == "stopped"
    assert any(line.startswith("alerts ") for line in lines)
    folder = next(line.split()[-1] for line in lines if line.startswith("Ctrl-C stops both"))
    assert not Path(folder).exists()
    for name in ("fleet", "Prometheus"):
        url = next(line.split()[1] for line in lines if line.startswith(name))
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(url.split(":")[-1].rstrip("/")))) != 0
