"""Scraping without the Operator: files that Prometheus reads; ``tests/fleet/test_live`` holds their labels."""

import copy
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.reading import Json

FOLDER = Path(__file__).parents[2] / "deploy" / "scrape_configs"
FILES = sorted(FOLDER.iterdir())
NO_KUBERNETES = "field kubernetes_sd_configs not found"


def jobs(path: Path) -> list[Json]:
    """The scrape jobs of a file."""
    found: list[Json] = yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"]
    return found


def promtool(path: Path) -> str:
    """What promtool finds wrong in a configuration; nothing where that is sound."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run([program, "check", "config", str(path)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_prometheus_reads_it(path: Path, tmp_path: Path) -> None:
    """Some distributions build Prometheus without Kubernetes: there its discovery is taken out before the check."""
    found = promtool(path)
    if NO_KUBERNETES in found:
        rest = copy.deepcopy(jobs(path))
        for job in rest:
            del job["kubernetes_sd_configs"]
        without = tmp_path / "without.yml"
        without.write_text(yaml.safe_dump({"scrape_configs": rest}), encoding="utf-8")
        found = promtool(without)
    assert found == ""


def test_prometheus_would_refuse_what_it_does_not_know(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("scrape_configs: [{job_name: a, relabel_configs: [{targetLabel: job}]}]", encoding="utf-8")
    assert "targetLabel" in promtool(wrong)


def test_each_job_discovers_what_it_keeps() -> None:
    """Services are found with their endpoints, engines as pods; both on the intervals of the monitors."""
    assert {
        job["job_name"]: (job["kubernetes_sd_configs"], job["scrape_interval"]) for path in FILES for job in jobs(path)
    } == {
        "llumnix-control-plane": ([{"role": "endpointslice"}], "10s"),
        **{
            name: ([{"role": "pod"}], "10s")
            for name in ("llumnix-engines", *(f"llumnix-engines-{port}" for port in (8001, 8002, 8003)))
        },
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_relabeling_reads_what_discovery_of_its_role_tells(path: Path) -> None:
    """By Prometheus's documentation of ``kubernetes_sd_configs``."""
    of_pod = {"namespace", "pod_name", "pod_phase", "pod_container_name", "pod_container_port_name"}
    of_role = {"pod": of_pod, "endpointslice": {*of_pod, "service_name", "endpointslice_port_name"}}
    label_of_role = {"pod": "pod_label_", "endpointslice": "service_label_"}
    for job in jobs(path):
        [discovery] = job["kubernetes_sd_configs"]
        for relabeling in job["relabel_configs"]:
            for source in set(relabeling["source_labels"]) - {"__address__"}:
                name = source.removeprefix("__meta_kubernetes_")
                assert name in of_role[discovery["role"]] or name.startswith(label_of_role[discovery["role"]]), source
