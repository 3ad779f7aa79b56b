"""Where a legend stands, so that all of it is read and the lines have room: beside them, or beneath, as table or list.

Grafana gives a legend beneath the lines 35 % of the panel's height, and one beside them the width of its table. What is
cut off is only seen by scrolling, so that sizes are estimated here, for the narrowest screen that counts.
"""

import re
from collections.abc import Sequence
from itertools import product
from math import ceil
from typing import NamedTuple

from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.catalog.labels import CLUSTER, COMPONENT, ENGINE, INSTANCE, NAMESPACE, ROLE
from llumnix_dash.promql import PART

# In pixels: a column of a screen 1280 wide, and what is lost between two panels; a unit of height, and what of a
# panel's height is its frame.
_COLUMN, _GAP = 52.3, 8
_UNIT, _FRAME = 38, 52
# A letter of a legend and one of its rows; what of a table's width is not names but the line's mark and two numbers,
# and what beside a name stands in a list, with a number and without.
_LETTER, _ROW = 6.5, 24
_TWO_NUMBERS, _ONE_NUMBER, _NO_NUMBER = 175, 100, 30
# The part of a panel's height that Grafana gives a legend, and that of its width which one may take.
_OF_HEIGHT, _OF_WIDTH = 0.35, 0.45
_WIDE = 12
# A panel's height, and those to which a legend of a kind may stretch it before it tells less.
_HEIGHT = 8
_HIGHEST = {"below": 9, "list": 11, "names": 24}

# Names as long as those of a usual page, as many as it has. Instances are $top, whatever else their names hold.
_INSTANCES = tuple(f"10.0.16.{number}:8000" for number in range(10, 15))
_VALUES = {
    CLUSTER: ("",),
    NAMESPACE: ("llumnix",),
    ROLE: ROLES,
    COMPONENT: ("scheduler",),
    INSTANCE: _INSTANCES,
    ENGINE: _INSTANCES,
    "finished_reason": ("stop", "length", "abort", "error", "repetition"),
    "status_code": ("200", "429", "500"),
}
_OTHERS = ("qwen3-32b", "llama-3-8b")
_LABEL = re.compile(r"\{\{(\w+)\}\}")


class Place(NamedTuple):
    """A legend's place.

    Attributes:
        kind: ``right``, a table beside the lines; ``below``, one beneath; ``list``, names with their worst values,
            beneath; ``names``, those alone.
        height: of the panel that holds it, at least, in grid units.
    """

    kind: str
    height: int


def fitting(legends: Sequence[str], columns: int, parts: Sequence[str] = ()) -> Place:
    """The place of a panel's legend that tells most in a panel of usual height.

    Args:
        legends: those of the panel's targets, as Grafana's ``legendFormat``.
        columns: the panel's width.
        parts: the values of :data:`~llumnix_dash.promql.PART`, where a legend has it.
    """
    names = [name for legend in legends for name in _names(legend, parts)]
    longest = max(map(len, names)) * _LETTER
    width = columns * _COLUMN - _GAP
    table = len(names) + 1
    if columns >= _WIDE and longest + _TWO_NUMBERS <= _OF_WIDTH * width:
        return Place("right", max(_HEIGHT, ceil((table * _ROW + _FRAME) / _UNIT)))
    rows = {"below": table}
    for kind, beside in (("list", _ONE_NUMBER), ("names", _NO_NUMBER)):
        rows[kind] = ceil(len(names) / max(1, int((width - 2 * _GAP) / (longest + beside))))
    places = [
        Place(kind, max(_HEIGHT, ceil((count * _ROW / _OF_HEIGHT + _FRAME) / _UNIT))) for kind, count in rows.items()
    ]
    return next((place for place in places if place.height <= _HIGHEST[place.kind]), places[-1])


def _names(legend: str, parts: Sequence[str]) -> list[str]:
    labels = list(dict.fromkeys(_LABEL.findall(legend)))
    instance = {INSTANCE, ENGINE} & set(labels)
    values: list[Sequence[str]] = []
    for label in labels:
        some = parts if label == PART else _VALUES.get(label, _OTHERS)
        values.append(some if label in instance or not instance else [max(some, key=len)])
    names = []
    for chosen in product(*values):
        name = legend
        for label, value in zip(labels, chosen, strict=True):
            name = name.replace(f"{{{{{label}}}}}", value)
        names.append(name)
    return names
