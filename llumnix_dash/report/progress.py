"""What is under way, on a line of stderr that is taken away again."""

import sys

import click

from llumnix_dash.report.text import visible


class Progress:
    """A line on stderr that counts, on a terminal only, and leaves nothing behind.

    Args:
        doing: what is being done, such as "reading", or of what.
        total: how many there are, where that is known before.
    """

    def __init__(self, doing: str, total: int = 0) -> None:
        self._doing = visible(doing)
        self._total = total
        self._done = 0
        self._width = 0
        self._shown = sys.stderr.isatty()
        if total:
            self.at(0, total)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def step(self) -> None:
        """One more is done."""
        self.at(self._done + 1, self._total)

    def at(self, done: int, total: int) -> None:
        """So many of so many are done."""
        self._done = done
        self._write(f"{self._doing} {done}/{total}")

    def clear(self) -> None:
        """Takes the line away."""
        self._write("")

    def _write(self, text: str) -> None:
        """Replaces the line; blanks do it, since a terminal without colours gets no escape sequences."""
        if self._shown:
            click.echo(f"\r{text.ljust(self._width)}" + ("" if text else "\r"), nl=False, err=True)
            self._width = len(text)
