"""A write whose answer was lost is looked up before it is tried again: never done twice, never told wrongly."""

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from llumnix_dash.errors import ServerError
from llumnix_dash.grafana.apply import Outcome, exit_code
from llumnix_dash.grafana.connect import connect
from tests.grafana.conftest import Clock, transport_to
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.grafana.fake.faults import HTML
from tests.grafana.fake.server import Request
from tests.grafana.samples import DELETE, READ, SAVE, dashboard, edit, plan, push, push_planned, with_query

UID = "llumnix-lrs-dashboard"
LOST = {
    "dropped before": {"drop": "before"},
    "dropped after": {"drop": "after"},
    "502, not done": {"status": 502, "body": HTML},
    "502, done": {"status": 502, "body": HTML, "handled": True},
    "503, not done": {"status": 503, "body": {"message": "unavailable"}},
    "504, done": {"status": 504, "body": HTML, "handled": True},
    "200 that is no JSON, done": {"status": 200, "body": HTML, "handled": True},
    "200 that is no JSON, not done": {"status": 200, "body": HTML},
    "200 that is other JSON, done": {"status": 200, "body": {"hello": 1}, "handled": True},
}


@pytest.mark.parametrize("how", LOST.values(), ids=list(LOST))
def test_a_create_is_done_once(fake: FakeGrafana, grafana, how):
    fake.spoil(SAVE, **how)
    assert [result.outcome for result in push(grafana)] == [Outcome.CREATED]
    assert [live.uid for live in fake.store.dashboards.values()] == [UID]
    assert fake.store.dashboards[UID].version == 1
    assert len(fake.store.dashboards[UID].history) == 1


@pytest.mark.parametrize("how", LOST.values(), ids=list(LOST))
def test_an_update_is_done_once(fake: FakeGrafana, grafana, how):
    push(grafana)
    fake.spoil(SAVE, **how)
    [result] = push(grafana, with_query(dashboard(), "sum(up)"))
    assert result.outcome is Outcome.UPDATED
    assert result.version == fake.store.dashboards[UID].version == 2
    assert len(fake.store.dashboards[UID].history) == 2


@pytest.mark.parametrize("how", LOST.values(), ids=list(LOST))
def test_an_edit_after_a_lost_answer_stays(fake: FakeGrafana, grafana, clock: Clock, how):
    """Somebody saves while we wait to try again: what they see is theirs."""
    push(grafana)
    fault = fake.spoil(SAVE, **how)
    clock.then = lambda: edit(fake, description="meanwhile") if fault.times == 0 else None
    push(grafana, with_query(dashboard(), "sum(up)"))
    live = fake.store.dashboards[UID]
    if any(version.by == "alice" for version in live.history):
        assert live.spec.get("description") == "meanwhile"
        assert live.last.by == "alice"


@pytest.mark.parametrize("theirs", ["an edit", "a deletion"])
def test_what_somebody_does_before_we_look_is_told_and_not_undone(fake: FakeGrafana, grafana, theirs: str):
    """No second save is sent: it could bring a deleted dashboard back."""
    push(grafana)
    made = plan(grafana, with_query(dashboard(), "sum(up)"))
    fake.requests.clear()
    fault = fake.spoil(SAVE, drop="before")

    def between(_: Request) -> AbstractContextManager[None]:
        if fault.times == 0 and UID in fake.store.dashboards and fake.store.dashboards[UID].version == 1:
            edit(fake) if theirs == "an edit" else fake.store.delete(UID)
        return nullcontext()

    fake.turn = between
    [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.CONFLICT
    assert len(fake.lines("POST", "PUT")) == 1
    assert (UID in fake.store.dashboards) == (theirs == "an edit")


def test_a_save_that_comes_through_late_is_recognised(fake: FakeGrafana, grafana, clock: Clock):
    """The connection broke, the look finds nothing yet, then the server does it after all: the retry must not fail."""
    push(grafana)
    changed = with_query(dashboard(), "sum(up)")
    made = plan(grafana, changed)
    fake.spoil(SAVE, drop="before")
    clock.then = lambda: fake.store.save(
        made.steps[0].wanted, folder=made.steps[0].folder.uid, message="late", by="llumnix-dash", expected=1
    )
    [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.UPDATED
    assert len(fake.store.dashboards[UID].history) == 2


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_folder_is_made_once(fake: FakeGrafana, grafana, how):
    fake.spoil("POST /api/folders", drop=how)
    assert [result.outcome for result in push(grafana)] == [Outcome.CREATED]
    assert [folder.title for folder in fake.store.folders.values()] == ["Llumnix"]


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_delete_is_done_once(fake: FakeGrafana, grafana, tmp_path: Path, how):
    push(grafana)
    push(grafana, dashboard("other"))
    fake.spoil(DELETE, drop=how)
    results = push(grafana, dashboard("other"), prune=True, backups=tmp_path)
    assert [result.outcome for result in results] == [Outcome.UNCHANGED, Outcome.DELETED]
    assert list(fake.store.dashboards) == ["other"]


def test_where_nothing_can_be_looked_up_it_says_that_it_does_not_know(fake: FakeGrafana, grafana):
    made = plan(grafana)
    fake.spoil(SAVE, drop="after")
    fake.spoil(READ, drop="before", times=99)
    [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.FAILED
    assert result.error is not None
    assert "whether it was saved is not known" in result.error.summary
    assert result.error.hint == "llumnix-dash status tells, once Grafana answers again"
    assert exit_code([result], stopped=False) == 3


def test_where_it_was_never_saved_it_says_so(fake: FakeGrafana, grafana):
    fake.spoil(SAVE, drop="before", times=99)
    [result] = push(grafana)
    assert isinstance(result.error, ServerError)
    assert result.error.summary.endswith("; it was not saved")
    assert not fake.store.dashboards


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("name", ["g12", "g13.0", "g13new"])
def test_the_same_through_the_k8s_api(name: str, how):
    with FakeGrafana(PROFILES[name]) as fake:
        grafana = connect(transport_to(fake), "k8s")
        fake.spoil(r"POST /apis/dashboard.*/dashboards$", drop=how)
        fake.spoil(r"POST /apis/folder", drop=how)
        assert [result.outcome for result in push(grafana)] == [Outcome.CREATED]
        fake.spoil(r"PUT /apis/dashboard", drop=how)
        assert [result.outcome for result in push(grafana, with_query(dashboard(), "sum(up)"))] == [Outcome.UPDATED]
        assert len(fake.store.dashboards[UID].history) == 2
        assert json.dumps(fake.store.dashboards[UID].spec).count("sum(up)") == 1
