"""How a variable's value is written into a text: ``${name:regex}``, ``${name:csv}`` and their kin, as in Grafana."""

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

Value = str | tuple[str, ...]
"""One value, or those of a variable that may have several."""


@dataclass(frozen=True)
class Formatted:
    """What a format works on: the value, the words that the drop-down shows for it, and the variable's name."""

    name: str
    value: Value
    text: str


Format = Callable[[Formatted, Sequence[str]], str]

_REGEX_SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}/]")
_PROMETHEUS_SPECIAL = re.compile(r"[$^*{}\[\]+?.()|]")
_LUCENE_SPECIAL = re.compile(r'[!*+\-=<>\s&|()\[\]{}^~?:\\/"]')
_SQL_ESCAPES = {"'": "''", '"': '\\"'}


def joined(value: Value, separator: str) -> str:
    """The values one after another; a single value as it is."""
    return value if isinstance(value, str) else separator.join(value)


def prometheus_default(value: Value, *, several: bool) -> str:
    r"""The format that Grafana's Prometheus data source uses where a query names none.

    Args:
        value: the variable's.
        several: the variable is ``multi`` or has ``includeAll``: its values are then escaped as regular expressions
            within a PromQL string (``a.b`` is written ``a\\.b``) and joined as ``(a|b)``. Else only backslashes and
            single quotes are escaped.
    """
    if not several:
        return joined(value, ",").replace("\\", "\\\\").replace("'", "\\\\'")
    escaped = [_prometheus_regex(item) for item in ((value,) if isinstance(value, str) else value)]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _prometheus_regex(text: str) -> str:
    return _PROMETHEUS_SPECIAL.sub(lambda match: "\\\\" + match[0], text.replace("\\", "\\\\\\\\"))


def _each(value: Value, write: Callable[[str], str], separator: str) -> str:
    return separator.join(write(item) for item in ((value,) if isinstance(value, str) else value))


def _regex(it: Formatted, _: Sequence[str]) -> str:
    escaped = _each(it.value, lambda item: _REGEX_SPECIAL.sub(lambda match: "\\" + match[0], item), "|")
    return f"({escaped})" if isinstance(it.value, tuple) and len(it.value) != 1 else escaped


def _lucene(it: Formatted, _: Sequence[str]) -> str:
    if isinstance(it.value, str):
        return _lucene_escape(it.value)
    if not it.value:
        return "__empty__"
    return "(" + _each(it.value, lambda item: '"' + _lucene_escape(item) + '"', " OR ") + ")"


def _lucene_escape(text: str) -> str:
    try:
        float(text)
    except ValueError:
        return _LUCENE_SPECIAL.sub(lambda match: "\\" + match[0], text)
    return text


def _date(it: Formatted, arguments: Sequence[str]) -> str:
    kind = arguments[0] if arguments else "iso"
    number = re.match(r"\s*-?\d+", joined(it.value, ","))
    if not number:
        return "NaN"
    milliseconds = int(number[0])
    if kind == "ms":
        return joined(it.value, ",")
    if kind == "seconds":
        return str((milliseconds + 500) // 1000)
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    if kind == "iso":
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"
    return _moment_format(moment, ":".join(arguments))


# The tokens of moment.js that dates are written with.
_MOMENT_TOKENS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


def _moment_format(moment: datetime, pattern: str) -> str:
    return re.sub("|".join(_MOMENT_TOKENS), lambda match: moment.strftime(_MOMENT_TOKENS[match[0]]), pattern)


def _percent(text: str) -> str:
    return quote(text, safe="-_.~")


def _braced(value: Value) -> str:
    return value if isinstance(value, str) else "{" + ",".join(value) + "}"


FORMATS: Mapping[str, Format] = {
    "csv": lambda it, _: joined(it.value, ","),
    "date": _date,
    "distributed": lambda it, _: joined(it.value, f",{it.name}="),
    "doublequote": lambda it, _: _each(it.value, lambda item: '"' + item.replace('"', '\\"') + '"', ","),
    "glob": lambda it, _: joined(it.value, ",") if len(_values(it.value)) <= 1 else _braced(it.value),
    "html": lambda it, _: html.escape(joined(it.value, ", ")).replace("&#x27;", "&#39;"),
    "join": lambda it, arguments: joined(it.value, arguments[0] if arguments else ","),
    "json": lambda it, _: (
        it.value if isinstance(it.value, str) else json.dumps(list(it.value), ensure_ascii=False, separators=(",", ":"))
    ),
    "lucene": _lucene,
    "percentencode": lambda it, _: _percent(_braced(it.value)),
    "pipe": lambda it, _: joined(it.value, "|"),
    "queryparam": lambda it, _: _each(it.value, lambda item: f"var-{it.name}={_percent(item)}", "&"),
    "raw": lambda it, _: joined(it.value, ","),
    "regex": _regex,
    "singlequote": lambda it, _: _each(it.value, lambda item: "'" + item.replace("'", "\\'") + "'", ","),
    "sqlstring": lambda it, _: _each(
        it.value, lambda item: "'" + re.sub("['\"]", lambda match: _SQL_ESCAPES[match[0]], item) + "'", ","
    ),
    "text": lambda it, _: it.text,
    "uriencode": lambda it, _: quote(_braced(it.value), safe="-_.~;/?:@&=+$,#"),
}


def _values(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def write(it: Formatted, format_name: str) -> str:
    """The value in the format ``name[:argument…]``; an unknown format is ``glob``, as in Grafana."""
    name, *arguments = format_name.split(":")
    return FORMATS.get(name, FORMATS["glob"])(it, arguments)
