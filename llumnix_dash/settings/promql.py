"""A query in the names of a site: jobs, labels and further matchers."""

import re
from itertools import permutations
from typing import TYPE_CHECKING

from llumnix_dash.catalog.exporters import ENGINE, EXPORTERS
from llumnix_dash.catalog.labels import COMPONENT
from llumnix_dash.catalog.recorded import FORM

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Names, Site

_STRING = r'"(?:[^"\\]|\\.)*"'
_PART = re.compile(
    rf"(?P<selector>\{{(?:{_STRING}|[^}}\"])*\}})|(?P<string>{_STRING})"
    r"|\b(?P<clause>by|without|on|ignoring|group_left|group_right)(?P<gap>\s*)\((?P<labels>[^)]*)\)(?P<blank> ?)"
)
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_SELECTOR = re.compile(rf"\{{(?:{_STRING}|[^}}\"])*\}}")
# A series that the site's own rules record: they give it the site's matchers as labels.
_RECORDED = re.compile(rf"{FORM}$")
_PLAIN = re.compile(r"[\w/-]+")


def localized(text: str, site: "Site") -> str:
    """The query as the site's Prometheus understands it; the same query where nothing is called otherwise."""

    def part(match: re.Match[str]) -> str:
        if match["selector"]:
            recorded = _RECORDED.search(text, endpos=match.start())
            return _selector(match["selector"], site, recorded=bool(recorded))
        if match["string"]:
            # An argument of label_replace and its like.
            name = match["string"][1:-1]
            return f'"{names_of(text, site).of(name) or name}"'
        names = names_of(_operand(text, match), site)
        kept = [name for label in match["labels"].split(",") if (name := names.of(label.strip()))]
        if not kept and match["labels"].strip() and match["clause"] in {"by", "without"}:
            return ""
        return f"{match['clause']}{match['gap']}({', '.join(kept)}){match['blank']}"

    return _PART.sub(part, text)


def names_of(text: str, site: "Site") -> "Names":
    """How labels are called on what a query gives: as on engines' series where it asks of engines alone."""
    jobs = [
        value.replace("\\\\", "\\")
        for selector in _SELECTOR.findall(text)
        for label, _, value in _MATCHER.findall(selector)
        if label == COMPONENT
    ]
    return site.names(engines=bool(jobs) and all(job == ENGINE.job for job in jobs))


def _operand(text: str, clause: re.Match[str]) -> str:
    """What a clause is about: what it aggregates; of a join both sides, so the whole query."""
    if clause["clause"] not in {"by", "without"} or not text.startswith("(", clause.end()):
        return text
    depth = 0
    for position, quoted in enumerate(text[clause.end() :], clause.end()):
        depth += {"(": 1, ")": -1}.get(quoted, 0)
        if depth == 0:
            return text[clause.end() : position + 1]
    return text


def _selector(text: str, site: "Site", *, recorded: bool) -> str:
    """The matchers in the site's names, with its further ones where they tell a component or the series is recorded."""
    further = [f'{other}="{_escaped(own)}"' for other, own in site.matchers.items()]
    names, matchers, found = names_of(text, site), [], _MATCHER.findall(text)
    for label, operator, value in found:
        if not (name := names.of(label)):
            continue
        if label == COMPONENT:
            matchers += [_job(name, operator, value, site), *further]
        else:
            matchers.append(f'{name}{operator}"{value}"')
    matchers += further if recorded else []
    return f"{{{','.join(matchers)}}}" if found or matchers else text


def _job(name: str, operator: str, value: str, site: "Site") -> str:
    own = site.job_names
    for number in range(1, len(EXPORTERS) + 1):
        for some in permutations([exporter.job for exporter in EXPORTERS], number):
            if value.replace("\\\\", "\\") == "|".join(some) and not own.keys().isdisjoint(some):
                jobs = "|".join(dict.fromkeys(own.get(job, job) for job in some))
                negated = operator.startswith("!")
                equal = ("!=" if negated else "=") if _PLAIN.fullmatch(jobs) else ("!~" if negated else "=~")
                return f'{name}{equal}"{_escaped(jobs)}"'
    return f'{name}{operator}"{value}"'


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
