"""The one canonical form of a dashboard.

``generate`` writes it, ``generate --check`` compares it, ``diff`` and ``push`` build on it what they compare, so that
"no change" is plain equality. It is a plain ``dict``:

* what a server makes is gone: ``id``, ``version`` and ``iteration`` of the dashboard;
* what Angular noted on the things that it had drawn (``$$hashKey``) is gone: old editors saved it;
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
_NO_KEYS = frozenset[str]()
_OF_ANGULAR = "$$hashKey"
_AS_THEY_ARE = frozenset({str, bool})
_LISTS = (list, tuple)
# Up to here a browser tells whole numbers apart; beyond, only as floats do.
_LARGEST_WHOLE = 2**53


def canonical(dashboard: dict[str, Any]) -> dict[str, Any]:
    """The canonical form of a dashboard's JSON object, in which grafanalib's objects may stand for their JSON.

    The input is left as it is.

    Raises:
        TypeError: a value is neither JSON nor has a ``to_json_data``.
    """
    ours = {key: value for key, value in dashboard.items() if key not in SERVER_FIELDS}
    form: dict[str, Any] = _value(ours, False, _KEYS_WHERE_NULL_MEANS_SOMETHING)
    return form


def canonical_part(part: dict[str, Any]) -> dict[str, Any]:
    """The canonical form of a panel, a variable or the like, to compare: without any null outside of lists.

    The nulls of threshold steps and value mappings go as well: Grafana reads a missing value there as it reads null.

    Raises:
        TypeError: as :func:`canonical`.
    """
    form: dict[str, Any] = _value(part, False, _NO_KEYS)
    return form


def dumps(dashboard: dict[str, Any]) -> str:
    """The text of a canonical dashboard: two spaces of indent, keys sorted, UTF-8 as it is, a final newline."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(dashboard, option=options).decode()


def _value(value: Any, keep_null: bool, null_kept_below: frozenset[str]) -> Any:
    """One function and plain loops: this runs over every value of every dashboard, for ``diff`` hundreds of them."""
    if isinstance(value, dict):
        mapping = {}
        for key in sorted(value):
            item = value[key]
            if type(item) in _AS_THEY_ARE:  # most are: a call for each would be half of the time
                mapping[key] = item
            elif item is not None or keep_null:
                mapping[key] = _value(item, keep_null or key in null_kept_below, null_kept_below)
        mapping.pop(_OF_ANGULAR, None)
        return mapping
    if isinstance(value, _LISTS):
        return [_value(item, keep_null, null_kept_below) for item in value]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if hasattr(value, "to_json_data"):
        return _value(value.to_json_data(), keep_null, null_kept_below)
    raise TypeError(f"{type(value).__name__} {value!r} is not JSON")


def _number(value: float) -> float:
    if isinstance(value, int) and -_LARGEST_WHOLE <= value <= _LARGEST_WHOLE:
        return value
    number = float(value) if abs(value) <= sys.float_info.max else math.nan
    if not math.isfinite(number):
        raise TypeError(f"the number {value!r} is not JSON")
    return int(number) if number.is_integer() and abs(number) <= _LARGEST_WHOLE else number
