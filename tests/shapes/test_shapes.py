"""grafanalib's classes with today's JSON: what they give beyond what the generated dashboards show."""

import json

import attr
import grafanalib.core as grafanalib
from grafanalib._gen import DashboardEncoder

from llumnix_dash.board import board, row
from llumnix_dash.catalog import gateway
from llumnix_dash.panels import quantiles, rates
from llumnix_dash.promql import rate
from llumnix_dash.shapes.board import offer_to_generate_dashboard
from llumnix_dash.shapes.panels import DATA_SOURCE, Target, TimeSeries


def test_grafanalibs_encoder_writes_them() -> None:
    made = board(
        uid="mine",
        title="Mine",
        description="Mine.",
        variables=[],
        rows=[row("Row", rates("a", "A", {"a": gateway.REQUESTS}, reading="A."), collapsed=True)],
    )
    assert json.loads(json.dumps(made, cls=DashboardEncoder)) == json.loads(
        json.dumps(made.to_json_data(), cls=DashboardEncoder)
    )
    assert isinstance(made, grafanalib.Dashboard)


def test_a_copy_differs_in_what_was_changed_alone() -> None:
    panel = quantiles("a", "A", gateway.TTFT)
    copy = attr.evolve(panel, title="B")
    assert isinstance(copy, TimeSeries)
    assert {**copy.to_json_data(), "title": "A"} == panel.to_json_data()


def test_nobodys_data_source_is_shared() -> None:
    """Whoever changes one panel's JSON must not change all of them."""
    target = Target(query=rate(gateway.REQUESTS))
    target.to_json_data()["datasource"]["uid"] = "changed"
    assert target.to_json_data()["datasource"] == DATA_SOURCE == {"type": "prometheus", "uid": "${datasource}"}


def test_thresholds_are_drawn_where_there_are_some() -> None:
    plain = rates("a", "A", {"a": gateway.REQUESTS}, reading="A.").to_json_data()["fieldConfig"]["defaults"]
    steps = ((None, "green"), (5, "red"))
    bounded = rates("a", "A", {"a": gateway.REQUESTS}, reading="A.", thresholds=steps).to_json_data()["fieldConfig"]
    assert plain["custom"]["thresholdsStyle"] == {"mode": "off"}
    assert bounded["defaults"]["custom"]["thresholdsStyle"] == {"mode": "dashed"}
    assert bounded["defaults"]["thresholds"]["steps"] == [
        {"color": "green", "value": None},
        {"color": "red", "value": 5},
    ]


def test_only_grafanalibs_program_is_offered_the_odd_name() -> None:
    dashboard = object()
    ours = {"__name__": "dashboards.request"}
    theirs = {"__name__": "dashboards/request"}
    offer_to_generate_dashboard(dashboard, ours)  # type: ignore[arg-type]
    offer_to_generate_dashboard(dashboard, theirs)  # type: ignore[arg-type]
    assert ours == {"__name__": "dashboards.request"}
    assert theirs["dashboards/request"] is dashboard  # type: ignore[comparison-overlap]
