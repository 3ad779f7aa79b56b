"""The queries of a panel: which is which, and what their settings mean."""

import pytest

from llumnix_dash.diff import essence
from llumnix_dash.diff.changes import Kind
from llumnix_dash.diff.parts import panel_changes
from tests.diff.strategies import Object
from tests.diff.test_matching import ten_words

Told = list[tuple[Kind, str]]


def told(old: list[Object], new: list[Object]) -> Told:
    forms = [essence.panel({"type": "timeseries", "targets": targets}) for targets in (old, new)]
    return sorted((change.kind, change.path) for change in panel_changes(*forms))


def query(ref_id: str, text: str, **other: object) -> Object:
    return {"refId": ref_id, "expr": text, **other}


def test_of_two_queries_that_are_equally_alike_the_one_of_the_same_name_is_it() -> None:
    old = [query("A", 'load{pod="a"}')]
    new = [query("B", 'load{pod="b"}'), query("A", 'load{pod="c"}')]
    assert told(old, new) == [(Kind.ADDED, "targets[B]"), (Kind.CHANGED, "targets[A].expr")]


def test_queries_that_swapped_names_are_known_by_their_texts() -> None:
    usual, odd = ten_words(10), 'load{zone="z", pod="pod_0", rack="r", shelf="s", unit="u"}'
    old = [query("A", usual), query("B", odd)]
    new = [query("A", f"{odd} > 0"), query("B", f"{usual} > 0")]
    renamed = [(Kind.RENAMED, "targets[A].refId"), (Kind.RENAMED, "targets[B].refId")]
    assert [change for change in told(old, new) if change[0] is Kind.RENAMED] == renamed


@pytest.mark.parametrize(("in_common", "is_the_same"), [(8, True), (6, False)])
def test_under_another_name_a_query_is_the_same_if_two_thirds_of_its_words_are(
    in_common: int, is_the_same: bool
) -> None:
    kinds = {kind for kind, _ in told([query("A", ten_words(10))], [query("B", ten_words(in_common))])}
    assert kinds == ({Kind.RENAMED, Kind.CHANGED} if is_the_same else {Kind.REMOVED, Kind.ADDED})


# What a query asks for, by what its JSON says: Grafana runs a range query unless "instant" alone is true.
_RANGE: list[Object] = [
    {},
    {"instant": False},
    {"range": True},
    {"range": False},
    {"instant": False, "range": True},
    {"instant": False, "range": False},
]
_INSTANT: list[Object] = [{"instant": True}, {"instant": True, "range": False}]
_BOTH: list[Object] = [{"instant": True, "range": True}]
_SPELLINGS = [
    (meaning, spelling) for meaning, all_of_it in enumerate((_RANGE, _INSTANT, _BOTH)) for spelling in all_of_it
]


@pytest.mark.parametrize("old", _SPELLINGS, ids=str)
@pytest.mark.parametrize("new", _SPELLINGS, ids=str)
def test_a_query_that_asks_for_another_kind_of_answer_is_told_and_another_spelling_is_not(
    old: tuple[int, Object], new: tuple[int, Object]
) -> None:
    changes = told([query("A", "up", **old[1])], [query("A", "up", **new[1])])
    assert bool(changes) is (old[0] != new[0])
    assert all(kind is Kind.CHANGED for kind, _ in changes)
