"""Copies of what is replaced: none takes the place of another, and each says where it was."""

import json
from pathlib import Path

import pytest

from llumnix_dash.grafana import backup
from llumnix_dash.grafana.backup import ORIGIN, Backups, default_folder
from llumnix_dash.grafana.model import Live
from tests.grafana.command import run, use, write
from tests.grafana.fake import FakeGrafana
from tests.grafana.samples import dashboard, edit, with_query

LIVE = Live("u", {"uid": "u", "title": "T"}, 3, "3", folder_uid="f", folder_title="Team", updated_by="alice")


@pytest.fixture
def one_second(monkeypatch):
    """All of a test in one second."""

    class Stopped(backup.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 24, 2, 0, 0, tzinfo=tz)

    monkeypatch.setattr(backup, "datetime", Stopped)


def test_two_runs_in_one_second_keep_both_copies(tmp_path: Path, one_second):
    paths = [Backups(tmp_path).save(LIVE) for _ in range(3)]
    assert len(set(paths)) == 3
    assert [path.parent.name for path in paths] == ["20261124T020000Z", "20261124T020000Z-2", "20261124T020000Z-3"]


def test_two_copies_of_one_dashboard_in_one_run(tmp_path: Path):
    backups = Backups(tmp_path)
    first, second = backups.save(LIVE), backups.save(Live("u", {"uid": "u", "title": "Other"}, 4, "4"))
    assert (first.name, second.name) == ("u.json", "u-2.json")
    assert json.loads(first.read_text())["dashboard"]["title"] == "T"


def test_servers_and_organisations_have_folders_of_their_own():
    folders = [
        default_folder("https://host"),
        default_folder("https://host:3000"),
        default_folder("https://host/grafana"),
        default_folder("https://host/a/b"),
        default_folder("https://host", 1),
        default_folder("https://host", 2),
    ]
    assert len({folder.name for folder in folders}) == len(folders)
    assert folders[2].name == "host_grafana"


def test_a_copy_says_where_it_was(tmp_path: Path):
    copy = json.loads(Backups(tmp_path, "https://host/grafana", 7).save(LIVE).read_text())
    assert copy["dashboard"] == LIVE.dashboard
    assert copy[ORIGIN] == {
        "server": "https://host/grafana",
        "organisation": 7,
        "uid": "u",
        "folderUid": "f",
        "folderTitle": "Team",
        "folderPath": [],
        "version": 3,
        "updated": None,
        "updatedBy": "alice",
    }


def test_two_servers_on_one_host_in_one_second(monkeypatch, tmp_path: Path, one_second):
    """Seen from outside: both messages name a copy, and both copies are there."""
    for text in ("first", "second"):
        with FakeGrafana("g12") as fake:
            use(monkeypatch, fake)
            folder = write(tmp_path / "set", dashboard())
            assert run("push", folder).code == 0
            edit(fake, description=text)
            ran = run("push", write(folder, with_query(dashboard(), "sum(up)")), "--overwrite")
            told = Path(ran.out.split("what was there is kept in ")[1].splitlines()[0])
            assert json.loads(told.read_text())["dashboard"]["description"] == text
            write(folder, dashboard())
    copies = [json.loads(path.read_text())["dashboard"] for path in (tmp_path / "state").rglob("*.json")]
    assert sorted(copy["description"] for copy in copies) == ["first", "second"]
