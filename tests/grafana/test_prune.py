"""--prune deletes what we pushed and is no longer in the set, and nothing else."""

from pathlib import Path

from llumnix_dash.grafana.apply import Outcome
from llumnix_dash.grafana.judge import EDITED
from llumnix_dash.grafana.plan import Action
from tests.grafana.fake import FakeGrafana
from tests.grafana.samples import dashboard, edit, plan, push, push_planned, with_query

OTHER = dashboard("other")


def by_uid(steps) -> dict[str, Action]:
    return {step.uid: step.action for step in steps}


def test_what_is_ours_and_no_longer_wanted_goes_with_a_copy_kept(fake: FakeGrafana, grafana, tmp_path: Path):
    push(grafana, dashboard(), OTHER)
    assert by_uid(plan(grafana, OTHER, prune=True).steps) == {
        "other": Action.UNCHANGED,
        dashboard()["uid"]: Action.DELETE,
    }
    results = push(grafana, OTHER, prune=True, backups=tmp_path)
    assert [result.outcome for result in results] == [Outcome.UNCHANGED, Outcome.DELETED]
    assert list(fake.store.dashboards) == ["other"]
    assert '"P99 TTFT"' in results[1].backup.read_text()


def test_without_it_nothing_is_deleted(fake: FakeGrafana, grafana):
    push(grafana, dashboard(), OTHER)
    push(grafana, OTHER)
    assert len(fake.store.dashboards) == 2
    assert not fake.lines("DELETE")


def test_what_others_made_stays(fake: FakeGrafana, grafana):
    push(grafana, OTHER)
    fake.store.save(dashboard("hers"), folder="", message="", by="alice", expected=None)
    fake.store.save(dashboard("tagged", tags=["llumnix-dash"]), folder="", message="", by="alice", expected=None)
    assert by_uid(plan(grafana, OTHER, prune=True).steps) == {"other": Action.UNCHANGED}


def test_what_was_edited_stays(fake: FakeGrafana, grafana, tmp_path: Path):
    push(grafana, dashboard(), OTHER)
    edit(fake)
    step = plan(grafana, OTHER, prune=True).steps[1]
    assert (step.action, step.reason) == (Action.KEEP, EDITED)
    results = push(grafana, OTHER, prune=True, overwrite=True, backups=tmp_path)
    assert results[1].outcome is Outcome.KEPT
    assert len(fake.store.dashboards) == 2


def test_what_was_edited_between_plan_and_apply_stays(fake: FakeGrafana, grafana, tmp_path: Path):
    push(grafana, dashboard(), OTHER)
    made = plan(grafana, OTHER, prune=True)
    edit(fake)
    assert push_planned(grafana, made, backups=tmp_path)[1].outcome is Outcome.KEPT
    assert not fake.lines("DELETE")


def test_what_another_tool_owns_stays(fake: FakeGrafana, grafana):
    push(grafana, dashboard(), OTHER)
    fake.store.dashboards[dashboard()["uid"]].provisioned = "x.json"
    assert plan(grafana, OTHER, prune=True).steps[1].action is Action.KEEP


def test_a_search_that_lags_behind_does_no_harm(fake: FakeGrafana, grafana, tmp_path: Path):
    push(grafana, dashboard(), OTHER)
    gone = fake.store.delete(dashboard()["uid"])
    fake.store.still_searchable["gone"] = {
        "uid": gone.uid,
        "title": gone.title,
        "tags": gone.spec["tags"],
        "type": "dash-db",
    }
    assert by_uid(plan(grafana, OTHER, prune=True).steps) == {"other": Action.UNCHANGED}


def test_a_push_is_not_checked_by_the_search(fake: FakeGrafana, grafana):
    fake.store.unsearchable.add(dashboard()["uid"])
    assert [result.outcome for result in push(grafana)] == [Outcome.CREATED]
    assert [result.outcome for result in push(grafana, with_query(dashboard(), "sum(up)"))] == [Outcome.UPDATED]
    assert not [line for line in fake.lines() if "search" in line]


def test_many_pages_of_hits(fake: FakeGrafana, grafana, monkeypatch):
    monkeypatch.setattr("llumnix_dash.grafana.legacy.PAGE", 3)
    items = [dashboard(f"d{number}") for number in range(10)]
    push(grafana, *items)
    steps = plan(grafana, items[0], prune=True).steps
    assert [step.action for step in steps] == [Action.UNCHANGED, *[Action.DELETE] * 9]
