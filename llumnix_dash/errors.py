"""What goes wrong, told to the person who has to mend it.

Every error that a user can cause is a :class:`UserError`: what is wrong, where, and what to do next. The command line
prints it and exits with its code; nothing else in the package prints an error or ends the process.
"""

from collections.abc import Iterable


class UserError(Exception):
    """Something the user can mend: wrong usage or input that cannot be read.

    Args:
        summary: what is wrong, one line, without a full stop.
        where: the place: a file with line and column, a panel key, a URL without secrets.
        detail: further lines that show it, such as a query with carets beneath what is faulty.
        hint: what to do next, at best a command that can be run.
    """

    exit_code = 2

    def __init__(
        self, summary: str, *, where: str | None = None, detail: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.where = where
        self.detail = detail
        self.hint = hint

    def render(self) -> str:
        """The whole message, as the command line prints it after ``error: ``."""
        lines = [self.summary]
        if self.where:
            lines.append(f"  at {self.where}")
        if self.detail:
            lines += [f"  {line}".rstrip() for line in self.detail.splitlines()]
        if self.hint:
            lines += [
                ("  try: " if number == 0 else "       ") + line for number, line in enumerate(self.hint.splitlines())
            ]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()


class ServerError(UserError):
    """A server that cannot be reached, or that refuses the credentials."""

    exit_code = 3


class QueryError(Exception):
    """Prometheus did not answer this query; its message is the text. Other queries may well succeed."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that the given one was most likely meant to be, if any is near."""
    from difflib import get_close_matches

    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
