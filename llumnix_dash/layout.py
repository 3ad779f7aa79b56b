"""Where panels stand: left to right, line by line, in Grafana's grid of 24 columns."""

from collections.abc import Sequence

from grafanalib.core import GridPos

COLUMNS = 24


def flow(sizes: Sequence[tuple[int, int]], top: int) -> tuple[list[GridPos], int]:
    """Places for panels of the given widths and heights, in their order, and the first line beneath them.

    A line takes as many panels as fit; where they do not fill it they are widened evenly, so that the right edge is
    straight, and made as high as its highest, so that the lower edge is.

    Args:
        sizes: a width, in columns, and a height, in grid units, for each panel.
        top: the line of the first panel's upper edge.
    """
    places: list[GridPos] = []
    for line in _lines(sizes):
        height = max(height for _, height in line)
        x = 0
        for width in _filled([width for width, _ in line]):
            places.append(GridPos(h=height, w=width, x=x, y=top))
            x += width
        top += height
    return places, top


def _lines(sizes: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    lines: list[list[tuple[int, int]]] = []
    room = 0
    for wanted, height in sizes:
        width = min(wanted, COLUMNS)
        if width > room:
            lines.append([])
            room = COLUMNS
        lines[-1].append((width, height))
        room -= width
    return lines


def _filled(widths: list[int]) -> list[int]:
    each, rest = divmod(COLUMNS - sum(widths), len(widths))
    return [width + each + (index < rest) for index, width in enumerate(widths)]
