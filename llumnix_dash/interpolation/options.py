"""The options of a drop-down from what was found: the variable's regex, its sort, and the list of a custom variable."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llumnix_dash.errors import QueryError


@dataclass(frozen=True)
class Option:
    """One entry: what is shown, what it stands for, and fields that a query may name as ``${name.field}``."""

    text: str
    value: str
    fields: Mapping[str, str] = field(default_factory=dict)


def from_query(found: Iterable[str], regex: str, sort: int) -> list[Option]:
    """The options of a query variable, each value once.

    Args:
        found: what the query gave.
        regex: the variable's: it filters; its first group, or its groups ``value`` and ``text``, take a part.
        sort: as in the JSON: 0 none, 1/2 by alphabet, 3/4 by number, 5/6 ignoring case, 7/8 natural; even: downwards.

    Raises:
        QueryError: the regex cannot be read.
    """
    options: list[Option] = []
    if not regex:
        options = [Option(text, text) for text in found]
    else:
        pattern, everywhere = _javascript_regex(regex)
        for text in found:
            options += _taken(pattern, everywhere, text)
    unique: dict[str, Option] = {}
    for option in options:
        unique.setdefault(option.value, option)
    return _sorted(list(unique.values()), sort)


def from_list(text: str, values_format: str = "csv") -> list[Option]:
    r"""The options of a custom variable: ``a, b : 2, c\,d`` or a JSON array.

    Raises:
        QueryError: the JSON is not an array of strings or of objects with a value.
    """
    if values_format == "json":
        return _from_json(text)
    options = []
    for part in re.findall(r"(?:\\,|[^,])+", text):
        entry = part.replace("\\,", ",")
        pair = re.fullmatch(r"\s*(.+)\s:\s(.+)", entry)
        label, value = (pair[1], pair[2]) if pair else (entry, entry)
        options.append(Option(label.strip(), value.strip()))
    return options


def _from_json(text: str) -> list[Option]:
    try:
        entries = json.loads(text)
        return [_json_option(entry) for entry in entries]
    except (ValueError, TypeError, KeyError) as error:
        raise QueryError("the values are not a JSON array of strings or objects with a value") from error


def _json_option(entry: Any) -> Option:
    if isinstance(entry, str):
        return Option(entry.strip(), entry.strip())
    value = str(entry["value"]).strip()
    return Option(str(entry.get("text") or value).strip(), value, {name: str(part) for name, part in entry.items()})


def _javascript_regex(regex: str) -> tuple[re.Pattern[str], bool]:
    """A ``/pattern/flags`` (or a bare pattern for the whole text) and whether it has the flag g."""
    pattern, flags = f"^{regex}$", ""
    if regex.startswith("/"):
        match = re.fullmatch(r"/(.*?)/([gimsuy]*)", regex, re.DOTALL)
        if not match:
            raise QueryError(f"the variable's regex {regex} does not end with a slash")
        pattern, flags = match[1], match[2]
    pattern = re.sub(r"\(\?<(?![=!])", "(?P<", pattern)
    options = re.ASCII | (re.IGNORECASE if "i" in flags else 0) | (re.MULTILINE if "m" in flags else 0)
    try:
        return re.compile(pattern, options), "g" in flags
    except re.error as error:
        raise QueryError(f"the variable's regex {regex} cannot be read: {error}") from error


def _taken(pattern: re.Pattern[str], everywhere: bool, text: str) -> list[Option]:
    matches = list(pattern.finditer(text)) if everywhere else [match] if (match := pattern.search(text)) else []
    if not matches:
        return []
    value = _named_group(matches, "value")
    label = _named_group(matches, "text")
    if value or label:
        return [Option(label or value or "", value or label or "")]
    if pattern.groups == 0:
        return [Option(text, text)]
    return [Option(match[1] or "", match[1] or "") for match in matches]


def _named_group(matches: Sequence[re.Match[str]], name: str) -> str | None:
    return next((match[name] for match in matches if name in match.re.groupindex and match[name]), None)


def _sorted(options: list[Option], sort: int) -> list[Option]:
    if not 1 <= sort <= 8:
        return options
    key = (_alphabet, _number, _case_insensitive, _natural)[(sort - 1) // 2]
    ordered = sorted(options, key=key)
    return ordered[::-1] if sort % 2 == 0 else ordered


def _alphabet(option: Option) -> Any:
    return option.text


def _number(option: Option) -> Any:
    digits = re.search(r"\d+", option.text, re.ASCII)
    return int(digits[0]) if digits else -1


def _case_insensitive(option: Option) -> Any:
    return option.text.lower()


def _natural(option: Option) -> Any:
    # Digits compare as numbers and come before letters.
    parts = re.split(r"(\d+)", option.text.casefold(), flags=re.ASCII)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]
