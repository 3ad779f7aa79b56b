"""A report for a pull request, in GitHub's Markdown: what comes from a dashboard is in ``code`` or in a fence."""

import re
from collections.abc import Sequence

from llumnix_dash.diff.blocks import Line, lines
from llumnix_dash.diff.changes import DashboardDiff, Effect, Item, Report
from llumnix_dash.diff.sentences import Sentence, sentence, subject
from llumnix_dash.diff.summary import summary
from llumnix_dash.report.markdown import code, fence
from llumnix_dash.report.text import Fragment, Theirs

LIMIT = 65_000
"""GitHub's comments hold 65,536 characters; the rest is for what surrounds the report."""

_NOTICE_LIMIT = 3_000
_TABLE_LIMIT = 20_000


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
        head.append(_table(report.dashboards))
    sections = [section for dashboard in report.dashboards for section in _sections(dashboard, positions=positions)]
    return _fitted("\n".join(head), sections, limit)


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
    header = ["Dashboard", "", *(effect.value for effect in Effect)]
    rows = [f"| {' | '.join(header)} |", "|---|---|" + "--:|" * len(Effect)]
    size = 0
    for number, dashboard in enumerate(dashboards):
        row = _table_row(dashboard)
        size += len(row)
        if size > _TABLE_LIMIT:
            rows.append(f"| and {len(dashboards) - number} more |{' |' * (len(Effect) + 1)}")
            break
        rows.append(row)
    return "\n".join(rows) + "\n"


def _table_row(dashboard: DashboardDiff) -> str:
    numbers = [sum(change.effect is effect for _, change in dashboard.changes()) for effect in Effect]
    cells = [code(dashboard.title), dashboard.kind.value, *(str(number or "") for number in numbers)]
    return f"| {' | '.join(cells)} |"


# -- the sections -----------------------------------------------------------------------------------------------------


class _Section:
    """A piece that is shown whole or left out, and then named."""

    def __init__(self, name: str, text: str, heading: str) -> None:
        self.name = name
        self.text = text
        self.heading = heading


def _sections(dashboard: DashboardDiff, *, positions: bool) -> list[_Section]:
    heading = f"### {code(dashboard.title)}\n"
    return [_Section(_name(dashboard, item), _details(item, positions=positions), heading) for item in dashboard.items]


def _name(dashboard: DashboardDiff, item: Item) -> str:
    about = _inline(subject(item)) or "its settings"
    return f"{code(dashboard.title)}: {about}"


def _details(item: Item, *, positions: bool) -> str:
    told = [(change, sentence(item, change, positions=positions)) for change in item.changes]
    body = [_told(change.effect, one) for change, one in told]
    about = _inline(subject(item)) or "Dashboard"
    brief = ", ".join(_brief(one) for _, one in told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")
    return f"<details><summary>{about}: {brief}</summary>\n\n{''.join(body)}\n</details>\n"


def _brief(told: Sentence) -> str:
    """The sentence's head: what changed, without the values."""
    head: list[Fragment] = []
    for fragment in told.predicate:
        if isinstance(fragment, str) and (colon := re.search(r"[:(]", fragment)):
            head.append(fragment[: colon.start()].rstrip(" ,"))
            break
        head.append(fragment)
    return _inline(head).removesuffix(", was")


def _told(effect: Effect, told: Sentence) -> str:
    text = f"- *{effect.value}*: {_inline(told.predicate)}\n"
    for block in told.blocks:
        # Two blanks keep the fence inside the list's item.
        text += "\n" + "".join(f"  {line}\n" for line in fenced(list(lines(block))).splitlines())
    return text


def _inline(fragments: Sequence[Fragment]) -> str:
    return "".join(code(part.text) if isinstance(part, Theirs) else part for part in fragments)


# -- the limit --------------------------------------------------------------------------------------------------------


def _fitted(head: str, sections: Sequence[_Section], limit: int) -> str:
    """Head and sections, as many as fit, in their order; a notice names the others."""
    text, left_out = _assembled(head, sections, limit)
    if left_out:
        text, left_out = _assembled(head, sections, limit - _NOTICE_LIMIT)
        text += _notice(left_out)
    return text


def _assembled(head: str, sections: Sequence[_Section], limit: int) -> tuple[str, list[_Section]]:
    pieces = [head]
    size = len(head)
    heading = ""
    left_out = []
    for section in sections:
        piece = f"\n{section.heading}\n{section.text}" if section.heading != heading else f"\n{section.text}"
        if size + len(piece) > limit:
            left_out.append(section)
            continue
        pieces.append(piece)
        size += len(piece)
        heading = section.heading
    return "".join(pieces), left_out


def _notice(left_out: Sequence[_Section]) -> str:
    start = f"\n> **Left out, because a comment holds no more** ({len(left_out)}): "
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
