"""The one canonical form of a dashboard.

``generate`` writes it, ``generate --check`` compares it, ``diff`` reads it and ``push`` holds it against the live
dashboard, so that "no change" is plain equality. It is a plain ``dict``:

* what a server makes is gone: ``id``, ``version`` and ``iteration`` of the dashboard;
* a null that means nothing is gone (lists, threshold steps and value mappings keep theirs: there it has a meaning);
* numbers are by value: ``1.0`` is ``1``;
* keys are sorted.
"""

import json
from collections.abc import Mapping
from typing import Any

SERVER_FIELDS = frozenset({"id", "version", "iteration"})

# The base step of thresholds has the value null, a range mapping has a null bound where it is open.
_KEYS_WHERE_NULL_MEANS_SOMETHING = frozenset({"steps", "mappings"})


def canonical(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of a dashboard's JSON object; the input is left as it is."""
    return _mapping({key: value for key, value in dashboard.items() if key not in SERVER_FIELDS}, keep_null=False)


def dumps(dashboard: Mapping[str, Any]) -> str:
    """The text of a canonical dashboard: two spaces of indent, keys sorted, UTF-8 as it is, a final newline."""
    return json.dumps(dashboard, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _mapping(mapping: Mapping[str, Any], *, keep_null: bool) -> dict[str, Any]:
    return {
        key: _value(mapping[key], keep_null=keep_null or key in _KEYS_WHERE_NULL_MEANS_SOMETHING)
        for key in sorted(mapping)
        if keep_null or mapping[key] is not None
    }


def _value(value: Any, *, keep_null: bool) -> Any:
    if isinstance(value, Mapping):
        return _mapping(value, keep_null=keep_null)
    if isinstance(value, list | tuple):
        return [_value(item, keep_null=keep_null) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
