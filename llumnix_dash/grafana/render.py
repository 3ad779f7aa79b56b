"""Plans and results as a person reads them on a terminal, and as a program reads them."""

import os
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from llumnix_dash.errors import UserError
from llumnix_dash.grafana.apply import FINE, Outcome, Result
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.plan import Action, Plan, Step
from llumnix_dash.grafana.under import told_late
from llumnix_dash.report import colours
from llumnix_dash.report.text import visible

_COLOURS = {
    "create": colours.GOOD,
    "created": colours.GOOD,
    "update": colours.CAUTION,
    "updated": colours.GOOD,
    "delete": colours.BAD,
    "deleted": colours.GOOD,
    "unchanged": colours.QUIET,
}
_LABEL = max(len(label) for label in [*Action, *Outcome])
_COUNTED = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.DELETE: "to delete",
    Action.UNCHANGED: "unchanged",
    Action.CONFLICT: "in conflict",
    Action.BLOCKED: "blocked",
    Action.FORBIDDEN: "forbidden",
    Action.FAILED: "failed",
    Action.KEEP: "kept",
}


def plan_text(grafana: Grafana, plan: Plan, *, last_changes: bool = False) -> str:
    """The plan: a line per dashboard, below it why, and what an update changes; then the counts.

    Args:
        grafana: the server.
        plan: the plan.
        last_changes: tells for every dashboard when and by whom it was changed last, not only for conflicts.
    """
    width, titles = uid_width(plan), max((len(visible(step.title)) for step in plan.steps), default=0)
    lines = [visible(grafana.description), ""]
    for step in plan.steps:
        lines.append(_line(step.action, step.uid, width, f"{visible(step.title).ljust(titles)}{_place(step)}"))
        lines += _notes(step, last_changes=last_changes)
        lines += [_indented(f"edited: {edit}") for edit in step.edits]
        if step.losses:
            lines.append(_indented(visible(f"a push would lose: {', '.join(step.losses)}")))
        lines += [_indented(change) for change in step.changes]
    counts = ", ".join(f"{plan.count(action)} {told}" for action, told in _COUNTED.items() if plan.count(action))
    return "\n".join([*lines, "", f"Plan: {counts}."]) + (" Nothing to do." if plan.is_clean else "")


def went_under_text(plan: Plan) -> str:
    """A line for each dashboard of which an earlier push could not tell what went under; mostly none."""
    return "".join(f"{visible(step.uid)}: {visible(told_late(step.under))}\n" for step in plan.steps if step.under)


def result_text(grafana: Grafana, result: Result, width: int) -> str:
    """One result: a line, and below it the reason, the changes that came between, the error, the copy that was kept."""
    step = result.step
    told = visible(step.title)
    if result.version is not None and result.outcome in FINE | {Outcome.OVERWROTE}:
        told = f"version {result.version}  {grafana.transport.base}/d/{step.uid}"
    lines = [_line(result.outcome, step.uid, width, told)]
    if result.error is not None and result.error is step.error:
        pass  # the plan has told it
    elif result.error is not None and result.outcome is not Outcome.CONFLICT:
        lines += [_indented(visible(line)) for line in result.error.render().splitlines()]
    elif result.reason and result.reason != step.reason:
        lines.append(_indented(visible(result.reason)))
    lines += [_indented(change) for change in result.changes]
    if result.backup is not None:
        lines.append(_indented(f"what was there is kept in {result.backup}"))
    lines += [_indented(f"the edit is kept in {copy}") for copy in result.copies]
    if result.copies:  # the newest comes first
        lines.append(_indented(f"to bring it back: llumnix-dash restore {shlex.quote(str(result.copies[0]))}"))
    return "\n".join(lines)


def summary_text(results: Sequence[Result], inputs: Sequence[str], *, stopped: bool) -> str:
    """The counts, and how to go on where something was not done.

    Args:
        results: of the push.
        inputs: what was named on the command line; nothing for all of ours.
        stopped: whether the user stopped it.
    """
    counts = Counter(result.outcome for result in results)
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    lines = [f"{'Stopped' if stopped else 'Done'}: {told or 'nothing to do'}."]
    if counts[Outcome.CONFLICT]:
        named = "".join(f" {shlex.quote(item)}" for item in inputs)
        ours = shlex.quote(inputs[0]) if len(inputs) == 1 and os.path.exists(inputs[0]) else "deploy/observability"
        lines += [
            "",
            "In a conflict nothing is written, so that nobody's edit in Grafana is lost. To go on:",
            f"  see the edit:    llumnix-dash pull live{named} && llumnix-dash diff {ours} live",
            "  keep it:         bring it into code, generate, push again",
            f"  take our side:   llumnix-dash push{named} --overwrite (a copy is kept, which restore brings back)",
        ]
        if any(result.step.losses for result in results if result.outcome is Outcome.CONFLICT):
            lines.append(f"  keep its layout: llumnix-dash pull live --native{named} (the classic form cannot hold it)")
    if counts[Outcome.NOT_STARTED]:
        lines += ["", "What was not started was not written; run the command again to go on."]
    return "\n".join(lines)


def uid_width(plan: Plan) -> int:
    """The width of the column of uids."""
    return max((len(visible(step.uid)) for step in plan.steps), default=0)


def plan_json(grafana: Grafana, plan: Plan) -> dict[str, Any]:
    """The plan as an object for programs."""
    return {
        "server": _server(grafana),
        "clean": plan.is_clean,
        "dashboards": [_step(step) for step in plan.steps],
    }


def results_json(grafana: Grafana, results: Sequence[Result], *, stopped: bool) -> dict[str, Any]:
    """The results, with the plan that they come from, as an object for programs."""
    return {
        "server": _server(grafana),
        "stopped": stopped,
        "dashboards": [
            {
                **_step(result.step),
                "outcome": result.outcome,
                "version": result.version,
                "backup": str(result.backup) if result.backup else None,
                "edits_kept": [str(copy) for copy in result.copies],
                "reason": result.reason or result.step.reason,
                "changed_meanwhile": [click.unstyle(line) for line in result.changes],
                "error": _error(result.error),
            }
            for result in results
        ],
    }


def _line(label: str, uid: str, width: int, told: str) -> str:
    colour = _COLOURS.get(label, colours.BAD)
    return f"{click.style(label.ljust(_LABEL), fg=colour)}  {visible(uid).ljust(width)}  {told}".rstrip()


def _place(step: Step) -> str:
    if step.folder is None or step.action not in {Action.CREATE, Action.DELETE}:
        return ""
    if step.action is Action.DELETE:
        return f"  from {visible(step.folder.label)}"
    return f"  in {visible(step.folder.label)}{' (new folder)' if step.folder.missing else ''}"


def _notes(step: Step, *, last_changes: bool) -> list[str]:
    notes = []
    if step.error is not None:
        notes += [_indented(visible(line)) for line in step.error.render().splitlines()]
    elif step.reason:
        notes.append(_indented(visible(step.reason)))
    if step.under:
        notes.append(_indented(visible(told_late(step.under))))
    if step.live is not None and step.live.updated and (last_changes or step.action in {Action.CONFLICT, Action.KEEP}):
        who = f" by {visible(step.live.updated_by)}" if step.live.updated_by else ""
        notes.append(_indented(f"last change: {visible(_time(step.live.updated))}{who}, version {step.live.version}"))
    return notes


def _indented(text: str) -> str:
    return f"{' ' * (_LABEL + 2)}{text}"


def _time(text: str) -> str:
    """An RFC 3339 time as minutes in UTC, as it is where it is something else."""
    date, _, rest = text.partition("T")
    return f"{date} {rest[:5]} UTC" if rest.endswith("Z") else text


def _server(grafana: Grafana) -> dict[str, Any]:
    return {"url": grafana.transport.base, "version": grafana.version, "api": grafana.dashboards.name}


def _step(step: Step) -> dict[str, Any]:
    live = step.live
    return {
        "uid": step.uid,
        "title": step.title,
        "action": step.action,
        "reason": step.reason,
        "folder": None
        if step.folder is None
        else {"uid": step.folder.uid, "title": step.folder.label, "new": bool(step.folder.missing)},
        "changes": [click.unstyle(line) for line in step.changes],
        "edits": [click.unstyle(line) for line in step.edits],
        "losses": list(step.losses),
        "went_under": [{"version": edit.number, "by": edit.by} for edit in step.under],
        "live": None
        if live is None
        else {"version": live.version, "updated": live.updated, "updated_by": live.updated_by},
        "error": _error(step.error),
    }


def _error(error: UserError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"summary": error.summary, "where": error.where, "detail": error.detail, "hint": error.hint}
