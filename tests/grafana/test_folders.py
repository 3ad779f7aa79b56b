"""Where dashboards go: always said, found by path or uid, made once."""

import re

import pytest

from llumnix_dash.errors import UserError
from llumnix_dash.grafana.apply import Outcome
from llumnix_dash.grafana.connect import connect
from llumnix_dash.grafana.plan import Action
from tests.grafana.command import run, use, write
from tests.grafana.conftest import transport_to
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.grafana.samples import SAVE, dashboard, plan, push, push_planned, with_query

UID = "llumnix-lrs-dashboard"


def path_of(fake: FakeGrafana, uid: str = UID) -> str:
    titles, folder = [], fake.store.dashboards[uid].folder
    while folder:
        titles.insert(0, fake.store.folders[folder].title)
        folder = fake.store.folders[folder].parent
    return " / ".join(titles)


def test_a_nested_path_is_made(fake: FakeGrafana, grafana):
    push(grafana, dashboard("a"), dashboard("b"), folder="LLM / Serving / Llumnix")
    assert path_of(fake, "a") == path_of(fake, "b") == "LLM / Serving / Llumnix"
    assert len(fake.store.folders) == 3


def test_a_path_that_is_there_is_used(fake: FakeGrafana, grafana):
    outer = fake.store.create_folder("LLM", "outer", "")
    fake.store.create_folder("Serving", "inner", outer.uid)
    push(grafana, folder="LLM/Serving")
    assert fake.store.dashboards[UID].folder == "inner"
    assert len(fake.store.folders) == 2


def test_without_a_folder_it_stays_where_a_person_moved_it(fake: FakeGrafana, grafana):
    push(grafana)
    fake.store.create_folder("Mine", "mine", "")
    live = fake.store.dashboards[UID]
    live.folder = "mine"
    assert plan(grafana).steps[0].action is Action.UNCHANGED
    push(grafana, with_query(dashboard(), "sum(up)"))
    assert fake.store.dashboards[UID].folder == "mine"


def test_one_in_the_root_stays_in_the_root(fake: FakeGrafana, grafana):
    push(grafana, folder_uid="general")
    assert fake.store.dashboards[UID].folder == ""
    push(grafana, with_query(dashboard(), "sum(up)"))
    assert fake.store.dashboards[UID].folder == ""
    assert not fake.store.folders


def test_with_a_folder_it_is_moved_and_the_plan_says_so(fake: FakeGrafana, grafana):
    push(grafana)
    [step] = plan(grafana, folder="Elsewhere").steps
    assert (step.action, step.changes) == (Action.UPDATE, ("folder: Llumnix -> Elsewhere",))
    push(grafana, folder="Elsewhere")
    assert path_of(fake) == "Elsewhere"
    assert plan(grafana).steps[0].action is Action.UNCHANGED


def test_every_save_names_its_folder(fake: FakeGrafana, grafana):
    push(grafana)
    push(grafana, with_query(dashboard(), "sum(up)"))
    push(grafana, dashboard("root"), folder_uid="general")
    saves = [request.body for request in fake.requests if re.match(SAVE, request.line)]
    assert len(saves) == 3
    if "folderUid" in saves[0]:
        folders = [body["folderUid"] for body in saves]
    else:  # there, none is the root
        folders = [body["metadata"]["annotations"].get("grafana.app/folder", "") for body in saves]
    [made] = fake.store.folders
    assert folders == [made, made, ""]


@pytest.mark.parametrize("uid", ["missing", "no/such folder"])
def test_a_folder_uid_that_is_not_there(fake: FakeGrafana, grafana, uid: str):
    with pytest.raises(UserError, match="no folder of the uid"):
        plan(grafana, folder_uid=uid)
    assert not fake.lines("POST")


@pytest.mark.parametrize("path", ["General", "general / A", "A / ", "/", ""])
def test_a_path_that_cannot_be(fake: FakeGrafana, grafana, path: str):
    with pytest.raises(UserError):
        plan(grafana, folder=path)


@pytest.mark.parametrize("name", ["g11", "g12", "g13.0", "g13new"])
def test_two_folders_of_one_title_ask_for_the_uid(name: str):
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake))
        fake.store.create_folder("Llumnix", "one", "")
        fake.store.create_folder("Llumnix", "two", "")
        with pytest.raises(UserError, match="more than one folder") as caught:
            plan(grafana, folder="Llumnix")
    assert str(caught.value.hint).endswith("one, two")


def test_a_folder_that_another_pusher_makes_meanwhile_is_used(fake: FakeGrafana, grafana):
    mine, other = plan(grafana), plan(grafana, dashboard("other"))
    push_planned(grafana, other)
    assert [result.outcome for result in push_planned(grafana, mine)] == [Outcome.CREATED]
    assert [folder.title for folder in fake.store.folders.values()] == ["Llumnix"]


def test_a_folder_that_a_person_makes_meanwhile_is_used_where_there_can_be_only_one():
    with FakeGrafana("g10") as fake:
        grafana = connect(transport_to(fake))
        made = plan(grafana)
        fake.store.create_folder("Llumnix", "by-hand", "")
        assert [result.outcome for result in push_planned(grafana, made)] == [Outcome.CREATED]
        assert fake.store.dashboards[UID].folder == "by-hand"


def test_our_folder_under_a_new_title_is_still_ours(fake: FakeGrafana, grafana):
    push(grafana)
    next(iter(fake.store.folders.values())).title = "LLM serving"
    push(grafana, dashboard("other"))
    assert path_of(fake, "other") == "LLM serving"
    assert len(fake.store.folders) == 1


def test_a_folder_that_cannot_be_seen_is_told(fake: FakeGrafana, grafana):
    push(grafana)
    fake.denied.add("folders:read")
    fake.spoil("GET /api/folders$", status=200, body=[], times=9)
    [result] = push(grafana, dashboard("other"))
    assert result.outcome is Outcome.FORBIDDEN
    assert "folders:read" in result.error.detail


def test_a_folder_that_may_not_be_made_is_told(fake: FakeGrafana, grafana):
    fake.denied.add("folders:create")
    results = push(grafana, dashboard("a"), dashboard("b"))
    assert [result.outcome for result in results] == [Outcome.FORBIDDEN] * 2
    assert fake.lines("POST").count("POST /api/folders") == 1
    assert not fake.store.dashboards


def test_too_deep_a_path_is_told(fake: FakeGrafana, grafana):
    [result] = push(grafana, folder="a / b / c / d / e / f")
    assert result.outcome is Outcome.FAILED
    assert "depth" in result.error.detail


def test_a_10_without_nested_folders_is_told():
    with FakeGrafana(PROFILES["g10"].but(nested_folders=False)) as fake:
        grafana = connect(transport_to(fake))
        [result] = push(grafana, folder="LLM / Serving")
        assert result.outcome is Outcome.FAILED
        assert "no nested folders" in result.error.detail
        assert not fake.store.dashboards
        assert [result.outcome for result in push(grafana, folder="LLM")] == [Outcome.CREATED]


def test_a_folder_that_is_deleted_between_plan_and_apply_is_told(fake: FakeGrafana, grafana):
    fake.store.create_folder("Llumnix", "mine", "")
    made = plan(grafana)
    fake.store.delete_folder("mine")
    [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.FAILED
    assert "the folder is not there" in result.error.summary


def test_folders_of_files_become_folders(monkeypatch, tmp_path, fake: FakeGrafana):
    use(monkeypatch, fake)
    folder = write(tmp_path / "set", dashboard("top"))
    write(folder / "team" / "deeper", dashboard("below"))
    write(folder / "team", dashboard("inner"))
    for where, base in (((), "Llumnix"), (("--folder", "LLM / All"), "LLM / All")):
        for _ in range(2):
            assert run("push", folder, "--mirror", *where).code == 0
        assert {uid: path_of(fake, uid) for uid in fake.store.dashboards} == {
            "top": base,
            "inner": f"{base} / team",
            "below": f"{base} / team / deeper",
        }
        assert run("status", folder, "--mirror", *where).code == 0
    assert run("push", folder, "--mirror", "--folder-uid", "general").code == 2
