"""What stands in a sentence and what beneath it."""

import pytest

from llumnix_dash.diff.changes import Change, Effect, Item, Kind, Part
from llumnix_dash.diff.compare import added
from llumnix_dash.diff.sentences import sentence


@pytest.mark.parametrize(("text", "is_beneath"), [("x" * 72, False), ("x" * 73, True), ("two\nlines", True)])
def test_a_value_that_would_not_fit_into_a_line_stands_beneath_the_sentence(text: str, is_beneath: bool) -> None:
    change = Change(Effect.TEXT, Kind.CHANGED, "description", "description", "short", text)
    told = sentence(Item(Part.PANEL, "TTFT", "TTFT", (change,)), change)
    assert bool(told.blocks) is is_beneath


def test_a_dashboard_that_came_is_told_with_what_it_holds() -> None:
    panels = [
        {"type": "stat", "targets": [{"expr": "up"}]},
        {"type": "stat", "targets": [{"expr": "a"}, {"expr": "b"}]},
    ]
    [item] = added({"title": "TTFT", "panels": panels}, "ttft.json").items
    assert sentence(item, item.changes[0]).predicate == ("dashboard added", " with 2 panels, 3 queries")
