"""What comes between a server's own look and its write, and what a server makes of what it is given: told and kept."""

import json
from pathlib import Path

import pytest

from llumnix_dash.errors import ServerError
from llumnix_dash.grafana.apply import Orders, Outcome, apply, exit_code
from llumnix_dash.grafana.backup import ORIGIN, Backups
from llumnix_dash.grafana.connect import connect
from llumnix_dash.grafana.model import Version
from llumnix_dash.grafana.plan import Action
from tests.grafana.command import run, use, write
from tests.grafana.conftest import Clock, transport_to
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.grafana.fake.faults import HTML
from tests.grafana.fake.person import delete_and_import, save_in_editor
from tests.grafana.samples import SAVE, dashboard, edit, plan, push, push_planned, with_query

UID = "llumnix-lrs-dashboard"
CHANGED = with_query(dashboard(), "sum(up)")
# (profile, API): where an edit in the window goes under, and where it is seen.
GOES_UNDER = [
    ("g120", "legacy"),
    ("g120", "k8s"),
    ("g12", "auto"),
    ("g12", "k8s"),
    ("g13.0", "legacy"),
    ("g13new", "legacy"),
]
IS_SEEN = [("g13.0", "auto"), ("g13new", "auto"), ("g13.0", "k8s"), ("g13new", "k8s")]


@pytest.mark.parametrize(("name", "api"), GOES_UNDER)
def test_an_edit_that_went_under_is_told_and_kept(name: str, api, tmp_path: Path):
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake), api)
        push(grafana)
        made = plan(grafana, CHANGED)
        fake.store.in_window = lambda: edit(fake, description="in the window")
        [result] = push_planned(grafana, made, backups=tmp_path)
        assert result.outcome is Outcome.OVERWROTE
        assert exit_code([result], stopped=False) == 1
        assert result.version == 3
        assert "an edit by alice came between" in str(result.reason)
        assert "version 2 in the history" in str(result.reason)
        [copy] = [json.loads(path.read_text()) for path in result.copies]
        assert copy["dashboard"]["description"] == "in the window"
        assert (copy[ORIGIN]["version"], copy[ORIGIN]["updatedBy"]) == (2, "alice")


@pytest.mark.parametrize(("name", "api"), IS_SEEN)
def test_on_unified_storage_no_edit_goes_under(name: str, api, tmp_path: Path):
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake), api)
        push(grafana)
        for happens, text in (
            (lambda: edit(fake, description="in the window"), "in the window"),
            (lambda: delete_and_import(fake, UID), "imported by hand"),
        ):
            made = plan(grafana, with_query(dashboard(), text))
            fake.store.in_window = happens
            [result] = push_planned(grafana, made, overwrite=True, backups=tmp_path)
            assert result.outcome is Outcome.CONFLICT
            assert fake.store.dashboards[UID].spec["description"] == text


@pytest.mark.parametrize("api", ["legacy", "k8s"])
@pytest.mark.parametrize("name", ["g120", "g12"])
def test_a_replacement_that_went_under_is_told(name: str, api, tmp_path: Path):
    """SQL storage cannot refuse it through either API: there, metadata.uid follows from the name."""
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake), api)
        push(grafana)
        made = plan(grafana, CHANGED)
        fake.store.in_window = lambda: delete_and_import(fake, UID)
        [result] = push_planned(grafana, made, backups=tmp_path)
        assert result.outcome is Outcome.OVERWROTE
        # The newest of them comes first: its restore is what a person is told.
        assert json.loads(result.copies[0].read_text())["dashboard"]["description"] == "imported by hand"


@pytest.mark.parametrize(("name", "api"), GOES_UNDER)
def test_as_a_user_sees_it_and_brings_it_back(monkeypatch, tmp_path: Path, name: str, api: str):
    with FakeGrafana(name) as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard())
        run("push", folder, "--api", api)
        write(folder, CHANGED)
        fake.store.in_window = lambda: edit(fake, description="in the window")
        ran = run("push", folder, "--api", api)
        assert ran.code == 1
        assert "overwrote" in ran.out
        assert "Done: 1 overwrote." in ran.out
        copy = ran.out.split("the edit is kept in ")[1].splitlines()[0]
        assert f"to bring it back: llumnix-dash restore {copy}" in ran.out
        assert run("restore", copy, "--api", api).code == 0
        assert fake.store.dashboards[UID].spec["description"] == "in the window"
        assert run("push", folder, "--api", api).code == 1, "it is a person's edit again, and stays"
        assert fake.store.dashboards[UID].spec["description"] == "in the window"


@pytest.mark.parametrize(("name", "api"), GOES_UNDER)
def test_what_was_told_is_not_told_again(name: str, api):
    """Not even where somebody restores the version from before it was signed as told."""
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake), api)
        push(grafana)
        fake.store.in_window = lambda: edit(fake, description="in the window")
        [result] = push(grafana, CHANGED)
        assert result.outcome is Outcome.OVERWROTE
        assert plan(grafana, CHANGED).steps[0].action is Action.UNCHANGED
        fake.store.restore(UID, int(result.version or 0), "bob")
        [step] = plan(grafana, dashboard()).steps
        assert step.under == ()


def test_where_an_upgrade_numbered_anew_only_what_follows_the_push_before_is_told(tmp_path: Path):
    with FakeGrafana("g12") as fake:
        grafana = connect(transport_to(fake))
        push(grafana)
        edit(fake, description="overwritten knowingly")
        push(grafana, CHANGED, overwrite=True)
        fake.store.in_window = lambda: edit(fake, description="in the window")
        newest = with_query(dashboard(), "up > 1")
        apply(grafana, plan(grafana, newest), Orders(message="m", backups=Backups(tmp_path)))  # killed before it signs
        live = fake.store.dashboards[UID]
        live.version += 100
        for entry in live.history:
            entry.number += 100
        [step] = plan(grafana, newest).steps
        assert [version.number for version in step.under] == [104]


@pytest.mark.parametrize("happens", [True, False])
def test_without_rights_to_the_history_the_version_tells(happens: bool):
    with FakeGrafana("g12") as fake:
        grafana = connect(transport_to(fake))
        push(grafana)
        fake.spoil(r"GET .*/versions", status=403, body={"message": "no"}, times=9)
        if happens:
            fake.store.in_window = lambda: edit(fake, description="in the window")
        [result] = push(grafana, CHANGED)
        assert result.outcome is (Outcome.OVERWROTE if happens else Outcome.UPDATED)
        assert ("an edit by somebody" in str(result.reason)) is happens
        assert ("version 2 in the history" in str(result.reason)) is happens


@pytest.mark.parametrize("name", ["g13.0", "g13new"])
def test_tabs_that_went_under_are_kept_and_brought_back(monkeypatch, tmp_path: Path, name: str):
    with FakeGrafana(name) as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard())
        run("push", folder, "--api", "legacy")
        natives = []
        fake.store.in_window = lambda: natives.append(save_in_editor(fake, UID, layout="tabs").native)
        ran = run("push", write(folder, CHANGED), "--api", "legacy")
        kept = ran.out.split("the edit is kept in ")[1].splitlines()[0]
        assert kept.endswith(".v2.json")
        assert run("restore", kept).code == 0
        assert fake.store.dashboards[UID].native == natives[0]


@pytest.mark.parametrize(("name", "api"), [("g11", "legacy"), ("g12", "legacy"), ("g12", "k8s"), ("g13.0", "auto")])
def test_the_history_is_asked_where_the_server_is_not_certain(name: str, api):
    """A number can stand there twice, so that the version is the planned one although somebody came between."""
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake), api)
        push(grafana)
        made = plan(grafana, CHANGED)
        read = grafana.dashboards.history
        grafana.dashboards.history = lambda uid: [(found := read(uid))[0], Version(2, by="alice"), *found[1:]]  # type: ignore[method-assign]
        [result] = push_planned(grafana, made)
        assert result.version == 2
        assert result.outcome is (Outcome.OVERWROTE if name == "g12" else Outcome.UPDATED)


def test_what_the_server_rewrites_is_signed_and_converges(fake: FakeGrafana, clock: Clock):
    """A server that migrates and spells out what it is given: no conflict with itself, and no save at each push."""
    fake.store.profile = fake.profile.but(rewrites=True)
    grafana = connect(transport_to(fake, clock))
    old = dashboard(schemaVersion=36)
    assert [result.outcome for result in push(grafana, old)] == [Outcome.CREATED]
    assert fake.store.dashboards[UID].spec["schemaVersion"] == 42
    versions = fake.store.dashboards[UID].version
    assert [result.outcome for result in push(grafana, old)] == [Outcome.UNCHANGED]
    assert fake.store.dashboards[UID].version == versions
    newer = with_query(old, "sum(up)")
    assert [step.action for step in plan(grafana, newer).steps] == [Action.UPDATE]
    assert [result.outcome for result in push(grafana, newer)] == [Outcome.UPDATED]
    assert [result.outcome for result in push(grafana, newer)] == [Outcome.UNCHANGED]
    edit(fake, description="by hand")
    assert plan(grafana, newer).steps[0].action is Action.CONFLICT


@pytest.mark.parametrize("name", ["g10", "g12", "g13.0"])
def test_a_push_that_was_killed_before_the_signing_is_no_conflict(name: str, clock: Clock):
    """The newest version is our own, whatever the server made of it; a tool that sends back our message is told."""
    with FakeGrafana(PROFILES[name].but(rewrites=True)) as fake:
        grafana = connect(transport_to(fake, clock))
        old = dashboard(schemaVersion=36)
        push(grafana, old)
        newer = with_query(old, "sum(up)")
        made = plan(grafana, newer)
        fake.spoil(SAVE, skip=1, status=403, body={"message": "as if killed"})
        push_planned(grafana, made)
        live = fake.store.dashboards[UID]
        assert plan(grafana, with_query(old, "up > 1")).steps[0].action is Action.UPDATE
        message = live.last.message
        spec = {**live.spec, "description": "by a tool"}
        fake.store.save(spec, folder=live.folder, message=message, by="tool", expected=None)
        assert plan(grafana, with_query(old, "up > 1")).steps[0].action is Action.CONFLICT


def test_what_is_kept_as_it_is_takes_one_save(fake: FakeGrafana, grafana):
    push(grafana)
    assert len(fake.store.dashboards[UID].history) == 1


def test_an_edit_before_the_signing_stays(clock: Clock):
    with FakeGrafana(PROFILES["g12"].but(rewrites=True)) as fake:
        grafana = connect(transport_to(fake, clock))
        made = plan(grafana, dashboard(schemaVersion=36))
        fault = fake.spoil(SAVE, skip=1, status=412, body={"message": "changed", "status": "version-mismatch"})
        [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.CREATED
    assert fault.times == 0
    assert result.version == 1


@pytest.mark.parametrize("status", [500, 520, 524, 408])
@pytest.mark.parametrize("handled", [True, False])
def test_an_uncertain_answer_is_looked_up(fake: FakeGrafana, grafana, status: int, handled: bool):
    body = {"message": "database is locked"} if status == 500 else HTML
    for item, outcome in ((dashboard(), Outcome.CREATED), (CHANGED, Outcome.UPDATED)):
        fake.spoil(SAVE, status=status, body=body, handled=handled)
        assert [result.outcome for result in push(grafana, item)] == [outcome]
    assert len(fake.store.dashboards[UID].history) == 2


def test_a_proxy_that_does_not_wait_is_not_told_as_a_wrong_address(fake: FakeGrafana, grafana):
    fake.spoil(SAVE, status=524, body=HTML, times=9)
    [result] = push(grafana)
    assert result.error is not None
    assert "the proxy in front of Grafana answers 524" in result.error.summary
    assert "GRAFANA_URL" not in str(result.error.hint)


CONFLICT = {"status": "Failure", "reason": "Conflict", "code": 409, "message": "the object has been modified"}


@pytest.mark.parametrize(("times", "outcome"), [(1, Outcome.UPDATED), (2, Outcome.UPDATED), (99, Outcome.FAILED)])
def test_a_conflict_without_a_change_is_asked_again_thrice_at_most(times: int, outcome: Outcome, clock: Clock):
    with FakeGrafana("g13.0") as fake:
        grafana = connect(transport_to(fake, clock))
        push(grafana)
        fault = fake.spoil("PUT /apis/dashboard", status=409, body=CONFLICT, times=times)
        [result] = push(grafana, CHANGED)
        assert result.outcome is outcome
        if outcome is Outcome.FAILED:
            assert isinstance(result.error, ServerError)
            assert "as a conflict 3 times, though nothing has changed there" in result.error.summary
            assert times - fault.times == 3


def test_a_delete_that_lost_the_race_deletes_nothing(tmp_path: Path):
    with FakeGrafana("g13new") as fake:
        grafana = connect(transport_to(fake))
        push(grafana, dashboard(), dashboard("other"))
        made = plan(grafana, dashboard("other"), prune=True)
        read = grafana.dashboards.read

        def read_then_edited(uid: str):
            live = read(uid)
            if uid == UID and not fake.store.dashboards[UID].spec.get("description"):
                edit(fake, description="after the last look")
            return live

        grafana.dashboards.read = read_then_edited  # type: ignore[method-assign]
        results = push_planned(grafana, made, backups=tmp_path)
        assert results[1].outcome is Outcome.KEPT
        assert fake.store.dashboards[UID].spec["description"] == "after the last look"


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("how", ["edit", "import"])
def test_what_somebody_made_of_our_save_before_it_is_read_back_is_not_signed(
    fake: FakeGrafana, grafana, how: str, lost: bool
):
    """Their content bears our tags, for they began with ours: it must not count as what the server kept."""
    made = plan(grafana)
    read = grafana.dashboards.read

    def changed_then_read(uid: str):
        if uid in fake.store.dashboards and fake.store.dashboards[uid].last.by == "llumnix-dash":
            edit(fake) if how == "edit" else delete_and_import(fake, UID)
        return read(uid)

    grafana.dashboards.read = changed_then_read
    if lost:
        fake.spoil(SAVE, drop="after")
    push_planned(grafana, made)
    grafana.dashboards.read = read
    assert fake.store.dashboards[UID].last.by == "alice", "nothing is written over it"
    assert plan(grafana, CHANGED).steps[0].action is Action.CONFLICT
