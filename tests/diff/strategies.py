"""Dashboards for the property tests: small, valid, and full of twins, which are what confuses a matcher."""

import copy
import random
from typing import Any

from hypothesis import strategies as st

from llumnix_dash.diff import defaults

Json = Any
Object = dict[str, Any]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=6)
    | st.sampled_from(["row", "timeseries", "$x", "", "A", "rate(x[5m])", "\ud800", "\x1b[31m", "`|<b>@x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)

_QUERIES = st.sampled_from(
    [
        "sum(rate(request_total[$__rate_interval]))",
        'sum by (status) (rate(request_total{namespace=~"$namespace"}[5m]))',
        "histogram_quantile(0.99, sum by (le) (rate(request_ttft_bucket[$__rate_interval])))",
        "histogram_quantile(0.5, sum by (le) (rate(request_ttft_bucket[$__rate_interval])))",
        "go_goroutines",
        "not ( promql",
    ]
)
_TITLES = st.sampled_from(["", "TTFT", "TPOT", "Requests"])
_TYPES = st.sampled_from(["timeseries", "stat", "table", "heatmap", "text", "someones-plugin"])
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "unit": st.sampled_from(["s", "ms", ""]),
        "min": st.sampled_from([0, 1]),
        "decimals": st.integers(0, 3),
        "thresholds": st.sampled_from(
            [
                {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 5}]},
                {"mode": "percentage", "steps": [{"color": "blue", "value": None}]},
            ]
        ),
        "custom": st.fixed_dictionaries({}, optional={"lineWidth": st.integers(0, 3), "fillOpacity": st.just(20)}),
    },
)


@st.composite
def targets(draw: st.DrawFn) -> list[Object]:
    queries = draw(st.lists(_QUERIES, max_size=3))
    return [{"refId": "ABC"[at], "expr": query} for at, query in enumerate(queries)]


@st.composite
def panels(draw: st.DrawFn) -> Object:
    panel: Object = {"type": draw(_TYPES), "title": draw(_TITLES), "targets": draw(targets())}
    if draw(st.booleans()):
        panel["fieldConfig"] = {"defaults": draw(_FIELDS), "overrides": []}
    if draw(st.booleans()):
        panel["description"] = draw(st.sampled_from(["a", "b"]))
    return panel


@st.composite
def dashboards(draw: st.DrawFn) -> Object:
    """A dashboard as Grafana lays it out: panels one below or beside the other, under rows, some of them collapsed."""
    all_panels: list[Object] = []
    numbers = iter(draw(st.permutations(range(1, 30))))
    y = 0
    for _ in range(draw(st.integers(0, 3))):
        members = draw(st.lists(panels(), max_size=4))
        for at, panel in enumerate(members):
            panel["id"] = next(numbers)
            panel["gridPos"] = {"x": 12 * (at % 2), "y": y + 1 + 8 * (at // 2), "w": 12, "h": 8}
        if draw(st.booleans()):
            collapsed = draw(st.booleans())
            row = {"type": "row", "title": draw(st.sampled_from(["", "Fleet", "Engines"])), "collapsed": collapsed}
            row |= {"id": next(numbers), "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}
            all_panels += [{**row, "panels": members}] if collapsed else [{**row, "panels": []}, *members]
        else:
            all_panels += members
        y += 1 + 8 * ((len(members) + 1) // 2)
    return {
        "uid": "one",
        "title": "One",
        "schemaVersion": 42,
        "panels": all_panels,
        "templating": {
            "list": [
                {"type": "query", "name": name, "query": f"label_values(up, {name})", "refresh": 2}
                for name in draw(st.lists(st.sampled_from(["namespace", "model", "job"]), unique=True))
            ]
        },
        "time": {"from": "now-1h", "to": "now"},
        "refresh": draw(st.sampled_from(["", "30s"])),
    }


def every_panel(dashboard: Object) -> list[Object]:
    """All panels and rows, the members of collapsed rows among them."""
    return [one for panel in dashboard["panels"] for one in (panel, *panel.get("panels", []))]


def permuted(value: Json, chance: random.Random) -> Json:
    """The value with the keys of each object in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: permuted(value[key], chance) for key in keys}
    return [permuted(item, chance) for item in value] if isinstance(value, list) else value


def renumber(dashboard: Object, chance: random.Random) -> None:
    """Gives the panels other ids: the same ones among themselves, or fresh ones."""
    panels_and_rows = every_panel(dashboard)
    ids = [panel["id"] for panel in panels_and_rows]
    new_ids = list(ids) if chance.random() < 0.5 else [100 + number for number in range(len(ids))]
    chance.shuffle(new_ids)
    for panel, new_id in zip(panels_and_rows, new_ids, strict=True):
        panel["id"] = new_id


def add_noise(dashboard: Object, chance: random.Random) -> None:
    """Does what a server and the editor do to a dashboard on its way through them."""
    dashboard.update({"id": chance.randrange(99), "version": chance.randrange(99), "iteration": 17})
    dashboard.setdefault("annotations", {"list": [_built_in_annotation()]})
    _write_out(dashboard, {key: defaults.DASHBOARD[key] for key in ("editable", "graphTooltip", "weekStart")}, chance)
    for panel in every_panel(dashboard):
        if panel["type"] == "row":
            continue
        panel["pluginVersion"] = "12.0.0"
        template = defaults.panel_template(panel)
        _write_out(panel, template, chance)
        for target in panel.get("targets", []):
            target["editorMode"] = "code"
            _write_out(target, {**defaults.TARGET, "range": True}, chance)
        steps = panel.get("fieldConfig", {}).get("defaults", {}).get("thresholds", {}).get("steps")
        if steps:
            steps[0]["value"] = chance.choice([None, 0])


def _built_in_annotation() -> Object:
    reference = {"type": "grafana", "uid": "-- Grafana --"}
    return {**defaults.BUILT_IN_ANNOTATION, "datasource": reference, "filter": {"exclude": False, "ids": []}}


def _write_out(value: Object, template: Object, chance: random.Random) -> None:
    """Writes some of the template's defaults into the object, as the editor does."""
    for key, default in template.items():
        if chance.random() < 0.5:
            continue
        if key in ("color", "thresholds"):  # they are written whole
            value.setdefault(key, copy.deepcopy(default))
        elif isinstance(default, dict) and isinstance(value.setdefault(key, {}), dict):
            _write_out(value[key], default, chance)
        elif key not in value:
            value[key] = float(default) if type(default) is int and chance.random() < 0.3 else default
