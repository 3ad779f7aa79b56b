"""Grafana's models read every generated panel, lose nothing and find no value of a wrong type."""

from typing import Any

import pytest

from tests.dashboards.example import example
from tests.dashboards.independent_reader import overrides, read, written, wrong_values
from tests.reading import Json, every_dashboard, lost, panels


@every_dashboard
def test_nothing_is_lost(dashboard: Json) -> None:
    assert lost(dashboard, written(read(dashboard))) == []


@every_dashboard
def test_every_value_is_of_the_declared_type(dashboard: Json) -> None:
    assert wrong_values(read(dashboard)) == []


@every_dashboard
def test_every_override_is_a_property_that_the_plugin_has(dashboard: Json) -> None:
    assert [(where, wrong_values(model) if model else "unknown") for where, model in overrides(dashboard)] == [
        (where, []) for where, _ in overrides(dashboard)
    ]


@every_dashboard
def test_panels_and_queries_are_read_as_those_of_their_plugin(dashboard: Json) -> None:
    """Unknown kinds would be kept as they are, and nothing of them would be checked."""
    for panel in panels_of(read(dashboard)):
        assert type(panel.options).__module__.endswith(f".{panel.type_val.replace('-', '')}")
        assert {type(target).__module__ for target in panel.targets} == {"grafana_foundation_sdk.models.prometheus"}


@pytest.mark.parametrize(
    ("where", "value", "fault"),
    [
        ("options.legend.displayMode", "grid", ".panels[].options.legend.display_mode: 'grid' is no LegendDisplayMode"),
        ("fieldConfig.defaults.custom.drawStyle", "curve", "'curve' is no GraphDrawStyle"),
        ("fieldConfig.defaults.min", "0", ".panels[].field_config.defaults.min_val: '0' is no float"),
        ("title", 5, ".panels[].title: 5 is no str"),
    ],
)
def test_a_wrong_value_is_found(where: str, value: Any, fault: str) -> None:
    dashboard, panel = broken_panel()
    *path, key = where.split(".")
    for one in path:
        panel = panel[one]
    panel[key] = value
    faults = wrong_values(read(dashboard))
    assert len(faults) == 1
    assert faults[0].endswith(fault)


def test_an_unknown_key_is_found() -> None:
    dashboard, panel = broken_panel()
    panel["fieldConfig"]["defaults"]["axisLabel"] = "where Grafana ignores it"
    assert lost(dashboard, written(read(dashboard))) == [".panels[].fieldConfig.defaults.axisLabel is lost"]


def test_an_unknown_override_is_found() -> None:
    dashboard, panel = broken_panel()
    panel["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "custom.width", "value": 3}]}
    ]
    assert (f"{panel['title']}: custom.width", None) in overrides(dashboard)


def broken_panel() -> tuple[Json, Json]:
    """A dashboard, and its first panel."""
    dashboard = example()
    return dashboard, panels(dashboard)[0]


def panels_of(dashboard: Any) -> list[Any]:
    return [
        panel
        for one in dashboard.panels
        for panel in (one.panels if one.type_val == "row" else [one])
        if panel.type_val != "row"
    ]
