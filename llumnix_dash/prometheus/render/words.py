"""Phrases that the renderers share."""

from collections.abc import Iterator, Mapping

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


def blank_targets(panel: PanelResult) -> str:
    """Which queries of a panel that has data have none: ``no data: B, C``; empty where all have."""
    if panel.status is not Status.OK or not panel.blank:
        return ""
    return f"no data: {', '.join(dict.fromkeys(result.query.ref_id for result in panel.blank))}"


def worth_telling(panel: PanelResult) -> tuple[QueryResult, ...]:
    """The panel's queries of which there is more to say than "ok"."""
    return tuple(result for result in panel.queries if result.status is not Status.OK)


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
