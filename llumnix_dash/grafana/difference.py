"""The difference of two dashboards as lines for a person, as ``llumnix-dash diff`` tells it."""

from typing import Any

from llumnix_dash.diff.compare import compare
from llumnix_dash.diff.text import change_lines

NOTHING_TO_SEE = "nothing that a reader sees: defaults that are spelled out, or an order that says nothing"


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What changed, panel by panel, with ANSI colours; for two that differ, never nothing."""
    return change_lines(compare(before, after)) or [NOTHING_TO_SEE]
