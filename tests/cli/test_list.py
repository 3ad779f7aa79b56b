"""``llumnix-dash list``: a table for people, JSON for programs."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from tests.cli.program import run, transcript
from tests.reading import DASHBOARDS, panels


def test_the_table(golden: Callable[[str, str], None], tmp_path: Path) -> None:
    """The numbers are the next test's, so that a panel more does not change the text."""
    said = transcript("llumnix-dash list", "llumnix-dash list --help", cwd=tmp_path)
    golden("cli/list.txt", re.sub(r" +\d+(?= )", lambda number: "#".rjust(len(number[0])), said))


def test_json_says_the_same(tmp_path: Path) -> None:
    rows = json.loads(run("list", "--format", "json", cwd=tmp_path).stdout)
    assert {row["uid"]: row["panels"] for row in rows} == {uid: len(panels(one)) for uid, one in DASHBOARDS.items()}
    assert [row["uid"] for row in rows] == list(DASHBOARDS)
    fields = {"name", "uid", "title", "panels", "queries", "open_queries"}
    assert all(set(row) == fields for row in rows)
    assert all(0 < row["open_queries"] <= row["queries"] for row in rows)
