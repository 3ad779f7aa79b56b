"""Where things stand: what moved, what was only pushed, what has another size."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from llumnix_dash.diff.changes import Change, Effect, Kind
from llumnix_dash.diff.pairing import Pairing, in_one_order, out_of_order
from llumnix_dash.diff.panels import Placed
from llumnix_dash.document.values import Object, equal

Pair = tuple[Placed, Placed]


@dataclass
class _Layout:
    """The pairs of both kinds, and what is known of each by the position in ``pairs``."""

    pairs: list[Pair]
    row_of: dict[int, int]  # id of an old row -> id of the new row that it is
    moved: set[int] = field(default_factory=set)

    def row_changed(self, pair: Pair) -> bool:
        old, new = pair
        if old.row is None or new.row is None:
            return old.row is not new.row
        return self.row_of.get(id(old.row)) != id(new.row)


def layout_changes(panels: Pairing[Placed], rows: Pairing[Placed], *, pushed: bool) -> dict[int, list[Change]]:
    """What changed in the places of the panels and rows that both sides have.

    Something moved when its row, its column or its order among its neighbours changed. Where only its height on the
    page changed, because something else was added, removed, resized or moved, it was pushed.

    Args:
        panels: the matched panels.
        rows: the matched rows.
        pushed: whether to tell of what was pushed, too.

    Returns:
        The changes by ``id()`` of the new panel or row.
    """
    if not (panels.old or panels.new or rows.old or rows.new) and _nothing_stirred(panels.pairs, rows.pairs):
        return {}
    layout = _Layout([*panels.pairs, *rows.pairs], {id(old): id(new) for old, new in rows.pairs})
    _find_moved(layout, len(panels.pairs))
    came_or_went = bool(panels.old or panels.new or rows.old or rows.new)
    stirring = layout.moved | {
        index for index, pair in enumerate(layout.pairs) if _resized(pair) or _collapsed(pair[0]) != _collapsed(pair[1])
    }
    changes: dict[int, list[Change]] = {}
    for index, pair in enumerate(layout.pairs):
        kind = Kind.MOVED if index in layout.moved else None
        if kind is None and not equal(pair[0].place[:2], pair[1].place[:2]):
            kind = Kind.PUSHED if came_or_went or stirring - {index} else Kind.MOVED
        its_changes = []
        if kind is Kind.MOVED or (kind is Kind.PUSHED and pushed):
            old, new = ({"row": one.row_title, **_position(one)} for one in pair)
            its_changes.append(Change(Effect.LAYOUT, kind, "position", "gridPos", old, new))
        if _resized(pair):
            its_changes.append(Change(Effect.LAYOUT, Kind.CHANGED, "size", "gridPos", _size(pair[0]), _size(pair[1])))
        if its_changes:
            changes[id(pair[1])] = its_changes
    return changes


def _nothing_stirred(panels: Sequence[Pair], rows: Sequence[Pair]) -> bool:
    row_of = {id(old): id(new) for old, new in rows}
    return all(
        old.rank == new.rank
        and (old.row is new.row is None or (old.row and new.row and row_of.get(id(old.row)) == id(new.row)))
        and equal(old.place, new.place)
        for old, new in panels
    ) and all(old.rank == new.rank and equal(old.place, new.place) for old, new in rows)


def _find_moved(layout: _Layout, panel_count: int) -> None:
    groups: dict[tuple[bool, int], list[int]] = {}
    for index, pair in enumerate(layout.pairs):
        is_panel = index < panel_count
        if is_panel and layout.row_changed(pair):
            layout.moved.add(index)
            continue
        groups.setdefault((is_panel, id(pair[1].row)), []).append(index)
        if not equal(pair[0].place[0], pair[1].place[0]):
            layout.moved.add(index)
    for group in groups.values():
        # What has another column has moved anyway, and says nothing about the order of the others.
        standing = [index for index in group if index not in layout.moved]
        pairs = [layout.pairs[index] for index in standing]
        ranks = [(old.rank, new.rank) for old, new in pairs]
        if not in_one_order(ranks):
            texts = ["".join(sorted((old.text, new.text))) for old, new in pairs]
            layout.moved |= {standing[index] for index in out_of_order(ranks, texts)}


def _resized(pair: Pair) -> bool:
    return not equal(pair[0].place[2:], pair[1].place[2:])


def _collapsed(one: Placed) -> bool:
    return one.panel.get("collapsed") is True


def _size(one: Placed) -> Object:
    _, _, width, height = one.place
    return {"w": width, "h": height}


def _position(one: Placed) -> Object:
    x, y, _, _ = one.place
    return {"x": x, "y": y}
