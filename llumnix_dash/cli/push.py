"""``llumnix-dash push``: plan, then apply."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llumnix_dash.cli.grafana_options import ENVIRONMENT_HELP, Server, backup_dir_option, end, on_each
from llumnix_dash.cli.messages import complain
from llumnix_dash.cli.planning import Planning, plan_options
from llumnix_dash.errors import UserError
from llumnix_dash.report.progress import Progress
from llumnix_dash.report.text import visible, visible_lines

if TYPE_CHECKING:
    from llumnix_dash.grafana.apply import Orders, Result
    from llumnix_dash.grafana.connect import Grafana
    from llumnix_dash.grafana.plan import Plan, Step

HELP = f"""Bring dashboards to a Grafana (10 to 13), after a plan, and lose nobody's edits.

NAME is one of our dashboards, PATH a dashboard's file, a folder with all below it, or git:REV[:path]; without any, all
of ours.

The plan tells for each dashboard: create, update (with what changes), unchanged, conflict (edited in Grafana since our
last push), blocked (provisioned, or managed by another tool) or forbidden. A conflict asks on a terminal and is left
alone elsewhere.

\b
Examples:
  llumnix-dash push --dry-run
  llumnix-dash push llumnix-lrs-dashboard --folder "LLM / Serving"
  llumnix-dash push exported.json --datasource Prometheus
  llumnix-dash push --context staging --prune

{ENVIRONMENT_HELP}

Exit codes: 0 all is as it shall be; 1 something is not (with --dry-run: would change); 2 wrong usage, or a file that
cannot be read; 3 Grafana cannot be reached or refuses the credentials; 130 stopped with Ctrl-C.
"""


@click.command(help=HELP)
@click.option("--dry-run", is_flag=True, help="Print the plan and write nothing; exit 1 if something would change.")
@click.option(
    "--overwrite", is_flag=True, help="In a conflict take our side, after keeping a copy of what is replaced."
)
@backup_dir_option
@click.option("--message", help="The text in the version history. [default: our version and the checkout's commit]")
@click.option(
    "--prune", is_flag=True, help="Also delete what was pushed with this set and is no longer in it; asks first."
)
@click.option("--yes", is_flag=True, help="Do not ask before --prune deletes.")
@click.option(
    "--annotate", is_flag=True, help="Leave an annotation with the message on each dashboard that was changed."
)
@plan_options
@click.pass_context
def command(
    context: click.Context,
    planning: Planning,
    dry_run: bool,
    overwrite: bool,
    backup_dir: Path | None,
    message: str | None,
    prune: bool,
    yes: bool,
    annotate: bool,
    output: str,
    servers: "list[Server]",
) -> None:
    """See HELP."""
    from llumnix_dash.grafana import apply, backup, pushset, render
    from llumnix_dash.grafana.message import message_or_default
    from llumnix_dash.grafana.plan import REPLACING

    if prune and not pushset.is_whole_set(planning.inputs):
        raise UserError(
            "--prune needs the whole set, or it would delete what you did not name",
            hint="llumnix-dash push --prune, or name a folder with all of your dashboards\n"
            "(of a revision, check it out: git:REV is not taken for a whole set)",
        )
    wanted, told_message = planning.load(context, whole=prune), message_or_default(message)
    text = output == "text"
    told: list[Callable[[], None]] = []

    def push(grafana: "Grafana") -> tuple[int, Any]:
        made = planning.plan(grafana, wanted, prune=prune)
        if text:
            click.echo(render.plan_text(grafana, made))
        else:
            click.echo(render.went_under_text(made), err=True, nl=False)  # before it is written over
        if dry_run or (text and made.is_clean):
            return made.exit_code, render.plan_json(grafana, made)
        backups = backup.backups_of(grafana, backup_dir)
        if text and overwrite and any(step.live is not None and step.action in REPLACING for step in made.steps):
            click.echo(f"Copies of what is replaced go to {backups.folder}")
        asks = text and sys.stdin.isatty() and sys.stdout.isatty()
        orders = apply.Orders(
            message=told_message,
            backups=backups,
            overwrite=_overwritten(grafana, made, overwrite=overwrite, asks=asks),
            keep=_kept(made, yes=yes, asks=asks),
            back_up_all=overwrite,
            jobs=planning.jobs,
        )
        results, stopped = _applied(grafana, made, orders, planning.inputs, text=text)
        told.append(partial(apply.settle, grafana, results))
        code = apply.exit_code(results, stopped=stopped)
        if annotate and not stopped:
            code = max(code, _annotated(grafana, told_message, results))
        return code, render.results_json(grafana, results, stopped=stopped)

    code = on_each(servers, push, output)
    for settle in told:  # when all is on the screen, so that whoever is stopped before has it told by the next push
        settle()
    end(context, code)


def _applied(
    grafana: "Grafana", made: "Plan", orders: "Orders", inputs: "Sequence[str]", *, text: bool
) -> "tuple[list[Result], bool]":
    """Applies the plan and tells each result as it comes; gives them, and whether the user stopped it."""
    from llumnix_dash.grafana import apply, plan, render

    progress = Progress("writing", len(made.steps))
    width = render.uid_width(made)
    if text:
        click.echo()

    def report(result: apply.Result) -> None:
        progress.clear()
        if text and result.step.action is not plan.Action.UNCHANGED:
            click.echo(render.result_text(grafana, result, width))
        progress.step()

    def stopping() -> None:
        click.echo("\nstopping after the writes under way ...", err=True)

    results, stopped = apply.apply(grafana, made, orders, report=report, stopping=stopping)
    progress.clear()
    if text:
        click.echo("\n" + render.summary_text(results, inputs, stopped=stopped))
    return results, stopped


def _annotated(grafana: "Grafana", message: str, results: "list[Result]") -> int:
    """Leaves the annotations; the exit code if that fails."""
    from llumnix_dash.grafana import annotation

    try:
        annotation.leave(grafana.transport, message, results)
    except UserError as error:
        complain(error.render())
        return error.exit_code
    return 0


def _pull(grafana: "Grafana", step: "Step") -> None:
    """Saves the live dashboard below the current folder, as ``pull`` would."""
    from llumnix_dash.grafana import pull
    from llumnix_dash.grafana.pushset import Wanted

    assert step.wanted is not None
    wanted = Wanted(f"{step.uid}.json", step.wanted)
    found = pull.pull(grafana, wanted, Path("live") / wanted.name, native=bool(step.losses))
    click.echo(f"  {found.path or 'not saved'}  ({visible_lines(found.told)})")


def _overwritten(grafana: "Grafana", made: "Plan", *, overwrite: bool, asks: bool) -> frozenset[str]:
    """The uids of the conflicts in which our side is taken."""
    from llumnix_dash.grafana.plan import Action

    conflicts = [step for step in made.steps if step.action is Action.CONFLICT]
    if overwrite:
        return frozenset(step.uid for step in conflicts)
    if not asks:
        return frozenset()
    taken = set()
    for step in conflicts:
        question = (
            f"{step.uid}: {step.reason}. Keep it, overwrite it with ours (a copy is kept), or keep it and pull it?"
        )
        answer = click.prompt(visible(question), type=click.Choice(["keep", "overwrite", "pull"]), default="keep")
        if answer == "overwrite":
            taken.add(step.uid)
        if answer == "pull":
            _pull(grafana, step)
    return frozenset(taken)


def _kept(made: "Plan", *, yes: bool, asks: bool) -> frozenset[str]:
    """The uids of those that are not to be deleted although the plan says so."""
    from llumnix_dash.grafana.plan import Action

    doomed = [step for step in made.steps if step.action is Action.DELETE]
    if not doomed or yes:
        return frozenset()
    if not asks:
        raise UserError(
            f"--prune would delete {len(doomed)} of the dashboards, and nobody can be asked; nothing was written",
            detail="\n".join(f"{step.uid}  {step.title}" for step in doomed),
            hint="llumnix-dash push --prune --yes",
        )
    question = f"Delete {len(doomed)} dashboard{'s' if len(doomed) > 1 else ''} (copies are kept)?"
    return frozenset() if click.confirm(question, default=False) else frozenset(step.uid for step in doomed)
