"""``llumnix-dash generate``."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llumnix_dash.cli.settings_option import NAMED, settings_option
from llumnix_dash.errors import UserError

if TYPE_CHECKING:
    from llumnix_dash.generate import File
    from llumnix_dash.settings.site import Site

_COLOURS = {"written": "green", "stale": "red", "missing": "red", "unexpected": "red"}


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("deploy/observability"),
    show_default=True,
    help="The folder of the JSON files; made if missing.",
)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; name stale, missing and unexpected files, and exit 1."
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Other dashboards than ours: a Python file, or a folder of them, with a `dashboard` made with grafanalib. Of a"
    " folder, only modules that assign to `dashboard` or are named *.dashboard.py are run; one that fails does not stop"
    " the others.",
)
@click.option(
    "--format",
    "tool",
    type=click.Choice(["sloth", "pyrra"]),
    help="In place of dashboards and rules, the objectives for a tool that makes rules of its own: slo/sloth.yaml or"
    " slo/pyrra.yaml in the folder.",
)
@click.option(
    "--recorded",
    is_flag=True,
    help="Over recorded series, for big fleets; Prometheus has to evaluate rules/recording.yaml.",
)
@settings_option
@click.pass_context
def command(
    context: click.Context,
    names: tuple[str, ...],
    output_dir: Path,
    only_check: bool,
    source: Path | None,
    tool: str | None,
    recorded: bool,
    site: "Site | None",
) -> None:
    """Write the dashboards' JSON files and the rule files, and say of each whether it was written or unchanged.

    NAME is a dashboard's name (as `llumnix-dash list` shows it), uid or file, or `rules`; without any, all are written.
    The rules are rules/*.yaml in the folder, and for the Prometheus Operator deploy/base/rules.yaml (of another folder
    than the usual one, rules/prometheus-rule.yaml in it). In a checkout of llumnix-dash its docs get their generated
    parts, too. The same code gives the same bytes anywhere. It reads no environment variables.

    \b
    Examples:
      llumnix-dash generate
      llumnix-dash generate request vllm --output-dir out
      llumnix-dash generate rules
      llumnix-dash generate --check
      llumnix-dash generate --recorded --output-dir out
      llumnix-dash generate --from my_dashboards/ --output-dir out
      llumnix-dash generate --format sloth
    """
    from llumnix_dash import generate
    from llumnix_dash.cli.messages import UNREADABLE, complain

    if tool and (names or source):
        raise click.UsageError("--format writes the objectives alone: no NAME and no --from beside it")
    if recorded:
        site = _recorded(site)
    made, failures = _made_for(tool, site) if tool else _made(source, names, site)
    if not (source or names or tool or recorded):
        made += _pages(made, output_dir, site)
    if only_check:
        states = generate.check(made, output_dir, complete=not (names or failures or tool))
    else:
        states = generate.write(made, output_dir)
    for one in states:
        click.echo(f"{click.style(f'{one.state:<10}', fg=_COLOURS.get(one.state))} {one.path}")
    if only_check and any(one.state != "unchanged" for one in states):
        again = ["llumnix-dash", "generate", *names, *(["--from", str(source)] if source else [])]
        again += ["--format", tool] if tool else []
        again += ["--recorded"] if recorded else []
        again += ["--settings", str(named)] if (named := context.meta.get(NAMED)) else []
        again += [] if output_dir == generate.DEFAULT_OUTPUT_DIR else ["--output-dir", str(output_dir)]
        click.echo(f"not up to date; to write the files: {shlex.join(again)}", err=True)
        if any(one.state == "unexpected" for one in states):
            click.echo("unexpected files are of no dashboard: delete them", err=True)
        if not failures:
            context.exit(1)
    for failure in failures:
        complain(failure.render())
    if failures:
        context.exit(UNREADABLE)


def _recorded(site: "Site | None") -> "Site":
    """The settings, with dashboards over recorded series."""
    from llumnix_dash.settings.site import Site

    site = site or Site()
    return site.model_copy(update={"dashboards": site.dashboards.model_copy(update={"recorded": True})})


def _made(source: Path | None, names: tuple[str, ...], site: "Site | None") -> tuple[list["File"], list[UserError]]:
    """What is asked for, and why some of it could not be made."""
    from llumnix_dash import generate, rulefiles

    if source:
        dashboards, failures = generate.generate_from(source, names)
        return [*dashboards], failures
    of_dashboards = [name for name in names if name != rulefiles.NAME]
    made: list[File] = []
    if of_dashboards or not names:
        made += generate.generate(of_dashboards, site)
    if len(of_dashboards) < len(names) or not names:
        made += rulefiles.rule_files(site)
    return made, []


def _pages(made: Sequence["File"], output_dir: Path, site: "Site | None") -> list["File"]:
    """The pages of the checkout, if the folder is its own; their names are beside that folder."""
    from llumnix_dash.generate import Generated
    from llumnix_dash.reference import checkout_of, pages
    from llumnix_dash.rulefiles import RuleFile
    from llumnix_dash.settings.site import Site

    root = checkout_of(output_dir)
    if root is None:
        return []
    dashboards = {one.file_name.removesuffix(".json"): one.dashboard for one in made if isinstance(one, Generated)}
    rules = [one for one in made if isinstance(one, RuleFile)]
    found = pages(root, dashboards, rules, site or Site())
    return [one._replace(file_name=f"../../{one.file_name}") for one in found]


def _made_for(tool: str, site: "Site | None") -> tuple[list["File"], list[UserError]]:
    """The objectives for a tool."""
    from llumnix_dash.settings.site import Site
    from llumnix_dash.slofiles import FORMATS

    return [FORMATS[tool](site or Site())], []
