"""status tells the plan of the push with the same options, and what kind of thing is wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from llumnix_dash.grafana.plan import MOVED
from tests.grafana.command import run, use, write
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.faults import HTML
from tests.grafana.samples import dashboard, with_query

UID = "llumnix-lrs-dashboard"


@pytest.fixture(params=["g11", "g12", "g13.0"])
def fake(request: pytest.FixtureRequest, monkeypatch) -> Iterator[FakeGrafana]:
    with FakeGrafana(request.param) as server:
        use(monkeypatch, server)
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "set", dashboard())


@pytest.mark.parametrize("command", [("status",), ("push", "--dry-run")])
def test_an_outage_is_not_drift(fake: FakeGrafana, folder: Path, command):
    assert run(*command, folder).code == 1
    fake.spoil(rf"GET .*{UID}(/dto)?$", status=503, body=HTML, times=99)
    assert run(*command, folder).code == 3


@pytest.mark.parametrize("where", [("--folder", "Team / LLM"), ("--folder-uid", "general")])
def test_status_takes_the_folder(fake: FakeGrafana, folder: Path, where):
    assert run("push", folder).code == 0
    ran = run("status", folder, *where)
    assert ran.code == 1
    assert "folder: Llumnix -> " in ran.out
    assert run("push", folder, *where).code == 0
    assert run("status", folder, *where).code == 0


def test_what_a_person_moved_is_told_and_not_silently_moved_back(fake: FakeGrafana, folder: Path):
    assert run("push", folder, "--folder", "Team").code == 0
    fake.store.create_folder("Mine", "mine", "")
    fake.store.dashboards[UID].folder = "mine"
    ran = run("status", folder)
    assert ran.code == 0
    assert MOVED in ran.out
    ran = run("push", folder, "--folder", "Team")
    assert ran.code == 1
    assert MOVED in ran.out
    assert "folder: Mine -> Team" in ran.out
    assert fake.store.dashboards[UID].folder == "mine"
    assert run("push", folder, "--folder", "Team", "--overwrite").code == 0
    assert fake.store.dashboards[UID].folder != "mine"
    assert MOVED not in run("status", folder, "--folder", "Team").out


def test_where_it_was_moved_to_it_is_updated(fake: FakeGrafana, folder: Path):
    run("push", folder)
    fake.store.create_folder("Mine", "mine", "")
    fake.store.dashboards[UID].folder = "mine"
    assert run("push", write(folder, with_query(dashboard(), "sum(up)"))).code == 0
    assert fake.store.dashboards[UID].folder == "mine"
    assert MOVED not in run("status", folder).out


@pytest.mark.parametrize("command", ["push", "status"])
def test_an_error_that_ends_the_command_is_json_as_well(fake: FakeGrafana, folder: Path, command: str):
    fake.refused_tokens.clear()
    fake.logins.clear()
    ran = run(command, folder, "--format", "json")
    assert ran.code == 3
    told = json.loads(ran.out)
    assert told["exit_code"] == 3
    assert told["error"]["summary"] == "Grafana does not know the token"
    assert told["error"]["hint"]
    assert ran.err.startswith("error: Grafana does not know the token")
