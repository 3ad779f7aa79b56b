"""Phrases that the renderers share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from llumnix_dash.report.marks import Marked, marked
from llumnix_dash.report.text import all_visible, visible, visible_lines
from llumnix_dash.verify.report import Coverage, DashboardResult, Gap, PanelResult, QueryResult, Status


def count(number: int, thing: str) -> str:
    """``1 panel``, ``2 panels``; ``series`` and ``queries`` as they are."""
    if thing == "query":
        return f"{number} {'query' if number == 1 else 'queries'}"
    return f"{number} {thing}" if number == 1 or thing.endswith("s") else f"{number} {thing}s"


def shown(dashboard: DashboardResult) -> DashboardResult:
    """The result with every text in it made safe for a terminal; the marks still stand beneath what they mark."""
    return all_visible(replace(dashboard, panels=tuple(map(_on_one_line, dashboard.panels))))


def _on_one_line(panel: PanelResult) -> PanelResult:
    queries = tuple(
        replace(result, span=(_length(result, result.span[0]), _length(result, result.span[1])))
        if result.span
        else result
        for result in panel.queries
    )
    return replace(panel, title=visible(panel.title), row=visible(panel.row), queries=queries)


def _length(result: QueryResult, end: int) -> int:
    return len(visible_lines(result.query.expr[:end]))


def statuses(counts: Mapping[Status, int]) -> str:
    """``12 ok, 1 no data``."""
    return ", ".join(f"{number} {status.value}" for status, number in counts.items()) or "no panel with queries"


@dataclass(frozen=True)
class Remark:
    """What there is to say of some of a panel's queries; ``queries`` is empty where it is said of all."""

    queries: tuple[str, ...]
    text: str
    hint: str = ""
    error: QueryResult | None = None

    @property
    def line(self) -> str:
        """The queries' letters and the text."""
        return f"{', '.join(self.queries)}: {self.text}" if self.queries else self.text


def remarks(panel: PanelResult) -> list[Remark]:
    """What there is to say of a panel's queries beyond "ok", said once where it is the same; each error by itself."""
    if panel.skipped or panel.problem or panel.status is Status.ALLOWED:
        return [Remark((), panel.skipped or panel.problem or panel.allowed)]
    grouped: dict[tuple[str, str], list[QueryResult]] = {}
    errors = []
    for result in panel.queries:
        if result.status is Status.ERROR:
            errors.append(Remark((result.query.ref_id,), result.message, result.hint, result))
        elif result.status is not Status.OK or result.hint:
            grouped.setdefault((result.message, result.hint), []).append(result)
    blanks = [
        Remark(_letters(results) if len(results) < len(panel.queries) else (), _blank(panel, message), hint)
        for (message, hint), results in grouped.items()
    ]
    lost = [Remark((), "it was not so on the base")] if panel.lost else []
    return blanks + errors + lost


def _letters(results: Sequence[QueryResult]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(result.query.ref_id for result in results))


def _blank(panel: PanelResult, message: str) -> str:
    """In a panel that has data it is said that some of its queries have none."""
    if not message:
        return "may not be what is meant"
    return f"no data, {message}" if panel.status is Status.OK else message


def name(panel: PanelResult) -> str:
    """The panel's title, with the values that it repeats over where the title does not have them."""
    title = panel.title or f"panel {panel.id}"
    hidden = ", ".join(f"{name}={value}" for name, value in panel.repeat.items() if value not in title)
    return f"{title} ({hidden})" if hidden else title


def query_lines(result: QueryResult) -> Iterator[Marked]:
    """The query, with carets beneath the part that the message is about."""
    return marked(result.query.expr.split("\n"), [result.span] if result.span else [])


def reason(gap: Gap) -> str:
    """Why a metric is on one side of the coverage alone, as far as that is known."""
    if gap.reason or not gap.shown_by:
        return gap.reason or ""
    return f"no known reason; asked by {', '.join(gap.shown_by)}"


def covered(coverage: Coverage) -> str:
    """One sentence on the coverage."""
    unshown, missing = (
        len(listed) + more for listed, more in zip((coverage.unshown, coverage.missing), coverage.unlisted, strict=True)
    )
    return (
        f"{count(coverage.exported, 'metric')} exported, {coverage.asked} asked for; "
        f"{unshown} exported and not shown, {missing} asked for and not exported"
    )
