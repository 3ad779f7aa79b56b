"""The left side of every alert is a panel, which draws the threshold."""

import re

import pytest

from llumnix_dash.board import panel_id
from llumnix_dash.rules import Alert
from llumnix_dash.rules.declared import every_alert
from tests.reading import DASHBOARDS, panels

PANELS = {panel["id"]: panel for panel in panels(DASHBOARDS["llumnix-alerts-dashboard"])}
ALERTS = [pytest.param(one, id=one.key) for one in every_alert()]


def unfiltered(query: str) -> str:
    """The query without the matchers of the page's variables, and without the choice of the highest lines."""
    query = re.sub(r',?\w+=~"\$\w+"', "", query).replace("{,", "{").replace("{}", "")
    return re.sub(r"^\((.*)\) and on \([^)]*\) topk\(\$top, .*$", r"\1", query, flags=re.DOTALL)


@pytest.mark.parametrize("alert", ALERTS)
def test_the_panel_asks_what_the_alert_asks(alert: Alert) -> None:
    [target] = PANELS[panel_id(alert.key)]["targets"]
    assert unfiltered(target["expr"]) == alert.left.text(()).replace("{}", "")
    assert alert.left.text(()) in alert.condition()


@pytest.mark.parametrize("alert", ALERTS)
def test_the_threshold_is_drawn(alert: Alert) -> None:
    fields = PANELS[panel_id(alert.key)]["fieldConfig"]["defaults"]
    assert alert.threshold in [step["value"] for step in fields["thresholds"]["steps"]]
    assert fields["custom"]["thresholdsStyle"]["mode"] != "off"


def test_alerts_of_one_name_are_told_apart_by_labels() -> None:
    told = [(one.name, one.severity, *sorted(one.labels.items())) for one in every_alert()]
    assert len(set(told)) == len(told)
    assert len({one.key for one in every_alert()}) == len(told)
