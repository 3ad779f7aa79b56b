"""The report for a terminal: a panel a line, and below it what there is to say; colours are stripped elsewhere."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import click

from llumnix_dash.report import colours
from llumnix_dash.report.table import table
from llumnix_dash.report.text import all_visible
from llumnix_dash.verify.render.words import count, covered, name, query_lines, reason, remarks, shown, statuses
from llumnix_dash.verify.report import (
    Coverage,
    DashboardResult,
    Gap,
    PanelResult,
    QueryResult,
    Status,
    Summary,
    Totals,
)

_COLOURS = {
    Status.OK: colours.GOOD,
    Status.EXPLAINED: colours.NOTE,
    Status.ALLOWED: colours.NOTE,
    Status.NO_DATA: colours.CAUTION,
    Status.ERROR: colours.BAD,
    Status.SKIPPED: colours.QUIET,
}
_STATUS_WIDTH = max(len(status.value) for status in Status)
_TITLE_WIDTH = 48
_DETAIL = " " * (4 + _STATUS_WIDTH + 2)


class Text:
    """Renders as text."""

    def dashboard(self, result: DashboardResult) -> str:
        """Its panels and their cost."""
        return "\n".join(_dashboard(shown(result)))

    def end(self, summary: Summary) -> str:
        """The coverage, and the sum of several dashboards."""
        blocks = ["\n".join(_coverage(all_visible(summary.coverage)))] if summary.coverage else []
        if summary.dashboards > 1:
            counts = {status: number for status in Status if (number := summary.statuses[status])}
            blocks.append(f"{count(summary.dashboards, 'dashboard')}: {statuses(counts)}")
        return "\n\n".join(blocks)


def _dashboard(dashboard: DashboardResult) -> Iterator[str]:
    yield f"{click.style(dashboard.title, bold=True)}  {click.style(dashboard.name, dim=True)}"
    yield from _variables(dashboard)
    for (row, is_open), panels in groupby(dashboard.panels, key=lambda panel: (panel.row, panel.open)):
        yield ""
        if row:
            yield f"  {click.style(row, underline=True)}{'' if is_open else ' (collapsed)'}"
        for panel in panels:
            yield from _panel(panel)
    yield ""
    yield _totals("open on load", dashboard.open)
    yield _totals("all", dashboard.all)
    yield f"  {statuses(dashboard.all.statuses)}; {count(dashboard.variable_queries, 'query')} of variables"


def _variables(dashboard: DashboardResult) -> Iterator[str]:
    values = [f"{one.name}={one.value}" for one in dashboard.variables if not one.error]
    if values:
        yield click.style(f"  {'  '.join(values)}", dim=True)
    for one in dashboard.variables:
        if one.error:
            yield f"  {_word(Status.ERROR)}  variable {one.name}: {one.error}"
        elif one.note:
            yield f"  {click.style('note'.ljust(_STATUS_WIDTH), dim=True)}  variable {one.name}: {one.note}"


def _panel(panel: PanelResult) -> Iterator[str]:
    line = f"    {_word(panel.status)}  {name(panel).ljust(_TITLE_WIDTH)}"
    if panel.status is not Status.SKIPPED:
        line += f"  {count(panel.series, 'series'):>11}  {panel.milliseconds:6.0f} ms"
    told = remarks(panel)
    if len(told) == 1 and not told[0].hint and not told[0].error:
        # The only thing to say stands on the line itself.
        yield f"{line}  {told[0].line}"
        return
    yield line
    for remark in told:
        yield f"{_DETAIL}{remark.line}"
        if remark.error:
            yield from _query(remark.error)
        if remark.hint:
            yield f"{_DETAIL}→ {remark.hint}"


def _query(result: QueryResult) -> Iterator[str]:
    """The query, with what the message points at marked in red."""
    for text, carets in query_lines(result):
        yield f"{_DETAIL}  {text}".rstrip()
        if carets:
            yield f"{_DETAIL}  {click.style(carets, fg=colours.BAD)}"


def _totals(name: str, totals: Totals) -> str:
    return (
        f"  {name:<14}{count(totals.panels, 'panel'):>12}{count(totals.queries, 'query'):>14}"
        f"{count(totals.series, 'series'):>15}{totals.milliseconds:>9.0f} ms"
    )


def _coverage(coverage: Coverage) -> Iterator[str]:
    yield f"{click.style('Coverage', bold=True)}  {click.style(coverage.source, dim=True)}"
    yield f"  {covered(coverage)}"
    yield from _gaps("Exported, and no panel shows it", coverage.unshown)
    yield from _gaps("Asked for, and not exported", coverage.missing)


def _gaps(heading: str, gaps: Sequence[Gap]) -> Iterator[str]:
    if not gaps:
        return
    yield ""
    yield f"  {click.style(heading, underline=True)}"
    for line in table([(gap.metric, _reason(gap)) for gap in gaps]):
        yield f"    {line}"


def _reason(gap: Gap) -> str:
    return reason(gap) if gap.reason or not gap.shown_by else click.style(reason(gap), fg=colours.CAUTION)


def _word(status: Status) -> str:
    return click.style(status.value.ljust(_STATUS_WIDTH), fg=_COLOURS[status])
