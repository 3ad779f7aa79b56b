"""``llumnix-dash list``."""

import json
from typing import TYPE_CHECKING

import click

from llumnix_dash.cli.settings_option import settings_option

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@settings_option
def command(form: str, site: "Site | None") -> None:
    """List the dashboards: name, uid, panels and queries.

    A query counts as open if it runs when the page is opened: those in collapsed rows do not. It reads no environment
    variables.

    \b
    Example:
      llumnix-dash list --format json
    """
    from llumnix_dash.document.summary import summarise
    from llumnix_dash.generate import generate
    from llumnix_dash.report.table import table

    summaries = [{"name": one.name, **summarise(one.dashboard)} for one in generate(site=site)]
    if form == "json":
        click.echo(json.dumps(summaries, indent=2))
        return
    fields = ("name", "uid", "panels", "queries", "open_queries", "title")
    rows = [["NAME", "UID", "PANELS", "QUERIES", "OPEN", "TITLE"]]
    rows += [[str(one[field]) for field in fields] for one in summaries]
    for line in table(rows, right={2, 3, 4}):
        click.echo(line)
