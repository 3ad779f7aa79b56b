"""``llumnix-dash list``."""

import json

import click


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(form: str) -> None:
    """List the dashboards: name, uid, panels and queries.

    A query counts as open if it runs when the page is opened: those in collapsed rows do not. It reads no environment
    variables.

    \b
    Example:
      llumnix-dash list --format json
    """
    from llumnix_dash.document.summary import summarise
    from llumnix_dash.generate import generate

    summaries = [{"name": one.name, **summarise(one.dashboard)} for one in generate()]
    if form == "json":
        click.echo(json.dumps(summaries, indent=2))
        return
    fields = ("name", "uid", "panels", "queries", "open_queries", "title")
    rows = [["NAME", "UID", "PANELS", "QUERIES", "OPEN", "TITLE"]]
    rows += [[str(one[field]) for field in fields] for one in summaries]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if index in {2, 3, 4} else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())
