"""A copy that a push kept comes back whole, to the folder where it was, and only to its own server."""

import json
from pathlib import Path

import pytest

from llumnix_dash.grafana.backup import ORIGIN
from llumnix_dash.grafana.connect import connect
from llumnix_dash.grafana.failures import RevisionChangedError
from tests.grafana.command import Ran, run, use, write
from tests.grafana.conftest import transport_to
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.person import save_in_editor
from tests.grafana.samples import dashboard, edit, push, with_query

UID = "llumnix-lrs-dashboard"
NAMES = ["g10", "g11", "g120", "g12", "g13.0", "g13new"]


def copy_in(ran: Ran) -> Path:
    return Path(ran.out.split("what was there is kept in ")[1].splitlines()[0])


@pytest.mark.parametrize("name", NAMES)
def test_an_edit_that_was_replaced_comes_back(monkeypatch, tmp_path: Path, name: str):
    with FakeGrafana(name) as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard())
        run("push", folder)
        before = edit(fake, description="by hand")
        ran = run("push", write(folder, with_query(dashboard(), "sum(up)")), "--overwrite")
        again = run("restore", copy_in(ran))
        assert again.code == 0
        assert fake.store.dashboards[UID].spec == before
        assert '"sum(up)"' in copy_in(again).read_text(), "of what it replaced, a copy is kept as well"
        assert run("push", folder).code == 1, "it is a person's edit again"


# How many folders of "LLM / Team / Deeper" are deleted, from the inside.
@pytest.mark.parametrize("gone", range(4))
@pytest.mark.parametrize(("name", "api"), [*((name, "auto") for name in NAMES), ("g12", "k8s"), ("g13new", "k8s")])
def test_what_was_pruned_comes_back_to_its_folder(monkeypatch, tmp_path: Path, name: str, gone: int, api: str):
    with FakeGrafana(name) as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard("a"), dashboard("b"))
        run("push", folder, "--folder", "LLM / Team / Deeper", "--api", api)
        before = {uid: (item.title, item.parent) for uid, item in fake.store.folders.items()}
        place = fake.store.dashboards["a"].folder
        (folder / "a.json").unlink()
        ran = run("push", folder, "--prune", "--yes", "--api", api)
        assert "a" not in fake.store.dashboards
        for title in ("Deeper", "Team", "LLM")[:gone]:
            fake.store.delete_folder(next(uid for uid, item in fake.store.folders.items() if item.title == title))
        back = run("restore", copy_in(ran), "--api", api)
        assert back.code == 0
        assert {uid: (item.title, item.parent) for uid, item in fake.store.folders.items()} == before
        assert fake.store.dashboards["a"].folder == place
        assert ("its folder LLM / Team / Deeper was made anew" in back.out) is bool(gone)


def test_a_folder_that_somebody_made_in_the_place_of_the_old_one_is_used(monkeypatch, tmp_path: Path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard("a"), dashboard("b"))
        run("push", folder, "--folder", "LLM / Team")
        (folder / "a.json").unlink()
        ran = run("push", folder, "--prune", "--yes")
        team = fake.store.folders[fake.store.dashboards["b"].folder]
        fake.store.delete_folder(team.uid)
        fake.store.create_folder("Team", "by-hand", team.parent)
        assert run("restore", copy_in(ran)).code == 0
        assert fake.store.dashboards["a"].folder == "by-hand"


def test_a_copy_of_an_older_version_knows_the_folder_by_its_title(monkeypatch, tmp_path: Path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard("a"), dashboard("b"))
        run("push", folder, "--folder", "Team")
        (folder / "a.json").unlink()
        copy = copy_in(run("push", folder, "--prune", "--yes"))
        old = json.loads(copy.read_text())
        del old[ORIGIN]["folderPath"]
        copy.write_text(json.dumps(old))
        fake.store.delete_folder(fake.store.dashboards["b"].folder)
        assert run("restore", copy).code == 0
        assert fake.store.folders[fake.store.dashboards["a"].folder].title == "Team"
        old[ORIGIN]["folderPath"] = [{"name": "x"}]
        copy.write_text(json.dumps(old))
        fake.store.delete_folder(fake.store.dashboards["a"].folder)
        assert run("restore", copy).code == 2


@pytest.mark.parametrize("name", ["g120", "g12", "g13.0", "g13new"])
@pytest.mark.parametrize("deleted", [False, True])
def test_a_dashboard_of_schema_v2_comes_back_in_it(monkeypatch, tmp_path: Path, name: str, deleted: bool):
    with FakeGrafana(name) as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard())
        run("push", folder)
        native = save_in_editor(fake, UID, layout="tabs").native
        ran = run("push", write(folder, with_query(dashboard(), "sum(up)")), "--overwrite")
        place = fake.store.dashboards[UID].folder
        if deleted:
            fake.store.delete(UID)
        assert run("restore", copy_in(ran)).code == 0
        assert fake.store.dashboards[UID].native == native
        assert fake.store.dashboards[UID].folder == place


def test_it_goes_to_no_other_server(monkeypatch, tmp_path: Path):
    with FakeGrafana("g12") as fake, FakeGrafana("g12") as other:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard())
        run("push", folder)
        edit(fake)
        ran = run("push", write(folder, with_query(dashboard(), "sum(up)")), "--overwrite")
        use(monkeypatch, other)
        refused = run("restore", copy_in(ran))
        assert refused.code == 2
        assert f"this copy comes from {fake.url}" in refused.err
        assert not other.store.dashboards


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps(dashboard())])
def test_what_is_no_copy(monkeypatch, tmp_path: Path, text: str):
    (tmp_path / "x.json").write_text(text)
    assert run("restore", tmp_path / "x.json").code == 2
    assert run("restore", tmp_path / "nowhere.json").code == 2


def test_a_title_with_a_slash(monkeypatch, tmp_path: Path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard())
        for _ in range(2):
            assert run("push", folder, "--folder", r"CI\/CD / Teams").code == 0
        assert sorted(item.title for item in fake.store.folders.values()) == ["CI/CD", "Teams"]


def test_pull_tells_what_the_classic_form_loses_and_native_keeps_it(monkeypatch, tmp_path: Path):
    with FakeGrafana("g13.0") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", dashboard("one"), dashboard("two"))
        run("push", folder)
        save_in_editor(fake, "one", layout="tabs")
        save_in_editor(fake, "two")
        ran = run("pull", tmp_path / "live", folder)
        assert ran.code == 0
        assert 'this classic form has lost the tab "Tab"' in ran.out
        assert "stored in schema v2: nothing is lost" in ran.out
        assert run("pull", tmp_path / "native", folder, "--native").code == 0
        kept = json.loads((tmp_path / "native" / "one.json").read_text())
        assert kept["spec"]["layout"]["kind"] == "TabsLayout"
        assert "llumnix-dash" not in kept["spec"]["tags"]
        assert kept["metadata"] == {"name": "one"}
        told = run("diff", folder, tmp_path / "native").out
        assert "Tab" in told


@pytest.mark.parametrize("name", ["g12", "g13.0"])
def test_tabs_do_not_bring_back_what_was_deleted_meanwhile(name: str):
    """A save over what is gone would create it: the state that was seen is no longer there."""
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake))
        push(grafana)
        live = grafana.dashboards.read(UID)
        save_in_editor(fake, UID, layout="tabs")
        native = grafana.dashboards.native(UID)
        fake.store.delete(UID)
        with pytest.raises(RevisionChangedError):
            grafana.dashboards.save_native(native, "", "m", live)
        assert UID not in fake.store.dashboards
