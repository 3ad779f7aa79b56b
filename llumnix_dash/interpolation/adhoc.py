"""Ad hoc filters: labels, operators and values that somebody picked, put into every selector of a query.

Grafana's Prometheus data source does the same to each query on the data source that the filters are for, after the
dashboard's variables are written.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llumnix_dash.document.values import objects, string

_OPERATORS = frozenset({"=", "!=", "=~", "!~"})
# "One of" takes a list of values, which reach Prometheus as one regular expression.
_ONE_OF = {"=|": "=~", "!=|": "!~"}

_STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`'
_PARTS = re.compile(
    rf"(?P<kept>{_STRING}|\#[^\n]*|\[[^\]]*\]|\$\w+|\$\{{[^}}]*\}}|\d[\w.]*"
    r"|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\))"
    rf"|(?P<name>[a-zA-Z_:][\w:]*)?(?P<gap>\s*)(?P<braces>\{{(?:{_STRING}|[^}}\"'`])*\}})"
    r"|(?P<word>[a-zA-Z_:][\w:]*)(?=(?P<after>\s*\(|\s+(?:by|without)\b)?)",
    re.DOTALL,
)
_BODY = re.compile(rf"{_STRING}|\bor\b", re.DOTALL)
_KEYWORDS = frozenset(
    {"and", "or", "unless", "atan2", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"}
    | {"inf", "nan"}
)


@dataclass(frozen=True)
class Filter:
    """One filter, as a matcher of PromQL: the label, the operator, and the value before it is quoted."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.operator}"{quoted}"'


def saved(model: Mapping[str, Any]) -> list[Filter]:
    """The filters that an ad hoc variable was saved with; those that are not complete filter nothing, as in Grafana."""
    parts = [*(objects(model.get("baseFilters")) or ()), *(objects(model.get("filters")) or ())]
    return [found for part in parts if (found := _filter(part))]


def chosen(value: str) -> Filter | None:
    """A filter as Grafana's URL has it: ``label|operator|value``."""
    parts = value.split("|", 2)
    # The operator "one of" holds the sign that parts them.
    if len(parts) == 3 and parts[2].startswith("|") and f"{parts[1]}|" in _ONE_OF:
        values = parts[2].removeprefix("|").split("|")
        return _filter({"key": parts[0], "operator": f"{parts[1]}|", "values": values, "value": values[0]})
    return _filter(dict(zip(("key", "operator", "value"), parts, strict=False)))


def _filter(part: Mapping[str, Any]) -> Filter | None:
    label, operator, value = (string(part.get(key)) for key in ("key", "operator", "value"))
    if operator in _ONE_OF and isinstance(part.get("values"), list):
        operator, value = _ONE_OF[operator], "|".join(map(str, part["values"]))
    return Filter(label, operator, value) if label and operator in _OPERATORS and value else None


def filtered(query: str, filters: Sequence[Filter]) -> str:
    """The query with the filters in each of its selectors, as it stands where there is none."""
    if not filters:
        return query
    return "".join(_parts(query, filters))


def _parts(query: str, filters: Sequence[Filter]) -> Iterator[str]:
    position = 0
    for match in _PARTS.finditer(query):
        yield query[position : match.start()]
        position = match.end()
        if match["braces"]:
            yield f"{match['name'] or ''}{match['gap']}{_in_braces(match['braces'], filters)}"
        elif match["word"] and not match["after"] and match["word"].lower() not in _KEYWORDS:
            yield f"{match['word']}{{{','.join(map(str, filters))}}}"
        else:
            yield match[0]
    yield query[position:]


def _in_braces(braces: str, filters: Sequence[Filter]) -> str:
    """The matchers with the filters that they do not have; each side of an ``or`` of VictoriaMetrics' gets them."""
    body, sides, start = braces[1:-1], [], 0
    for match in _BODY.finditer(body):
        if match[0] == "or":
            sides.append(body[start : match.start()])
            start = match.end()
    sides.append(body[start:])
    return f"{{{' or '.join(_side(side.strip(), filters) for side in sides)}}}"


def _side(matchers: str, filters: Sequence[Filter]) -> str:
    new = [text for one in filters if (text := str(one)) not in matchers]
    return ",".join([*([matchers.rstrip(", ")] if matchers.rstrip(", ") else []), *new])
