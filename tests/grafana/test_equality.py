"""What counts as the same: what a server does on the way, and nothing else."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.grafana import marker
from llumnix_dash.grafana.equality import digest, seconds
from llumnix_dash.grafana.model import Live
from tests.grafana.fake import PROFILES
from tests.grafana.fake.store import Store
from tests.grafana.samples import dashboard, with_query

KEYS = st.sampled_from(
    ["title", "id", "options", "steps", "mappings", "datasource", "refresh", "a", "é", "libraryPanel"]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
DASHBOARDS = st.builds(
    lambda extra, refresh, tags, title: dashboard(**extra, refresh=refresh, tags=tags, title=f"x{title}"),
    st.dictionaries(st.sampled_from(["description", "panels", "links", "annotations", "time", "x"]), JSON, max_size=4),
    st.sampled_from(["", "auto", "1s", "5s", "30s", "1m", "1h30m"]),
    st.lists(TEXT, max_size=3),
    TEXT,
)


@given(item=DASHBOARDS, name=st.sampled_from(list(PROFILES)))
def test_what_comes_back_from_a_server_is_the_same(item: dict[str, Any], name: str):
    """Whatever is pushed, with our marker on it: it equals what is read back, and its marker agrees with it."""
    store = Store(PROFILES[name].but(refuses_short_refresh=False))
    sent = marker.put_on(item, digest(item, "5s"), "f")
    store.save(json.loads(json.dumps(sent)), folder="", message="", by="us", expected=None)
    live = {**store.dashboards[item["uid"]].spec, "id": 5, "version": 9}
    assert digest(live, "5s") == digest(item, "5s")
    mark = marker.read(live)
    assert mark is not None
    assert mark.kept in {digest(live), digest(live, "5s")}


@pytest.mark.parametrize(
    "same",
    [
        {"id": 7},
        {"version": 3},
        {"iteration": 5},
        {"title": " Dashboard llumnix-lrs-dashboard "},
        {"tags": ["llumnix", "llumnix-dash", "llumnix-dash:0123456789abcdef"]},
        {"weekStart": None},
    ],
)
def test_what_says_nothing(same: dict[str, Any]):
    assert digest(dashboard(**same)) == digest(dashboard())


@pytest.mark.parametrize(
    "other",
    [
        {"title": "x"},
        {"uid": "y"},
        {"tags": []},
        {"tags": ["llumnix", "llumnix-dashboards"]},
        {"refresh": "1m"},
        {"liveNow": True},
        {"liveNow": 1},
        {"liveNow": False},
    ],
)
def test_what_says_something(other: dict[str, Any]):
    assert digest(dashboard(**other)) != digest(dashboard())


def test_true_is_not_one():
    assert digest(dashboard(x=True)) != digest(dashboard(x=1))


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (2**53 + 1, float(2**53 + 1)), (0, -0.0), ("a", "\ufeffa")])
def test_what_a_server_levels_in_values(one: Any, other: Any):
    assert digest(dashboard(x=one)) == digest(dashboard(x=other))


def test_a_library_panel_is_its_uid_and_name():
    def with_library(**more: Any) -> dict[str, Any]:
        return dashboard(panels=[{"id": 1, "libraryPanel": {"uid": "u", "name": "n", **more}}])

    assert digest(with_library()) == digest(with_library(version=3, meta={"folder": "x"}))
    assert digest(with_library()) != digest(with_library(uid="v"))


def test_a_refresh_below_the_minimum_is_the_minimum_and_above_it_counts():
    assert digest(dashboard(refresh="1s"), "5s") == digest(dashboard(refresh="5s"), "5s")
    assert digest(dashboard(refresh="1s"), "5s") != digest(dashboard(refresh="10s"), "5s")
    assert digest(dashboard(refresh=""), "5s") != digest(dashboard(refresh="5s"), "5s")
    assert digest(dashboard(refresh="auto"), "5s") != digest(dashboard(refresh="5s"), "5s")


def test_the_input_is_left_as_it_is():
    item = dashboard(tags=["a", marker.TAG])
    before = copy.deepcopy(item)
    digest(item, "1m")
    marker.put_on(item, "0" * 16, "")
    assert item == before


@pytest.mark.parametrize(
    ("text", "value"), [("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("", None), ("auto", None), (5, None)]
)
def test_durations(text: Any, value: float | None):
    assert seconds(text) == value


def test_the_marker_of_an_older_push_is_replaced():
    item = marker.put_on(marker.put_on(dashboard(), "0" * 16, ""), "1" * 16, "f")
    assert item["tags"][:2] == ["llumnix", "llumnix-dash"]
    assert item["tags"][2:] == [f"llumnix-dash:3:{item['tags'][2].split(':')[2]}:{'1' * 16}"]
    assert marker.read(item) == marker.Mark("1" * 16, "1" * 16, marker.short("f"), "llumnix", marker.state(0, 0))
    assert marker.without(item) == dashboard()


def test_each_way_of_signing_is_read():
    place, sent, kept = marker.short(dashboard()["uid"]) + marker.short("f"), "1" * 16, "2" * 16
    of_way_2 = marker.Mark(sent, kept, marker.short("f"), "mine")
    assert marker.read(dashboard(tags=[f"llumnix-dash:2:mine:{place}:{sent}:{kept}"])) == of_way_2
    seen = Live("x", {}, version=4, revision="4", id=7)
    item = marker.put_on(dashboard(), sent, "f", "mine", kept=kept, seen=seen)
    assert marker.read(item) == replace(of_way_2, seen=marker.state(4, 7))
    assert marker.without(item) == dashboard()


def test_no_tag_is_longer_than_grafana_takes():
    seen = Live("x", {}, version=2**53, revision="", id=2**53)
    item = marker.put_on(dashboard(), "1" * 16, "f", "x" * 30, kept="2" * 16, seen=seen)
    assert max(len(tag.encode()) for tag in item["tags"]) <= 50


def test_the_newest_signed_message_counts():
    newest = ["Restored from version 1", "", marker.sign("b", "b" * 16), marker.sign("a", "a" * 16)]
    assert marker.last_signed(newest) == "b" * 16
    assert marker.last_signed(["Initial save", "[llumnix-dash:xyz]"]) is None


def test_a_message_of_full_length_fits():
    assert len(marker.sign("x" * marker.MESSAGE_ROOM, digest(with_query(dashboard(), "up")))) == marker.MESSAGE_LIMIT
