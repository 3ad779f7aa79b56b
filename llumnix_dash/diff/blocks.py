"""Old and new text one above the other, the differing parts marked, and nothing in it that a terminal would obey."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from llumnix_dash.diff.queries import differing
from llumnix_dash.diff.sentences import Block
from llumnix_dash.report.marks import Span, marked
from llumnix_dash.report.text import visible

_MOST_MARKED = 0.7


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
            yield from _signed(" ", went, [])
            continue
        old_spans, new_spans = differing("\n".join(went), "\n".join(came)) if went and came else ([], [])
        if not (_telling(went, old_spans) and _telling(came, new_spans)):
            old_spans, new_spans = [], []
        yield from _signed("-", went, old_spans)
        yield from _signed("+", came, new_spans)


def _signed(sign: str, texts: Sequence[str], spans: Sequence[Span]) -> Iterator[Line]:
    for text, carets in marked(texts, spans):
        yield Line(sign, text)
        if carets:
            yield Line(" ", carets)


def _split(text: str | None) -> list[str]:
    return [] if text is None else text.replace("\r\n", "\n").split("\n")


def _plain(line: str) -> str:
    return visible(line.replace("\t", "  "))


def _telling(texts: Sequence[str], spans: Sequence[Span]) -> bool:
    """Whether marks help: not where nearly all of a text is marked."""
    return sum(end - start for start, end in spans) <= _MOST_MARKED * sum(map(len, texts))
