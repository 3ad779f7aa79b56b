"""Random edits are each told, and nothing else is."""

import copy
import random
from collections.abc import Callable
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from llumnix_dash.diff.changes import Effect, Kind, Part
from llumnix_dash.diff.compare import compare
from tests.diff.strategies import Object, add_noise, permuted

Told = tuple[Part, str, Effect, Kind, str]


def board() -> Object:
    """Two rows of six panels, each with a title and queries of its own."""
    panels: list[Object] = []
    for row in range(2):
        y = 25 * row
        panels.append(_placed({"id": 100 + row, "type": "row", "title": f"Row {row}", "collapsed": False}, 0, y, 24, 1))
        panels += [_placed(_panel(6 * row + at), 12 * (at % 2), y + 1 + 8 * (at // 2), 12, 8) for at in range(6)]
    variables = [{"name": name, "type": "query", "query": f"label_values(up, {name})"} for name in ("job", "pod")]
    time = {"from": "now-1h", "to": "now"}
    return {"uid": "u", "title": "Board", "panels": panels, "templating": {"list": variables}, "time": time}


def _panel(number: int) -> Object:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": f"Panel {number}",
        "description": f"What panel {number} shows",
        "datasource": {"type": "prometheus", "uid": "$datasource"},
        "targets": [
            {
                "refId": ref_id,
                "expr": f'sum by (le) (rate(metric_{number}_{ref_id}{{job="$job", pod=~"$pod"}}[5m]))',
                "legendFormat": f"legend {ref_id}",
                # Of the two queries one has a data source of its own, the same.
                **({"datasource": {"type": "prometheus", "uid": "${datasource}"}} if ref_id == "B" else {}),
            }
            for ref_id in "AB"
        ],
        "fieldConfig": {
            "defaults": {
                "unit": "s",
                "thresholds": {"mode": "absolute", "steps": [{"color": "green"}, {"color": "red", "value": 5}]},
                "color": {"mode": "fixed", "fixedColor": "blue"},
                "custom": {"lineWidth": 2, "spanNulls": True},
            },
            "overrides": [
                {"matcher": {"id": "byName", "options": "legend A"}, "properties": [{"id": "unit", "value": "ms"}]}
            ],
        },
        "options": {"legend": {"calcs": ["max"], "displayMode": "table"}, "tooltip": {"mode": "multi"}},
        "transformations": [{"id": "organize", "options": {"renameByName": {"a": "b"}}}],
    }


def _placed(panel: Object, x: int, y: int, w: int, h: int) -> Object:
    return {**panel, "gridPos": {"x": x, "y": y, "w": w, "h": h}}


# -- edits: each changes a panel in one way and says what must be told -------------------------------------------------


def edit_query(panel: Object) -> Told:
    panel["targets"][0]["expr"] = panel["targets"][0]["expr"].replace("5m", "$__rate_interval")
    return (Part.PANEL, panel["title"], Effect.QUERY, Kind.CHANGED, "targets[A].expr")


def reformat_query(panel: Object) -> Told:
    target = panel["targets"][1]
    target["expr"] = target["expr"].replace('job="$job", pod=~"$pod"', '\n  pod=~"${pod}",\n  job="[[job]]"')
    return (Part.PANEL, panel["title"], Effect.TEXT, Kind.REFORMATTED, "targets[B].expr")


def add_query(panel: Object) -> Told:
    panel["targets"].insert(0, {"refId": "C", "expr": "something_else"})
    return (Part.PANEL, panel["title"], Effect.QUERY, Kind.ADDED, "targets[C]")


def remove_query(panel: Object) -> Told:
    panel["targets"].pop(0)
    return (Part.PANEL, panel["title"], Effect.QUERY, Kind.REMOVED, "targets[A]")


def reorder_queries(panel: Object) -> Told:
    panel["targets"].reverse()
    return (Part.PANEL, panel["title"], Effect.DISPLAY, Kind.REORDERED, "targets")


def rename_query(panel: Object) -> Told:
    panel["targets"][1]["refId"] = "Z"
    return (Part.PANEL, panel["title"], Effect.QUERY, Kind.RENAMED, "targets[Z].refId")


def edit_data_source(panel: Object) -> Told:
    panel["datasource"] = {"type": "prometheus", "uid": "long-term"}
    return (Part.PANEL, panel["title"], Effect.QUERY, Kind.CHANGED, "datasource")


def edit_data_source_of_a_query(panel: Object) -> Told:
    panel["targets"][0]["datasource"] = {"type": "prometheus", "uid": "long-term"}
    return (Part.PANEL, panel["title"], Effect.QUERY, Kind.CHANGED, "targets[A].datasource")


def make_instant(panel: Object) -> Told:
    panel["targets"][0] |= {"instant": True, "range": True}
    return (Part.PANEL, panel["title"], Effect.QUERY, Kind.CHANGED, "targets[A].instant")


def edit_legend(panel: Object) -> Told:
    panel["targets"][0]["legendFormat"] = "another"
    return (Part.PANEL, panel["title"], Effect.DISPLAY, Kind.CHANGED, "targets[A].legendFormat")


def edit_unit(panel: Object) -> Told:
    panel["fieldConfig"]["defaults"]["unit"] = "ms"
    return (Part.PANEL, panel["title"], Effect.DISPLAY, Kind.CHANGED, "fieldConfig.defaults.unit")


def edit_thresholds(panel: Object) -> Told:
    panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = 7
    return (Part.PANEL, panel["title"], Effect.DISPLAY, Kind.CHANGED, "fieldConfig.defaults.thresholds")


def edit_color(panel: Object) -> Told:
    panel["fieldConfig"]["defaults"]["color"]["fixedColor"] = "purple"
    return (Part.PANEL, panel["title"], Effect.DISPLAY, Kind.CHANGED, "fieldConfig.defaults.color")


def true_to_one(panel: Object) -> Told:
    """For ``spanNulls`` they differ: always, and gaps of up to one millisecond. To Python they are equal."""
    panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] = 1
    return (Part.PANEL, panel["title"], Effect.DISPLAY, Kind.CHANGED, "fieldConfig.defaults.custom.spanNulls")


def edit_override(panel: Object) -> Told:
    panel["fieldConfig"]["overrides"][0]["properties"][0]["value"] = "s"
    path = "fieldConfig.overrides[legend A].properties.unit"
    return (Part.PANEL, panel["title"], Effect.DISPLAY, Kind.CHANGED, path)


def edit_legend_values(panel: Object) -> Told:
    panel["options"]["legend"]["calcs"] = ["mean"]
    return (Part.PANEL, panel["title"], Effect.DISPLAY, Kind.CHANGED, "options.legend.calcs")


def edit_transformation(panel: Object) -> Told:
    panel["transformations"][0]["options"]["renameByName"]["a"] = "c"
    path = "transformations[organize].options.renameByName.a"
    return (Part.PANEL, panel["title"], Effect.QUERY, Kind.CHANGED, path)


def edit_type(panel: Object) -> Told:
    panel["type"] = "barchart"
    # What is a default of one type is a setting of the other, so only those that no type has here are left out.
    return (Part.PANEL, panel["title"], Effect.DISPLAY, Kind.CHANGED, "type")


def edit_description(panel: Object) -> Told:
    panel["description"] += ", and more"
    return (Part.PANEL, panel["title"], Effect.TEXT, Kind.CHANGED, "description")


def rename(panel: Object) -> Told:
    panel["title"] += " again"
    return (Part.PANEL, panel["title"], Effect.TEXT, Kind.RENAMED, "title")


def resize(panel: Object) -> Told:
    panel["gridPos"]["h"] += 2
    return (Part.PANEL, panel["title"], Effect.LAYOUT, Kind.CHANGED, "gridPos")


EDITS: list[Callable[[Object], Told]] = [
    edit_query,
    reformat_query,
    add_query,
    remove_query,
    reorder_queries,
    rename_query,
    edit_data_source,
    edit_data_source_of_a_query,
    make_instant,
    edit_legend,
    edit_unit,
    edit_thresholds,
    edit_color,
    true_to_one,
    edit_override,
    edit_legend_values,
    edit_transformation,
    edit_type,
    edit_description,
    rename,
    resize,
]


def told(old: Object, new: Object) -> list[Told]:
    return sorted(
        (item.part, item.name, change.effect, change.kind, change.path) for item, change in compare(old, new).changes()
    )


def panel_of(dashboard: Object, number: int) -> Object:
    found: Object = next(panel for panel in dashboard["panels"] if panel["id"] == number + 1)
    return found


@given(
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from(EDITS)), unique_by=lambda edit: edit[0], max_size=12),
    st.sets(st.integers(0, 11), max_size=2),
    st.integers(0, 2),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_each_edit_is_told_and_nothing_else(
    edits: list[tuple[int, Callable[[Object], Told]]],
    gone: set[int],
    come: int,
    noisy: bool,
    chance: random.Random,
) -> None:
    old, new = board(), board()
    expected = [edit(panel_of(new, number)) for number, edit in edits if number not in gone]
    for number in gone:
        expected.append((Part.PANEL, f"Panel {number}", Effect.QUERY, Kind.REMOVED, ""))
        new["panels"].remove(panel_of(new, number))
    for number in range(come):
        new["panels"].append(_placed(_panel(50 + number), 12 * number, 60, 12, 8))
        expected.append((Part.PANEL, f"Panel {50 + number}", Effect.QUERY, Kind.ADDED, ""))
    if noisy:
        add_noise(new, chance)
        new = permuted(new, chance)
    assert told(old, new) == sorted(expected)


@given(st.integers(0, 11), st.integers(0, 1), st.sampled_from([None, *EDITS]))
def test_a_move_into_another_row_is_one_move(number: int, row: int, edit: Callable[[Object], Told] | None) -> None:
    """Whether or not something else was done to the panel, and whatever makes room for it."""
    assume(row != number // 6 or number % 6 > 1)  # not in the first line of that row already
    old, new = board(), board()
    panel = panel_of(new, number)
    expected = [edit(panel)] if edit else []
    new["panels"].remove(panel)
    top = 25 * row
    for other in new["panels"]:
        if other["gridPos"]["y"] > top:
            other["gridPos"]["y"] += 10
    panel["gridPos"].update(y=top + 1)
    new["panels"].insert(new["panels"].index(next(p for p in new["panels"] if p["id"] == 100 + row)) + 1, panel)
    expected.append((Part.PANEL, panel["title"], Effect.LAYOUT, Kind.MOVED, "gridPos"))
    assert told(old, new) == sorted(expected)


# -- any scalar, anywhere ---------------------------------------------------------------------------------------------

_NOTHING = {"id", "editorMode", "pluginVersion"}


def _scalars(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [place for key, item in items for place in _scalars(item, (*path, key))]
    return inner if isinstance(value, dict | list) else [path]


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}_x"


@given(st.data())
def test_another_scalar_in_any_place_is_one_change(data: st.DataObject) -> None:
    old = board()
    new = copy.deepcopy(old)
    places = [place for place in _scalars(old) if place[-1] not in _NOTHING and place[-2:] != ("matcher", "options")]
    *way, key = data.draw(st.sampled_from(places))
    container: Any = new
    for step in way:
        container = container[step]
    container[key] = _other(container[key])
    changes = told(old, new)
    assert changes, f"{way} {key} is not told"
    parts = {(part, name) for part, name, *_ in changes}
    assert len(parts) == 1 or key in ("y", "x", "collapsed", "type", "name"), changes
