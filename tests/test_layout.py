"""Where panels stand, whatever their sizes."""

from itertools import combinations

from grafanalib.core import GridPos
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.layout import COLUMNS, flow

SIZES = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 12)), max_size=30)
TOPS = st.integers(0, 100)


@given(SIZES, TOPS)
def test_nothing_overlaps_or_leaves_the_grid(sizes: list[tuple[int, int]], top: int) -> None:
    places, below = flow(sizes, top)
    assert len(places) == len(sizes)
    for place in places:
        assert place.x >= 0
        assert place.w >= 1
        assert place.x + place.w <= COLUMNS
        assert top <= place.y < place.y + place.h <= below
    assert not any(overlap(one, other) for one, other in combinations(places, 2))


@given(SIZES, TOPS)
def test_panels_keep_their_order(sizes: list[tuple[int, int]], top: int) -> None:
    places, _ = flow(sizes, top)
    assert places == sorted(places, key=lambda place: (place.y, place.x))


@given(SIZES, TOPS)
def test_lines_are_filled_without_gaps(sizes: list[tuple[int, int]], top: int) -> None:
    places, below = flow(sizes, top)
    expected = top
    for y in sorted({place.y for place in places}):
        line = [place for place in places if place.y == y]
        assert y == expected
        assert sum(place.w for place in line) == COLUMNS
        assert len({place.h for place in line}) == 1
        expected = y + line[0].h
    assert below == expected


@given(SIZES, TOPS)
def test_panels_are_widened_evenly_and_never_made_smaller(sizes: list[tuple[int, int]], top: int) -> None:
    places, _ = flow(sizes, top)
    for (width, height), place in zip(sizes, places, strict=True):
        line = [min(one, COLUMNS) for (one, _), other in zip(sizes, places, strict=True) if other.y == place.y]
        spare = COLUMNS - sum(line)
        assert place.w - min(width, COLUMNS) in {spare // len(line), -(-spare // len(line))}
        assert place.h >= height


@given(SIZES, TOPS)
def test_a_line_is_begun_only_where_the_last_is_full(sizes: list[tuple[int, int]], top: int) -> None:
    places, _ = flow(sizes, top)
    for index in range(1, len(places)):
        if places[index].x == 0:
            last = [width for (width, _), place in zip(sizes, places, strict=True) if place.y == places[index - 1].y]
            assert sum(last) + sizes[index][0] > COLUMNS or sizes[index][0] > COLUMNS


@given(SIZES, TOPS, st.integers(0, 50))
def test_a_row_further_down_looks_the_same(sizes: list[tuple[int, int]], top: int, further: int) -> None:
    places, below = flow(sizes, top)
    moved, below_moved = flow(sizes, top + further)
    assert [(one.x, one.y + further, one.w, one.h) for one in places] == [(one.x, one.y, one.w, one.h) for one in moved]
    assert below_moved == below + further


def test_no_panels_need_no_room() -> None:
    assert flow([], 7) == ([], 7)


def overlap(one: GridPos, other: GridPos) -> bool:
    return (
        one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h
    )
