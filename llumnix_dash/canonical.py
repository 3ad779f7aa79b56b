"""The one canonical form of a dashboard.

``generate`` writes it, ``generate --check`` compares it, ``diff`` reads it and ``push`` holds it against the live
dashboard, so that "no change" is plain equality. It is a plain ``dict``:

* what a server makes is gone: ``id``, ``version`` and ``iteration`` of the dashboard;
* a null that means nothing is gone (lists, threshold steps and value mappings keep theirs: there it has a meaning);
* numbers are by value: ``1.0`` is ``1``;
* keys are sorted.
"""

from collections.abc import Mapping
from typing import Any

import orjson

SERVER_FIELDS = frozenset({"id", "version", "iteration"})

# The base step of thresholds has the value null, a range mapping has a null bound where it is open.
_KEYS_WHERE_NULL_MEANS_SOMETHING = frozenset({"steps", "mappings"})


def canonical(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of a dashboard's JSON object, in which grafanalib's objects may stand for their JSON.

    The input is left as it is.

    Raises:
        TypeError: a value is neither JSON nor has a ``to_json_data``.
    """
    return _mapping({key: value for key, value in dashboard.items() if key not in SERVER_FIELDS}, keep_null=False)


def dumps(dashboard: Mapping[str, Any]) -> str:
    """The text of a canonical dashboard: two spaces of indent, keys sorted, UTF-8 as it is, a final newline."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(dashboard, option=options).decode()


def _mapping(mapping: Mapping[str, Any], *, keep_null: bool) -> dict[str, Any]:
    return {
        key: _value(mapping[key], keep_null=keep_null or key in _KEYS_WHERE_NULL_MEANS_SOMETHING)
        for key in sorted(mapping)
        if keep_null or mapping[key] is not None
    }


def _value(value: Any, *, keep_null: bool) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return _mapping(value, keep_null=keep_null)
    if isinstance(value, list | tuple):
        return [_value(item, keep_null=keep_null) for item in value]
    if hasattr(value, "to_json_data"):
        return _value(value.to_json_data(), keep_null=keep_null)
    raise TypeError(f"{type(value).__name__} {value!r} is not JSON")
