"""Where panels stand: left to right, line by line, in Grafana's grid of 24 columns."""

from collections.abc import Sequence

import attr
import grafanalib.core as grafanalib

from llumnix_dash.panels.grafana_shapes import Panel

COLUMNS = 24


def flow(panels: Sequence[Panel], top: int) -> tuple[list[Panel], int]:
    """The panels in their order, each with its place, from the line ``top`` on, and the first line beneath them.

    A line takes as many panels as fit; where they do not fill it they are widened evenly, so that the right edge is
    straight, and made as high as its highest, so that the lower edge is.
    """
    placed: list[Panel] = []
    for line in _lines(panels):
        height = max(panel.height for panel in line)
        x = 0
        for panel, width in zip(line, _widths(line), strict=True):
            placed.append(attr.evolve(panel, gridPos=grafanalib.GridPos(h=height, w=width, x=x, y=top)))
            x += width
        top += height
    return placed, top


def _lines(panels: Sequence[Panel]) -> list[list[Panel]]:
    lines: list[list[Panel]] = []
    room = 0
    for panel in panels:
        width = min(panel.width, COLUMNS)
        if width > room:
            lines.append([])
            room = COLUMNS
        lines[-1].append(panel)
        room -= width
    return lines


def _widths(line: list[Panel]) -> list[int]:
    widths = [min(panel.width, COLUMNS) for panel in line]
    spare = COLUMNS - sum(widths)
    return [width + spare // len(line) + (index < spare % len(line)) for index, width in enumerate(widths)]
