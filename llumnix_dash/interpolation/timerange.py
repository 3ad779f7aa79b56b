"""A dashboard's time range, written as Grafana writes it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from llumnix_dash.errors import UserError

_UNIT_SECONDS = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "M": 2592000.0,
    "y": 31536000.0,
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwMy])", re.ASCII)
_RELATIVE = re.compile(r"now(?P<offset>(?:[+-]\d+[smhdwMy])*)(?:/(?P<unit>[smhdwMy]))?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d+)([smhdwMy])", re.ASCII)


@dataclass(frozen=True)
class TimeRange:
    """From ``start`` to ``end``, both in seconds since the epoch."""

    start: float
    end: float

    @property
    def milliseconds(self) -> int:
        """Its length."""
        return round((self.end - self.start) * 1000)

    def shifted(self, seconds: float) -> "TimeRange":
        """The range of the same length that much later (earlier where negative)."""
        return TimeRange(self.start + seconds, self.end + seconds)


def parse_duration(text: str) -> float:
    """Seconds of a duration such as ``15s``, ``1h30m`` or ``90`` (a plain number is in seconds).

    Raises:
        UserError: the text is not a duration.
    """
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        return float(text)
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UserError(f"{text!r} is not a duration", hint="write it like 15s, 5m, 1h30m or 7d")
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


def parse_time(text: str, now: float, *, round_up: bool = False) -> float:
    """Seconds since the epoch of a time as Grafana's URL has it.

    Args:
        text: ``now``, ``now-6h``, ``now-1d/d``, an ISO time (UTC where it names no zone), or seconds or milliseconds
            since the epoch.
        now: what ``now`` means.
        round_up: ``/d`` gives the end of the day instead of its start, as for the end of a range.

    Raises:
        UserError: the text is no time.
    """
    text = text.strip()
    if relative := _RELATIVE.fullmatch(text):
        moment = now
        for sign, number, unit in _OFFSET.findall(relative["offset"]):
            moment += (1 if sign == "+" else -1) * int(number) * _UNIT_SECONDS[unit]
        return _rounded(moment, relative["unit"], up=round_up) if relative["unit"] else moment
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        number = float(text)
        return number / 1000 if number >= 1e11 else number
    try:
        moment_iso = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"{text!r} is not a time", hint="write it like now-6h, 2026-01-31T12:00:00Z or seconds since the epoch"
        ) from None
    return (moment_iso if moment_iso.tzinfo else moment_iso.replace(tzinfo=UTC)).timestamp()


def _rounded(moment: float, unit: str, *, up: bool) -> float:
    """The start of the second, minute … year (in UTC) that holds the moment, or the last millisecond of it."""
    start = datetime.fromtimestamp(moment, UTC).replace(microsecond=0)
    if unit in "mhdwMy":
        start = start.replace(second=0)
    if unit in "hdwMy":
        start = start.replace(minute=0)
    if unit in "dwMy":
        start = start.replace(hour=0)
    if unit == "w":
        start -= timedelta(days=start.weekday())
    if unit in "My":
        start = start.replace(day=1)
    if unit == "y":
        start = start.replace(month=1)
    if not up:
        return start.timestamp()
    if unit == "M":
        following = (start + timedelta(days=32)).replace(day=1)
    elif unit == "y":
        following = start.replace(year=start.year + 1)
    else:
        following = start + timedelta(seconds=_UNIT_SECONDS[unit])
    return following.timestamp() - 0.001
