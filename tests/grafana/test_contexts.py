"""Several servers in one command: a plan for each, one summary, and an error of one stops no other."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grafana.command import run, use, write
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.server import TOKEN
from tests.grafana.samples import dashboard, edit, with_query

UID = "llumnix-lrs-dashboard"


@pytest.fixture
def two(monkeypatch, tmp_path: Path) -> Iterator[dict[str, FakeGrafana]]:
    with FakeGrafana("g12") as staging, FakeGrafana("g13.0") as production:
        monkeypatch.setattr("llumnix_dash.http.retry.pause", lambda *_: 0.0)
        (tmp_path / "token").write_text(TOKEN)
        text = "".join(
            f'[contexts.{name}]\nurl = "{fake.url}"\ntoken_file = "token"\n'
            for name, fake in (("staging", staging), ("production", production))
        )
        (tmp_path / "settings.toml").write_text(text)
        monkeypatch.setenv("LLUMNIX_DASH_SETTINGS", str(tmp_path / "settings.toml"))
        yield {"staging": staging, "production": production}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "set", dashboard())


@pytest.mark.parametrize("which", [("--context", "staging", "--context", "production"), ("--all-contexts",)])
def test_a_push_to_each(two: dict[str, FakeGrafana], folder: Path, which):
    ran = run("push", folder, *which)
    assert ran.code == 0
    assert all(UID in fake.store.dashboards for fake in two.values())
    assert ran.out.count("Plan: 1 to create.") == 2
    assert ran.out.endswith("\nstaging     all is as it shall be\nproduction  all is as it shall be\n")
    assert run("status", folder, *which).code == 0


def test_an_outage_of_one_stops_no_other(two: dict[str, FakeGrafana], folder: Path):
    two["staging"].logins.clear()
    ran = run("push", folder, "--all-contexts")
    assert ran.code == 3
    assert "[staging] Grafana does not know the token" in ran.err
    assert "staging     it cannot be reached, or refuses the credentials" in ran.out
    assert UID in two["production"].store.dashboards


def test_for_programs(two: dict[str, FakeGrafana], folder: Path):
    run("push", folder, "--all-contexts")
    edit(two["production"])
    write(folder, with_query(dashboard(), "sum(up)"))
    ran = run("status", folder, "--all-contexts", "--format", "json")
    assert ran.code == 1
    told = json.loads(ran.out)["contexts"]
    actions = {name: entry["dashboards"][0]["action"] for name, entry in told.items()}
    assert actions == {"staging": "update", "production": "conflict"}
    ran = run("push", folder, "--all-contexts", "--format", "json")
    assert {name: entry["exit_code"] for name, entry in json.loads(ran.out)["contexts"].items()} == {
        "staging": 0,
        "production": 1,
    }


def test_contexts_that_contradict_or_are_missing(two: dict[str, FakeGrafana], folder: Path, tmp_path: Path):
    assert run("push", folder, "--all-contexts", "--context", "staging").code == 2
    assert run("push", folder, "--context", "staging", "--context", "nowhere").code == 2
    assert not two["staging"].requests, "nothing is asked before every context is known to be one"
    (tmp_path / "settings.toml").write_text("")
    assert run("push", folder, "--all-contexts").code == 2


def test_an_annotation_on_what_was_changed(monkeypatch, tmp_path: Path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard("a"), dashboard("b"))
        assert run("push", folder).code == 0
        assert fake.store.annotations == [], "off by default"
        write(folder, with_query(dashboard("a"), "sum(up)"))
        assert run("push", folder, "--annotate", "--message", "for the night").code == 0
        [left] = fake.store.annotations
        assert (left["dashboardUID"], left["tags"]) == ("a", ["llumnix-dash"])
        assert left["text"] == "dashboards updated: for the night"
        fake.denied.add("annotations:create")
        write(folder, with_query(dashboard("b"), "sum(up)"))
        ran = run("push", folder, "--annotate")
        assert ran.code == 1
        assert "cannot annotate dashboard b, which is pushed" in ran.err
        assert fake.store.dashboards["b"].version == 2
