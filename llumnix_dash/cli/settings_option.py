"""``--settings``: the file of what a site has its own way, named or found in the working folder."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

# Where a command finds the path that was named, to write its own line again.
NAMED = f"{__name__}.named"
Command = TypeVar("Command", bound=Callable[..., Any])


def settings_option(command: Command) -> Command:
    """Adds --settings; the command gets the settings as ``site``, None where there is no file."""
    return click.option(
        "--settings",
        "site",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        callback=_read,
        help="The site's own jobs, labels and defaults.  [default: llumnix-dash.toml of the working folder, if there]",
    )(command)


def _read(context: click.Context, _: click.Parameter, named: Path | None) -> "Site | None":
    from llumnix_dash.settings.load import find, load

    path = named or find(Path())
    if path is None or context.resilient_parsing:
        return None
    site = load(path)
    context.meta[NAMED] = named
    if named is None:
        # Nobody asked for it, and it changes what comes out.
        click.echo(f"note: the settings are those of {path}", err=True)
    return site
