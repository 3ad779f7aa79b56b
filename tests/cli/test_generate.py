"""``llumnix-dash generate`` as typed: transcripts."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.program import transcript

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


def test_over_recorded_series(golden: Golden, tmp_path: Path) -> None:
    golden(
        "cli/generate_recorded.txt",
        transcript(
            "llumnix-dash generate vllm --recorded --output-dir out",
            "llumnix-dash generate vllm rules --output-dir out --check",
            "llumnix-dash generate vllm --output-dir out",
            "llumnix-dash generate vllm --recorded --output-dir out --check",
            cwd=tmp_path,
        ),
    )


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
