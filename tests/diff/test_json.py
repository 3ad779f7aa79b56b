"""What a program can rely on: the form that docs/diff.md describes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from llumnix_dash.cli.diff import command
from llumnix_dash.diff.changes import Effect, Kind, Part
from tests.conftest import GOLDEN
from tests.diff.test_golden import PAIRS

ADDED, REMOVED = GOLDEN / "diff" / "panel-added", GOLDEN / "diff" / "panel-removed"


def run(old: Path, new: Path, *arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(command, [str(old), str(new), "--format", "json", *arguments])
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_every_change_has_the_same_form(pair: Path) -> None:
    document = run(pair / "old.json", pair / "new.json")
    assert set(document) == {"version", "summary", "dashboards", "errors"}
    assert (document["version"], document["errors"]) == (1, [])
    for dashboard in document["dashboards"]:
        assert set(dashboard) == {"uid", "title", "status", "old_file", "new_file", "changes"}
        for change in dashboard["changes"]:
            always = {"effect", "kind", "part", "name", "row", "id", "what", "path", "text"}
            assert always < set(change) <= always | {"old", "new"}, "a change has one value or both"
            assert change["effect"] in set(Effect)
            assert change["kind"] in set(Kind)
            assert change["part"] in set(Part)
            assert set(change["id"]) == {"old", "new"}
            assert all(isinstance(change[key], str) for key in always - {"id"})


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_summary_counts_the_changes(pair: Path) -> None:
    document = run(pair / "old.json", pair / "new.json")
    effects = [change["effect"] for dashboard in document["dashboards"] for change in dashboard["changes"]]
    assert document["summary"]["compared"] == 1
    assert document["summary"]["changes"] == {effect.value: effects.count(effect) for effect in Effect}


def test_a_thing_that_came_has_no_old_value_and_one_that_went_no_new_one() -> None:
    ((came,),) = [dashboard["changes"] for dashboard in run(ADDED / "old.json", ADDED / "new.json")["dashboards"]]
    ((went,),) = [dashboard["changes"] for dashboard in run(REMOVED / "old.json", REMOVED / "new.json")["dashboards"]]
    assert (came["kind"], "old" in came, came["id"]["old"]) == ("added", False, None)
    assert (went["kind"], "new" in went, went["id"]["new"]) == ("removed", False, None)
    assert set(came["new"]) == set(went["old"]) == {"type", "row", "queries"}


def test_a_move_tells_row_and_place_on_both_sides() -> None:
    pair = GOLDEN / "diff" / "panel-moved-into-another-row"
    (dashboard,) = run(pair / "old.json", pair / "new.json")["dashboards"]
    (move,) = [change for change in dashboard["changes"] if change["kind"] == "moved"]
    assert set(move["old"]) == set(move["new"]) == {"row", "x", "y"}
    assert move["old"]["row"] != move["new"]["row"]


@pytest.mark.parametrize("is_old", [True, False])
def test_a_file_that_is_unreadable_is_an_error_and_its_counterpart_neither_came_nor_went(
    is_old: bool, tmp_path: Path
) -> None:
    broken, sound = tmp_path / "broken.json", ADDED / "old.json"
    broken.write_text("{", encoding="utf-8")
    document = run(*((broken, sound) if is_old else (sound, broken)))
    assert [str(broken) in error for error in document["errors"]] == [True]
    assert (document["summary"]["compared"], document["dashboards"]) == (0, [])
