"""Dashboards out of the text of a file, whatever they are wrapped in."""

import codecs
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import orjson

from llumnix_dash.document.v2 import Converted, classic, is_v2
from llumnix_dash.document.values import Object, string
from llumnix_dash.errors import UserError
from llumnix_dash.report.marks import underline

_CLASSIC_KEYS = frozenset({"panels", "rows", "schemaVersion", "templating", "annotations"})
_WIDEST_SHOWN = 100
_LONGEST_NUMBER = 20
_MOST_NAMED = 10  # files that were left out
# Far more than any dashboard has, and few enough for functions that call themselves.
_DEEPEST = 100
_V2_HINT = (
    "export it from Grafana in the classic form (Export > Classic), or give the dashboard from before it became v2"
)


class NoDashboardError(UserError):
    """What was read is something else than a dashboard; in a folder that is no mistake."""


@dataclass(frozen=True, slots=True)
class Document:
    """One dashboard and where it was read.

    Attributes:
        name: its file's path within the source, with the key for a ConfigMap, and a number where a file has several of
            one name: what the two sides have in common.
        label: the place as a person finds it.
        dashboard: the classic dashboard's JSON object.
        losses: of a dashboard that was read from schema v2, what its classic form cannot hold; None for a classic one.
    """

    name: str
    label: str
    dashboard: Object
    losses: tuple[str, ...] | None = None

    def must_be_classic(self) -> None:
        """Raises where a dashboard of schema v2 will not do.

        Raises:
            UserError: it was read from schema v2.
        """
        if self.losses is not None:
            raise UserError(
                "this is a dashboard of the v2 schema, which is not pushed", where=self.label, hint=_V2_HINT
            )


@dataclass(slots=True)
class Reading:
    """What was read from one or many files.

    Args:
        documents: the dashboards.
        problems: what could not be read, by the name of its file.
        left_out: the places in a folder of what is no dashboard.
        not_opened: the places in a folder of what is hidden, and of links that are not followed.
    """

    documents: list[Document] = field(default_factory=list)
    problems: dict[str, UserError] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    not_opened: list[str] = field(default_factory=list)

    def add(self, other: "Reading") -> None:
        """Adds what was read elsewhere."""
        self.documents += other.documents
        self.problems |= other.problems
        self.add_notes(other)

    def add_notes(self, other: "Reading") -> None:
        """Adds what was left out elsewhere, without what was read there."""
        self.left_out += other.left_out
        self.not_opened += other.not_opened

    def note(self) -> str:
        """What a person should know of what was left out: how many files, and which; empty if there is none."""
        count = len(self.left_out)
        what = "1 file that is no dashboard" if count == 1 else f"{count} files that are no dashboards"
        more = f", and {count - _MOST_NAMED} more" if count > _MOST_NAMED else ""
        notes = [f"left out {what}: {', '.join(self.left_out[:_MOST_NAMED])}{more}"] if count else []
        if self.not_opened:
            notes.append(f"not opened, for it is hidden or a link: {', '.join(self.not_opened)}")
        return "; ".join(notes)


def read(reading: Reading, name: str, label: str, data: bytes, *, optional: bool = False) -> None:
    """Reads the dashboards of one file into ``reading``; what cannot be read becomes a problem there.

    Args:
        reading: what was read so far.
        name: the file's path within its source; its suffix decides between JSON and YAML.
        label: the place as a person finds it.
        data: the file's content.
        optional: whether the file may be something else than a dashboard, as in a folder; then it is left out.
    """
    counts: Counter[str] = Counter()
    found: list[tuple[str, Converted | UserError]] = []
    try:
        for value in _yaml(label, data) if name.endswith((".yaml", ".yml")) else [parse(label, data)]:
            found += _dashboards(label, value)
    except UserError as error:
        found.append(("", error))
    passed_over = optional or any(not isinstance(dashboard, UserError) for _, dashboard in found)
    for key, dashboard in found:
        if passed_over and isinstance(dashboard, NoDashboardError):
            continue
        inner = f":{key}" if key else ""
        counts[inner] += 1
        if counts[inner] > 1:
            inner += f"#{counts[inner]}"
        if isinstance(dashboard, UserError):
            reading.problems[name + inner] = dashboard
        else:
            reading.documents.append(Document(name + inner, label + inner, dashboard.dashboard, dashboard.losses))
    if passed_over and all(isinstance(dashboard, NoDashboardError) for _, dashboard in found):
        reading.left_out.append(label)


def parse(label: str, data: bytes | str) -> Any:
    """The JSON value of a text.

    Raises:
        UserError: it is not UTF-8 or not JSON, with file, line, column and the line; or it is nested too deeply.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = _parse_slowly(label, data)
    return _walkable(label, value)


def _walkable(label: str, value: Any) -> Any:
    """The value, if it is nested no deeper than every command can follow."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(_DEEPEST):
        inner = chain.from_iterable(one.values() if isinstance(one, dict) else one for one in level)
        level = [one for one in inner if isinstance(one, dict | list)]
        if not level:
            return value
    raise _too_deep(label)


def _too_deep(label: str) -> UserError:
    return UserError("the JSON is nested too deeply to be a dashboard", where=label)


def _parse_slowly(label: str, data: bytes | str) -> Any:
    """As :func:`parse`, for what the quick parser refuses: it is wrong, or odd and Grafana reads it all the same."""
    text = data if isinstance(data, str) else _decoded(label, data)
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise UserError(
            f"malformed JSON: {error.msg[0].lower()}{error.msg[1:]}",
            where=f"{label}:{error.lineno}:{error.colno}",
            detail=_shown_line(error.doc, error.lineno, error.colno),
            hint="mend the file, or leave it out",
        ) from error
    except RecursionError as error:
        raise _too_deep(label) from error
    except ValueError as error:  # a number that is none of JSON's
        raise UserError(f"unreadable JSON: {error}", where=label) from error


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        shown = digits if len(digits) <= _LONGEST_NUMBER else f"{digits[:_LONGEST_NUMBER]}…"
        raise ValueError(f"{shown} is no number of JSON, and Grafana would refuse it")
    return number


def _whole(digits: str) -> int:
    _finite(digits)
    return int(digits)


def _decoded(label: str, data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 that says so with a byte order mark."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        name = encoding.upper().removesuffix("-SIG")
        raise UserError(
            f"the file is not {name} text", where=f"{label}:{line}:{column}", hint="save it as UTF-8"
        ) from error


def _shown_line(text: str, line_number: int, column: int) -> str:
    """The faulty line with a caret under the column; of a very long line only the part around it."""
    lines = text.split("\n")
    line = lines[line_number - 1].rstrip("\r") if line_number <= len(lines) else ""
    start = max(0, min(column - 1 - _WIDEST_SHOWN // 2, len(line) - _WIDEST_SHOWN))
    shown = line[start : start + _WIDEST_SHOWN].replace("\t", " ")
    left, right = "…" * (start > 0), "…" * (start + _WIDEST_SHOWN < len(line))
    at = column - 1 - start + len(left)
    return underline("".join(c if c.isprintable() else "�" for c in left + shown + right), at, at + 1)


def _yaml(label: str, data: bytes) -> list[Any]:
    import yaml  # noqa: PLC0415  # few sources have a ConfigMap

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = _decoded(label, data)
    try:
        values = list(yaml.load_all(text, Loader=loader))
        # YAML knows more than JSON does, such as dates and keys that are numbers.
        texts = [json.dumps(value, default=str) for value in values if value is not None]
        return [_walkable(label, json.loads(text, parse_constant=_finite)) for text in texts]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{label}:{mark.line + 1}:{mark.column + 1}" if mark else label
        detail = _shown_line(text, mark.line + 1, mark.column + 1) if mark else None
        # A folder of manifests has templates, which are no YAML and no dashboards either.
        kind = UserError if any(f'{key}"' in text or f"{key}:" in text for key in _CLASSIC_KEYS) else NoDashboardError
        raise kind(f"malformed YAML: {error.problem}", where=place, detail=detail) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise UserError(f"unreadable YAML: {str(error).splitlines()[0]}", where=label) from error


def _data(config_map: Mapping[str, Any]) -> dict[str, Any]:
    data = config_map.get("data")
    return data if isinstance(data, dict) else {}


def _dashboards(label: str, value: Any) -> Iterable[tuple[str, Converted | UserError]]:
    """The dashboards in a value, each with its key in a ConfigMap, or with the error of that key."""
    kind = string(value.get("kind")) if isinstance(value, dict) else ""
    try:
        if kind == "ConfigMap":
            yield from _of_config_map(label, value)
        elif kind.endswith("List") and isinstance(value.get("items"), list):
            for item in value["items"]:
                yield from _dashboards(label, item)
        else:
            yield "", _one(label, value)
    except UserError as error:
        yield "", error


def _of_config_map(label: str, value: Mapping[str, Any]) -> Iterable[tuple[str, Converted | UserError]]:
    data = {key: text for key, text in _data(value).items() if key.endswith(".json")}
    if not data:
        raise _no_dashboard(label, "the ConfigMap has no key that ends in .json")
    for key, text in data.items():
        where = f"{label}:{key}"
        try:
            yield key, _one(where, parse(where, text) if isinstance(text, str) else text)
        except UserError as error:
            yield key, error


def _one(label: str, value: Any) -> Converted:
    """The classic dashboard in a value that is one, or wraps one, or is one of schema v2."""
    if not isinstance(value, dict):
        raise _no_dashboard(label, f"a dashboard is a JSON object, this is {_kind_of(value)}")
    if is_v2(value):
        try:
            return classic(value)
        except ValueError as error:
            raise UserError(
                f"this dashboard of the v2 schema is not read: {error}", where=label, hint=_V2_HINT
            ) from error
    if isinstance(value.get("dashboard"), dict):
        return _one(label, value["dashboard"])
    if isinstance(value.get("spec"), dict) and not _CLASSIC_KEYS & value.keys():
        spec = value["spec"]
        if isinstance(spec.get("json"), str):
            spec = parse(f"{label}:spec.json", spec["json"])
        metadata = value.get("metadata")
        uid = string(metadata.get("name")) if isinstance(metadata, dict) else ""
        inner = _one(label, spec)
        named = uid and not inner.dashboard.get("uid")
        return replace(inner, dashboard={**inner.dashboard, "uid": uid}) if named else inner
    if not _CLASSIC_KEYS & value.keys() and not {"title", "uid"} <= value.keys():
        keys = ", ".join(list(value)[:5]) or "none"
        raise _no_dashboard(label, f"it has neither panels nor rows nor a schemaVersion; its keys: {keys}")
    return Converted(value, None)


def _no_dashboard(label: str, why: str) -> UserError:
    return NoDashboardError(
        f"this is no dashboard: {why}", where=label, hint="leave the file out, or give the dashboard's own"
    )


def _kind_of(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
