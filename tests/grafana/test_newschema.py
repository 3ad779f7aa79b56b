"""Dashboards of ours that somebody saved in an editor that stores schema v2: told truly, never lost, with a way out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from llumnix_dash.grafana.apply import Outcome
from llumnix_dash.grafana.connect import Grafana, connect
from llumnix_dash.grafana.judge import EDITED, STORED_AS_V2
from llumnix_dash.grafana.newschema import SAVED_FROM_UI, SAVED_UNCHANGED
from llumnix_dash.grafana.plan import Action
from tests.grafana.command import run, use, write
from tests.grafana.conftest import transport_to
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.person import LAYOUTS, save_in_editor
from tests.grafana.samples import dashboard, plan, push, with_query

UID = "llumnix-lrs-dashboard"
CHANGED = with_query(dashboard(), "sum(up)")
LOST = {"tabs": 'the tab "Tab"', "auto grid": "the auto grid", "condition": "the condition of a row without a heading"}
# A layout that only v2 has makes 12 store it, too.
WITH_LAYOUTS = [(name, api) for name in ("g120", "g12", "g13.0", "g13new") for api in ("auto", "legacy", "k8s")]


@pytest.fixture(params=["g13.0", "g13new"])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeGrafana]:
    with FakeGrafana(request.param) as server:
        yield server


@pytest.fixture(params=["auto", "legacy", "k8s"])
def grafana(request: pytest.FixtureRequest, fake: FakeGrafana) -> Grafana:
    return connect(transport_to(fake), request.param)


def test_a_save_that_changed_nothing_is_no_conflict(fake: FakeGrafana, grafana: Grafana, tmp_path: Path):
    push(grafana)
    save_in_editor(fake, UID)
    [step] = plan(grafana).steps
    assert (step.action, step.reason) == (Action.UNCHANGED, SAVED_UNCHANGED)
    [step] = plan(grafana, CHANGED).steps
    assert (step.action, step.reason) == (Action.UPDATE, SAVED_UNCHANGED)
    [result] = push(grafana, CHANGED, backups=tmp_path)
    assert result.outcome is Outcome.UPDATED
    assert result.backup is not None
    assert "elements" in json.loads(result.backup.read_text())["spec"]
    assert fake.store.dashboards[UID].native is None
    assert SAVED_FROM_UI not in fake.store.dashboards[UID].annotations
    assert plan(grafana, CHANGED).steps[0].action is Action.UNCHANGED


def test_a_save_that_changed_nothing_of_an_old_schema_is_no_conflict(fake: FakeGrafana, grafana: Grafana):
    """The editor migrates what it opens; the history gives it migrated or not."""
    old = dashboard(schemaVersion=36)
    push(grafana, old)
    save_in_editor(fake, UID)
    [step] = plan(grafana, old).steps
    assert (step.action, step.reason) == (Action.UNCHANGED, SAVED_UNCHANGED)


def test_an_edit_is_told_on_the_classic_form(fake: FakeGrafana, grafana: Grafana, tmp_path: Path):
    push(grafana)
    save_in_editor(fake, UID, description="watch this tonight")
    [step] = plan(grafana, CHANGED).steps
    assert (step.action, step.reason) == (Action.CONFLICT, f"{EDITED}; {STORED_AS_V2}")
    assert len(step.edits) == 1
    assert "watch this tonight" in step.edits[0]
    assert step.losses == ()
    [result] = push(grafana, CHANGED)
    assert result.outcome is Outcome.CONFLICT
    assert fake.store.dashboards[UID].spec["description"] == "watch this tonight"


@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize(("name", "api"), WITH_LAYOUTS)
def test_what_a_classic_write_loses_is_told_and_kept(name: str, api, layout: str, tmp_path: Path):
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake), api)
        push(grafana)
        native = save_in_editor(fake, UID, layout=layout).native
        for item in (dashboard(), CHANGED):
            [step] = plan(grafana, item).steps
            assert (step.action, step.losses) == (Action.CONFLICT, (LOST[layout],))
        assert [result.outcome for result in push(grafana, CHANGED)] == [Outcome.CONFLICT]
        assert fake.store.dashboards[UID].native == native
        [result] = push(grafana, CHANGED, overwrite=True, backups=tmp_path)
        assert result.outcome is Outcome.UPDATED
        assert result.backup is not None
        assert json.loads(result.backup.read_text())["spec"] == native
        assert plan(grafana, CHANGED).steps[0].action is Action.UNCHANGED


def test_without_the_history_it_is_told_as_a_conflict(fake: FakeGrafana):
    grafana = connect(transport_to(fake), "legacy")
    push(grafana)
    save_in_editor(fake, UID)
    fake.spoil(r"GET /api/dashboards/uid/[^/]+/versions", status=403, body={"message": "no"}, times=9)
    assert plan(grafana, CHANGED).steps[0].action is Action.CONFLICT


def test_an_edit_in_the_classic_editor_is_not_taken_for_v2():
    with FakeGrafana("g12") as fake:
        grafana = connect(transport_to(fake))
        push(grafana)
        save_in_editor(fake, UID, description="by hand")
        [step] = plan(grafana, CHANGED).steps
        assert (step.action, step.reason) == (Action.CONFLICT, EDITED)


@pytest.mark.parametrize("layout", [None, "tabs"])
def test_a_conflict_can_be_pulled_on_a_terminal(monkeypatch, tmp_path: Path, layout: str | None):
    monkeypatch.chdir(tmp_path)
    with FakeGrafana("g13.0") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard())
        run("push", folder)
        save_in_editor(fake, UID, layout=layout, description="new words")
        ran = run("push", folder, answers="pull\n")
        assert ran.code == 1
        assert f"live/{UID}.json" in ran.out
        pulled = json.loads((tmp_path / "live" / f"{UID}.json").read_text())
        assert (pulled["spec"] if layout else pulled)["description"] == "new words"
        assert fake.store.dashboards[UID].native is not None
        assert ("pull live --native" in ran.out) == bool(layout)


def test_as_a_user_sees_it(monkeypatch, tmp_path: Path):
    with FakeGrafana("g13.0") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard("same"), dashboard("tabs"))
        assert run("push", folder).code == 0
        save_in_editor(fake, "same")
        assert run("status", folder).code == 0
        assert SAVED_UNCHANGED in run("status", folder).out
        save_in_editor(fake, "tabs", layout="tabs", description="new words")
        ran = run("status", folder)
        assert ran.code == 1
        assert "edited: " in ran.out
        assert 'a push would lose: the tab "Tab"' in ran.out
        ran = run("push", folder, answers="overwrite\n")
        assert 'a push would lose: the tab "Tab"' in ran.out
        assert ".v2.json" in ran.out
        assert fake.store.dashboards["tabs"].native is None
        assert run("status", folder).code == 0
