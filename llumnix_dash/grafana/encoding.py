"""JSON text, quickly, and even of what a stranger's dashboard may hold."""

import json
from typing import Any

import orjson


def encoded(value: Any) -> bytes:
    """The JSON of a value, keys sorted: equal for equal values."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Numbers of more than 64 bits, half characters.
        return json.dumps(value, sort_keys=True).encode()


def decoded(text: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        json.JSONDecodeError: it is none.
    """
    return orjson.loads(text)
