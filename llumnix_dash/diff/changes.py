"""The model of a difference: what compare gives and the renderers read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

T = TypeVar("T")


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""Stands where one side has no value; ``None`` is a value of JSON."""


class Effect(StrEnum):
    """What a change can do to the person who reads the dashboard, the worst first."""

    QUERY = "query"  # numbers may change
    DISPLAY = "display"  # the same numbers look different
    LAYOUT = "layout"  # they stand elsewhere
    TEXT = "text"  # words changed


class Kind(StrEnum):
    """What happened to a thing."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    MOVED = "moved"
    PUSHED = "pushed"  # another position, only because something above it took or gave room
    REORDERED = "reordered"
    REFORMATTED = "reformatted"


class Part(StrEnum):
    """The parts of a dashboard that a change can be about."""

    DASHBOARD = "dashboard"
    ROW = "row"
    PANEL = "panel"
    VARIABLE = "variable"
    ANNOTATION = "annotation"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one thing.

    Args:
        effect: what it can do to the reader of the dashboard.
        kind: what happened.
        what: the thing's name in words, such as ``P99 query`` or ``unit``; for a part as a whole, the part's word.
        path: where in the part's JSON, such as ``fieldConfig.defaults.unit``; empty for the part as a whole.
        old: the value before; MISSING where there was none.
        new: the value after; MISSING where there is none.
        query: whether the values are query texts, which are shown whole with the differing part marked.
    """

    effect: Effect
    kind: Kind
    what: str
    path: str = ""
    old: Any = MISSING
    new: Any = MISSING
    query: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """The changes of one part of a dashboard: a panel, a row, a variable, or the dashboard's own settings."""

    part: Part
    old_name: str
    new_name: str
    changes: tuple[Change, ...]
    row: str = ""
    old_id: Any = None
    new_id: Any = None

    @property
    def name(self) -> str:
        """As the new side calls it; as the old side called it where it is gone."""
        return self.new_name or self.old_name


def by_effect(things: Iterable[T], effect: Callable[[T], Effect]) -> list[T]:
    """The things by their effect, the worst first, in their order within each effect."""
    effects = list(Effect)
    return sorted(things, key=lambda thing: effects.index(effect(thing)))


def worst_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes by their effect, in their order within each effect."""
    return tuple(by_effect(changes, lambda change: change.effect))


@dataclass(frozen=True, slots=True)
class DashboardDiff:
    """What changed on one dashboard; ``items`` is empty when nothing did."""

    uid: str
    title: str
    old_file: str | None
    new_file: str | None
    items: tuple[Item, ...]

    @property
    def kind(self) -> Kind:
        """Whether the dashboard was added, removed or changed."""
        if self.old_file is None:
            return Kind.ADDED
        return Kind.REMOVED if self.new_file is None else Kind.CHANGED

    @property
    def worst(self) -> Effect:
        """The worst effect of its changes; one without a change has none and is not asked."""
        return worst_first(change for _, change in self.changes())[0].effect

    def changes(self) -> Iterator[tuple[Item, Change]]:
        """Every change with the part that it is about."""
        return ((item, change) for item in self.items for change in item.changes)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole difference of two sets.

    Args:
        dashboards: those with a difference, in the order of their files (see :attr:`worst_first`).
        compared: how many dashboards were held against each other, added or removed.
        problems: one message for each file that could not be compared.
    """

    dashboards: tuple[DashboardDiff, ...]
    compared: int
    problems: tuple[str, ...] = ()

    def changes(self) -> Iterator[tuple[Item, Change]]:
        """Every change with the part that it is about."""
        return (pair for dashboard in self.dashboards for pair in dashboard.changes())

    @property
    def worst_first(self) -> list[DashboardDiff]:
        """The dashboards by the worst that happened to them."""
        return by_effect(self.dashboards, lambda dashboard: dashboard.worst)

    def only(self, effects: Iterable[Effect]) -> "Report":
        """The same report with the changes of these effects alone; all of them when none is given."""
        wanted = frozenset(effects) or frozenset(Effect)
        dashboards = []
        for dashboard in self.dashboards:
            items = tuple(
                replace(item, changes=kept)
                for item in dashboard.items
                if (kept := tuple(change for change in item.changes if change.effect in wanted))
            )
            if items:
                dashboards.append(replace(dashboard, items=items))
        return replace(self, dashboards=tuple(dashboards))
