"""Columns of text."""

from collections.abc import Collection, Sequence

import click


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """A line for each row, its cells as wide as the widest of their column and two blanks apart.

    Args:
        rows: the cells of each, the same number in every row; they may have colours.
        right: the columns, from 0 on, whose cells stand at the right, such as numbers.
    """
    if not rows:
        return []
    widths = [max(len(click.unstyle(cell)) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            _blanks(cell, width) + cell if number in right else cell + _blanks(cell, width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _blanks(cell: str, width: int) -> str:
    return " " * (width - len(click.unstyle(cell)))
