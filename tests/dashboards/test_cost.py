"""Opening a page asks little of Prometheus, on a fleet of any size."""

from tests.reading import Json, every_dashboard, nodes, panels, parse, selectors

MOST_QUERIES = 45


@every_dashboard
def test_opening_the_page_asks_few_queries(dashboard: Json) -> None:
    """Collapsed rows ask nothing; annotations and variables ask when the page opens."""
    open_panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    annotations = [one for one in dashboard["annotations"]["list"] if one["enable"] and "target" in one]
    assert sum(len(panel["targets"]) for panel in open_panels) + len(annotations) <= MOST_QUERIES


@every_dashboard
def test_a_line_an_instance_is_bounded_by_top(dashboard: Json) -> None:
    """Where lines are told apart by instance there are $top of them, the same all along the time range."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            by_instance = [
                one
                for one in selectors(target["expr"])
                if one.aggregations() and {"instance", "instance_id"} & set(one.aggregations()[-1][1])
            ]
            if by_instance:
                assert "k($top, " in target["expr"], panel["title"]
                assert " @ end()" in target["expr"], panel["title"]


@every_dashboard
def test_a_panel_shows_the_same_instances_in_each_query(dashboard: Json) -> None:
    for panel in panels(dashboard):
        # The pod goes with the instance.
        ranks = {_rank(target["expr"]).replace(", pod", "") for target in panel["targets"]}
        assert len(ranks) == 1, panel["title"]


def _rank(expr: str) -> str:
    tops = [str(node) for node, _ in nodes(parse(expr)) if str(getattr(node, "op", "")) in {"topk", "bottomk"}]
    return "".join(tops)
