"""``llumnix-dash status``: the plan of a push, read-only."""

from typing import TYPE_CHECKING, Any

import click

from llumnix_dash.cli.grafana_options import (
    ENVIRONMENT_HELP,
    Server,
    datasource_option,
    end,
    folder_options,
    format_option,
    jobs_option,
    load_set,
    on_each,
    place_for,
    planned,
    servers_options,
    set_option,
)
from llumnix_dash.cli.settings_option import settings_option

if TYPE_CHECKING:
    from llumnix_dash.grafana.connect import Grafana
    from llumnix_dash.settings.site import Site

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
@settings_option
@servers_options
@click.pass_context
def command(
    context: click.Context,
    inputs: tuple[str, ...],
    datasource: tuple[str, ...],
    folder: str | None,
    folder_uid: str | None,
    mirror: bool | None,
    set_name: str,
    jobs: int,
    output: str,
    site: "Site | None",
    servers: "list[Server]",
) -> None:
    """See HELP."""
    from llumnix_dash.grafana import render

    wanted = load_set(context, inputs, site)
    where = place_for(wanted, folder, folder_uid, mirror=mirror)

    def compare(grafana: "Grafana") -> "tuple[int, Any]":
        made = planned(grafana, wanted, datasource=datasource, jobs=jobs, set_name=set_name, where=where)
        if output == "text":
            click.echo(render.plan_text(grafana, made, last_changes=True))
        return made.exit_code, render.plan_json(grafana, made)

    end(context, on_each(servers, compare, output))
