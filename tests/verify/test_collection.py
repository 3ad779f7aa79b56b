"""Any number of dashboards: each is read when its turn comes, after one look at all of them."""

import json
from pathlib import Path

import pytest

from llumnix_dash.errors import UserError
from llumnix_dash.verify.collection import Collection


def write(path: Path, title: str, *variables: str) -> None:
    templating = {"list": [{"name": name, "type": "textbox"} for name in variables]}
    path.write_text(json.dumps({"title": title, "panels": [], "templating": templating}))


def test_a_dashboard_is_read_when_its_turn_comes(tmp_path: Path) -> None:
    write(tmp_path / "a.json", "A")
    write(tmp_path / "b.json", "B")
    dashboards = iter(Collection([str(tmp_path)], {}))
    assert next(dashboards).title == "A"
    write(tmp_path / "b.json", "changed")
    assert [one.title for one in dashboards] == ["changed"]


def test_a_survey_tells_all_that_is_to_be_told_before_anything_is_asked(tmp_path: Path) -> None:
    write(tmp_path / "a.json", "A", "x")
    write(tmp_path / "b.json", "B", "x", "y")
    (tmp_path / "broken.json").write_text('{"panels": ')
    (tmp_path / "odd.json").write_text('{"panels": [1]}')
    (tmp_path / "other.json").write_text('{"name": "package"}')
    collection = Collection([str(tmp_path)], {})
    found = collection.survey()
    assert (found.count, found.variables, len(found.problems)) == (2, {"x", "y"}, 2)
    assert found.note == f"left out 1 file that is no dashboard: {tmp_path / 'other.json'}"
    assert [one.title for one in collection] == ["A", "B"]


def test_a_folder_without_a_dashboard_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(UserError, match="no dashboard in"):
        Collection([str(tmp_path)], {}).survey()


def test_a_note_on_many_files_names_the_first_of_them(tmp_path: Path) -> None:
    write(tmp_path / "a.json", "A")
    for number in range(25):
        (tmp_path / f"package-{number:02}.json").write_text("{}")
    note = Collection([str(tmp_path)], {}).survey().note
    assert note.startswith("left out 25 files that are no dashboards: ")
    assert note.endswith("package-09.json, and 15 more")
