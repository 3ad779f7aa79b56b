"""Each panel asks what Grafana would send for it: queries, times and steps."""

from typing import Any

from llumnix_dash.interpolation.interpolate import VariableValue
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.verify.dashboard import parse
from llumnix_dash.verify.page import PagePanel, StoreQuery, page

RANGE = TimeRange(1_000_007, 1_003_607)
SCOPE = {
    "role": VariableValue("role", ("a.b", "c"), "All", several=True, options=("a.b", "c")),
    "zone": VariableValue("zone", ("eu", "us"), "All", several=True, all_value=".*", options=("eu", "us")),
}


def planned(*panels: dict[str, Any], scrape_interval: str = "15s") -> list[PagePanel]:
    return page(parse({"panels": list(panels)}, "x.json"), SCOPE, RANGE, scrape_interval)


def panel(expr: str = "up", target: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": 1, "title": "P", "targets": [{"refId": "A", "expr": expr, **(target or {})}], **fields}


def test_a_range_query_starts_and_ends_at_multiples_of_its_step() -> None:
    [[query]] = [one.queries for one in planned(panel())]
    assert query == StoreQuery("A", "up", start=1_000_005, end=1_003_605, step=15)


def test_an_instant_query_is_made_at_the_end_of_the_range() -> None:
    [[query]] = [one.queries for one in planned(panel(target={"instant": True}))]
    assert query == StoreQuery("A", "up", start=1_000_007, end=1_003_607)
    assert query.instant


def test_a_target_that_is_both_asks_twice() -> None:
    [one] = planned(panel(target={"instant": True, "range": True}))
    assert [query.instant for query in one.queries] == [True, False]


def test_the_panels_width_or_its_points_give_the_step() -> None:
    narrow, wide, own = planned(
        panel(gridPos={"w": 2}), panel(gridPos={"w": 24}), panel(gridPos={"w": 24}, maxDataPoints=60)
    )
    assert [one.queries[0].step for one in (narrow, wide, own)] == [30, 15, 60]


def test_the_minimum_intervals_of_panel_and_query_count() -> None:
    by_panel, by_query = planned(
        panel("x[$__rate_interval]", interval="1m"), panel("x[$__rate_interval]", {"interval": "2m"})
    )
    assert [(one.queries[0].step, one.queries[0].expr) for one in (by_panel, by_query)] == [
        (60, "x[1m15s]"),
        (120, "x[8m0s]"),
    ]


def test_a_panels_own_time_and_shift() -> None:
    own, shifted, both = planned(
        panel("x[$__range]", {"instant": True}, timeFrom="now-2h"),
        panel("x[$__range]", {"instant": True}, timeShift="1d"),
        panel("x[$__range]", {"instant": True}, timeFrom="2h", timeShift="1d"),
    )
    day = 86400
    assert [(one.queries[0].start, one.queries[0].end, one.queries[0].expr) for one in (own, shifted, both)] == [
        (RANGE.end - 7200, RANGE.end, "x[7200s]"),
        (RANGE.start - day, RANGE.end - day, "x[3600s]"),
        (RANGE.end - 7200 - day, RANGE.end - day, "x[7200s]"),
    ]


def test_a_repeated_panel_is_asked_once_for_each_value() -> None:
    plans = planned(panel('x{role=~"$role"}', title="Role [[role]]", repeat="role"))
    assert [(one.title, one.queries[0].expr) for one in plans] == [
        ("Role a.b", 'x{role=~"a\\\\.b"}'),
        ("Role c", 'x{role=~"c"}'),
    ]


def test_a_repeated_row_repeats_its_panels_also_where_all_is_chosen_by_an_all_value() -> None:
    row = {"type": "row", "title": "$zone", "repeat": "zone", "collapsed": True}
    plans = planned({**row, "panels": [panel("x{zone=~'$zone',role=~'$role'}", repeat="role")]})
    assert [(one.row, dict(one.repeat)) for one in plans] == [
        ("eu", {"zone": "eu", "role": "a.b"}),
        ("eu", {"zone": "eu", "role": "c"}),
        ("us", {"zone": "us", "role": "a.b"}),
        ("us", {"zone": "us", "role": "c"}),
    ]
    assert plans[0].queries[0].expr == "x{zone=~'eu',role=~'a\\\\.b'}"


def test_a_name_that_the_dashboard_lacks_is_told() -> None:
    [one] = planned(panel("x{a='$modle', b=~'.*$'}[${nowhere}]"))
    assert one.queries[0].unknown == ("modle", "nowhere")


def test_a_panels_time_since_the_start_of_the_day() -> None:
    [one] = planned(panel("x", {"instant": True}, timeFrom="now/d"))
    assert one.queries[0].start == 11 * 86400


def test_an_interval_that_is_none_is_that_panels_problem() -> None:
    bad, good = planned(panel(interval="$unknown"), panel())
    assert (bad.problem, bad.queries) == ("'$unknown' is not a duration", ())
    assert good.queries
