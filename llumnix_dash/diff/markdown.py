"""A report for a pull request, in GitHub's Markdown: what comes from a dashboard is in ``code`` or in a fence."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from llumnix_dash.diff.blocks import Line, lines
from llumnix_dash.diff.changes import DashboardDiff, Effect, Report
from llumnix_dash.diff.sentences import Sentence, sentence_of, subject
from llumnix_dash.diff.summary import summary
from llumnix_dash.diff.told import Told, told
from llumnix_dash.report.markdown import code, fence, table
from llumnix_dash.report.text import Fragment, Theirs

LIMIT = 65_000
"""GitHub's comments hold 65,536 characters; the rest is for what surrounds the report."""

# What is no query change fills a comment up to here; people do not read on.
_COMFORTABLE = 20_000
_NOTICE_LIMIT = 3_000
_TABLE_LIMIT = 10_000
_MOST_NAMES = 50


def render(report: Report, *, positions: bool = False, limit: int = LIMIT) -> str:
    """The report as Markdown of at most ``limit`` characters; what did not fit is named at its end.

    Args:
        report: what changed.
        positions: whether moves tell their place on the grid.
        limit: the most characters; at least some thousands.
    """
    head = [f"**{_sentence_case(summary(report))}**\n"]
    if report.problems:
        head.append(_problems(report.problems))
    if report.dashboards:
        head.append(_table(report.worst_first))
    return _fitted("\n".join(head), _sections(report, positions=positions), limit)


def fenced(shown: Sequence[Line]) -> str:
    """Lines of a difference in a fence that nothing in them can close."""
    return fence("\n".join(f"{line.sign} {line.text}".rstrip() for line in shown), "diff")


def _sentence_case(text: str) -> str:
    return text[0].upper() + text[1:]


def _problems(problems: Sequence[str]) -> str:
    listed = "\n".join(f"- {code(problem)}" for problem in problems[:20])
    more = f"\n- and {len(problems) - 20} more" if len(problems) > 20 else ""
    return f"Not compared, because they cannot be read:\n\n{listed}{more}\n"


# -- the table --------------------------------------------------------------------------------------------------------


def _table(dashboards: Sequence[DashboardDiff]) -> str:
    heads = ["Dashboard", "", *(effect.value for effect in Effect)]
    rows: list[list[str]] = []
    size = 0
    for number, dashboard in enumerate(dashboards):
        row = _cells(dashboard)
        size += sum(map(len, row))
        if size > _TABLE_LIMIT:
            rows.append([f"and {len(dashboards) - number} more", *[""] * (len(heads) - 1)])
            break
        rows.append(row)
    return "\n".join(table(heads, rows, right=range(2, len(heads)))) + "\n"


def _cells(dashboard: DashboardDiff) -> list[str]:
    numbers = [sum(change.effect is effect for _, change in dashboard.changes()) for effect in Effect]
    return [code(dashboard.title), dashboard.kind.value, *(str(number or "") for number in numbers)]


# -- the sections -----------------------------------------------------------------------------------------------------


class _Section(NamedTuple):
    """A piece that is shown whole or left out, and then named.

    Attributes:
        name: of the dashboard and of what changed there.
        text: the piece.
        heading: under which it stands; sections that follow one another share it.
        queries: how many changes of queries it tells.
    """

    name: str
    text: str
    heading: str
    queries: int


def _sections(report: Report, *, positions: bool) -> list[_Section]:
    """A section for each thing that changed: first what may change a number, of all dashboards, then all else."""
    worst, others = [], []
    for dashboard in report.worst_first:
        entries = told(dashboard, positions=positions)
        queries = [entry for entry in entries if entry.change.effect is Effect.QUERY]
        rest = entries[len(queries) :]
        heading = f"### {code(dashboard.title)}\n"
        worst += _by_thing(dashboard, queries, heading, positions=positions)
        if queries:
            heading = f"### {code(dashboard.title)}: other changes\n"
        others += _by_thing(dashboard, rest, heading, positions=positions)
    return worst + others


def _by_thing(dashboard: DashboardDiff, entries: Sequence[Told], heading: str, *, positions: bool) -> list[_Section]:
    things: dict[int, list[Told]] = {}
    for entry in entries:
        things.setdefault(id(entry) if entry.group else id(entry.items[0]), []).append(entry)
    sections = []
    for its_entries in things.values():
        first = its_entries[0]
        about = "" if first.group else _inline(subject(first.items[0]))
        said = [(entry, sentence_of(entry, positions=positions)) for entry in its_entries]
        brief = _all_of(said[0][1]) if first.group else _briefs([one for _, one in said])
        name = f"{code(dashboard.title)}: {about or (brief if first.group else 'its settings')}"
        body = "".join(_told(entry, one) for entry, one in said)
        summary_line = brief if first.group else f"{about or 'Dashboard'}: {brief}"
        queries = sum(len(entry.members) for entry in its_entries if entry.change.effect is Effect.QUERY)
        opened = "<details open>" if queries else "<details>"
        text = f"{opened}<summary>{summary_line}</summary>\n\n{body}\n</details>\n"
        sections.append(_Section(name, text, heading, queries))
    return sections


def _briefs(said: Sequence[Sentence]) -> str:
    return ", ".join(map(_brief, said[:3])) + (f" and {len(said) - 3} more" if len(said) > 3 else "")


def _all_of(said: Sentence) -> str:
    return _inline(said.predicate)


def _brief(said: Sentence) -> str:
    """The sentence's head: what changed, without the values."""
    head: list[Fragment] = []
    for fragment in said.predicate:
        if isinstance(fragment, str) and (colon := re.search(r"[:(]", fragment)):
            head.append(fragment[: colon.start()].rstrip(" ,"))
            break
        head.append(fragment)
    return _inline(head).removesuffix(", was")


def _told(entry: Told, said: Sentence) -> str:
    text = f"- *{entry.change.effect.value}*: {_inline(said.predicate)}\n"
    if entry.group:
        names = [_inline(subject(item)) for item in entry.items[:_MOST_NAMES]]
        more = len(entry.items) - len(names)
        text += f"  - {', '.join(names)}{f' and {more} more' if more else ''}\n"
    for block in said.blocks:
        # Two blanks keep the fence inside the list's item.
        text += "\n" + "".join(f"  {line}\n" for line in fenced(list(lines(block))).splitlines())
    return text


def _inline(fragments: Sequence[Fragment]) -> str:
    return "".join(code(part.text) if isinstance(part, Theirs) else part for part in fragments)


# -- the limit --------------------------------------------------------------------------------------------------------


def _fitted(head: str, sections: Sequence[_Section], limit: int) -> str:
    """Head and sections, as many as fit, in their order; a notice names the others."""
    text, left_out = _assembled(head, sections, limit, min(limit, _COMFORTABLE))
    if left_out:
        text, left_out = _assembled(head, sections, limit - _NOTICE_LIMIT, min(limit, _COMFORTABLE) - _NOTICE_LIMIT)
        text += _notice(left_out)
    return text


def _assembled(head: str, sections: Sequence[_Section], limit: int, limit_of_others: int) -> tuple[str, list[_Section]]:
    pieces = [head]
    size = len(head)
    heading = ""
    left_out = []
    for section in sections:
        piece = f"\n{section.heading}\n{section.text}" if section.heading != heading else f"\n{section.text}"
        if size + len(piece) > (limit if section.queries else limit_of_others):
            left_out.append(section)
            continue
        pieces.append(piece)
        size += len(piece)
        heading = section.heading
    return "".join(pieces), left_out


def _notice(left_out: Sequence[_Section]) -> str:
    queries = sum(section.queries for section in left_out)
    among = f", {queries} query changes among them" if queries else ", no query change among them"
    start = f"\n> **Left out, to keep the comment short** ({len(left_out)}{among}): "
    end = ". `llumnix-dash diff` shows them all.\n"
    names: list[str] = []
    room = _NOTICE_LIMIT - len(start) - len(end) - 40
    for section in left_out:
        room -= len(section.name) + 2
        if room < 0:
            names.append(f"and {len(left_out) - len(names)} more")
            break
        names.append(section.name)
    return start + ", ".join(names) + end
