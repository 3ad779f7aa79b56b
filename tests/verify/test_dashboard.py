"""What is read from a dashboard's JSON: its panels and queries, whoever made it."""

from typing import Any

import pytest

from llumnix_dash.errors import UserError
from llumnix_dash.verify.dashboard import QueriedDashboard, parse


def one_panel(**panel: Any) -> QueriedDashboard:
    return parse({"panels": [{"id": 1, "title": "P", **panel}]}, "x.json")


def targets(*exprs: str) -> list[dict[str, Any]]:
    return [{"refId": chr(65 + number), "expr": expr} for number, expr in enumerate(exprs)]


def test_open_collapsed_and_repeated_rows() -> None:
    dashboard = parse(
        {
            "panels": [
                {"type": "stat", "title": "above", "targets": targets("a")},
                {"type": "row", "title": "open", "repeat": "zone", "collapsed": False, "panels": []},
                {"type": "stat", "title": "in open", "repeat": "host", "targets": targets("a")},
                {
                    "type": "row",
                    "title": "shut",
                    "collapsed": True,
                    "panels": [{"title": "in shut", "targets": targets("a")}],
                },
            ]
        },
        "x.json",
    )
    assert [(panel.title, panel.row, panel.open, panel.repeats) for panel in dashboard.panels] == [
        ("above", "", True, ()),
        ("in open", "open", True, ("zone", "host")),
        ("in shut", "shut", False, ()),
    ]


def test_a_hidden_target_and_an_empty_one_are_not_run() -> None:
    [panel] = one_panel(targets=[*targets("a", " "), {"refId": "C", "expr": "c", "hide": True}]).panels
    assert [target.ref_id for target in panel.targets] == ["A"]


def test_a_panel_without_queries_is_left_out() -> None:
    assert one_panel(type="text").panels == ()


@pytest.mark.parametrize(
    ("target", "instant", "ranged"),
    [
        ({}, False, True),
        ({"range": True, "instant": False}, False, True),
        ({"instant": True}, True, False),
        ({"instant": True, "range": True}, True, True),
        ({"instant": False, "range": False}, False, True),
        ({"instant": True, "format": "table"}, True, False),
    ],
)
def test_a_target_is_instant_ranged_or_both(target: dict[str, Any], instant: bool, ranged: bool) -> None:
    [panel] = one_panel(targets=[{"refId": "A", "expr": "up", **target}]).panels
    assert (panel.targets[0].instant, panel.targets[0].range) == (instant, ranged)


PROMETHEUS, LOKI = {"type": "prometheus", "uid": "p"}, {"type": "loki", "uid": "l"}


@pytest.mark.parametrize(
    ("panel", "run"),
    [
        ({}, True),
        ({"datasource": PROMETHEUS}, True),
        ({"datasource": LOKI}, False),
        ({"datasource": "Prometheus"}, True),
        ({"datasource": "${logs}"}, False),
        ({"datasource": "$metrics"}, True),
        ({"datasource": {"uid": "${DS_LOKI}"}}, False),
        ({"datasource": {"type": "datasource", "uid": "-- Mixed --"}}, True),
        ({"datasource": {"type": "datasource", "uid": "-- Dashboard --"}}, False),
        ({"datasource": {"type": "grafana-amazonprometheus-datasource", "uid": "a"}}, True),
        ({"datasource": {"type": "victoriametrics-metrics-datasource", "uid": "v"}}, True),
    ],
)
def test_only_prometheus_queries_are_run_and_others_are_told(panel: dict[str, Any], run: bool) -> None:
    dashboard = parse(
        {
            "panels": [{"targets": targets("x"), **panel}],
            "templating": {
                "list": [
                    {"name": "logs", "type": "datasource", "query": "loki"},
                    {"name": "metrics", "type": "datasource", "query": "prometheus"},
                ]
            },
            "__inputs": [{"name": "DS_LOKI", "pluginId": "loki"}],
        },
        "x.json",
    )
    [read_panel] = dashboard.panels
    assert bool(read_panel.targets) == run
    assert bool(read_panel.skipped) == (not run)


def test_a_targets_own_data_source_counts_first() -> None:
    mixed = {"type": "datasource", "uid": "-- Mixed --"}
    [panel] = one_panel(
        datasource=mixed,
        targets=[
            {"refId": "A", "expr": "up", "datasource": PROMETHEUS},
            {"refId": "B", "expr": "{a='b'}", "datasource": LOKI},
            {"refId": "C", "expression": "$A", "type": "math", "datasource": {"type": "__expr__", "uid": "__expr__"}},
        ],
    ).panels
    assert [target.ref_id for target in panel.targets] == ["A"]


def test_a_library_panel_is_told() -> None:
    [panel] = one_panel(libraryPanel={"uid": "u", "name": "n"}).panels
    assert panel.skipped == "a library panel: its queries are in Grafana"


def test_the_rows_of_an_old_dashboard_are_read() -> None:
    dashboard = parse(
        {"rows": [{"title": "R", "collapse": True, "panels": [{"title": "P", "span": 4, "targets": targets("up")}]}]},
        "x.json",
    )
    [panel] = dashboard.panels
    assert (panel.row, panel.open, panel.width) == ("R", False, 8)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"panels": 5}, "not a Grafana dashboard"),
        ({"panels": [5]}, "not a Grafana dashboard"),
        ({"panels": [{"targets": [5]}]}, "not a Grafana dashboard"),
    ],
)
def test_what_is_no_dashboard_is_refused(data: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse(data, "x.json")


def test_a_dashboard_may_have_nulls_where_grafana_left_something_out() -> None:
    dashboard = parse({"panels": None, "rows": None, "templating": None, "__inputs": None, "title": None}, "x.json")
    assert (dashboard.variable_names, dashboard.title) == ((), "x.json")
