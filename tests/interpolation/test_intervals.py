"""The step and the rate interval are those that Grafana sends, to the millisecond."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.interpolation.intervals import (
    SAFE_POINTS,
    Intervals,
    browser_interval,
    format_interval,
    go_duration,
    query_intervals,
    round_interval,
)
from llumnix_dash.interpolation.timerange import TimeRange

HOUR, DAY = TimeRange(0, 3600), TimeRange(0, 86400)


@pytest.mark.parametrize(
    ("milliseconds", "rounded"),
    [
        (1, 1),
        (9.9, 1),
        (10, 10),
        (3_600, 5_000),
        (7_499, 5_000),
        (7_500, 10_000),
        (12_500, 15_000),
        (44_999, 30_000),
        (86_400, 60_000),
        (90_000, 120_000),
        (86_399_999, 43_200_000),
        (86_400_000, 86_400_000),
        (10**12, 31_536_000_000),
    ],
)
def test_an_interval_is_rounded_as_in_grafana(milliseconds: float, rounded: int) -> None:
    assert round_interval(milliseconds) == rounded


def test_an_interval_is_one_that_people_use() -> None:
    """Each of them, from one to the next."""
    milliseconds = [1, 10, 20, 50, 100, 200, 500]
    seconds = [1, 2, 5, 10, 15, 20, 30]
    minutes = [1, 2, 5, 10, 15, 20, 30]
    hours = [1, 2, 3, 6, 12, 24, 7 * 24, 30 * 24, 365 * 24]
    people_use = [
        *milliseconds,
        *(1000 * one for one in seconds),
        *(60_000 * one for one in minutes),
        *(3_600_000 * one for one in hours),
    ]
    assert [round_interval(one) for one in people_use] == people_use
    # Half way between two it is the longer; beyond a day it stays the shorter until the longer is reached.
    short = people_use[: people_use.index(43_200_000) + 1]
    half_way = [(one + other) / 2 for one, other in pairwise(short)]
    assert [round_interval(one) for one in half_way[1:]] == short[2:]
    assert [round_interval(one - 1) for one in half_way[6:]] == short[6:-1]
    longer = people_use[len(short) :]
    assert [round_interval(one - 1) for one in longer[:2]] == [43_200_000, 86_400_000]
    assert [round_interval(one) for one in (1_814_399_999, 1_814_400_000)] == [604_800_000, 2_592_000_000]


@pytest.mark.parametrize("points", [0, 1, -5])
def test_a_panel_has_one_point_at_least(points: int) -> None:
    assert browser_interval(HOUR, points, "1s") == 3_600_000


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0.5, "1ms"), (200, "200ms"), (15_000, "15s"), (60_000, "1m"), (90_000, "1m"), (7_200_000, "2h"), (10**8, "1d")],
)
def test_an_interval_is_written_in_its_largest_unit(milliseconds: float, text: str) -> None:
    assert format_interval(milliseconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(500, "500ms"), (15_000, "15s"), (60_000, "1m0s"), (75_500, "1m15.5s"), (3_600_000, "1h0m0s")],
)
def test_a_rate_interval_is_written_as_go_writes_it(milliseconds: int, text: str) -> None:
    assert go_duration(milliseconds) == text


# Range, points, scrape interval, panel's minimum, query's minimum, factor -> step and rate interval.
CASES = {
    "an hour on 1000 pixels: the scrape interval is the least": ((HOUR, 1000, "15s", "", "", 1), (15, 60)),
    "the rate interval is four scrapes at least": ((HOUR, 1000, "10s", "", "", 1), (10, 40)),
    "a day: the range divided by the width, rounded": ((DAY, 1000, "15s", "", "", 1), (60, 75)),
    "a panel's minimum raises the step, and the rate interval by a scrape": (
        (HOUR, 1000, "15s", "1m", "", 1),
        (60, 75),
    ),
    "a query's minimum step counts as its scrape interval": ((HOUR, 1000, "15s", "", "1m", 1), (60, 240)),
    "a query's minimum below the panel's interval rules the step": ((HOUR, 1000, "15s", "", "5s", 1), (5, 20)),
    "a minimum step of $__interval is none": ((HOUR, 1000, "15s", "", "$__interval", 1), (15, 60)),
    "a minimum step of $__rate_interval makes it the step": ((DAY, 1000, "15s", "", "$__rate_interval", 1), (75, 75)),
    "the factor coarsens the step only": ((HOUR, 1000, "15s", "", "", 2), (30, 60)),
    "Prometheus' limit of points rules where the panel asks for more": (
        (TimeRange(0, 30 * 86400), 100_000, "1s", "", "1s", 1),
        (300, 31),
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_step_and_rate_interval(case: str) -> None:
    (time_range, points, scrape, panel, query, factor), (step, rate) = CASES[case]
    intervals = query_intervals(
        time_range,
        max_data_points=points,
        scrape_interval=scrape,
        panel_minimum=panel,
        query_minimum=query,
        factor=factor,
    )
    assert intervals == Intervals(step=step * 1000, rate=rate * 1000)


@given(st.integers(1, 365 * 86400), st.integers(1, 5000), st.sampled_from([1, 10, 15, 60]))
def test_up_to_a_year_no_query_asks_for_more_points_than_prometheus_gives(
    seconds: int, points: int, scrape: int
) -> None:
    time_range = TimeRange(0, seconds)
    intervals = query_intervals(time_range, max_data_points=points, scrape_interval=f"{scrape}s")
    assert time_range.milliseconds / intervals.step <= SAFE_POINTS
    assert intervals.rate >= max(4000 * scrape, intervals.step + 1000 * scrape)
