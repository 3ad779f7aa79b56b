"""The rules of Grafana's JSON that its models cannot see: each dashboard keeps each, and each finds what breaks it."""

from collections.abc import Callable

import pytest

from tests.dashboards import shape_rules
from tests.dashboards.example import example
from tests.dashboards.shape_rules import RULES, Rule
from tests.reading import Json, every_dashboard, panels

Break = Callable[[Json], object]


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.__name__) for rule in RULES])
@every_dashboard
def test_each_dashboard_keeps_the_rule(dashboard: Json, rule: Rule) -> None:
    assert rule(dashboard) == []


def lines(dashboard: Json) -> Json:
    """The panel Request Rate."""
    return next(panel for panel in panels(dashboard) if panel["title"] == "Request Rate")


def row(dashboard: Json) -> Json:
    """The collapsed row Prefix Cache."""
    return next(panel for panel in dashboard["panels"] if panel["title"] == "Prefix Cache")


BROKEN: list[tuple[str, Break, str]] = [
    ("is_of_the_last_schema", lambda d: d.update(schemaVersion=12), "schemaVersion 12"),
    ("has_a_uid_that_grafana_takes", lambda d: d.update(uid="x" * 41), f"uid {'x' * 41!r}"),
    ("has_nothing_obsolete", lambda d: d.update(__inputs=[]), "__inputs is obsolete"),
    ("has_nothing_obsolete", lambda d: lines(d)["targets"][0].update(intervalFactor=2), "intervalFactor is obsolete"),
    ("has_nothing_obsolete", lambda d: d["timepicker"].update(time_options=[]), "time_options is obsolete"),
    ("has_no_nulls", lambda d: d.update(id=None), ".id is null"),
    (
        "thresholds_rise_from_null",
        lambda d: lines(d)["fieldConfig"]["defaults"]["thresholds"].update(steps=[{"value": "null"}, {"value": 1}]),
        "Request Rate: thresholds at ['null', 1]",
    ),
    (
        "thresholds_rise_from_null",
        lambda d: lines(d)["fieldConfig"]["defaults"]["thresholds"].update(
            steps=[{"value": None}, {"value": 2}, {"value": 1}]
        ),
        "Request Rate: thresholds at [None, 2, 1]",
    ),
    ("plugins_need_no_migration", lambda d: lines(d).pop("pluginVersion"), "Request Rate: no pluginVersion"),
    ("plugins_need_no_migration", lambda d: lines(d)["fieldConfig"].pop("overrides"), "Request Rate: no overrides"),
    ("plugins_need_no_migration", lambda d: lines(d).update(options={}), "Request Rate: no options"),
    ("panels_are_react_panels", lambda d: lines(d).update(type="graph"), "Request Rate is a graph"),
    ("ids_and_titles_are_unique", lambda d: lines(d).pop("id"), "id None"),
    (
        "ids_and_titles_are_unique",
        lambda d: lines(d).update(title="Prefix Cache"),
        "two panels have the title 'Prefix Cache'",
    ),
    ("ids_and_titles_are_unique", lambda d: lines(d).update(id=7) or row(d).update(id=7), "two panels have the id 7"),
    ("ref_ids_are_letters", lambda d: lines(d)["targets"][0].update(refId="B"), "Request Rate: refIds B"),
    (
        "units_are_known",
        lambda d: lines(d)["fieldConfig"]["defaults"].update(unit="Tps"),
        ".panels.1.fieldConfig.defaults.unit: unit 'Tps'",
    ),
    (
        "units_are_known",
        lambda d: lines(d)["fieldConfig"].update(overrides=[{"properties": [{"id": "unit", "value": "Tps"}]}]),
        ".panels.1.fieldConfig.overrides.0.properties.0.unit.value: unit 'Tps'",
    ),
    (
        "axis_labels_are_where_grafana_reads_them",
        lambda d: lines(d)["fieldConfig"]["defaults"].update(axisLabel="req/s"),
        ".panels.1.fieldConfig.defaults.axisLabel is ignored",
    ),
    (
        "formats_fit_the_panel",
        lambda d: lines(d)["targets"][0].update(instant=True),
        "Request Rate, A: time_series, instant: True",
    ),
    ("nothing_overlaps", lambda d: lines(d)["gridPos"].update(w=13), "Request Rate overlaps Request Rate by Status"),
    (
        "nothing_overlaps",
        lambda d: row(d)["panels"][1]["gridPos"].update(x=13),
        "Max Prefix Cache Hit Ratio is at {'h': 8, 'w': 12, 'x': 13, 'y': 10}",
    ),
    (
        "rows_hold_what_is_theirs",
        lambda d: row(d).update(collapsed=False),
        "Prefix Cache: collapsed is False, with 2 panels in it",
    ),
    (
        "rows_hold_what_is_theirs",
        lambda d: row(d)["panels"][0]["gridPos"].update(y=0),
        "Prefix Cache Hit Ratio in Prefix Cache is a timeseries at 0",
    ),
    ("has_one_data_source", lambda d: d["templating"]["list"].pop(0), "no one datasource"),
    (
        "has_one_data_source",
        lambda d: lines(d).update(datasource={"type": "prometheus", "uid": "P1"}),
        "Request Rate: datasource",
    ),
    ("everything_is_described", lambda d: d.update(description=""), "no description"),
    (
        "everything_is_described",
        lambda d: lines(d).update(description="A rate."),
        "Request Rate: no word on how to read it",
    ),
    (
        "legends_have_last_and_worst",
        lambda d: lines(d)["options"]["legend"].update(calcs=["mean", "max"]),
        "Request Rate: legend of ['mean', 'max']",
    ),
    (
        "nothing_is_blank_without_a_reason",
        lambda d: row(d)["panels"][0]["fieldConfig"]["defaults"].pop("noValue"),
        "Prefix Cache Hit Ratio: No data, without a reason",
    ),
]


@pytest.mark.parametrize(
    ("rule", "break_it", "fault"), [pytest.param(*one, id=f"{one[0]}-{number}") for number, one in enumerate(BROKEN)]
)
def test_the_rule_finds_what_breaks_it(rule: str, break_it: Break, fault: str) -> None:
    dashboard = example()
    break_it(dashboard)
    assert getattr(shape_rules, rule)(dashboard) == [fault]


def test_each_rule_is_broken_once() -> None:
    assert {rule.__name__ for rule in RULES} == {rule for rule, _, _ in BROKEN}
