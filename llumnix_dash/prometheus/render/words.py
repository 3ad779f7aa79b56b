"""Phrases that the renderers share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from llumnix_dash.errors import underline
from llumnix_dash.prometheus.report import Coverage, PanelResult, QueryResult, Status


def count(number: int, thing: str) -> str:
    """``1 panel``, ``2 panels``; ``series`` and ``queries`` as they are."""
    if thing == "query":
        return f"{number} {'query' if number == 1 else 'queries'}"
    return f"{number} {thing}" if number == 1 or thing.endswith("s") else f"{number} {thing}s"


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
    if panel.skipped:
        return [Remark((), panel.skipped)]
    grouped: dict[tuple[str, str], list[QueryResult]] = {}
    errors = []
    for result in panel.queries:
        if result.status is Status.ERROR:
            errors.append(Remark((result.query.ref_id,), result.message, result.hint, result))
        elif result.status is not Status.OK:
            grouped.setdefault((result.message, result.hint), []).append(result)
    blanks = [
        Remark(_letters(results) if len(results) < len(panel.queries) else (), _blank(panel, message), hint)
        for (message, hint), results in grouped.items()
    ]
    return blanks + errors


def _letters(results: Sequence[QueryResult]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(result.query.ref_id for result in results))


def _blank(panel: PanelResult, message: str) -> str:
    """In a panel that has data it is said that some of its queries have none."""
    return f"no data, {message}" if panel.status is Status.OK else message


def name(panel: PanelResult) -> str:
    """The panel's title, with the values that it repeats over where the title does not have them."""
    title = panel.title or f"panel {panel.id}"
    hidden = ", ".join(f"{name}={value}" for name, value in panel.repeat.items() if value not in title)
    return f"{title} ({hidden})" if hidden else title


def marked(query: str, span: tuple[int, int] | None, width: int) -> Iterator[str]:
    """The query in lines of at most this width, with carets beneath the span."""
    start, end = span or (-1, -1)
    offset = 0
    for line in query.split("\n"):
        for cut in range(0, max(1, len(line)), width):
            chunk = line[cut : cut + width]
            begin = offset + cut
            # The last chunk of a line also shows a span at its very end.
            limit = begin + len(chunk) + (cut + width >= len(line))
            if begin <= start < limit:
                yield from underline(chunk, start - begin, min(end - begin, max(len(chunk), start - begin + 1))).split(
                    "\n"
                )
            else:
                yield chunk
        offset += len(line) + 1


def covered(coverage: Coverage) -> str:
    """One sentence on the coverage."""
    return (
        f"{count(coverage.exported, 'metric')} exported, {coverage.asked} asked for; "
        f"{len(coverage.unshown)} exported and not shown, {len(coverage.missing)} asked for and not exported"
    )
