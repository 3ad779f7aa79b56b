"""``llumnix-dash pull``: the live dashboards in canonical form."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llumnix_dash.cli.grafana_options import ENVIRONMENT_HELP, connection_options, end, jobs_option, load_set
from llumnix_dash.cli.settings_option import settings_option
from llumnix_dash.report.progress import Progress
from llumnix_dash.report.text import visible, visible_lines

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

HELP = f"""Save a Grafana's live dashboards in canonical form.

An edit made in the browser can then be seen with diff and brought into code. DIR gets one file per dashboard, under the
file name that ours has. NAME is one of our dashboards, PATH a dashboard's file, a folder or git:REV[:path]; without
any, all of ours.

\b
Example:
  llumnix-dash pull live && llumnix-dash diff deploy/observability live

{ENVIRONMENT_HELP}

Exit codes: 0 all saved; 1 a dashboard is not there or cannot be read; 2 wrong usage; 3 Grafana cannot be reached or
refuses the credentials.
"""


@click.command(help=HELP)
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("inputs", nargs=-1, metavar="[NAME|PATH]...")
@click.option(
    "--native",
    is_flag=True,
    help="Save one that Grafana stores in schema v2 so, not in the classic form; diff reads both.",
)
@jobs_option
@settings_option
@connection_options
@click.pass_context
def command(
    context: click.Context,
    directory: Path,
    inputs: tuple[str, ...],
    native: bool,
    jobs: int,
    site: "Site | None",
    connect: Callable[[], Any],
) -> None:
    """See HELP."""
    from llumnix_dash.grafana import pull
    from llumnix_dash.grafana.plan import in_parallel
    from llumnix_dash.report.table import table

    wanted = load_set(context, inputs, site)
    grafana = connect()
    progress = Progress("reading", len(wanted))
    try:
        files = pull.files_of(wanted)
        tasks = [
            partial(pull.pull, grafana, item, directory / file, native=native)
            for item, file in zip(wanted, files, strict=True)
        ]
        found = in_parallel(tasks, grafana, jobs, progress.step)
    finally:
        progress.clear()
    rows = [
        (
            visible(result.uid),
            f"{result.path}  ({visible(result.told)})"
            if result.path is not None
            else f"{click.style('not saved', fg='red')}: {visible_lines(result.told)}",
        )
        for result in found
    ]
    for line in table(rows):
        click.echo(line)
    saved = sum(result.path is not None for result in found)
    click.echo(f"\n{saved} of {len(found)} saved in {directory}.")
    end(context, max(result.exit_code for result in found))
