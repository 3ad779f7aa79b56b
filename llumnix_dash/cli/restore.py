"""``llumnix-dash restore``: a copy that a push kept, back to where it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from llumnix_dash.cli.grafana_options import (
    ENVIRONMENT_HELP,
    backup_dir_option,
    connection_options,
    end,
    jobs_option,
)
from llumnix_dash.cli.messages import complain
from llumnix_dash.errors import UserError
from llumnix_dash.report.text import visible

HELP = f"""Bring back copies that a push kept of what it replaced or deleted, each to the folder where it was.

A folder that was deleted is made anew, where it was and under its uid.

COPY is a file that push named ("what was there is kept in ..."). What is there now is kept in a copy, too. A dashboard
that was stored in Grafana's schema v2 comes back in it, with its tabs and conditions.

\b
Example:
  llumnix-dash restore copies/20261124T020000Z/llumnix-lrs-dashboard.json

{ENVIRONMENT_HELP}

Exit codes: 0 all are back; 1 one was changed in Grafana meanwhile or is refused; 2 wrong usage, or no copy; 3 Grafana
cannot be reached or refuses the credentials.
"""


@click.command(help=HELP)
@click.argument("copies", nargs=-1, required=True, metavar="COPY...", type=click.Path(path_type=Path))
@backup_dir_option
@jobs_option
@connection_options
@click.pass_context
def command(
    context: click.Context,
    copies: tuple[Path, ...],
    backup_dir: Path | None,
    jobs: int,
    connect: Callable[[], Any],
) -> None:
    """See HELP."""
    from llumnix_dash.grafana import backup, restore

    read = [restore.read(path) for path in copies]
    grafana = connect()
    backups = backup.backups_of(grafana, backup_dir)
    code = 0
    for copy in read:
        try:
            done = restore.restore(grafana, copy, backups)
        except UserError as error:
            complain(error.render())
            code = max(code, error.exit_code)
            continue
        click.echo(f"restored  {copy.uid}  version {done.saved.version}  {grafana.transport.base}/d/{copy.uid}")
        if done.made is not None:
            click.echo(visible(f"          its folder {done.made} was made anew: look at the permissions on it"))
        if done.kept is not None:
            click.echo(f"          what was there is kept in {done.kept}")
    end(context, code)
