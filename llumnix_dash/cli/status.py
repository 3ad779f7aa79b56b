"""``llumnix-dash status``: the plan of a push, read-only."""

from collections.abc import Callable
from typing import Any

import click

from llumnix_dash.cli.grafana_options import (
    ENVIRONMENT_HELP,
    as_json,
    connection_options,
    datasource_option,
    end,
    folder_options,
    format_option,
    jobs_option,
    load_set,
    planned,
    refuse_two_folders,
    set_option,
)

HELP = f"""Compare a Grafana's dashboards with ours, read-only: what a push would do, and who changed what last.

NAME is one of our dashboards, PATH a dashboard's file, a folder or git:REV[:path]; without any, all of ours.

\b
Examples:
  llumnix-dash status
  llumnix-dash status --context staging --format json

{ENVIRONMENT_HELP}

Exit codes: 0 all is as it shall be; 1 something differs; 2 wrong usage; 3 Grafana cannot be reached or refuses the
credentials.
"""


@click.command(help=HELP)
@click.argument("inputs", nargs=-1, metavar="[NAME|PATH]...")
@datasource_option
@folder_options
@set_option
@jobs_option
@format_option
@connection_options
@click.pass_context
def command(
    context: click.Context,
    inputs: tuple[str, ...],
    datasource: tuple[str, ...],
    folder: str | None,
    folder_uid: str | None,
    set_name: str,
    jobs: int,
    output: str,
    connect: Callable[[], Any],
) -> None:
    """See HELP."""
    from llumnix_dash.grafana import render

    refuse_two_folders(folder, folder_uid)
    wanted = load_set(context, inputs)
    grafana = connect()
    where = {"folder": folder, "folder_uid": folder_uid}
    made = planned(
        grafana,
        wanted,
        datasource=datasource,
        jobs=jobs,
        set_name=set_name,
        where=where,
    )
    if output == "text":
        click.echo(render.plan_text(grafana, made, last_changes=True))
    else:
        click.echo(as_json(render.plan_json(grafana, made)))
    end(context, made.exit_code)
