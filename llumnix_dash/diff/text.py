"""A report for a terminal."""

import click

from llumnix_dash.diff.blocks import lines
from llumnix_dash.diff.changes import DashboardDiff, Effect, Kind, Report
from llumnix_dash.diff.sentences import sentence_of
from llumnix_dash.diff.summary import summary
from llumnix_dash.diff.told import told
from llumnix_dash.report import colours
from llumnix_dash.report.text import Fragment, Theirs, visible

_COLOURS = {
    Effect.QUERY: colours.BAD,
    Effect.DISPLAY: colours.CAUTION,
    Effect.LAYOUT: colours.NOTE,
    Effect.TEXT: colours.WORDS,
}
_SIGN_COLOURS = {"-": colours.BAD, "+": colours.GOOD, " ": colours.QUIET}
_WIDTH = max(len(effect) for effect in Effect)


def render(report: Report, *, positions: bool = False) -> str:
    """The report as text with ANSI colours, which the caller removes where there is no terminal.

    Args:
        report: what changed.
        positions: whether moves tell their place on the grid.
    """
    parts = [click.style(summary(report), bold=True)]
    parts += [_dashboard(dashboard, positions=positions) for dashboard in report.worst_first]
    return "\n\n".join(parts) + "\n"


def _dashboard(dashboard: DashboardDiff, *, positions: bool) -> str:
    name = visible(dashboard.title) or "dashboard without a title"
    head = f"{click.style(name, bold=True, underline=True)}  {click.style(_place(dashboard), dim=True)}"
    return "\n".join([head, *(f"  {line}" for line in change_lines(dashboard, positions=positions))])


def change_lines(dashboard: DashboardDiff, *, positions: bool = False) -> list[str]:
    """The changes of one dashboard, without its name, the worst first; with ANSI colours."""
    text = []
    for entry in told(dashboard, positions=positions):
        said = sentence_of(entry, positions=positions)
        effect = click.style(f"{entry.change.effect.value:<{_WIDTH}}", fg=_COLOURS[entry.change.effect])
        text.append(f"{effect}  {_words(said.subject)}{': ' if said.subject else ''}{_words(said.predicate)}")
        for block in said.blocks:
            text += [
                click.style(f"{'':{_WIDTH}}    {line.sign} {line.text}".rstrip(), fg=_SIGN_COLOURS[line.sign])
                for line in lines(block)
            ]
    return text


def _place(dashboard: DashboardDiff) -> str:
    file = dashboard.old_file if dashboard.kind is Kind.REMOVED else dashboard.new_file
    return visible(file or "")


def _words(fragments: tuple[Fragment, ...]) -> str:
    return "".join(visible(part.text.replace("\n", " ")) if isinstance(part, Theirs) else part for part in fragments)
