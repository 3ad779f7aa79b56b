"""The one canonical form of a dashboard.

``generate`` writes it, ``generate --check`` compares it, ``diff`` reads it and ``push`` holds it against the live
dashboard, so that "no change" is plain equality. It is a plain ``dict``:

* what a server makes is gone: ``id``, ``version`` and ``iteration`` of the dashboard;
* a null that means nothing is gone (lists, threshold steps and value mappings keep theirs: there it has a meaning);
* numbers are by value, as a browser reads them: ``1.0`` is ``1``;
* keys are sorted.
"""

import math
import sys
from typing import Any

import orjson

SERVER_FIELDS = frozenset({"id", "version", "iteration"})

# The base step of thresholds has the value null, a range mapping has a null bound where it is open.
_KEYS_WHERE_NULL_MEANS_SOMETHING = frozenset({"steps", "mappings"})
# Up to here a browser tells whole numbers apart; beyond, only as floats do.
_LARGEST_WHOLE = 2**53


def canonical(dashboard: dict[str, Any]) -> dict[str, Any]:
    """The canonical form of a dashboard's JSON object, in which grafanalib's objects may stand for their JSON.

    The input is left as it is.

    Raises:
        TypeError: a value is neither JSON nor has a ``to_json_data``.
    """
    form = _value({key: value for key, value in dashboard.items() if key not in SERVER_FIELDS}, False)
    assert isinstance(form, dict)
    return form


def dumps(dashboard: dict[str, Any]) -> str:
    """The text of a canonical dashboard: two spaces of indent, keys sorted, UTF-8 as it is, a final newline."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(dashboard, option=options).decode()


def _value(value: Any, keep_null: bool) -> Any:
    """One function and plain loops: this runs over every value of every dashboard, for ``diff`` hundreds of them."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        mapping = {}
        for key in sorted(value):
            item = value[key]
            if item is not None or keep_null:
                mapping[key] = _value(item, keep_null or key in _KEYS_WHERE_NULL_MEANS_SOMETHING)
        return mapping
    if isinstance(value, list | tuple):
        items = []
        for item in value:
            items.append(_value(item, keep_null))  # noqa: PERF401
        return items
    if isinstance(value, int | float):
        return _number(value)
    if hasattr(value, "to_json_data"):
        return _value(value.to_json_data(), keep_null)
    raise TypeError(f"{type(value).__name__} {value!r} is not JSON")


def _number(value: float) -> float:
    if isinstance(value, int) and -_LARGEST_WHOLE <= value <= _LARGEST_WHOLE:
        return value
    number = float(value) if abs(value) <= sys.float_info.max else math.nan
    if not math.isfinite(number):
        raise TypeError(f"the number {value!r} is not JSON")
    return int(number) if number.is_integer() and abs(number) <= _LARGEST_WHOLE else number
