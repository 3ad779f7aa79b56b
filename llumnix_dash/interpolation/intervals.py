"""Grafana's arithmetic of intervals: the step of a query, ``$__interval`` and ``$__rate_interval``.

Grafana computes them in two places, and both matter: the browser divides the range by the panel's width and rounds;
the Prometheus data source's backend then raises the result to the query's own minimum and to a step with which
Prometheus never refuses the query for its number of points.
"""

from dataclasses import dataclass

from llumnix_dash.interpolation.timerange import TimeRange, parse_duration

SAFE_POINTS = 11_000  # Prometheus refuses a range query with more points a series.

# Below the first number of milliseconds, an interval becomes the second.
_ROUNDING = (
    (10, 1),
    (15, 10),
    (35, 20),
    (75, 50),
    (150, 100),
    (350, 200),
    (750, 500),
    (1_500, 1_000),
    (3_500, 2_000),
    (7_500, 5_000),
    (12_500, 10_000),
    (17_500, 15_000),
    (25_000, 20_000),
    (45_000, 30_000),
    (90_000, 60_000),
    (210_000, 120_000),
    (450_000, 300_000),
    (750_000, 600_000),
    (1_050_000, 900_000),
    (1_500_000, 1_200_000),
    (2_700_000, 1_800_000),
    (5_400_000, 3_600_000),
    (9_000_000, 7_200_000),
    (16_200_000, 10_800_000),
    (32_400_000, 21_600_000),
    (86_400_000, 43_200_000),
    (604_800_000, 86_400_000),
    (1_814_400_000, 604_800_000),
    (3_628_800_000, 2_592_000_000),
)
_YEAR = 31_536_000_000
_UNITS = (("y", _YEAR), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))

_RATE_INTERVAL = ("$__rate_interval", "${__rate_interval}")
_INTERVAL = ("$__interval", "${__interval}")
_NO_MINIMUM = (
    *_RATE_INTERVAL,
    *_INTERVAL,
    "$__interval_ms",
    "${__interval_ms}",
    "$__rate_interval_ms",
    "${__rate_interval_ms}",
)


@dataclass(frozen=True)
class Intervals:
    """What a query gets, in milliseconds: its step (also ``$__interval``) and ``$__rate_interval``."""

    step: int
    rate: int


def round_interval(milliseconds: float) -> int:
    """The nearest interval that reads well, as Grafana rounds."""
    return next((rounded for limit, rounded in _ROUNDING if milliseconds < limit), _YEAR)


def format_interval(milliseconds: float) -> str:
    """An interval in its largest whole unit, as ``$__interval`` is written: ``15s``, ``1m``, ``2h``."""
    for unit, size in _UNITS:
        if milliseconds >= size:
            return f"{int(milliseconds // size)}{unit}"
    return "1ms"


def go_duration(milliseconds: int) -> str:
    """A duration as Go prints it, which is how ``$__rate_interval`` is written: ``1m0s``, ``1h0m30s``, ``15s``."""
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest / 1000:g}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text


def browser_interval(time_range: TimeRange, max_data_points: int, minimum: str) -> int:
    """Milliseconds a point, as the browser computes them: also the value of an interval variable on ``auto``."""
    return max(round_interval(_exact(time_range, max_data_points)), round(parse_duration(minimum) * 1000))


def _exact(time_range: TimeRange, points: int) -> float:
    """Milliseconds a point; a panel has one at least, whatever its JSON says."""
    return time_range.milliseconds / max(1, points)


def query_intervals(
    time_range: TimeRange,
    *,
    max_data_points: int,
    scrape_interval: str,
    panel_minimum: str = "",
    query_minimum: str = "",
    factor: int = 1,
) -> Intervals:
    """The step and the rate interval of a query.

    Args:
        time_range: the panel's.
        max_data_points: the panel's, by default its width in pixels.
        scrape_interval: the data source's setting, ``15s`` unless it was changed there.
        panel_minimum: the panel's "Min interval".
        query_minimum: the query's "Min step", in which ``$__interval`` or ``$__rate_interval`` may stand.
        factor: the query's obsolete resolution factor.

    Raises:
        UserError: an interval is not a duration.
    """
    interval = browser_interval(time_range, max_data_points, panel_minimum or scrape_interval)
    own_minimum = query_minimum if query_minimum not in (*_NO_MINIMUM, "0s") else ""
    minimum = round(parse_duration(own_minimum) * 1000) if own_minimum else interval
    exact = _exact(time_range, max_data_points)
    safe = round_interval(_exact(time_range, SAFE_POINTS))
    step = max(minimum if exact < minimum else round_interval(exact), safe)
    if query_minimum in _RATE_INTERVAL:
        rate = _rate(step, scrape_interval)
        return Intervals(step=rate, rate=rate)
    step *= max(1, factor)
    if query_minimum in _INTERVAL:
        return Intervals(step=step, rate=_rate(interval, f"{step}ms"))
    return Intervals(step=step, rate=_rate(interval, own_minimum or scrape_interval))


def _rate(interval: int, scrape_interval: str) -> int:
    scrape = round(parse_duration(scrape_interval) * 1000)
    return max(interval + scrape, 4 * scrape)
