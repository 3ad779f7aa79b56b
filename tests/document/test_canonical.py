"""The canonical form: equal dashboards have one text, whoever wrote them."""

import json
from copy import deepcopy
from random import Random
from typing import Any

import attr
import grafanalib.core as grafanalib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.document.canonical import SERVER_FIELDS, canonical, dumps
from tests.reading import DASHBOARDS, every_dashboard

KEYS = st.sampled_from(["a", "b", "id", "version", "steps", "mappings", "value", "títle", ""])
NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, -0.0, 0.5, "", "ü", "1.0"]) | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=4)


@given(OBJECTS)
def test_it_is_its_own_canonical_form(dashboard: dict[str, Any]) -> None:
    once = canonical(dashboard)
    assert canonical(once) == once
    assert dumps(canonical(once)) == dumps(once)


@given(OBJECTS)
def test_a_file_gives_back_what_was_written(dashboard: dict[str, Any]) -> None:
    """So that `--check` and `push` may compare either form."""
    text = dumps(canonical(dashboard))
    assert dumps(canonical(json.loads(text))) == text


@given(OBJECTS, st.integers(0, 999))
def test_the_order_of_keys_means_nothing(dashboard: dict[str, Any], seed: int) -> None:
    assert dumps(canonical(shuffled(dashboard, Random(seed)))) == dumps(canonical(dashboard))


@given(OBJECTS)
def test_the_input_is_left_as_it_is(dashboard: dict[str, Any]) -> None:
    before = deepcopy(dashboard)
    form = canonical(dashboard)
    assert repr(dashboard) == repr(before)
    form["new"] = 1
    for value in form.values():
        if isinstance(value, dict | list):
            value.clear()
    assert repr(dashboard) == repr(before)


@given(OBJECTS, st.integers())
def test_what_the_server_makes_is_gone(dashboard: dict[str, Any], number: int) -> None:
    ours = {key: value for key, value in dashboard.items() if key not in SERVER_FIELDS}
    assert canonical({**ours, "id": number, "version": number, "iteration": number}) == canonical(ours)


def test_what_angular_left_behind_is_gone() -> None:
    panel = {"type": "graph", "yaxes": [{"format": "s", "$$hashKey": "object:1"}], "$$hashKey": "object:2"}
    assert canonical({"panels": [panel]}) == {"panels": [{"type": "graph", "yaxes": [{"format": "s"}]}]}


def test_a_panels_id_is_ours() -> None:
    assert canonical({"id": 5, "panels": [{"id": 5, "version": 2}]}) == {"panels": [{"id": 5, "version": 2}]}


@given(NUMBERS)
def test_numbers_are_by_value(number: float) -> None:
    """1.0 is 1, as in JavaScript, where all of this is read."""
    assert dumps(canonical({"a": number})) == dumps(canonical({"a": float(number)}))
    assert json.loads(dumps(canonical({"a": number})))["a"] == float(number)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e-9, "1e-9"),
        (2**53, "9007199254740992"),
        (float(2**53), "9007199254740992"),
        (-(2**53), "-9007199254740992"),
        (2**53 + 1, "9007199254740992"),
        (2**53 + 2, "9007199254740994.0"),
        (float(2**53 + 2), "9007199254740994.0"),
    ],
)
def test_numbers(number: float, text: str) -> None:
    assert dumps(canonical({"a": number})) == f'{{\n  "a": {text}\n}}\n'


def test_numbers_beyond_64_bits() -> None:
    assert canonical({"a": 10**20}) == canonical({"a": 1e20}) == json.loads(dumps(canonical({"a": 10**20})))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -(10**400)])
def test_what_json_has_no_number_for(number: float) -> None:
    """It would be written as null, and a dashboard would change on its way through a file."""
    with pytest.raises(TypeError, match="is not JSON"):
        canonical({"a": number})


def test_true_is_not_1() -> None:
    assert dumps(canonical({"a": True, "b": 1})) == '{\n  "a": true,\n  "b": 1\n}\n'


@pytest.mark.parametrize(
    ("given_form", "form"),
    [
        ({"a": None}, {}),
        ({"a": {"b": None}}, {"a": {}}),
        ({"a": [None, 1]}, {"a": [None, 1]}),
        ({"panels": [{"description": None}]}, {"panels": [{}]}),
        ({"steps": [{"color": "green", "value": None}]}, {"steps": [{"color": "green", "value": None}]}),
        ({"mappings": [{"options": {"from": None, "to": 1}}]}, {"mappings": [{"options": {"from": None, "to": 1}}]}),
        ({"mappings": None, "steps": None}, {}),
    ],
)  # fmt: skip
def test_a_null_is_kept_where_it_means_something(given_form: dict[str, Any], form: dict[str, Any]) -> None:
    assert canonical(given_form) == form


def test_grafanalibs_objects_stand_for_their_json() -> None:
    link = grafanalib.DashboardLink(title="a", uri="/d/b")
    assert canonical({"links": (link,)}) == {"links": [canonical(link.to_json_data())]}


@attr.s
class Nonsense:
    pass


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", Nonsense()])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="is not JSON"):
        canonical({"a": [{"b": value}]})


@every_dashboard
def test_our_dashboards_are_written_as_text(dashboard: dict[str, Any]) -> None:
    text = dumps(dashboard)
    assert text == json.dumps(dashboard, indent=2, sort_keys=True, ensure_ascii=False).replace("1e-09", "1e-9") + "\n"
    assert canonical(json.loads(text)) == DASHBOARDS[dashboard["uid"]]


def shuffled(value: Any, random: Random) -> Any:
    if isinstance(value, list):
        return [shuffled(one, random) for one in value]
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    return value
