"""Queries on stores made by hand, where the world is as no scenario has it in one place; each number worked out beside.

Of each the careless query stands beside it: it must give another number, or the test proves nothing.
"""

from collections.abc import Callable

import pytest

from tests.prometheus.stores import Samples
from tests.proof.hand_made import SECONDS, START, World, world_of
from tests.proof.shown import BOARDS
from tests.proof.test_bounds import impossible

CMS = "instance_cms_"


def _always(value: float) -> Callable[[int], float]:
    return lambda age: value


def _rising(rate: float) -> Callable[[int], float]:
    return lambda age: rate * age


def _fleet(samples: Samples) -> None:
    """Two schedulers that tell of four decode instances, one without a capacity, and of a ghost, each by its books."""
    for scheduler in ("a", "b"):
        of = {"job": "scheduler", "namespace": "one", "instance": scheduler}
        samples.add("uptime_seconds", float, **of)
        samples.add("up", _always(1), **of)
        for number, usage in enumerate((0.3, 1.2, 0.9, 3.4e38, 0.6)):
            labels = {**of, "infer_type": "decode", "instance_id": f"d{number}"}
            # The fullest but one has been the fullest of all for a minute, half an hour ago.
            spike = 1.5 if number == 2 else usage
            samples.add(
                f"{CMS}kv_cache_usage_ratio_projected",
                lambda age, usage=usage, spike=spike: spike if 1800 <= age < 1860 else usage,  # type: ignore[misc]
                **labels,
            )
            samples.add(f"{CMS}running_requests", _always(4), **labels)
            samples.add(f"{CMS}waiting_requests", lambda age: 90.0 if 1800 <= age < 1830 else 0.0, **labels)
            samples.add(f"{CMS}decode_batch_size", _always(4), **labels)
            # The ghost's last values stay.
            samples.add(f"{CMS}used_gpu_tokens", _always(900) if number == 4 else lambda age: 1000 + age % 60, **labels)
            samples.add(f"{CMS}inflight_dispatch_requests", _always(-1 if scheduler == "a" else 3), **labels)
            samples.add(f"{CMS}uncomputed_tokens_all_waiting_prefills", _always(100), **labels)
            samples.add("instance_lrs_total_requests", _always(5 if scheduler == "a" else 2), model="", **labels)
            samples.add("instance_lrs_waiting_requests", _always(1), model="", **labels)
    for number in range(4):
        samples.add(
            "up",
            _always(1),
            job="one/llumnix-engine-decode",
            namespace="one",
            instance=f"e{number}",
            infer_type="decode",
        )


def _gateway(samples: Samples) -> None:
    """10 requests a second: 4 that went well in 150 ms, 3 by an external route, 2 that failed at once, 1 in 3 s."""
    of = {"job": "gateway", "namespace": "one", "instance": "g"}
    samples.add("uptime_seconds", float, **of)
    samples.add("up", _always(1), **of)
    samples.add("gateway_pending_requests", lambda age: 500.0 if 1800 <= age < 1830 else 0.0, **of)
    samples.add("gateway_current_requests", _always(1), **of)
    for status, rate in {"200": 4, "0": 3, "400": 3}.items():
        samples.add("request_total", _rising(rate), model="m", status_code=status, **of)
    bounds = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000)
    buckets = {str(bound): 5.0 + 4.0 * (bound >= 200) + 1.0 * (bound >= 5000) for bound in bounds} | {"+Inf": 10.0}
    samples.histogram("request_ttft_milliseconds", buckets, (4 * 150 + 3000) / 10, model="m", **of)


def samples() -> Samples:
    """All of it."""
    made = Samples(START, SECONDS, 15)
    _fleet(made)
    _gateway(made)
    return made


world = world_of(samples)


def test_failures_are_taken_out_of_the_first_bucket_and_no_more_than_it_holds(world: World) -> None:
    """6 of 10 are not 200, the first bucket has 5: left are the 4 that went well and 1 that failed late."""
    shown = world.shown("request", "ttft")
    assert 100 < shown["P50"] <= 200
    assert 2000 < shown["P99"] <= 5000, "a slow failure stays in, which the description says"
    assert shown["mean"] == pytest.approx((4 * 150 + 3000) / 5)
    careless = "sum(rate(request_ttft_milliseconds_bucket{le='10.0'}[5m])) - 6"
    assert world.number(careless.replace("10.0", "10") + " or " + careless) < 0


def test_what_an_external_route_answered_is_a_success_without_a_first_token(world: World) -> None:
    """Good are 4 + 3 of 10; of the 7 that have a first token, or should have, 4 had it in time."""
    assert world.shown("request", "success_ratio_now") == {"Success": pytest.approx(0.7)}
    assert world.shown("request", "ttft_within_objective_now") == {"TTFT OK": pytest.approx(4 / 7)}


def test_a_quantile_below_the_first_bound_is_not_drawn(world: World) -> None:
    panel = BOARDS["request"].panel("ttft")
    assert "below 10 ms" in panel["description"]
    # Of all requests the median is one that has failed at once.
    careless = "histogram_quantile(0.3, sum by (le) (rate(request_ttft_milliseconds_bucket[5m])))"
    assert world.number(careless) < 10
    assert all(value > 10 for value in world.shown("request", "ttft").values())


def test_what_replicas_share_adds_up_and_what_they_copy_does_not(world: World) -> None:
    """Dispatches: -1 of one scheduler means 0, and 3 of the other. LRS: 5 and 2. CMS: 4, told twice."""
    inflight = world.shown("cms", "cms_inflight_requests_decode", top="10")
    assert {inflight[f"d{number}"] for number in range(5)} == {3.0}
    assert world.shown("lrs", "running_by_role") == {"decode": 5 * (5 + 2 - 2)}
    assert world.shown("cms", "running_by_role") == {"decode": 5 * 4}
    # No prefix cache hits are recorded, so each scheduler tells of all that waits.
    tokens = world.shown("cms", "cms_prefill_tokens_decode", top="10")
    assert set(tokens.values()) <= {100.0}


def test_the_engines_are_the_count_and_a_ghost_is_marked(world: World) -> None:
    assert world.shown("cms", "instances") == {"engines decode": 4, "CMS decode": 5}
    table = world.shown("cms", "fullest_instances", top="10")
    fresh = {"H d0": 0, "H d1": 0, "H d2": 0}
    assert {name: value for name, value in table.items() if name.startswith("H ")} == fresh | {"H d4": 2}


def test_an_instance_without_capacity_is_left_out_of_the_usage(world: World) -> None:
    shown = world.shown("cms", "kv_cache_usage_by_role")
    assert shown == {"fullest decode": pytest.approx(1.2), "mean decode": pytest.approx((0.3 + 1.2 + 0.9 + 0.6) / 4)}
    assert world.number("max(instance_cms_kv_cache_usage_ratio_projected)") > 1e38


def test_the_fullest_now_are_in_the_table_and_their_peak_beside(world: World) -> None:
    """d2 was the fullest once, and is the second now."""
    table = world.shown("cms", "fullest_instances", top="1")
    assert (table["A d1"], table["G d1"]) == (pytest.approx(1.2), pytest.approx(1.2))
    assert not [name for name in table if name.endswith(("d0", "d2", "d4"))]
    assert world.shown("cms", "fullest_instances", top="3")["G d2"] == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("board", "key", "line", "peak"),
    [
        ("cms", "kv_cache_usage_by_role", "fullest decode", 1.5),
        ("cms", "waiting_by_role", "decode", 5 * 90.0),
        ("component", "gateway_requests", "pending", 500.0),
    ],
)
def test_a_spike_of_half_a_minute_shows_where_a_point_stands_for_minutes(
    world: World, board: str, key: str, line: str, peak: float
) -> None:
    """Over two days a point stands for minutes, and none of them falls into the spike."""
    assert world.peak(board, key, line, seconds=2 * 86400) == pytest.approx(peak)


def test_an_instance_that_is_chosen_empties_no_number_of_the_whole_fleet(world: World) -> None:
    assert world.shown("component", "requests_now", instance="a") == {"Requests": pytest.approx(10)}
    assert world.shown("component", "pending_now", instance="a") == {"Pending": 0}


@pytest.mark.parametrize("board", BOARDS)
def test_no_panel_shows_what_cannot_be(world: World, board: str) -> None:
    """Though an instance has the highest float there is for a usage, and a scheduler's books are below 0."""
    assert list(impossible(world.reader(), board)) == []
