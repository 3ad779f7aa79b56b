"""Text that comes from a dashboard or a server made safe: nothing in it that a terminal would obey, or not show."""

import unicodedata
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Theirs:
    """Text that comes from a dashboard."""

    text: str


Fragment = str | Theirs


def visible(text: str) -> str:
    """The text with each character that is not to be seen, such as a control or a bidirectional mark, written out."""
    if text.isprintable():
        return text
    return "".join(c if _harmless(c) else _written_out(c) for c in text)


def _harmless(character: str) -> bool:
    return character.isprintable() or (character == "\u200d")


def _written_out(character: str) -> str:
    code = ord(character)
    if unicodedata.category(character) == "Zs":
        return " "
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible_lines(text: str) -> str:
    """As :func:`visible`, line by line: the ends of lines stay."""
    return "\n".join(map(visible, text.split("\n")))


def all_visible(record: Record) -> Record:
    """A record, of whatever dataclasses, with each text in it made visible; texts of several lines stay such."""
    made: Any = _all_visible(record)
    return made  # type: ignore[no-any-return]


def _all_visible(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return visible_lines(value)
    if isinstance(value, tuple | list):
        return type(value)(map(_all_visible, value))
    if isinstance(value, dict):
        return {_all_visible(key): _all_visible(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _all_visible(getattr(value, one.name)) for one in fields(value) if one.init})
    return value
