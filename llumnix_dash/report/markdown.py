"""Text of a dashboard's in GitHub's Markdown, where it must mean nothing.

Such text is either inside ``<code>`` with every character that Markdown, HTML or GitHub gives a meaning written as an
entity, or inside a fence that is longer than any run of backticks in it. So a title cannot break a table, mention a
person, link to a page or open a tag.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from llumnix_dash.report.text import visible, visible_lines

# Letters, digits, blanks and these mean nothing to Markdown in the middle of a line.
_MEANS_SOMETHING = re.compile(r"[^\w \-.,;=%+/()?×→…]|_|(?<=www)\.", re.ASCII)


def code(text: str, longest: int = 120) -> str:
    """Text of a dashboard as inline code that means nothing to Markdown, HTML or GitHub; cut where it is longer."""
    shown = " ".join(visible(text.replace("\n", " ")).split()) or " "
    if len(shown) > longest:
        shown = f"{shown[: longest - 1]}…"
    return f"<code>{_MEANS_SOMETHING.sub(_entity, shown)}</code>"


def _entity(match: re.Match[str]) -> str:
    # Letters of other scripts are no ASCII words, and mean nothing either.
    return match[0] if match[0].isalnum() else f"&#{ord(match[0])};"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """The lines of a table; cells must be of our words or of :func:`code`.

    Args:
        heads: what stands above each column.
        rows: the cells of each.
        right: the columns, from 0 on, whose cells stand at the right, such as numbers.
    """
    rule = "|".join("--:" if number in right else "---" for number in range(len(heads)))
    return [_row(heads), f"|{rule}|", *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def fence(text: str, language: str = "") -> str:
    """A text in a fence that nothing in it can close."""
    shown = visible_lines(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{shown}\n{marks}\n"
