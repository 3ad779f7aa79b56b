"""The order in which the changes of a dashboard are told: the worst first, and what was done to many things once.

A restyled dashboard has one change a hundred times over; a person reads it as one line.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass, replace

from llumnix_dash.diff.changes import MISSING, Change, DashboardDiff, Item, Kind, Part, by_effect
from llumnix_dash.diff.vocabulary import label
from llumnix_dash.document.values import text_of

# On so many things the same change is told once.
FEWEST_OF_A_GROUP = 3
_FOLDED_PARTS = frozenset({Part.PANEL, Part.VARIABLE, Part.ANNOTATION})
_FOLDED_KINDS = frozenset({Kind.CHANGED, Kind.ADDED, Kind.REMOVED, Kind.MOVED, Kind.PUSHED})
_OF_A_QUERY = re.compile(r"targets\[[^\]]*\]\.")


@dataclass(frozen=True, slots=True)
class Told:
    """A change, and what it was done to.

    Attributes:
        change: what happened; of a group, in words that are true of each of its members.
        members: the parts of the dashboard that it happened to, each with the change as it is there.
        group: the number of the group on its dashboard, from 1 on; 0 where the change stands alone.
    """

    change: Change
    members: tuple[tuple[Item, Change], ...]
    group: int = 0

    @property
    def items(self) -> tuple[Item, ...]:
        """The parts of the dashboard, each once: two queries of one panel may have the same change."""
        return tuple({id(item): item for item, _ in self.members}.values())


def told(dashboard: DashboardDiff, *, positions: bool = False) -> list[Told]:
    """The changes of a dashboard, the worst first; those that are the same on three things or more are one.

    Args:
        dashboard: what changed on it.
        positions: whether moves tell their place on the grid, so that no two are the same.
    """
    groups: dict[Hashable, list[tuple[Item, Change]]] = {}
    for number, (item, change) in enumerate(dashboard.changes()):
        groups.setdefault(_key(item, change, positions=positions) or number, []).append((item, change))
    entries: list[Told] = []
    number = 0
    for members in groups.values():
        if len({id(item) for item, _ in members}) < FEWEST_OF_A_GROUP:
            entries += [Told(change, ((item, change),)) for item, change in members]
        else:
            number += 1
            entries.append(Told(_of_many(members[0][1]), tuple(members), number))
    return by_effect(entries, lambda entry: entry.change.effect)


def _key(item: Item, change: Change, *, positions: bool) -> Hashable:
    """Equal for changes that one line can tell; None for one that stands alone."""
    if item.part not in _FOLDED_PARTS or change.kind not in _FOLDED_KINDS or change.query or not change.path:
        return None
    values: tuple[Hashable, ...]
    if change.kind not in (Kind.MOVED, Kind.PUSHED):
        values = tuple(MISSING if value is MISSING else text_of(value) for value in (change.old, change.new))
    elif positions:
        return None
    else:
        values = (text_of(change.old["row"]), text_of(change.new["row"]))
    return (change.effect, change.kind, _leaf(change), change.path == "gridPos" and change.what, *values)


def _leaf(change: Change) -> str:
    """Where in a panel, a query or a variable: a data source is one thing in all of them."""
    path = _OF_A_QUERY.sub("", change.path)
    return "datasource" if path.endswith("datasource") else path


def _of_many(change: Change) -> Change:
    if not _OF_A_QUERY.match(change.path):
        return change
    return replace(change, what=label(tuple(_leaf(change).split("."))))
