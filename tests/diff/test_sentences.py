"""What stands in a sentence and what beneath it."""

import pytest

from llumnix_dash.diff.changes import Change, Effect, Item, Kind, Part
from llumnix_dash.diff.sentences import sentence


@pytest.mark.parametrize(("text", "is_beneath"), [("x" * 72, False), ("x" * 73, True), ("two\nlines", True)])
def test_a_value_that_would_not_fit_into_a_line_stands_beneath_the_sentence(text: str, is_beneath: bool) -> None:
    change = Change(Effect.TEXT, Kind.CHANGED, "description", "description", "short", text)
    told = sentence(Item(Part.PANEL, "TTFT", "TTFT", (change,)), change)
    assert bool(told.blocks) is is_beneath
