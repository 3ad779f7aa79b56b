"""``llumnix-dash status``: the plan of a push, read-only."""

from typing import TYPE_CHECKING, Any

import click

from llumnix_dash.cli.grafana_options import ENVIRONMENT_HELP, Server, end, on_each
from llumnix_dash.cli.planning import Planning, plan_options

if TYPE_CHECKING:
    from llumnix_dash.grafana.connect import Grafana

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
@plan_options
@click.pass_context
def command(context: click.Context, planning: Planning, output: str, servers: "list[Server]") -> None:
    """See HELP."""
    from llumnix_dash.grafana import render

    wanted = planning.load(context)

    def compare(grafana: "Grafana") -> "tuple[int, Any]":
        made = planning.plan(grafana, wanted)
        if output == "text":
            click.echo(render.plan_text(grafana, made, last_changes=True))
        return made.exit_code, render.plan_json(grafana, made)

    end(context, on_each(servers, compare, output))
