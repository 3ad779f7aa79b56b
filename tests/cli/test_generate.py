"""``llumnix-dash generate`` as typed: transcripts, and an installation away from the checkout."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from llumnix_dash.generate import load_dashboards
from tests.cli.program import ROOT, transcript

Golden = Callable[[str, str], None]


def test_help(golden: Golden, tmp_path: Path) -> None:
    golden("cli/generate_help.txt", transcript("llumnix-dash generate --help", cwd=tmp_path))


def test_write_then_check(golden: Golden, tmp_path: Path) -> None:
    first = transcript(
        "llumnix-dash generate --check",
        "llumnix-dash generate request vllm --output-dir out",
        "llumnix-dash generate --output-dir out",
        "llumnix-dash generate --output-dir out --check",
        cwd=tmp_path,
    )
    (tmp_path / "out" / "vllm-dashboard.json").write_text("{}", encoding="utf-8")
    (tmp_path / "out" / "former-dashboard.json").write_text("{}", encoding="utf-8")
    (tmp_path / "out" / "llumnix-lrs-dashboard.json").unlink()
    second = transcript(
        "llumnix-dash generate --output-dir out --check",
        "llumnix-dash generate cms --output-dir out --check",
        "llumnix-dash generate --output-dir out",
        cwd=tmp_path,
    )
    golden("cli/generate.txt", first + second)
    assert not (tmp_path / "deploy").exists()


def test_mistakes(golden: Golden, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "broken.py").write_text("x = 1\n\nx.y\n", encoding="utf-8")
    (tmp_path / "quantile.py").write_text(
        "from llumnix_dash.board import board, row\n"
        "from llumnix_dash.catalog import gateway\n"
        "from llumnix_dash.panels import quantiles\n"
        "\n"
        "dashboard = board(\n"
        "    uid='mine', title='Mine', description='Mine.', variables=[],\n"
        "    rows=[row('A', quantiles('requests', 'Requests', gateway.REQUESTS))],\n"
        ")\n",
        encoding="utf-8",
    )
    (tmp_path / "two").mkdir()
    for name in ("a", "b"):
        (tmp_path / "two" / f"{name}.py").write_text(
            "from grafanalib.core import Dashboard\ndashboard = Dashboard(title='T', uid='same', rows=[])\n",
            encoding="utf-8",
        )
    golden(
        "cli/generate_mistakes.txt",
        transcript(
            "llumnix-dash generate requests",
            "llumnix-dash generate --output-dir file",
            "llumnix-dash generate --output-dir /dev/null/out",
            "llumnix-dash generate --from nowhere.py",
            "llumnix-dash generate --from file",
            "llumnix-dash generate --from broken.py",
            "llumnix-dash generate --from quantile.py",
            "llumnix-dash generate --from two",
            cwd=tmp_path,
        ),
    )


def test_from_other_people(golden: Golden, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "small.py").write_text(
        "from grafanalib.core import Dashboard\ndashboard = Dashboard(title='Small', uid='small', rows=[])\n",
        encoding="utf-8",
    )
    golden(
        "cli/generate_from.txt",
        transcript(
            "llumnix-dash generate --from mine --output-dir out",
            "llumnix-dash generate small --from mine/small.py --output-dir out --check",
            cwd=tmp_path,
        ),
    )


def test_an_installed_package_needs_no_checkout(tmp_path: Path) -> None:
    """A wheel, in a virtual environment of its own (with this one's dependencies), in an empty folder."""
    sources = tmp_path / "sources"
    for part in ("llumnix_dash", "dashboards"):
        shutil.copytree(ROOT / part, sources / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("setup.cfg", "pyproject.toml", "LICENSE", "README.md"):
        if (ROOT / part).exists():
            shutil.copy(ROOT / part, sources / part)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, sources],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("llumnix_dash-*.whl")
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", "--no-deps", wheel], check=True, capture_output=True)
    here = [path for path in sys.path if path.endswith("site-packages")]
    empty = tmp_path / "empty"
    empty.mkdir()
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "llumnix-dash", "generate", "--output-dir", "out"],
        check=True,
        capture_output=True,
        encoding="utf-8",
        cwd=empty,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(here)},
    )
    assert done.stdout.splitlines() == [f"written    out/{name}" for name in load_dashboards()]
    for name in load_dashboards():
        assert (empty / "out" / name).read_bytes() == (ROOT / "deploy" / "observability" / name).read_bytes()
