"""What a command says on stderr beside its result."""

import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from llumnix_dash.errors import UserError
from llumnix_dash.report import colours
from llumnix_dash.report.text import visible, visible_lines

UNREADABLE = UserError.exit_code
_PACKAGE = Path(__file__).parents[1]


def complain(message: str, color: bool | None = None) -> None:
    """Prints an error, with nothing in it that a terminal would obey."""
    click.echo(click.style("error: ", fg=colours.BAD, bold=True) + visible_lines(message), err=True, color=color)


def tell_unread(notes: Iterable[str], problems: Iterable[str]) -> None:
    """Prints what was not read: notes on files that are no dashboards, and what should be one and cannot be read.

    Args:
        notes: one for each source; an empty one says that nothing was left out.
        problems: errors as they are rendered, with their place.
    """
    for note in filter(None, notes):
        click.echo(f"note: {visible(note)}", err=True)
    for problem in problems:
        complain(problem)


def unforeseen(error: Exception) -> UserError:
    """The message for what no code of ours expected: its kind and place, and how to report it.

    What the error itself says is left out: it may repeat a secret.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    where = f"llumnix_dash/{Path(own[-1].filename).relative_to(_PACKAGE).as_posix()}:{own[-1].lineno}" if own else None
    return UserError(
        f"llumnix-dash stopped at something that it does not foresee ({type(error).__name__})",
        where=where,
        hint="this is a fault of the program: report it, with the command,\n"
        "and with what llumnix-dash --debug COMMAND … prints",
    )


def trace(error: BaseException) -> Iterator[str]:
    """The traceback, the first cause first, without what the errors say: that may repeat a secret."""
    before = error.__cause__ or error.__context__
    if before is not None:
        yield from trace(before)
        yield "which led to"
    yield from "".join(traceback.format_tb(error.__traceback__)).splitlines()
    yield type(error).__name__
