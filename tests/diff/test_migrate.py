"""Grafana's own migration of an old dashboard is no change; what it would not do is one."""

import pytest

from llumnix_dash.diff.compare import compare
from tests.diff.strategies import Object


def panel(**other: object) -> Object:
    return {"id": 1, "type": "timeseries", "title": "TTFT", **other}


def is_changed(version: int, old: Object, new: Object) -> bool:
    boards = (
        {"uid": "u", "schemaVersion": version, "panels": [old]},
        {"uid": "u", "schemaVersion": 42, "panels": [new]},
    )
    return bool(compare(*boards).items)


OLD_MAPPING = panel(
    fieldConfig={
        "defaults": {
            "mappings": [
                {"type": 1, "value": "0", "text": "down"},
                {"type": 2, "from": "1", "to": "9", "text": "up"},
            ]
        }
    }
)
NEW_MAPPING = panel(
    fieldConfig={
        "defaults": {
            "mappings": [
                {"type": "value", "options": {"0": {"text": "down", "index": 0}}},
                {"type": "range", "options": {"from": "1", "to": "9", "result": {"text": "up", "index": 1}}},
            ]
        }
    }
)
OLD_LEGEND = panel(options={"legend": {"displayMode": "hidden"}})
NEW_LEGEND = panel(options={"legend": {"displayMode": "list", "showLegend": False}})
OLD_CELLS = panel(type="table", fieldConfig={"defaults": {"custom": {"displayMode": "basic"}}})
NEW_CELLS = panel(
    type="table", fieldConfig={"defaults": {"custom": {"cellOptions": {"type": "gauge", "mode": "basic"}}}}
)


@pytest.mark.parametrize(
    ("since", "old", "new"),
    [(30, OLD_MAPPING, NEW_MAPPING), (37, OLD_LEGEND, NEW_LEGEND), (38, OLD_CELLS, NEW_CELLS)],
)
def test_a_step_is_taken_below_its_version_and_no_longer_from_it_on(since: int, old: Object, new: Object) -> None:
    """A dashboard that names the version has been through it, and Grafana takes its old form for nothing known."""
    assert not is_changed(since - 1, old, new)
    assert is_changed(since, old, new)


@pytest.mark.parametrize(
    ("height", "units"), [("250px", 7), (304, 8), ("50px", 3), (114, 3), (115, 4), (None, 8), ("tall", 8)]
)
def test_the_height_of_an_old_row_is_counted_in_units_of_38_pixels_and_is_three_at_least(
    height: object, units: int
) -> None:
    rows = [{"height": height, "panels": [{"id": 1, "type": "text", "title": "Notes", "span": 12}]}]
    place = {"x": 0, "y": 0, "w": 24, "h": units}
    new = {"schemaVersion": 42, "panels": [{"id": 1, "type": "text", "title": "Notes", "gridPos": place}]}
    assert compare({"schemaVersion": 14, "rows": rows}, new).items == ()
