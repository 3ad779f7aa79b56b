"""A report for a program; the form is documented in docs/diff.md and stable within its ``version``."""

import json
import math
from typing import Any

from llumnix_dash.diff.changes import MISSING, Change, DashboardDiff, Item, Report
from llumnix_dash.diff.sentences import sentence
from llumnix_dash.diff.summary import counts, summary
from llumnix_dash.diff.told import told
from llumnix_dash.report.text import Theirs

VERSION = 1


def render(report: Report, *, positions: bool = False) -> str:
    """The report as a JSON object.

    Args:
        report: what changed.
        positions: whether the sentences of moves tell their place on the grid; ``old`` and ``new`` do so anyway.
    """
    document = {
        "version": VERSION,
        "summary": {"text": summary(report), **counts(report)},
        "dashboards": [_dashboard(dashboard, positions=positions) for dashboard in report.worst_first],
        "errors": list(report.problems),
    }
    # ASCII, so that a lone surrogate in a title is written as it was read.
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _dashboard(dashboard: DashboardDiff, *, positions: bool) -> dict[str, Any]:
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "status": dashboard.kind.value,
        "old_file": dashboard.old_file,
        "new_file": dashboard.new_file,
        "changes": [
            _change(item, change, entry.group, positions=positions)
            for entry in told(dashboard)
            for item, change in entry.members
        ],
    }


def _change(item: Item, change: Change, group: int, *, positions: bool) -> dict[str, Any]:
    said = sentence(item, change, positions=positions)
    entry: dict[str, Any] = {
        "effect": change.effect.value,
        "kind": change.kind.value,
        "part": item.part.value,
        "name": item.name,
        "row": item.row,
        "id": {"old": _finite(item.old_id), "new": _finite(item.new_id)},
        "what": change.what,
        "path": change.path,
        "text": "".join(part.text if isinstance(part, Theirs) else part for part in said.fragments),
    }
    if group:
        entry["group"] = group
    for side, value in (("old", change.old), ("new", change.new)):
        if value is not MISSING:
            entry[side] = _finite(value)
    return entry


def _finite(value: Any) -> Any:
    """The value with numbers that JSON cannot write, such as one that was read from 1e999, as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items() if item is not MISSING}
    return [_finite(item) for item in value] if isinstance(value, list) else value
