"""The objectives for Sloth and Pyrra: what those tools check of a file, and that they say what our own rules do.

What they check is in their sources: slok/sloth pkg/common/validation/slo.go, and pyrra-dev/pyrra
kubernetes/api/v1alpha1/servicelevelobjective_types.go.
"""

import re
from pathlib import Path

import promql_parser
import pytest
import yaml

from llumnix_dash.rulefiles import promised, rule_files
from llumnix_dash.settings.site import Site
from llumnix_dash.slofiles import FORMATS, pyrra, sloth
from tests.cli.program import run
from tests.reading import Json

OURS = Site.model_validate(
    {"objectives": {"success": 0.999, "models": {"a.b/c": {"ttft_ms": 500, "e2e": 0.9}, "a-b-c": {"tpot": 0.9}}}}
)
SITES = [pytest.param(Site(), id="defaults"), pytest.param(OURS, id="models")]


def slos(site: Site) -> list[Json]:
    found: list[Json] = yaml.safe_load(sloth(site).text)["slos"]
    return found


def resources(site: Site) -> list[Json]:
    return list(yaml.safe_load_all(pyrra(site).text))


@pytest.mark.parametrize("site", SITES)
def test_sloth_takes_the_objectives(site: Site) -> None:
    made = yaml.safe_load(sloth(site).text)
    assert (made["version"], made["service"]) == ("prometheus/v1", "llumnix")
    names = [one["name"] for one in made["slos"]]
    assert len(set(names)) == len(names) == len(promised(site))
    assert all(re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]", name) for name in names)
    for one in made["slos"]:
        assert set(one) == {"name", "objective", "description", "sli", "alerting"}
        assert 0 < one["objective"] < 100
        for query in one["sli"]["events"].values():
            assert "[{{.window}}]" in query
            promql_parser.parse(query.replace("{{.window}}", "5m"))


@pytest.mark.parametrize("site", SITES)
def test_sloth_counts_what_the_ruler_records(site: Site) -> None:
    [group] = [one for one in yaml.safe_load(rule_files(site)[1].text)["groups"] if one["name"].endswith("objectives")]
    recorded = {rule["expr"] for rule in group["rules"] if not rule["record"].endswith("ratio")}
    events = [one["sli"]["events"] for one in slos(site)]
    assert {query.replace("{{.window}}", "5m") for one in events for query in one.values()} == recorded


@pytest.mark.parametrize("site", SITES)
def test_pyrra_takes_the_objectives(site: Site) -> None:
    names = [one["metadata"]["name"] for one in resources(site)]
    assert len(set(names)) == len(names)
    for one in resources(site):
        assert (one["apiVersion"], one["kind"]) == ("pyrra.dev/v1alpha1", "ServiceLevelObjective")
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", one["metadata"]["name"])
        assert isinstance(one["spec"]["target"], str)
        assert 1 < float(one["spec"]["target"]) < 100
        assert one["spec"]["window"] == "30d"
        [indicator] = one["spec"]["indicator"].values()
        assert indicator["grouping"] == ["cluster", "namespace", "model"]
        parts = {name: promql_parser.parse(part["metric"]) for name, part in indicator.items() if name != "grouping"}
        assert all(isinstance(part, promql_parser.VectorSelector) for part in parts.values())
        if "success" in parts:
            [bound] = [float(found.value) for found in parts["success"].matchers.matchers if found.name == "le"]
            assert f" {bound:g} " in one["spec"]["description"]


def test_what_pyrra_cannot_say_is_left_out() -> None:
    """TTFT holds failed requests, which would count as quick."""
    assert [one["metadata"]["name"] for one in resources(Site())] == ["llumnix-success", "llumnix-tpot", "llumnix-e2e"]


@pytest.mark.parametrize("tool", FORMATS)
def test_the_command_writes_and_checks_them(tool: str, tmp_path: Path) -> None:
    arguments = ("generate", "--format", tool, "--output-dir", "out")
    missing = run(*arguments, "--check", cwd=tmp_path)
    assert missing.returncode == 1
    assert f"--format {tool} --output-dir out" in missing.stderr
    assert run(*arguments, cwd=tmp_path).returncode == 0
    assert [path.name for path in (tmp_path / "out").rglob("*.*")] == [f"{tool}.yaml"]
    assert run(*arguments, "--check", cwd=tmp_path).returncode == 0
    assert run(*arguments, "rules", cwd=tmp_path).returncode == 2
