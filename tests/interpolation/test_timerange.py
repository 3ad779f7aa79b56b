"""Times and durations as Grafana's URL has them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.errors import UserError
from llumnix_dash.interpolation.timerange import TimeRange, parse_duration, parse_time

NOW = datetime(2026, 5, 13, 14, 25, 36, tzinfo=UTC).timestamp()  # a Wednesday


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15s", 15), ("5m", 300), ("1h30m", 5400), ("7d", 604800), ("500ms", 0.5), ("90", 90), ("1.5h", 5400)],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m5", "5 minutes", "5m!", "-5m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    if text == "5":
        assert parse_duration(text) == 5
        return
    with pytest.raises(UserError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-05-13T14:25:36+00:00"),
        ("now-6h", "2026-05-13T08:25:36+00:00"),
        ("now-1d+1h", "2026-05-12T15:25:36+00:00"),
        ("now/h", "2026-05-13T14:00:00+00:00"),
        ("now-1d/d", "2026-05-12T00:00:00+00:00"),
        ("now/w", "2026-05-11T00:00:00+00:00"),
        ("now/M", "2026-05-01T00:00:00+00:00"),
        ("now/y", "2026-01-01T00:00:00+00:00"),
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00+00:00"),
        ("2026-05-01", "2026-05-01T00:00:00+00:00"),
        ("2026-05-01T12:00:00+02:00", "2026-05-01T10:00:00+00:00"),
        ("1700000000", "2023-11-14T22:13:20+00:00"),
        ("1700000000000", "2023-11-14T22:13:20+00:00"),
    ],
)
def test_a_time_is_read_as_in_grafana(text: str, expected: str) -> None:
    assert datetime.fromtimestamp(parse_time(text, NOW), UTC).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now/d", "2026-05-13T23:59:59.999000+00:00"),
        ("now/M", "2026-05-31T23:59:59.999000+00:00"),
        ("now/y", "2026-12-31T23:59:59.999000+00:00"),
    ],
)
def test_the_end_of_a_range_is_rounded_up(text: str, expected: str) -> None:
    assert datetime.fromtimestamp(parse_time(text, NOW, round_up=True), UTC).isoformat() == expected


@pytest.mark.parametrize("text", ["", "yesterday", "now-", "now-5", "now-5q", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not a time"):
        parse_time(text, NOW)


@given(st.integers(0, 4_000_000_000_000), st.sampled_from("smhdwMy"))
def test_rounding_encloses_the_moment(milliseconds: int, unit: str) -> None:
    moment = milliseconds / 1000
    start = parse_time(f"now/{unit}", moment)
    end = parse_time(f"now/{unit}", moment, round_up=True)
    assert start <= moment < end + 0.001


def test_a_range_knows_its_length_and_can_be_shifted() -> None:
    assert TimeRange(100, 160).milliseconds == 60_000
    assert TimeRange(100, 160).shifted(-50) == TimeRange(50, 110)
