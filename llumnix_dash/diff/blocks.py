"""Old and new text one above the other, the differing parts marked, and nothing in it that a terminal would obey."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from llumnix_dash.diff.queries import Span, marked
from llumnix_dash.diff.sentences import Block
from llumnix_dash.report.text import visible

_WIDTH = 110
_LONGEST = 130  # a line that is hardly too wide is easier to read unbroken
_MOST_MARKED = 0.7
_BREAK = re.compile(r"[ ,{](?! )")


class Line(NamedTuple):
    """A line of a block: its sign (``-``, ``+``, or a blank for a line of marks) and its text."""

    sign: str
    text: str


def lines(block: Block) -> Iterator[Line]:
    """The lines of a block: the old text, the new text, and under each line carets where the two differ.

    Of texts of several lines, those that both have stand once, without a sign. Long lines are wrapped.
    """
    old = [_plain(line) for line in _split(block.old)]
    new = [_plain(line) for line in _split(block.new)]
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        went, came = old[old_start:old_end], new[new_start:new_end]
        if tag == "equal":
            for text in went:
                yield from _wrapped(" ", text, "")
            continue
        old_spans, new_spans = marked("\n".join(went), "\n".join(came)) if went and came else ([], [])
        if not (_telling(went, old_spans) and _telling(came, new_spans)):
            old_spans, new_spans = [], []
        for sign, texts, spans in (("-", went, old_spans), ("+", came, new_spans)):
            for text, carets in zip(texts, _carets(texts, spans), strict=True):
                yield from _wrapped(sign, text, carets)


def _split(text: str | None) -> list[str]:
    return [] if text is None else text.replace("\r\n", "\n").split("\n")


def _plain(line: str) -> str:
    return visible(line.replace("\t", "  "))


def _telling(texts: Sequence[str], spans: Sequence[Span]) -> bool:
    """Whether marks help: not where nearly all of a text is marked."""
    return sum(end - start for start, end in spans) <= _MOST_MARKED * sum(map(len, texts))


def _carets(texts: Sequence[str], spans: Sequence[Span]) -> list[str]:
    """For each line of the joined text the carets under its part of the spans."""
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


def _wrapped(sign: str, text: str, carets: str) -> Iterator[Line]:
    """A line and its carets, broken where a person would break it."""
    while True:
        end = _break_at(text)
        yield Line(sign, text[:end])
        if carets[:end].strip():
            yield Line(" ", carets[:end].rstrip())
        text, carets = text[end:], carets[end:]
        if not text:
            return


def _break_at(text: str) -> int:
    if len(text) <= _LONGEST:
        return max(1, len(text))
    breaks = [match.end() for match in _BREAK.finditer(text, _WIDTH // 2, _WIDTH)]
    return breaks[-1] if breaks else _WIDTH
