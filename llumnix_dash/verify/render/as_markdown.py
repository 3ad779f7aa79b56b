"""The report for a pull request: a table per dashboard, and below it what there is to say of single queries."""

from collections.abc import Iterator, Sequence

from llumnix_dash.report.markdown import code, fence, table
from llumnix_dash.report.text import all_visible
from llumnix_dash.verify.render.words import count, covered, name, query_lines, reason, remarks, shown, statuses
from llumnix_dash.verify.report import Coverage, DashboardResult, Gap, PanelResult, Status, Summary, Totals

_LONGEST = 400  # characters of a remark
_SIGNS = {
    Status.OK: "✅ ok",
    Status.EXPLAINED: "☑️ explained",
    Status.ALLOWED: "☑️ allowed",
    Status.NO_DATA: "⚠️ no data",
    Status.ERROR: "❌ error",
    Status.SKIPPED: "➖ skipped",
}


class Markdown:
    """Renders as GitHub's Markdown."""

    def dashboard(self, result: DashboardResult) -> str:
        """Its panels in a table, and the queries in error."""
        return "\n".join(_dashboard(shown(result)))

    def end(self, summary: Summary) -> str:
        """The coverage."""
        return "\n".join(_coverage(all_visible(summary.coverage))) if summary.coverage else ""


def _dashboard(dashboard: DashboardResult) -> Iterator[str]:
    yield f"## {code(dashboard.title)}"
    yield ""
    yield f"{code(dashboard.name)}: {statuses(dashboard.all.statuses)}"
    yield ""
    yield f"- open on load: {_totals(dashboard.open)}"
    yield f"- all: {_totals(dashboard.all)}"
    for one in dashboard.variables:
        if one.error or one.note:
            yield f"- variable {code(one.name)}: {code(one.error or one.note, _LONGEST)}"
    yield ""
    yield from table(("", "Panel", "Row", "Series", "ms", ""), map(_row, dashboard.panels), right={3, 4})
    for panel in dashboard.panels:
        yield from _details(panel)


def _row(panel: PanelResult) -> tuple[str, ...]:
    told = "; ".join(_first_line(remark.line) for remark in remarks(panel))
    return (
        f"{_SIGNS[panel.status]}{', had data on the base' if panel.lost else ''}",
        code(name(panel)),
        code(panel.row) if panel.row else "",
        str(panel.series),
        f"{panel.milliseconds:.0f}",
        code(told, _LONGEST) if told else "",
    )


def _details(panel: PanelResult) -> Iterator[str]:
    """The queries in error, whole."""
    for result in panel.queries:
        if result.status is Status.ERROR:
            yield ""
            yield f"**{code(name(panel))}**, query {code(result.query.ref_id)}"
            yield ""
            lines = [line for text, carets in query_lines(result) for line in ([text, carets] if carets else [text])]
            yield fence("\n".join([*lines, result.message])).rstrip("\n")


def _totals(totals: Totals) -> str:
    return (
        f"{count(totals.panels, 'panel')}, {count(totals.queries, 'query')}, {count(totals.series, 'series')}, "
        f"{totals.milliseconds:.0f} ms"
    )


def _coverage(coverage: Coverage) -> Iterator[str]:
    yield "## Coverage"
    yield ""
    yield f"{code(coverage.source, _LONGEST)}: {covered(coverage)}"
    yield from _gaps("Exported, and no panel shows it", coverage.unshown)
    yield from _gaps("Asked for, and not exported", coverage.missing)


def _gaps(heading: str, gaps: Sequence[Gap]) -> Iterator[str]:
    if not gaps:
        return
    yield ""
    rows = [(code(gap.metric), code(told, _LONGEST) if (told := reason(gap)) else "") for gap in gaps]
    yield from table((heading, "Reason"), rows)


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""
