"""Restarts of gateways, schedulers and engines are marked across every panel."""

from tests.reading import Json, every_dashboard, selectors


@every_dashboard
def test_restarts_of_every_component_are_marked(dashboard: Json) -> None:
    built_in, *ours = dashboard["annotations"]["list"]
    assert (built_in["builtIn"], built_in["type"]) == (1, "dashboard")
    assert all(one["enable"] and not one["hide"] for one in ours)
    exporters = {
        exporter.name
        for one in ours
        for selected in selectors(one["target"]["expr"])
        for exporter in selected.metric.exporters
    }
    assert exporters == {"gateway", "scheduler", "engine"}


@every_dashboard
def test_a_mark_says_what_started_and_where(dashboard: Json) -> None:
    for one in dashboard["annotations"]["list"][1:]:
        assert "started" in one["titleFormat"]
        assert one["textFormat"] == "{{instance}}"
        assert (one["target"]["refId"], one["target"]["interval"]) == ("Anno", "60s")
        assert not {"expr", "step"} & set(one), "the form before Grafana 8"
