"""Markdown that reads well as it stands, too."""

import re
from collections.abc import Sequence
from textwrap import fill


def anchor(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w-]", "", heading.lower())


def paragraph(text: str, *, indent: str = "") -> str:
    """A paragraph in lines of 120; of an item of a list, the further ones indented."""
    return fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def item(text: str) -> str:
    """An item of a list."""
    return paragraph(f"- {text}", indent="  ")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns stand below one another."""
    lines = [head, *rows]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]
    told = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    told.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in told)
