"""The heart of it, on every version: create, unchanged, update, conflict, and a race between plan and apply."""

from pathlib import Path

import pytest

from llumnix_dash.grafana.apply import Outcome
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.judge import EDITED, NOT_OURS, ROLLED_BACK
from llumnix_dash.grafana.plan import Action
from tests.grafana.fake import FakeGrafana
from tests.grafana.samples import HISTORY, dashboard, edit, plan, push, push_planned, with_query

UID = "llumnix-lrs-dashboard"


def outcomes(results) -> list[Outcome]:
    return [result.outcome for result in results]


def test_a_new_dashboard_is_created_in_the_folder_llumnix(fake: FakeGrafana, grafana: Grafana):
    assert [step.action for step in plan(grafana).steps] == [Action.CREATE]
    assert not fake.store.dashboards, "a plan must not write"

    assert outcomes(push(grafana)) == [Outcome.CREATED]

    live = fake.store.dashboards[UID]
    assert fake.store.folders[live.folder].title == "Llumnix"
    assert live.spec["panels"] == dashboard()["panels"]


def test_what_is_unchanged_is_not_written(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    fake.requests.clear()

    assert outcomes(push(grafana)) == [Outcome.UNCHANGED]

    assert fake.lines("POST", "PUT", "DELETE") == []
    assert fake.store.dashboards[UID].version == 1


def test_an_update_is_shown_and_written_once(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    changed = with_query(dashboard(), "sum(up)")

    [step] = plan(grafana, changed).steps
    assert step.action is Action.UPDATE
    assert any("P99 TTFT" in line for line in step.changes)

    assert outcomes(push(grafana, changed)) == [Outcome.UPDATED]
    assert fake.store.dashboards[UID].spec["panels"][0]["targets"][0]["expr"] == "sum(up)"
    assert fake.store.dashboards[UID].version == 2
    assert outcomes(push(grafana, changed)) == [Outcome.UNCHANGED]


def test_several_pushes_in_a_row_are_no_conflict(fake: FakeGrafana, grafana: Grafana):
    for number in range(4):
        assert push(grafana, with_query(dashboard(), f"up > {number}"))[0].outcome in {Outcome.CREATED, Outcome.UPDATED}


def test_an_edit_in_grafana_is_a_conflict_and_stays(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    edit(fake)
    [step] = plan(grafana, with_query(dashboard(), "sum(up)")).steps
    assert (step.action, step.reason) == (Action.CONFLICT, EDITED)
    assert step.live is not None
    assert step.live.updated_by == "alice"

    assert outcomes(push(grafana, with_query(dashboard(), "sum(up)"))) == [Outcome.CONFLICT]
    assert fake.store.dashboards[UID].spec["description"] == "edited by hand"


def test_an_edit_of_anything_is_seen(fake: FakeGrafana, grafana: Grafana):
    """Also of what a server levels: the refresh interval, the tags, a number."""
    push(grafana)
    for changes in ({"refresh": "1m"}, {"tags": ["llumnix-dash", "mine"]}, {"weekStart": "monday"}, {"liveNow": True}):
        before = dict(fake.store.dashboards[UID].spec)
        edit(fake, **changes)
        assert plan(grafana, with_query(dashboard(), "sum(up)")).steps[0].action is Action.CONFLICT, changes
        edit(fake, **{key: before.get(key) for key in changes})


def test_an_edit_that_was_taken_back_is_no_conflict(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    edit(fake, description="oops")
    edit(fake, description=None)
    assert plan(grafana).steps[0].action is Action.UNCHANGED
    assert plan(grafana, with_query(dashboard(), "sum(up)")).steps[0].action is Action.UPDATE


def test_a_dashboard_that_was_never_ours_is_a_conflict(fake: FakeGrafana, grafana: Grafana):
    fake.store.save(dashboard(description="made by hand"), folder="", message="", by="bob", expected=None)
    [step] = plan(grafana).steps
    assert (step.action, step.reason) == (Action.CONFLICT, NOT_OURS)


def test_an_identical_dashboard_that_was_never_ours_is_unchanged(fake: FakeGrafana, grafana: Grafana):
    fake.store.save(dashboard(), folder="", message="", by="bob", expected=None)
    assert plan(grafana).steps[0].action is Action.UNCHANGED


def test_a_rollback_in_grafana_is_a_conflict(fake: FakeGrafana, grafana: Grafana):
    """The restored version bears our tags, untouched: only the history tells that it is not what we pushed last."""
    push(grafana)
    push(grafana, with_query(dashboard(), "sum(up)"))
    fake.store.restore(UID, 1, by="alice")

    [step] = plan(grafana, with_query(dashboard(), "sum(up) by (job)")).steps
    assert (step.action, step.reason) == (Action.CONFLICT, ROLLED_BACK)


def test_without_rights_to_the_history_the_tag_decides(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    for _ in range(2):
        fake.spoil(HISTORY, status=403, body={"message": "Access denied"})
    assert plan(grafana, with_query(dashboard(), "sum(up)")).steps[0].action is Action.UPDATE
    edit(fake)
    assert plan(grafana, with_query(dashboard(), "sum(up)")).steps[0].action is Action.CONFLICT


def test_a_copy_that_a_person_saved_is_not_taken_for_ours(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    copied = {**fake.store.dashboards[UID].spec, "uid": "my-copy", "title": "My copy"}
    fake.store.save(copied, folder="", message="", by="alice", expected=None)
    made = plan(grafana, prune=True)
    assert made.is_clean
    assert [step.uid for step in made.steps] == [UID], "a copy is no reason for exit code 1"
    [step] = plan(grafana, {**dashboard("my-copy"), "title": "Ours"}).steps
    assert (step.action, step.reason) == (Action.CONFLICT, NOT_OURS)


def test_overwrite_takes_our_side_and_keeps_a_copy(fake: FakeGrafana, grafana: Grafana, tmp_path: Path):
    push(grafana)
    edit(fake)
    [result] = push(grafana, with_query(dashboard(), "sum(up)"), overwrite=True, backups=tmp_path)
    assert result.outcome is Outcome.UPDATED
    assert "description" not in fake.store.dashboards[UID].spec
    assert result.backup is not None
    assert '"edited by hand"' in result.backup.read_text()


def test_nothing_is_overwritten_where_no_copy_can_be_kept(fake: FakeGrafana, grafana: Grafana, tmp_path: Path):
    push(grafana)
    edit(fake)
    (tmp_path / "file").write_text("")
    [result] = push(grafana, with_query(dashboard(), "sum(up)"), overwrite=True, backups=tmp_path / "file")
    assert result.outcome is Outcome.FAILED
    assert fake.store.dashboards[UID].spec["description"] == "edited by hand"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_change_between_plan_and_apply_is_told_and_stays(
    fake: FakeGrafana, grafana: Grafana, tmp_path, overwrite: bool
):
    push(grafana)
    made = plan(grafana, with_query(dashboard(), "sum(up)"))
    edit(fake, description="between")

    [result] = push_planned(grafana, made, overwrite=overwrite, backups=tmp_path)

    assert result.outcome is Outcome.CONFLICT
    assert result.reason == "changed in Grafana since the plan by alice; nothing was overwritten"
    assert any("description" in line for line in result.changes)
    assert fake.store.dashboards[UID].spec["description"] == "between"


def test_a_dashboard_that_appears_between_plan_and_apply_is_not_overwritten(fake: FakeGrafana, grafana: Grafana):
    made = plan(grafana)
    fake.store.save(dashboard(description="first"), folder="", message="", by="bob", expected=None)
    [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.CONFLICT
    assert fake.store.dashboards[UID].spec["description"] == "first"


def test_a_dashboard_that_is_deleted_between_plan_and_apply_is_told(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    made = plan(grafana, with_query(dashboard(), "sum(up)"))
    fake.store.delete(UID)
    [result] = push_planned(grafana, made)
    assert result.outcome is not Outcome.UPDATED or UID in fake.store.dashboards


def test_the_same_push_by_another_meanwhile_is_no_failure(fake: FakeGrafana, grafana: Grafana):
    made = plan(grafana)
    push(grafana)
    [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.UNCHANGED
    assert fake.store.dashboards[UID].version == 1
