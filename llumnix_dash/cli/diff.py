"""``llumnix-dash diff``: what changed on the dashboards, panel by panel."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from llumnix_dash.cli.settings_option import settings_option

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

_FORMATS = ("text", "markdown", "json")
_EFFECTS = ("query", "display", "layout", "text")


@contextmanager
def _collector_off() -> Iterator[None]:
    """Without Python's garbage collector: JSON has no cycles, however often it walks through all the dashboards."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option("--format", "output_format", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--only", "effects", type=click.Choice(_EFFECTS), multiple=True, help="Tell only these; can be repeated.")
@click.option("--layout", is_flag=True, help="Tell positions on the grid, and what was pushed by others.")
@click.option("--exit-code", is_flag=True, help="Exit 1 if anything is told.")
@settings_option
def command(
    *,
    old: str,
    new: str | None,
    output_format: str,
    effects: Sequence[str],
    layout: bool,
    exit_code: bool,
    site: "Site | None",
) -> None:
    """Tell what changed on the dashboards, panel by panel.

    OLD and NEW are each a JSON file, a folder of them, git:REV (deploy/observability at that revision) or
    git:REV:path. Without NEW, OLD is held against what the code generates now.

    \b
    Examples:
      llumnix-dash diff git:main                             what my work changes
      llumnix-dash diff git:main --only query --exit-code    may any number be another one?
      llumnix-dash diff before.json after.json               two files from anywhere
      llumnix-dash diff git:main --format markdown           for a pull request

    Every change has an effect: query (numbers may change), display, layout, text.

    Exit codes: 0, or with --exit-code 1 if anything is told; 2 if an input cannot be read (the others are compared
    all the same).

    Environment: NO_COLOR turns colours off; without it they are used on a terminal.
    """
    from llumnix_dash.cli.messages import UNREADABLE, tell_unread
    from llumnix_dash.diff import as_json, markdown, text
    from llumnix_dash.diff.changes import Effect
    from llumnix_dash.diff.sets import compare_sets
    from llumnix_dash.document import sources

    with _collector_off():
        old_side = sources.load(old)
        new_side = sources.load(new) if new is not None else sources.generated(site)
        report = compare_sets(old_side, new_side, pushed=layout).only(Effect(effect) for effect in effects)
    render = {"text": text.render, "markdown": markdown.render, "json": as_json.render}[output_format]
    click.echo(render(report, positions=layout), nl=False)
    tell_unread((side.reading.note() for side in (old_side, new_side)), report.problems)
    if report.problems:
        click.get_current_context().exit(UNREADABLE)
    if exit_code and report.dashboards:
        click.get_current_context().exit(1)
