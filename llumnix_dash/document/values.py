"""JSON values of dashboards that anybody may have written: their text, and reading them without surprises."""

import json
from typing import Any

import orjson

Json = Any
Object = dict[str, Any]


def encoded(value: Json) -> bytes:
    """The JSON of a value, keys sorted: equal for equal values only, and unlike ``==`` it tells ``true`` from ``1``."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a lone surrogate or an integer of more than 64 bits
        return json.dumps(value, sort_keys=True).encode()


def text_of(value: Json) -> str:
    """The text of :func:`encoded`."""
    return encoded(value).decode()


def equal(one: Json, other: Json) -> bool:
    """Whether the two are the same JSON value; the order of an object's keys says nothing, ``true`` is not ``1``."""
    if one is other:
        return True
    if one != other:
        return False
    if isinstance(one, dict):
        return all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple):
        return all(map(equal, one, other))
    return isinstance(one, bool) is isinstance(other, bool)


def objects(value: Json) -> list[Object] | None:
    """The value as a list of objects; None if it is anything else."""
    return value if isinstance(value, list) and all(isinstance(item, dict) for item in value) else None


def string(value: Json) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def whole_number(value: Json, otherwise: int) -> int:
    """The value as Grafana's editor keeps a number, also one in a text; ``otherwise`` where it is none, or 0."""
    try:
        return int(value or 0) or otherwise
    except (TypeError, ValueError, OverflowError):
        return otherwise
