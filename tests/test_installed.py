"""Installed from a wheel or as a checkout's editable package, it does all that it does in the checkout."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from llumnix_dash.cli import COMMANDS
from llumnix_dash.dashboards import DASHBOARDS
from llumnix_dash.generate import DEFAULT_OUTPUT_DIR, load_dashboards
from llumnix_dash.rulefiles import PROMETHEUS_RULE_FILE, rule_files

ROOT = Path(__file__).parent.parent
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
OFFLINE = ["--no-deps", "--no-build-isolation", "--no-index"]


EXPORTER = CollectorRegistry()
Counter("request_retry", "Retries.", registry=EXPORTER)


class Installation:
    """A virtual environment with the package alone, which borrows the dependencies from this one."""

    def __init__(self, folder: Path, what: list[str | Path]) -> None:
        self.programs = folder / "venv" / "bin"
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()
        venv.create(folder / "venv", with_pip=False)
        packages = next((folder / "venv" / "lib").glob("python*/site-packages"))
        ours = [path for path in sys.path if path.endswith("site-packages")]
        (packages / "dependencies.pth").write_text("\n".join(ours), encoding="utf-8")
        _run([*PIP, "--python", self.programs / "python", "install", *OFFLINE, *what], folder)

    def run(self, program: str, *arguments: str, fails: bool = False) -> str:
        """What it prints, run in a folder that has nothing to do with the checkout."""
        return _run([self.programs / program, *arguments], self.elsewhere, fails=fails)


def _run(command: list[str | Path], cwd: Path, *, fails: bool = False) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", cwd=cwd, env=environment)
    assert bool(done.returncode) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout's own files; a build leaves folders behind."""
    folder = tmp_path_factory.mktemp("sources")
    for part in ("llumnix_dash", "dashboards", "rules"):
        shutil.copytree(ROOT / part, folder / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("setup.cfg", "pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / part, folder / part)
    return folder


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("wheel")
    _run([*PIP, "wheel", *OFFLINE, "--wheel-dir", folder, sources], folder)
    (file,) = folder.glob("llumnix_dash-*.whl")
    return Installation(folder, [file])


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Installation:
    folder = tmp_path_factory.mktemp("editable")
    shutil.copytree(sources, folder / "checkout", symlinks=True)
    return Installation(folder, ["--editable", folder / "checkout"])


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(wheel: Installation, command: str) -> None:
    assert "Usage: llumnix-dash" in wheel.run("llumnix-dash", *command.split(), "--help")


@pytest.mark.parametrize("kind", ["editable", "wheel"])
def test_it_makes_lists_and_reads_our_dashboards(kind: str, request: pytest.FixtureRequest) -> None:
    installed: Installation = request.getfixturevalue(kind)
    names = [*load_dashboards(), *(one.file_name for one in rule_files())]
    printed = installed.run("llumnix-dash", "generate", "--output-dir", "out")
    assert printed.splitlines() == [f"written    out/{name}" for name in names]
    for name in set(names) - {PROMETHEUS_RULE_FILE}:
        assert (installed.elsewhere / "out" / name).read_bytes() == (ROOT / DEFAULT_OUTPUT_DIR / name).read_bytes()
    listed = installed.run("llumnix-dash", "list")
    assert [line.split()[0] for line in listed.splitlines()[1:]] == [one.module for one in DASHBOARDS]
    # Every query of every dashboard is planned, and its metrics looked for at an exporter that has one of them.
    server, thread = start_http_server(0, addr="127.0.0.1", registry=EXPORTER)
    try:
        exporter = f"http://127.0.0.1:{server.server_port}/metrics"
        missed = installed.run("llumnix-dash", "verify", "--metrics-url", exporter, fails=True)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "gateway_pending_requests" in missed
    assert "request_retry_total" not in missed


@pytest.mark.parametrize("kind", ["editable", "wheel"])
def test_no_package_is_called_dashboards_or_rules(kind: str, request: pytest.FixtureRequest) -> None:
    installed: Installation = request.getfixturevalue(kind)
    for name in ("dashboards", "rules"):
        assert f"No module named '{name}'" in installed.run("python", "-c", f"import {name}", fails=True)
