"""What only the whole dashboard can give: ids, places, refIds, scopes, and what it refuses."""

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash import board as boards
from llumnix_dash.board import BoardError, RowOfPanels, board, panel_id, row
from llumnix_dash.catalog import cms, gateway
from llumnix_dash.panels import per_instance, rates, stat
from llumnix_dash.promql import rate
from llumnix_dash.shapes.panels import Panel
from llumnix_dash.variables import MODEL, NAMESPACE, Variable
from tests.reading import Json

KEYS = st.lists(st.text("abcdefghij_", min_size=1, max_size=6), unique=True, max_size=8)


def made(
    *rows: RowOfPanels, variables: tuple[Variable, ...] = (NAMESPACE,), family: Mapping[str, str] | None = None
) -> Json:
    one = board(uid="mine", title="Mine", description="Mine.", variables=variables, rows=rows, family=family or {})
    return one.to_json_data()  # type: ignore[no-any-return]


def panel(key: str, title: str = "A rate") -> Panel:
    return rates(key, title, {"requests": gateway.REQUESTS})


def ids(dashboard: Json) -> dict[str, int]:
    """Title -> id."""
    return {one["title"]: one["id"] for top in dashboard["panels"] for one in (top, *top.get("panels", []))}


@given(KEYS, st.integers(0, 999), st.booleans())
def test_ids_do_not_depend_on_the_order(keys: list[str], seed: int, collapsed: bool) -> None:
    panels = [panel(key, key) for key in keys]
    before = ids(made(row("Row", *panels)))
    Random(seed).shuffle(panels)
    assert ids(made(row("Row", *panels, collapsed=collapsed))) == before


@given(KEYS, st.integers(0, 8))
def test_a_new_panel_changes_no_other_id(keys: list[str], at: int) -> None:
    panels = [panel(key, key) for key in keys]
    before = ids(made(row("Row", *panels)))
    panels.insert(at, panel("new panel", "new panel"))
    assert {title: one for title, one in ids(made(row("Row", *panels))).items() if title in before} == before


@given(KEYS)
def test_a_new_title_changes_no_id(keys: list[str]) -> None:
    one = made(row("Row", *(panel(key, f"Title of {key}") for key in keys)))
    other = made(row("Row", *(panel(key, f"Another of {key}") for key in keys)))
    assert list(ids(one).values()) == list(ids(other).values())


def test_known_ids() -> None:
    """They are in people's links and alerts: another function would break them all."""
    assert (panel_id("ttft"), panel_id("cms_requests_prefill")) == (1915638111, 1200397215)


@given(st.text())
def test_an_id_is_one_that_grafana_takes(key: str) -> None:
    assert 1 <= panel_id(key) < 2**31


def test_two_panels_of_one_key() -> None:
    with pytest.raises(BoardError) as caught:
        made(row("One", panel("a")), row("Two", panel("b"), panel("a"), collapsed=True))
    assert caught.value.render() == "two panels have the key 'a'\n  try: a key of its own for each panel"


def test_two_keys_of_one_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes some 80 000 panels until that is as likely as not; it must not pass unseen."""
    monkeypatch.setattr(boards, "panel_id", len)
    with pytest.raises(BoardError, match="panels 'a' and 'b' come to the same id"):
        made(row("Row", panel("a"), panel("b")))


def test_two_rows_of_one_title() -> None:
    with pytest.raises(BoardError, match="two panels have the key 'row Same'"):
        made(row("Same", panel("a")), row("Same", panel("b")))


def test_a_query_of_a_variable_that_the_board_does_not_have() -> None:
    top = per_instance("kv", "KV", cms.KV_CACHE_USAGE)
    with pytest.raises(BoardError) as caught:
        made(row("Row", top))
    assert caught.value.summary == "panel 'kv' uses $top, which the board does not have"
    assert caught.value.hint == "add the variable to the board (it has: datasource, namespace)"


def test_each_query_gets_the_boards_variables() -> None:
    dashboard = made(row("Row", panel("a")), variables=(NAMESPACE, MODEL))
    (target,) = dashboard["panels"][1]["targets"]
    assert target["expr"] == rate(gateway.REQUESTS).text((NAMESPACE.filter, MODEL.filter))


def test_one_panel_on_two_boards_is_bound_to_each() -> None:
    shared = panel("a")
    one = made(row("Row", shared), variables=(NAMESPACE,))
    other = made(row("Row", shared), variables=())
    assert "$namespace" in one["panels"][1]["targets"][0]["expr"]
    assert "$namespace" not in other["panels"][1]["targets"][0]["expr"]
    assert shared.id is None


def test_ref_ids_follow_the_targets() -> None:
    three = rates("a", "A", {"x": gateway.REQUESTS, "y": gateway.RETRIES, "z": gateway.FALLBACKS})
    assert [one["refId"] for one in made(row("Row", three))["panels"][1]["targets"]] == ["A", "B", "C"]


def test_rows_stand_beneath_one_another() -> None:
    dashboard = made(
        row("Open", panel("a"), panel("b")),
        row("Closed", panel("c"), panel("d"), collapsed=True),
        row("Last", stat("e", "E", rate(gateway.REQUESTS), "A number.")),
    )
    places = [(one["title"], one["type"], one["gridPos"]) for one in dashboard["panels"]]
    assert places == [
        ("Open", "row", {"h": 1, "w": 24, "x": 0, "y": 0}),
        ("A rate", "timeseries", {"h": 8, "w": 12, "x": 0, "y": 1}),
        ("A rate", "timeseries", {"h": 8, "w": 12, "x": 12, "y": 1}),
        ("Closed", "row", {"h": 1, "w": 24, "x": 0, "y": 9}),
        ("Last", "row", {"h": 1, "w": 24, "x": 0, "y": 10}),
        ("E", "stat", {"h": 4, "w": 24, "x": 0, "y": 11}),
    ]
    assert [one["gridPos"]["y"] for one in dashboard["panels"][3]["panels"]] == [10, 10]


def test_an_empty_board() -> None:
    assert made()["panels"] == []


def test_a_board_links_to_its_family_but_not_to_itself() -> None:
    family = {"mine": "Mine", "theirs": "Theirs", "ours": "Ours"}
    assert [one["title"] for one in made(family=family)["links"]] == ["Theirs", "Ours"]
    assert made()["links"] == []
