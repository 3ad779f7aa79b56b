"""What moved, and what only made room."""

from llumnix_dash.diff.changes import Kind, Part
from tests.diff.strategies import Object
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


def test_what_stands_beneath_a_row_that_was_collapsed_was_only_pushed() -> None:
    def row(title: str, y: int, members: list[Object], *, collapsed: bool) -> Object:
        return {"type": "row", "title": title, "gridPos": place(y, 1), "collapsed": collapsed, "panels": members}

    def rows(*, collapsed: bool) -> Object:
        inside, y = panel(1, "A", "a", 1), 1 if collapsed else 9
        first = [row("R", 0, [inside], collapsed=True)] if collapsed else [row("R", 0, [], collapsed=False), inside]
        return board(*first, row("S", y, [], collapsed=False), panel(2, "B", "b", y + 1))

    assert told(rows(collapsed=False), rows(collapsed=True)) == [(Part.ROW, "R", Kind.CHANGED, "collapsed")]


def test_rows_without_a_title_and_without_panels_are_told_apart_by_their_places() -> None:
    """A server that gives other ids has moved nothing."""

    def rows(*ids: int) -> Object:
        return board(
            *({"type": "row", "title": "", "id": one, "gridPos": place(y, 1)} for y, one in enumerate(ids)),
        )

    assert told(rows(1, 2), rows(2, 1)) == []
