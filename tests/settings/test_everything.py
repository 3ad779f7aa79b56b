"""A site at which everything has another name: its fleet, through the dashboards made for it, on real stores."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import run
from tests.prometheus.stores import STORES
from tests.reading import DASHBOARDS, Json

SETTINGS = Path(__file__).with_name("everything.toml")
END = 1_700_002_800
# The fleet is made once, and so are the site's dashboards.
pytestmark = pytest.mark.xdist_group("everything")
# Names that only the site's own labels took the place of; infer_type and model are also schedulers' and gateways' own.
GONE = ("cluster", "namespace", "job", "instance")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the settings file, and the dashboards made there."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "llumnix-dash.toml").write_bytes(SETTINGS.read_bytes())
    done = run("generate", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "note: the settings are those of llumnix-dash.toml\n"
    return folder


@pytest.fixture(scope="module")
def made(folder: Path) -> dict[str, Json]:
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((folder / "deploy/observability").glob("*.json"))
    }


@pytest.fixture(scope="module")
def samples(folder: Path) -> Path:
    """The site's fleet, in a file."""
    done = run(
        "simulate", "default", "--openmetrics", "fleet.om", "--minutes", "12", "--end", str(END), "--interval", "15",
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "fleet.om"


@pytest.fixture(scope="module", params=list(STORES))
def store(request: pytest.FixtureRequest, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with STORES[request.param](samples, tmp_path_factory.mktemp("store")) as url:
        yield url


def problems(url: str, folder: Path) -> list[str]:
    done = run("verify", "--prometheus", url, "--to", str(END), "--range", "10m", "--format", "json", cwd=folder)
    assert done.returncode in {0, 1}, done.stderr
    return [
        f"{panel['title']}: {panel['status']}"
        for dashboard in json.loads(done.stdout)["dashboards"]
        for panel in dashboard["panels"]
        if panel["status"] not in {"ok", "explained", "skipped"}
    ]


def test_every_panel_has_its_data(store: str, folder: Path) -> None:
    assert problems(store, folder) == []


@pytest.mark.parametrize("store", ["prometheus"], indirect=True)
def test_without_the_settings_there_is_no_data(store: str, tmp_path: Path) -> None:
    """What the other test sees comes of the settings."""
    assert len(problems(store, tmp_path)) > 20


def test_no_query_or_legend_has_a_name_of_ours(made: dict[str, Json]) -> None:
    for dashboard in made.values():
        text = json.dumps(dashboard)
        for name in GONE:
            assert not re.search(rf"[{{,]{name}=", text)
            assert not re.search(rf"(by|on|ignoring) \([^)]*\b{name}\b", text)
            assert f"{{{{{name}}}}}" not in text
            assert f", {name})" not in text


def test_what_an_exporter_calls_a_label_stays(made: dict[str, Json]) -> None:
    assert "infer_type, instance_id" in json.dumps(made["eu-llumnix-cms-dashboard"])
    text = json.dumps(made["eu-vllm-dashboard"])
    assert not re.search(r"(by|on) \([^)]*\binfer_type\b", text)
    assert "infer_type=" not in text
    assert "{{infer_type}}" not in text
    assert 'engine_role=~\\"$infer_type\\"' in text


def test_every_selector_has_the_further_matcher(made: dict[str, Json]) -> None:
    for dashboard in made.values():
        text = json.dumps(dashboard)
        selectors = text.count("service_name=") + len(re.findall(r"\b\w+:\w+:\w+\{", text))
        assert selectors == text.count('environment=\\"prod\\"') > 0


def test_names_and_defaults_are_the_sites(made: dict[str, Json]) -> None:
    assert set(made) == {f"eu-{uid}" for uid in DASHBOARDS}
    for file, dashboard in made.items():
        assert dashboard["uid"] == file
        assert dashboard["title"] == f"EU: {DASHBOARDS[file.removeprefix('eu-')]['title']}"
        assert (dashboard["tags"], dashboard["refresh"]) == (["llm", "serving"], "1m")
        assert dashboard["time"] == {"from": "now-6h", "to": "now-1m"}
        assert all(link["url"].startswith("/d/eu-") for link in dashboard["links"])
        variables = {one["name"]: one for one in dashboard["templating"]["list"]}
        assert variables["datasource"]["regex"] == "/^prod-/"
        chosen = [variables[f"{name}_objective"]["current"]["value"] for name in ("ttft", "tpot", "e2e")]
        assert [float(value) for value in chosen] == [1000, 30, 30]
        assert variables["namespace"]["definition"].endswith(", ns)")


def test_check_and_diff_follow_the_settings(folder: Path) -> None:
    assert run("generate", "--check", cwd=folder).returncode == 0
    assert run("diff", "deploy/observability", "--exit-code", cwd=folder).returncode == 0


def test_a_stale_file_is_to_be_made_anew_with_the_same_settings(tmp_path: Path) -> None:
    done = run("generate", "--check", "--settings", str(SETTINGS), cwd=tmp_path)
    assert done.returncode == 1
    assert f"llumnix-dash generate --settings {SETTINGS}" in done.stdout + done.stderr
