"""Dashboards of schema v2 are read as the classic ones that say the same, and what those cannot hold is told."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.cli.diff import command
from llumnix_dash.diff.compare import compare
from llumnix_dash.document.documents import Reading, read
from llumnix_dash.document.v2 import classic
from llumnix_dash.errors import UserError
from tests.diff.strategies import JSON

Object = dict[str, Any]

CLASSIC: Object = {
    "uid": "fleet",
    "title": "Fleet",
    "tags": ["llm"],
    "schemaVersion": 42,
    "graphTooltip": 1,
    "refresh": "30s",
    "time": {"from": "now-1h", "to": "now"},
    "links": [],
    "templating": {
        "list": [
            {"type": "datasource", "name": "ds", "query": "prometheus", "current": {"text": "a", "value": "a"}},
            {
                "type": "query",
                "name": "ns",
                "label": "Namespace",
                "query": "label_values(up, namespace)",
                "datasource": {"type": "prometheus", "uid": "$ds"},
                "refresh": 2,
                "sort": 7,
                "multi": True,
                "includeAll": True,
                "current": {"text": ["All"], "value": ["$__all"]},
            },
            {"type": "textbox", "name": "who", "query": "me", "hide": 2, "current": {"text": "me", "value": "me"}},
        ]
    },
    "annotations": {
        "list": [
            {
                "name": "Starts",
                "enable": True,
                "iconColor": "blue",
                "datasource": {"type": "prometheus", "uid": "$ds"},
                "target": {"expr": "changes(up[1m]) > 0", "refId": "Anno"},
            }
        ]
    },
    "panels": [
        {
            "id": 1,
            "type": "timeseries",
            "title": "Requests",
            "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
            "datasource": {"type": "prometheus", "uid": "$ds"},
            "interval": "30s",
            "targets": [
                {"refId": "A", "expr": "sum(rate(requests[5m]))"},
                {"refId": "B", "expr": "up", "hide": True},
            ],
            "transformations": [{"id": "organize", "options": {"excludeByName": {"Time": True}}}],
            "options": {"legend": {"placement": "right"}},
            "fieldConfig": {"defaults": {"unit": "reqps"}, "overrides": []},
        },
        {
            "type": "row",
            "title": "Engines",
            "collapsed": True,
            "gridPos": {"x": 0, "y": 8, "w": 24, "h": 1},
            "panels": [
                {
                    "id": 2,
                    "type": "stat",
                    "title": "Up",
                    "gridPos": {"x": 0, "y": 9, "w": 6, "h": 4},
                    "datasource": {"type": "prometheus", "uid": "other"},
                    "repeat": "ns",
                    "repeatDirection": "v",
                    "targets": [{"refId": "A", "expr": "up", "datasource": {"type": "prometheus", "uid": "other"}}],
                }
            ],
        },
    ],
}


def chosen(value: str) -> Object:
    return {"text": value, "value": value}


def source(name: str) -> Object:
    return {"kind": "DataQuery", "group": "prometheus", "version": "v0", "datasource": {"name": name}}


def query(ref_id: str, expr: str, name: str = "$ds", *, hidden: bool = False) -> Object:
    spec = {"refId": ref_id, "hidden": hidden, "query": {**source(name), "spec": {"expr": expr}}}
    return {"kind": "PanelQuery", "spec": spec}


def element(number: int, title: str, kind: str, queries: list[Object], **data: Any) -> Object:
    visual = {
        "options": data.pop("options", {}),
        "fieldConfig": data.pop("fieldConfig", {"defaults": {}, "overrides": []}),
    }
    return {
        "kind": "Panel",
        "spec": {
            "id": number,
            "title": title,
            "description": "",
            "links": [],
            "data": {
                "kind": "QueryGroup",
                "spec": {"queries": queries, "transformations": [], "queryOptions": {}, **data},
            },
            "vizConfig": {"kind": "VizConfig", "group": kind, "version": "", "spec": visual},
        },
    }


def item(name: str, x: int, y: int, width: int, height: int, **more: Any) -> Object:
    place = {"x": x, "y": y, "width": width, "height": height, "element": {"kind": "ElementReference", "name": name}}
    return {"kind": "GridLayoutItem", "spec": {**place, **more}}


def grid(*items: Object) -> Object:
    return {"kind": "GridLayout", "spec": {"items": list(items)}}


def v2() -> Object:
    """The same dashboard in schema v2, as Grafana 13 writes it."""
    repeat = {"mode": "variable", "value": "ns", "direction": "v"}
    rows = [
        {
            "kind": "RowsLayoutRow",
            "spec": {"title": "", "hideHeader": True, "collapse": False, "layout": grid(item("panel-1", 0, 0, 12, 8))},
        },
        {
            "kind": "RowsLayoutRow",
            "spec": {"title": "Engines", "collapse": True, "layout": grid(item("panel-2", 0, 0, 6, 4, repeat=repeat))},
        },
    ]
    organize = {"kind": "Transformation", "group": "organize", "spec": {"options": {"excludeByName": {"Time": True}}}}
    return {
        "apiVersion": "dashboard.grafana.app/v2",
        "kind": "Dashboard",
        "metadata": {"name": "fleet", "resourceVersion": "1"},
        "spec": {
            "title": "Fleet",
            "tags": ["llm"],
            "cursorSync": "Crosshair",
            "editable": True,
            "liveNow": False,
            "preload": False,
            "links": [],
            "timeSettings": {
                "from": "now-1h",
                "to": "now",
                "autoRefresh": "30s",
                "autoRefreshIntervals": ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"],
                "hideTimepicker": False,
                "timezone": "",
                "fiscalYearStartMonth": 0,
            },
            "elements": {
                "panel-1": element(
                    1,
                    "Requests",
                    "timeseries",
                    [query("A", "sum(rate(requests[5m]))"), query("B", "up", hidden=True)],
                    transformations=[organize],
                    queryOptions={"interval": "30s"},
                    options={"legend": {"placement": "right"}},
                    fieldConfig={"defaults": {"unit": "reqps"}, "overrides": []},
                ),
                "panel-2": element(2, "Up", "stat", [query("A", "up", "other")]),
            },
            "layout": {"kind": "RowsLayout", "spec": {"rows": rows}},
            "variables": [
                {
                    "kind": "DatasourceVariable",
                    "spec": {
                        "name": "ds",
                        "pluginId": "prometheus",
                        "current": {"text": "a", "value": "a"},
                        "hide": "dontHide",
                    },
                },
                {
                    "kind": "QueryVariable",
                    "spec": {
                        "name": "ns",
                        "label": "Namespace",
                        "query": {**source("$ds"), "spec": {"__legacyStringValue": "label_values(up, namespace)"}},
                        "refresh": "onTimeRangeChanged",
                        "sort": "naturalAsc",
                        "multi": True,
                        "includeAll": True,
                        "hide": "dontHide",
                        "current": {"text": ["All"], "value": ["$__all"]},
                    },
                },
                {
                    "kind": "TextVariable",
                    "spec": {
                        "name": "who",
                        "query": "me",
                        "hide": "hideVariable",
                        "current": {"text": "me", "value": "me"},
                    },
                },
            ],
            "annotations": [
                {
                    "kind": "AnnotationQuery",
                    "spec": {
                        "name": "Starts",
                        "enable": True,
                        "hide": False,
                        "iconColor": "blue",
                        "query": {**source("$ds"), "spec": {"expr": "changes(up[1m]) > 0", "refId": "Anno"}},
                    },
                },
                {
                    "kind": "AnnotationQuery",
                    "spec": {
                        "name": "Annotations & Alerts",
                        "builtIn": True,
                        "enable": True,
                        "hide": True,
                        "iconColor": "rgba(0, 211, 255, 1)",
                        "query": {**source("-- Grafana --"), "group": "grafana", "spec": {}},
                        "legacyOptions": {"type": "dashboard"},
                    },
                },
            ],
        },
        "status": {},
    }


def told(old: Object, new: Object) -> list[str]:
    return [f"{item.name}: {change.what}" for item, change in compare(old, new).changes()]


def test_a_dashboard_that_the_editor_stored_as_v2_says_what_the_classic_one_said() -> None:
    converted = classic(v2())
    assert told(CLASSIC, converted.dashboard) == []
    assert converted.losses == ()


def test_the_spec_alone_is_read_too() -> None:
    assert told(CLASSIC, {**classic(v2()["spec"]).dashboard, "uid": "fleet"}) == []


def test_v2alpha1_names_plugins_elsewhere() -> None:
    old = v2()
    old["apiVersion"] = "dashboard.grafana.app/v2alpha1"
    for panel in old["spec"]["elements"].values():
        visual = panel["spec"]["vizConfig"]
        visual["kind"] = visual.pop("group")
        visual["spec"]["pluginVersion"] = visual.pop("version")
        for one in panel["spec"]["data"]["spec"]["queries"]:
            name = one["spec"]["query"].pop("datasource")["name"]
            one["spec"]["query"] = {"kind": one["spec"]["query"]["group"], "spec": one["spec"]["query"]["spec"]}
            one["spec"]["datasource"] = {"type": "prometheus", "uid": name}
        for step in panel["spec"]["data"]["spec"]["transformations"]:
            step["kind"], step["spec"]["id"] = step.pop("group"), "organize"
    assert told(CLASSIC, classic(old).dashboard) == []


def test_an_edit_in_v2_is_told_as_in_a_classic_one() -> None:
    edited = v2()
    spec = edited["spec"]["elements"]["panel-1"]["spec"]
    spec["data"]["spec"]["queries"][0]["spec"]["query"]["spec"]["expr"] = "sum(rate(requests[1m]))"
    spec["vizConfig"]["spec"]["fieldConfig"]["defaults"]["unit"] = "short"
    assert told(CLASSIC, classic(edited).dashboard) == ["Requests: query A", "Requests: unit"]


def test_what_the_classic_form_cannot_hold_is_listed_and_compared() -> None:
    edited = v2()
    rows = edited["spec"]["layout"]["spec"]["rows"]
    condition = {"kind": "ConditionalRenderingGroup", "spec": {"visibility": "show", "items": []}}
    rows[0]["spec"]["layout"]["spec"]["items"][0]["spec"]["conditionalRendering"] = condition
    automatic = {"kind": "AutoGridLayoutItem", "spec": {"element": {"kind": "ElementReference", "name": "panel-2"}}}
    rows[1]["spec"]["layout"] = {
        "kind": "AutoGridLayout",
        "spec": {"maxColumnCount": 4, "rowHeightMode": "short", "items": [automatic]},
    }
    edited["spec"]["layout"] = {
        "kind": "TabsLayout",
        "spec": {"tabs": [{"kind": "TabsLayoutTab", "spec": {"title": "All", "layout": edited["spec"]["layout"]}}]},
    }
    converted = classic(edited)
    assert converted.losses == (
        'the tab "All"',
        'the condition of the panel "Requests"',
        "the auto grid of All / Engines",
    )
    titles = [panel["title"] for panel in converted.dashboard["panels"]]
    assert titles == ["All", "Requests", "All / Engines"]
    [_, requests, engines] = converted.dashboard["panels"]
    assert requests["gridPos"] == {"x": 0, "y": 1, "w": 12, "h": 8}
    assert engines["panels"][0]["gridPos"] == {"x": 0, "y": 10, "w": 6, "h": 5}
    seen = told(classic(v2()).dashboard, converted.dashboard)
    assert "Requests: shown only if" in seen
    assert "All / Engines: auto grid max column count" in seen


def test_a_layout_that_nobody_knows_is_an_error_and_no_empty_page() -> None:
    unknown = v2()
    unknown["spec"]["layout"]["kind"] = "FutureLayout"
    with pytest.raises(ValueError, match="FutureLayout"):
        classic(unknown)


def test_a_v2_file_is_compared_with_a_classic_one(tmp_path: Path) -> None:
    for name, value in (("old", CLASSIC), ("new", v2())):
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    result = CliRunner().invoke(command, [str(tmp_path / "old.json"), str(tmp_path / "new.json"), "--exit-code"])
    assert (result.exit_code, result.stdout) == (0, "no change in 1 dashboard\n")


def test_a_v2_dashboard_is_not_pushed_as_a_classic_one() -> None:
    reading = Reading()
    read(reading, "board.json", "board.json", json.dumps(v2()).encode())
    [document] = reading.documents
    with pytest.raises(UserError, match="not pushed"):
        document.must_be_classic()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


@given(st.data())
def test_no_json_value_in_any_place_crashes_it(data: st.DataObject) -> None:
    odd = copy.deepcopy(v2())
    for _ in range(data.draw(st.integers(1, 3))):
        *above, last = data.draw(st.sampled_from([place for place in places(odd) if place]))
        holder = odd
        for key in above:
            holder = holder[key]
        holder[last] = data.draw(JSON)
    try:
        converted = classic(odd)
    except ValueError:
        return
    compare(CLASSIC, converted.dashboard)
