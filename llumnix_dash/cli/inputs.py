"""What commands that read dashboards tell of what they could not read, on stderr."""

from collections.abc import Iterable

import click

from llumnix_dash.report.text import visible

UNREADABLE = 2


def tell_left_out(note: str) -> None:
    """The one note on the files of a folder that are no dashboards."""
    if note:
        click.echo(f"note: {visible(note)}", err=True)


def tell_problems(problems: Iterable[str]) -> None:
    """Each file that should be a dashboard and cannot be read, as an error with its place."""
    for problem in problems:
        shown = "\n".join(map(visible, problem.split("\n")))
        click.echo(click.style("error: ", fg="red", bold=True) + shown, err=True)
