"""When two dashboards are equal to a Grafana that changes what it is given.

On top of the canonical form: what a server trims, fills in or rounds when it saves is levelled, and our marker is left
out, so that what was pushed equals what is read back, on every version and on both APIs.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from llumnix_dash.document import canonical
from llumnix_dash.document.values import encoded
from llumnix_dash.grafana import marker

DEFAULT_MINIMUM_REFRESH = "5s"
# What a walk over every value is worth for: library panels and byte order marks.
_LEVELLED = (b'"libraryPanel"', "\ufeff".encode(), b"\\ufeff")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def comparable(dashboard: Mapping[str, Any], minimum_refresh: str | None = None) -> dict[str, Any]:
    """The dashboard's canonical form, without our marker and without what a server does to it on the way.

    Args:
        dashboard: a classic dashboard, ours or a live one.
        minimum_refresh: what the server puts in the place of a shorter refresh interval, if that is to be levelled too.
    """
    form = canonical.canonical(marker.without(dashboard))
    text = encoded(form)
    if any(part in text for part in _LEVELLED):
        form = _level(form)
    for name in ("uid", "title"):
        if isinstance(form.get(name), str):
            form[name] = form[name].strip()
    if not form.get("tags"):
        form.pop("tags", None)
    refresh, minimum = seconds(form.get("refresh")), seconds(minimum_refresh)
    if refresh is not None and minimum is not None and refresh < minimum:
        form["refresh"] = minimum_refresh
    return form


def digest(dashboard: Mapping[str, Any], minimum_refresh: str | None = None) -> str:
    """A short name for what a dashboard holds: the same for two that are equal to the server (and only for those)."""
    return hashlib.sha256(encoded(comparable(dashboard, minimum_refresh))).hexdigest()[:16]


def are_equal(one: Mapping[str, Any], other: Mapping[str, Any], minimum_refresh: str | None = None) -> bool:
    """Whether two dashboards are equal to the server; quick where they are the same to the letter."""
    return _letters(one) == _letters(other) or digest(one, minimum_refresh) == digest(other, minimum_refresh)


def _letters(dashboard: Mapping[str, Any]) -> bytes:
    bare = marker.without(dashboard)
    return encoded({key: value for key, value in bare.items() if key not in canonical.SERVER_FIELDS})


def seconds(duration: Any) -> float | None:
    """The seconds of a Grafana duration such as "30s" or "1m30s"; None for "", "auto" and what is no duration."""
    if not isinstance(duration, str) or not re.fullmatch(r"(\d+(ms|[smhdw]))+", duration):
        return None
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdw])", duration))


def _level(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _library_panel(item) if key == "libraryPanel" else _level(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_level(item) for item in value]
    if isinstance(value, str):
        return value.replace("\ufeff", "")
    return value


def _library_panel(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: value[key] for key in ("uid", "name") if key in value}
    return _level(value)
