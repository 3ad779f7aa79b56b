"""Old and new text one above the other, the differing parts marked, and nothing in it that a terminal would obey."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from llumnix_dash.diff.queries import Span, marked
from llumnix_dash.diff.sentences import Block


class Line(NamedTuple):
    """A line of a block: its sign (``-``, ``+``, or a blank for a line of marks) and its text."""

    sign: str
    text: str


def visible(text: str) -> str:
    """The text with each character that is not to be seen, such as a control or a bidirectional mark, written out."""
    if text.isprintable():
        return text
    return "".join(c if _harmless(c) else _written_out(c) for c in text)


def _harmless(character: str) -> bool:
    return character.isprintable() or (character == "\u200d")


def _written_out(character: str) -> str:
    code = ord(character)
    if unicodedata.category(character) == "Zs":
        return " "
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def lines(block: Block) -> Iterator[Line]:
    """The lines of a block: the old text, the new text, and under each line carets where the two differ."""
    old = [_plain(line) for line in _split(block.old)]
    new = [_plain(line) for line in _split(block.new)]
    old_marks: list[str] = [""] * len(old)
    new_marks: list[str] = [""] * len(new)
    if old and new:
        old_spans, new_spans = marked("\n".join(old), "\n".join(new))
        old_marks, new_marks = _carets(old, old_spans), _carets(new, new_spans)
    for sign, texts, marks in (("-", old, old_marks), ("+", new, new_marks)):
        for text, carets in zip(texts, marks, strict=True):
            yield Line(sign, text)
            if carets:
                yield Line(" ", carets)


def _split(text: str | None) -> list[str]:
    return [] if text is None else text.replace("\r\n", "\n").split("\n")


def _plain(line: str) -> str:
    return visible(line.replace("\t", "  "))


def _carets(texts: Sequence[str], spans: Sequence[Span]) -> list[str]:
    """For each line of the joined text the carets under its part of the spans; none where a whole text differs."""
    if spans == [(0, len("\n".join(texts)))]:
        return [""] * len(texts)
    carets = []
    start = 0
    for text in texts:
        under = [" "] * len(text)
        for first, last in spans:
            for at in range(max(first - start, 0), min(last - start, len(text))):
                under[at] = "^"
        carets.append("".join(under).rstrip())
        start += len(text) + 1
    return carets
