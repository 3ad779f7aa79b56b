"""What holds of every dashboard, whatever is on it."""

import copy
import json
import random
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.diff import as_json, markdown, text
from llumnix_dash.diff.changes import MISSING, DashboardDiff, Kind, Report
from llumnix_dash.diff.compare import compare
from llumnix_dash.document.values import text_of
from tests.diff.strategies import JSON, Object, add_noise, dashboards, permuted, renumber


def told(difference: DashboardDiff) -> list[str]:
    return [text.render(Report((difference,), 1))] if difference.items else []


@given(dashboards(), st.randoms(use_true_random=False))
def test_a_dashboard_against_itself_is_no_change_under_noise(dashboard: Object, chance: random.Random) -> None:
    other = copy.deepcopy(dashboard)
    renumber(other, chance)
    add_noise(other, chance)
    assert told(compare(dashboard, permuted(other, chance))) == []


@given(dashboards(), dashboards())
def test_the_difference_from_b_to_a_mirrors_the_one_from_a_to_b(old: Object, new: Object) -> None:
    there = Counter(_seen(compare(old, new, pushed=True), mirrored=False))
    back = Counter(_seen(compare(new, old, pushed=True), mirrored=True))
    assert there == back


@given(dashboards(), st.randoms(use_true_random=False))
def test_the_mirror_of_a_rearrangement(dashboard: Object, chance: random.Random) -> None:
    """Two dashboards that have most in common, where it matters which one is said to have moved."""
    other = copy.deepcopy(dashboard)
    places = [panel["gridPos"] for panel in other["panels"]]
    chance.shuffle(places)
    for panel, place in zip(other["panels"], places, strict=True):
        panel["gridPos"] = place
    if other["panels"] and chance.random() < 0.5:
        other["panels"].pop(chance.randrange(len(other["panels"])))
    there = Counter(_seen(compare(dashboard, other), mirrored=False))
    back = Counter(_seen(compare(other, dashboard), mirrored=True))
    assert there == back


_MIRRORED_KIND = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}


def _seen(difference: DashboardDiff, *, mirrored: bool) -> list[tuple[Any, ...]]:
    seen = []
    for item, change in difference.changes():
        names, ids = (item.old_name, item.new_name), (item.old_id, item.new_id)
        values = tuple("none" if value is MISSING else text_of(value) for value in (change.old, change.new))
        kind = change.kind
        if mirrored:
            names, ids, values, kind = names[::-1], ids[::-1], values[::-1], _MIRRORED_KIND.get(kind, kind)
        # A query is found by its new refId, so its path is another one seen from the other side.
        path = change.path.partition("[")[0] + change.path.rpartition("]")[2]
        seen.append((item.part, names, ids, kind, change.effect, path, values))
    return seen


# -- any JSON value in any place --------------------------------------------------------------------------------------

_FULL: Object = {
    "uid": "full",
    "title": "Full",
    "schemaVersion": 36,
    "refresh": "30s",
    "time": {"from": "now-1h", "to": "now"},
    "timepicker": {"time_options": ["5m"], "hidden": False},
    "links": [{"title": "runbook", "type": "link", "url": "https://example.org", "tags": ["x"]}],
    "annotations": {"list": [{"name": "deploys", "enable": True, "filter": {"ids": [1]}, "target": {"expr": "x"}}]},
    "templating": {
        "list": [
            {
                "type": "query",
                "name": "namespace",
                "query": {"qryType": 1, "query": "label_values(up, namespace)", "refId": "x"},
                "current": {"text": ["All"], "value": ["$__all"]},
                "options": [{"text": "a", "value": "a"}],
            }
        ]
    },
    "panels": [
        {"type": "row", "id": 9, "title": "Fleet", "collapsed": False, "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}},
        {
            "id": 1,
            "type": "timeseries",
            "title": "TTFT",
            "datasource": {"type": "prometheus", "uid": "$datasource"},
            "gridPos": {"x": 0, "y": 1, "w": 12, "h": 8},
            "targets": [
                {"refId": "A", "expr": "rate(x[5m])", "legendFormat": "P99", "datasource": {"uid": "$datasource"}},
                {"refId": "B", "panelId": 2},
            ],
            "transformations": [{"id": "organize", "options": {"excludeByName": {"Time": True}}}],
            "fieldConfig": {
                "defaults": {
                    "unit": "s",
                    "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}]},
                    "mappings": [{"type": 1, "value": "0", "text": "down"}],
                    "custom": {"hideFrom": {"viz": True}, "displayMode": "basic"},
                    "color": {"mode": "fixed", "fixedColor": "red"},
                },
                "overrides": [
                    {
                        "matcher": {"id": "byName", "options": "P99"},
                        "properties": [{"id": "custom.hideFrom", "value": {"viz": True}}],
                    }
                ],
            },
            "options": {"legend": {"displayMode": "hidden", "calcs": ["max"]}, "reduceOptions": {"calcs": ["mean"]}},
            "links": [{"title": "x", "url": "y"}],
            "libraryPanel": {"uid": "l", "name": "n"},
        },
        {
            "type": "row",
            "id": 10,
            "title": "More",
            "collapsed": True,
            "gridPos": {"x": 0, "y": 9, "w": 24, "h": 1},
            "panels": [{"id": 2, "type": "text", "title": "Notes", "options": {"content": "hello"}}],
        },
    ],
    "rows": [],
}


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _places(item, (*path, key)))]


def _with_value(value: Any, path: tuple[Any, ...], item: Any) -> Any:
    if not path:
        return item
    changed = copy.copy(value)
    changed[path[0]] = _with_value(value[path[0]], path[1:], item)
    return changed


_OLD_ROWS = {
    "title": "Old",
    "schemaVersion": 14,
    "rows": [{"title": "r", "showTitle": True, "height": "250px", "panels": [{"id": 1, "type": "graph", "span": 6}]}],
}


@given(
    st.sampled_from([_FULL, {**_FULL, "schemaVersion": 42}, _OLD_ROWS]),
    st.sampled_from([_FULL, {**_FULL, "schemaVersion": 42}]),
    st.data(),
)
def test_no_json_value_in_any_place_crashes_it(base: Object, counterpart: Object, data: st.DataObject) -> None:
    odd = base
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from([place for place in _places(odd) if place]))
        odd = _with_value(odd, place, data.draw(JSON))
    for old, new in ((counterpart, odd), (odd, counterpart)):
        difference = compare(old, new, pushed=True)
        report = Report((difference,) if difference.items else (), 1)
        for render in (text.render, markdown.render, as_json.render):
            assert render(report, positions=True).encode()  # it can be written out, lone surrogates and all
        json.loads(as_json.render(report))
    assert told(compare(odd, copy.deepcopy(odd))) == []
