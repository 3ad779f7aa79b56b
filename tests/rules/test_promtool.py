"""Prometheus's own tool reads the rules, and runs the tests of ``tests/rules/promtool``."""

import subprocess
from pathlib import Path

import pytest

from llumnix_dash.rulefiles import rule_files
from llumnix_dash.settings.site import Site
from tests.prometheus.stores import program_path

FILES = sorted(Path(__file__).with_name("promtool").glob("*.yaml"))
ROOT = Path(__file__).parents[2]


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(
        [program_path("promtool"), *map(str, arguments)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", [pytest.param(one, id=one.stem) for one in FILES])
def test_the_alerts_fire_where_they_should_and_nowhere_else(file: Path) -> None:
    promtool("test", "rules", file)


@pytest.mark.parametrize(
    "objectives",
    [
        {},
        {"success": 0.9, "models": {"a.b/c": {"ttft_ms": 500}, 'q"\\': {"tpot": 0.93}}},
        {"ttft": 0.999, "models": {"m": {"success": 0.5, "e2e_s": 300, "e2e": 0.6}}},
    ],
)
def test_prometheus_reads_the_rules_of_any_objectives(objectives: dict[str, object], tmp_path: Path) -> None:
    site = Site.model_validate({"objectives": objectives})
    for one in rule_files(site)[:2]:
        path = tmp_path / Path(one.file_name).name
        path.write_text(one.text, encoding="utf-8")
        promtool("check", "rules", path)
