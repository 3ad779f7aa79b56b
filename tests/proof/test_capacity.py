"""The overview's rows on what to do are right on fleets that are short of something, and on those that are not."""

from collections.abc import Mapping

import pytest

from llumnix_dash.promql.capacity import UNKNOWN, UNSEEN
from llumnix_dash.promql.charge import DOWN, IDLE, IN_CHARGE, STORE_AWAY
from llumnix_dash.promql.cost import UNPRICED
from tests.proof import truth_capacity
from tests.proof.events import Events
from tests.proof.fleets import scenarios
from tests.proof.shown import RANGE, WINDOW, Backfilled
from tests.proof.test_truth import drawn

SHORT = {"prefill-short": {1}, "decode-short": {2}, "both-short": {3}, "neutral-short": {4}}
ENOUGH = ("default", "kvt-batch", "kvt-staged", "two-clusters", "old-vllm")
PRICES = {"prefill": 4.0, "decode": 2.5, "neutral": 0.5}


def events(store: Backfilled, seconds: float = WINDOW, *, before_end: float = 0) -> Events:
    return store.events(seconds, before_end=before_end)


@scenarios(*SHORT, *ENOUGH, "overload")
@pytest.mark.parametrize("key", truth_capacity.PANELS)
def test_what_is_short_shows(store: Backfilled, key: str) -> None:
    assert drawn(store.shown("overview", key)) == truth_capacity.PANELS[key](events(store))


@scenarios(*SHORT, *ENOUGH)
def test_the_verdict_is_what_the_fleet_was_made_for(store: Backfilled, scenario: str) -> None:
    assert set(store.shown("overview", "what_to_add").values()) == SHORT.get(scenario, {0})


@scenarios(*ENOUGH)
def test_the_kv_cache_of_decode_is_what_is_held_where_nothing_waits(store: Backfilled) -> None:
    assert drawn(store.shown("overview", "decode_usage")) == truth_capacity.decode_usage(events(store))


@scenarios("lite-reporting")
def test_without_a_cluster_meta_store_there_is_no_verdict(store: Backfilled) -> None:
    assert store.shown("overview", "what_to_add") == {}
    assert store.shown("overview", "decode_usage") == {}
    assert store.shown("overview", "waits") == {}


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("default", IN_CHARGE),
        ("lite-reporting", IN_CHARGE),
        ("scheduler-down", DOWN),
        ("store-away", STORE_AWAY),
        ("idle", IDLE),
    ],
    indirect=["scenario"],
)
def test_who_assigns_requests(store: Backfilled, code: int) -> None:
    """At two thirds of the time, while the scheduler or the store is away where it goes away at all."""
    shown = store.shown("overview", "assigned_by", before_end=240, scrape_interval="15s")
    assert shown == truth_capacity.assigned_by(events(store, before_end=240), window=60)
    assert set(shown.values()) == {code}


@scenarios("outage")
def test_nobody_assigns_where_no_gateway_is(store: Backfilled) -> None:
    assert store.shown("overview", "assigned_by") == {}


@scenarios("store-away")
def test_a_store_that_cannot_be_read_leaves_no_verdict(store: Backfilled) -> None:
    unknown = store.shown("overview", "what_to_add", before_end=240, scrape_interval="15s")
    assert set(unknown.values()) == {UNKNOWN}
    assert set(store.shown("overview", "what_to_add", scrape_interval="15s").values()) == {0}


@scenarios("scheduler-down", "store-away")
def test_the_scheduler_is_in_charge_again(store: Backfilled) -> None:
    assert set(store.shown("overview", "assigned_by", scrape_interval="15s").values()) == {IN_CHARGE}


@scenarios("kvt-batch", "prefill-short", "both-short")
def test_the_time_on_the_way_to_decode(store: Backfilled) -> None:
    assert store.shown("overview", "transfer_time") == truth_capacity.loading_time(events(store, RANGE))


@scenarios("default", "kvt-staged")
def test_a_transfer_that_too_few_scrapes_met_is_not_told(store: Backfilled) -> None:
    assert set(store.shown("overview", "transfer_time").values()) == {UNSEEN}


@scenarios("default", "kvt-batch")
def test_tokens_cost_what_the_engines_cost(store: Backfilled) -> None:
    prices: Mapping[str, list[str]] = {f"price_{role}": [str(price)] for role, price in PRICES.items()}
    assert store.shown("overview", "tokens_per_dollar", prices) == truth_capacity.tokens_per_dollar(
        events(store), PRICES
    )
    assert list(store.shown("overview", "cost_of_an_hour", prices).values()) == [2 * 4.0 + 3 * 2.5 + 2 * 0.5]
    for key in ("tokens_per_dollar", "cost_of_an_hour"):
        emptied = {**prices, "price_decode": [""]}
        assert set(store.shown("overview", key, emptied).values()) == {UNPRICED}, "somebody has emptied a box"
        assert set(store.shown("overview", key).values()) == {UNPRICED}, "nobody has said a price"


@scenarios("idle")
def test_what_does_nothing_is_idle(store: Backfilled) -> None:
    assert store.shown("overview", "idle_instances") == {"decode": 3, "neutral": 2}
