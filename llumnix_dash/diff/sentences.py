"""A change in a person's words.

A sentence is a list of fragments: plain text of ours, and :class:`Theirs`, text that comes from a dashboard. A renderer
must make the latter harmless; since it cannot mistake one for the other, nothing of a dashboard gets past it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from llumnix_dash.diff.changes import MISSING, Change, Item, Kind, Part
from llumnix_dash.diff.told import Told
from llumnix_dash.diff.vocabulary import value_text
from llumnix_dash.report.text import Fragment, Theirs

_INLINE_WIDTH = 72
_PLAIN_WORDS = re.compile(r"[\w %-]+(?:: [\w %-]+)?")
_WORDS_BEFORE_NAME = {Part.ROW: "row ", Part.VARIABLE: "variable ", Part.ANNOTATION: "annotation ", Part.LINK: "link "}


@dataclass(frozen=True, slots=True)
class Block:
    """Texts that are too long for a sentence, shown beneath it: what went and what came."""

    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One change as it is told.

    Args:
        subject: what it is about: the panel's title, or ``variable ns``; empty for the dashboard itself.
        predicate: what happened to it.
        blocks: the texts beneath it.
    """

    subject: tuple[Fragment, ...]
    predicate: tuple[Fragment, ...]
    blocks: tuple[Block, ...] = ()

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """The whole sentence."""
        return (*self.subject, ": ", *self.predicate) if self.subject else self.predicate


def sentence(item: Item, change: Change, *, positions: bool = False) -> Sentence:
    """The sentence that tells a change.

    Args:
        item: the part of the dashboard that changed.
        change: what changed.
        positions: whether a move tells from where to where on the grid.
    """
    about = subject(item)
    if change.path == "" and change.kind in (Kind.ADDED, Kind.REMOVED):
        return Sentence(about, *_whole(item, change))
    told = _TOLD.get(change.kind, _changed)
    if change.kind in (Kind.MOVED, Kind.PUSHED):
        return Sentence(about, tuple(_moved(item, change, positions=positions)))
    predicate, blocks = told(change)
    return Sentence(about, tuple(predicate), tuple(blocks))


def sentence_of(entry: Told, *, positions: bool = False) -> Sentence:
    """The sentence that tells a change, once for all that it was done to.

    Args:
        entry: the change, and what it was done to.
        positions: whether a move tells from where to where on the grid.
    """
    alone = sentence(entry.items[0], entry.change, positions=positions)
    if not entry.group:
        return alone
    parts = Counter(item.part.value for item in entry.items)
    places = [_count(number, part) for part, number in parts.items()]
    return replace(alone, subject=(), predicate=(*alone.predicate, f", on {' and '.join(places)}"))


def subject(item: Item) -> tuple[Fragment, ...]:
    """What an item is called; empty for the dashboard itself."""
    if item.part is Part.DASHBOARD:
        return ()
    word = _WORDS_BEFORE_NAME.get(item.part, "")
    if not item.name.strip():
        return (f"{word or 'panel '}without a title",)
    return (word, Theirs(item.name)) if word else (Theirs(item.name),)


def _what(change: Change) -> Fragment:
    """The thing's name; it can hold a legend or a field's name, which are the dashboard's."""
    return change.what if _PLAIN_WORDS.fullmatch(change.what) else Theirs(change.what)


def _whole(item: Item, change: Change) -> tuple[tuple[Fragment, ...], tuple[Block, ...]]:
    value = change.new if change.kind is Kind.ADDED else change.old
    words: list[Fragment] = [f"{item.part.value} {change.kind.value}"]
    texts: list[str] = []
    if item.part is Part.PANEL:
        if value["type"]:
            words += [" (", Theirs(value["type"]), ")"]
        if value["row"]:
            words += [" in row " if change.kind is Kind.ADDED else " from row ", Theirs(value["row"])]
        texts = value["queries"]
    elif item.part is Part.DASHBOARD:
        words.append(f" with {_count(value['panels'], 'panel')}, {_count(value['queries'], 'query', 'queries')}")
    elif item.part is Part.ROW:
        words.append(f" with {_count(value['panels'], 'panel')}" if value["panels"] else "")
    else:
        target = value.get("target")
        places = (value, target if isinstance(target, dict) else {})
        shown = [place[key] for key in ("query", "expr", "url") for place in places if place.get(key)]
        texts = [value_text("", one) for one in shown[:1]]
    blocks = (Block(new=text) if change.kind is Kind.ADDED else Block(old=text) for text in texts)
    return tuple(words), tuple(blocks)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"


def _moved(item: Item, change: Change, *, positions: bool) -> list[Fragment]:
    words: list[Fragment] = ["moved" if change.kind is Kind.MOVED else "pushed"]
    old_row, new_row = change.old["row"], change.new["row"]
    if change.kind is Kind.MOVED and old_row != new_row and item.part is Part.PANEL:
        words += [" from ", *_row(old_row), " to ", *_row(new_row)]
    if positions:
        old, new = (value_text("gridPos", {"x": side["x"], "y": side["y"]}) for side in (change.old, change.new))
        words += [" (", Theirs(old), " → ", Theirs(new), ")"]
    return words


def _row(title: str) -> tuple[Fragment, ...]:
    return ("row ", Theirs(title)) if title else ("no row",)


def _changed(change: Change) -> tuple[Sequence[Fragment], Sequence[Block]]:
    old, new = value_text(change.path, change.old), value_text(change.path, change.new)
    if change.query or _long(old) or _long(new):
        block = Block(None if change.old is MISSING else old, None if change.new is MISSING else new)
        return (_what(change), " changed"), (block,)
    if change.old is MISSING:
        return (_what(change), " set: ", Theirs(new)), ()
    if change.new is MISSING:
        return (_what(change), " unset, was: ", Theirs(old)), ()
    return (_what(change), " changed: ", Theirs(old), " → ", Theirs(new)), ()


def _renamed(change: Change) -> tuple[Sequence[Fragment], Sequence[Block]]:
    if change.path in ("title", "name"):
        old: Any = change.old if change.old is not MISSING else ""
        return ("renamed from ", Theirs(value_text("", old))), ()
    return (
        _what(change),
        " renamed: ",
        Theirs(value_text("", change.old)),
        " → ",
        Theirs(value_text("", change.new)),
    ), ()


def _came_or_went(change: Change) -> tuple[Sequence[Fragment], Sequence[Block]]:
    old = None if change.old is MISSING else value_text(change.path, change.old)
    new = None if change.new is MISSING else value_text(change.path, change.new)
    return (_what(change), f" {change.kind.value}"), (Block(old, new),)


def _reordered(change: Change) -> tuple[Sequence[Fragment], Sequence[Block]]:
    return (f"{change.what} reordered: ", Theirs(", ".join(change.old)), " → ", Theirs(", ".join(change.new))), ()


def _reformatted(change: Change) -> tuple[Sequence[Fragment], Sequence[Block]]:
    return (_what(change), " reformatted, it is the same query"), ()


_TOLD = {
    Kind.ADDED: _came_or_went,
    Kind.REMOVED: _came_or_went,
    Kind.RENAMED: _renamed,
    Kind.REORDERED: _reordered,
    Kind.REFORMATTED: _reformatted,
}


def _long(text: str) -> bool:
    return len(text) > _INLINE_WIDTH or "\n" in text
