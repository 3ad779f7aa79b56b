"""``llumnix-dash list``: a table for people, JSON for programs."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.program import run, transcript
from tests.reading import DASHBOARDS


def test_the_table(golden: Callable[[str, str], None], tmp_path: Path) -> None:
    golden("cli/list.txt", transcript("llumnix-dash list", "llumnix-dash list --help", cwd=tmp_path))


def test_json_says_the_same(tmp_path: Path) -> None:
    rows = json.loads(run("list", "--format", "json", cwd=tmp_path).stdout)
    assert [row["uid"] for row in rows] == list(DASHBOARDS)
    fields = {"name", "uid", "title", "panels", "queries", "open_queries"}
    assert all(set(row) == fields for row in rows)
    assert all(0 < row["open_queries"] <= row["queries"] for row in rows)
