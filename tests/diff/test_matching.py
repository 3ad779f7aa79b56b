"""Which old panel is which new one, where it is not plain."""

import copy
from typing import Any

import pytest

from llumnix_dash.diff.changes import Kind, Part
from llumnix_dash.diff.compare import compare

Object = dict[str, Any]
Told = list[tuple[str, str, Kind, str]]


def panel(number: int, title: str, query: str, y: int, **other: Any) -> Object:
    place = {"x": 0, "y": y, "w": 24, "h": 8}
    targets = [{"refId": "A", "expr": query}]
    return {"id": number, "type": "timeseries", "title": title, "gridPos": place, "targets": targets, **other}


def row(number: int, title: str, y: int) -> Object:
    return {"id": number, "type": "row", "title": title, "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}


def board(*panels: Object) -> Object:
    return copy.deepcopy({"uid": "u", "title": "Board", "panels": list(panels)})


def told(old: Object, new: Object) -> Told:
    changes = compare(old, new).changes()
    return sorted((item.part.value, item.name, change.kind, change.path) for item, change in changes)


def ten_words(in_common: int) -> str:
    """A query of ten words, of which so many stand in any other of its kind."""
    pods = [f"pod-{at}" if at < in_common - 2 else f"pod-{at}-of-{in_common}" for at in range(8)]
    return f'load{{pod=~"{"|".join(pods).replace("-", "_")}"}}'


PREFILL = 'sum(instance_cms_running_requests{infer_type="prefill"})'
DECODE = 'sum(instance_cms_running_requests{infer_type="decode"})'


def test_twins_in_title_that_are_renumbered_and_pushed_are_still_themselves() -> None:
    old = board(panel(1, "CMS Requests", PREFILL, 0), panel(2, "CMS Requests", DECODE, 8))
    new = board(
        panel(3, "Uptime", "uptime_seconds", 0),
        panel(2, "CMS Requests", PREFILL, 8),
        panel(1, "CMS Requests", DECODE, 16),
    )
    assert told(old, new) == [(Part.PANEL, "Uptime", Kind.ADDED, "")]


def test_a_stable_id_comes_before_a_copy_of_the_panel() -> None:
    """The panel was copied, and then the first of the two was edited."""
    others = [panel(10 + number, f"Other {number}", f"other_{number}", 50 + 8 * number) for number in range(3)]
    old = board(panel(1, "Requests", PREFILL, 0), *others)
    new = board(panel(1, "Requests", DECODE, 0), panel(9, "Requests", PREFILL, 90), *others)
    assert told(old, new) == [
        (Part.PANEL, "Requests", Kind.ADDED, ""),
        (Part.PANEL, "Requests", Kind.CHANGED, "targets[A].expr"),
    ]


def test_ids_hold_where_as_many_panels_kept_theirs_as_lost_them() -> None:
    """One of two panels kept its id and one seems to have another: the copy of the first, as above."""
    other = panel(10, "Other", "other", 50)
    old = board(panel(1, "Requests", PREFILL, 0), other)
    new = board(panel(1, "Requests", DECODE, 0), panel(9, "Requests", PREFILL, 90), other)
    assert told(old, new) == [
        (Part.PANEL, "Requests", Kind.ADDED, ""),
        (Part.PANEL, "Requests", Kind.CHANGED, "targets[A].expr"),
    ]


@pytest.mark.parametrize(
    ("new_id", "in_common", "is_the_same"), [(1, 6, True), (1, 4, False), (7, 7, True), (7, 6, False)]
)
def test_a_panel_with_another_title_is_the_same_if_half_its_query_is_and_two_thirds_under_another_id(
    new_id: int, in_common: int, is_the_same: bool
) -> None:
    old = board(panel(1, "Load", ten_words(10), 0))
    new = board(panel(new_id, "Running", ten_words(in_common), 40))
    kinds = {kind for *_, kind, _ in told(old, new)} - {Kind.MOVED}
    assert kinds == ({Kind.RENAMED, Kind.CHANGED} if is_the_same else {Kind.REMOVED, Kind.ADDED})


def test_another_panel_with_the_id_of_one_that_is_gone_is_another_panel() -> None:
    old = board(panel(1, "Requests", PREFILL, 0))
    new = board(panel(1, "Uptime", "uptime_seconds", 40))
    assert told(old, new) == [(Part.PANEL, "Requests", Kind.REMOVED, ""), (Part.PANEL, "Uptime", Kind.ADDED, "")]


def test_a_panel_of_one_id_type_and_place_is_the_same_panel() -> None:
    old, new = board(panel(1, "Requests", PREFILL, 0)), board(panel(1, "Uptime", "uptime_seconds", 0))
    assert {kind for *_, kind, _ in told(old, new)} == {Kind.RENAMED, Kind.CHANGED}


def cloud_watch(title: str, metric: str, y: int = 0) -> Object:
    target = {"refId": "A", "namespace": "AWS/EC2", "metricName": metric, "statistic": "Average", "region": "default"}
    return panel(1, title, "", y, targets=[target], datasource={"type": "cloudwatch", "uid": "aws"})


def test_a_renamed_panel_whose_query_has_no_text_is_the_same_panel() -> None:
    assert told(board(cloud_watch("CPU", "CPUUtilization")), board(cloud_watch("Processor", "CPUUtilization", 40))) == [
        (Part.PANEL, "Processor", Kind.MOVED, "gridPos"),
        (Part.PANEL, "Processor", Kind.RENAMED, "title"),
    ]


@pytest.mark.parametrize(
    ("title", "is_the_same"), [("Request rates", True), ("Request rate now", True), ("Request delay", False)]
)
def test_a_title_a_letter_or_a_short_word_apart_is_the_same_panel(title: str, is_the_same: bool) -> None:
    old, new = board(panel(1, "Request rate", PREFILL, 0)), board(panel(1, title, "other", 40))
    assert (Kind.RENAMED in {kind for *_, kind, _ in told(old, new)}) is is_the_same


def test_untitled_panels_are_known_by_id_and_place() -> None:
    old, new = board(panel(1, "", PREFILL, 0)), board(panel(1, "", "uptime_seconds", 0))
    assert told(old, new) == [(Part.PANEL, "", Kind.CHANGED, "targets[A].expr")]


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ({"refId": "A", "rawSql": "SELECT 1"}, "SELECT 1"),
        ({"refId": "A", "expr": '{app="x"} |= "error"'}, '{app="x"} |= "error"'),
        (
            {"refId": "A", "hide": False, "namespace": "AWS/EC2", "metricName": "CPU", "dimensions": {"Id": ["i-1"]}},
            'dimensions: {"Id":["i-1"]}, metric name: CPU, namespace: AWS/EC2',
        ),
    ],
    ids=["sql", "loki", "cloudwatch"],
)
def test_what_an_added_panel_asks_is_told_for_any_data_source(target: Object, asked: str) -> None:
    added = compare(board(), board(panel(1, "New", "", 0, targets=[target])))
    assert [change.new["queries"] for _, change in added.changes()] == [[asked]]


def test_a_panel_is_known_by_its_id_though_its_title_and_some_of_its_query_changed() -> None:
    new_query = PREFILL.replace("prefill", "neutral")
    old, new = board(panel(1, "Requests", PREFILL, 0)), board(panel(1, "Running", new_query, 0))
    assert told(old, new) == [
        (Part.PANEL, "Running", Kind.CHANGED, "targets[A].expr"),
        (Part.PANEL, "Running", Kind.RENAMED, "title"),
    ]


def test_a_panel_is_known_by_title_and_type_though_its_id_and_query_changed() -> None:
    old, new = board(panel(1, "Requests", PREFILL, 0)), board(panel(7, "Requests", "go_goroutines", 0))
    assert told(old, new) == [(Part.PANEL, "Requests", Kind.CHANGED, "targets[A].expr")]


def test_a_panel_is_known_by_its_query_though_its_id_and_title_changed() -> None:
    old, new = board(panel(1, "Requests", PREFILL, 0)), board(panel(7, "Running", f"{PREFILL} > 0", 0))
    assert told(old, new) == [
        (Part.PANEL, "Running", Kind.CHANGED, "targets[A].expr"),
        (Part.PANEL, "Running", Kind.RENAMED, "title"),
    ]


def test_queries_of_the_same_form_on_other_metrics_are_not_alike() -> None:
    form = 'histogram_quantile(0.99, sum by (le) (rate({}_bucket{{namespace=~"$namespace"}}[$__rate_interval])))'
    old = board(panel(1, "TTFT", form.format("ttft"), 0))
    new = board(panel(2, "TPOT", form.format("tpot"), 0))
    assert told(old, new) == [(Part.PANEL, "TPOT", Kind.ADDED, ""), (Part.PANEL, "TTFT", Kind.REMOVED, "")]


def test_a_renamed_row_keeps_its_panels() -> None:
    old = board(row(9, "Latency", 0), panel(1, "A", PREFILL, 1), row(8, "Traffic", 9), panel(2, "B", DECODE, 10))
    new = copy.deepcopy(old)
    new["panels"][0] |= {"title": "How long it takes", "id": 77}
    assert told(old, new) == [(Part.ROW, "How long it takes", Kind.RENAMED, "title")]


def test_references_to_panels_follow_a_renumbering() -> None:
    shown_again = {**panel(2, "Again", "", 8), "targets": [{"refId": "A", "panelId": 1}]}
    old = board(panel(1, "Requests", PREFILL, 0), shown_again)
    old["annotations"] = {"list": [{"name": "deploys", "enable": True, "filter": {"exclude": False, "ids": [1]}}]}
    new = copy.deepcopy(old)
    new["panels"][0]["id"], new["panels"][1]["id"] = 11, 12
    new["panels"][1]["targets"][0]["panelId"] = 11
    new["annotations"]["list"][0]["filter"]["ids"] = [11]
    assert told(old, new) == []
    new["panels"][1]["targets"][0]["panelId"] = 12
    assert told(old, new) == [(Part.PANEL, "Again", Kind.CHANGED, "targets[A].panelId")]


def test_a_name_of_a_data_source_that_became_two_uids_is_a_change() -> None:
    old = board(panel(1, "A", PREFILL, 0, datasource="Prometheus"), panel(2, "B", DECODE, 8, datasource="Prometheus"))
    new = copy.deepcopy(old)
    old["schemaVersion"], new["schemaVersion"] = 30, 42
    new["panels"][0]["datasource"] = new["panels"][1]["datasource"] = {"type": "prometheus", "uid": "one"}
    assert told(old, new) == []
    new["panels"][1]["datasource"] = {"type": "prometheus", "uid": "two"}
    assert [path for *_, path in told(old, new)] == ["datasource", "datasource"]


def test_rows_of_one_title_that_hold_nothing_are_told_apart_by_their_places() -> None:
    """The panel that one of them had is gone: neither row has moved."""

    def row(number: int, top: int) -> dict[str, object]:
        return {"type": "row", "title": "Engines", "id": number, "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}}

    panel = {"type": "timeseries", "title": "A", "id": 1, "gridPos": {"x": 0, "y": 1, "w": 12, "h": 8}}
    old = {"uid": "a", "panels": [row(2, 0), panel, row(3, 9)]}
    new = {"uid": "a", "panels": [row(2, 0), row(3, 9)]}
    for before, after in ((old, new), (new, old)):
        assert all(item.part is not Part.ROW for item, _ in compare(before, after).changes())
