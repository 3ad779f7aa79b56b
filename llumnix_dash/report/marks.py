"""Text with carets beneath what matters in it, in lines that are not too wide to read."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

Span = tuple[int, int]
"""Part of a text: from and to (excluded), counted from 0."""

_WIDTH = 110
_LONGEST = 130  # a line that is hardly too wide is easier to read unbroken
_BREAK = re.compile(r"[ ,{](?! )")


class Marked(NamedTuple):
    """A line, and the carets beneath it; empty where nothing in it is marked."""

    text: str
    carets: str


def underline(text: str, start: int, end: int) -> str:
    """One line of text with the span ``start`` to ``end`` (0-based, end excluded) marked by carets beneath it."""
    return f"{text}\n{' ' * start}{'^' * max(1, end - start)}"


def marked(lines: Sequence[str], spans: Sequence[Span]) -> Iterator[Marked]:
    """The lines, broken where a person would break them, with carets under the spans.

    Args:
        lines: of a text.
        spans: of the whole text, an end of a line being one character. One that begins at the end of a line, where
            something is missing, is marked there.
    """
    start = 0
    for line in lines:
        yield from _wrapped(line, _carets(line, [(first - start, last - start) for first, last in spans]))
        start += len(line) + 1


def _carets(line: str, spans: Sequence[Span]) -> str:
    under = [" "] * (len(line) + 1)
    for first, last in spans:
        for at in range(max(first, 0), min(last, len(line))):
            under[at] = "^"
        if first == len(line):
            under[first] = "^"
    return "".join(under).rstrip()


def _wrapped(text: str, carets: str) -> Iterator[Marked]:
    while len(text) > _LONGEST:
        breaks = [match.end() for match in _BREAK.finditer(text, _WIDTH // 2, _WIDTH)]
        end = breaks[-1] if breaks else _WIDTH
        yield Marked(text[:end], carets[:end].rstrip())
        text, carets = text[end:], carets[end:]
    yield Marked(text, carets)
