"""What moved, and what only made room."""

from llumnix_dash.diff.changes import Kind, Part
from tests.diff.test_matching import board, panel, told


def place(y: int, height: int) -> dict[str, int]:
    return {"x": 0, "y": y, "w": 24, "h": height}


def test_a_panel_that_was_resized_and_shifted_while_nothing_else_stirred_has_moved() -> None:
    old = board(panel(1, "A", "a", 0), panel(2, "B", "b", 8))
    new = board(panel(1, "A", "a", 0), panel(2, "B", "b", 8, gridPos=place(10, 12)))
    assert told(old, new) == [
        (Part.PANEL, "B", Kind.CHANGED, "gridPos"),
        (Part.PANEL, "B", Kind.MOVED, "gridPos"),
    ]


def test_a_panel_beneath_one_that_was_resized_was_only_pushed() -> None:
    old = board(panel(1, "A", "a", 0), panel(2, "B", "b", 8))
    new = board(panel(1, "A", "a", 0, gridPos=place(0, 10)), panel(2, "B", "b", 10))
    assert told(old, new) == [(Part.PANEL, "A", Kind.CHANGED, "gridPos")]
