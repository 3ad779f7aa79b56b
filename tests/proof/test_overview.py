"""The overview's answers: true on every fleet, and naming who is sick."""

import pytest

from tests.proof import truth_overview
from tests.proof.fleets import EVERY_FLEET, scenarios
from tests.proof.shown import Backfilled
from tests.proof.truth_overview import goodput

# In these nothing ends.
APART = ("outage", "idle")


@scenarios(*(name for name in EVERY_FLEET if name not in APART))
def test_the_goodput_lies_within_the_band(store: Backfilled) -> None:
    shown, truth = store.shown("overview", "goodput"), goodput(store.events())
    # What a process counted after its last scrape is lost where it restarts.
    slack = (0.05 if store.past.fleet.scenario.restarts else 0.02) * shown["offered"]
    assert shown["at least"] - slack <= truth <= shown["at most"] + slack


@scenarios("default", "kvt-staged", "two-schedulers")
def test_the_band_is_narrow_where_little_fails(store: Backfilled) -> None:
    shown = store.shown("overview", "goodput")
    assert shown["at most"] - shown["at least"] < 0.05 * shown["offered"]


@scenarios("default", "overload", "kvt-batch", "two-clusters")
def test_the_parts_of_time_add_up_to_the_latency(store: Backfilled) -> None:
    shown, good = store.shown("overview", "time_spent"), store.events().good
    assert sum(shown.values()) == pytest.approx(sum(one.e2e_seconds for one in good) / len(good), rel=0.02)


@scenarios("slow-failures", "no-instance")
def test_where_many_fail_the_parts_say_so(store: Backfilled) -> None:
    shown = store.shown("overview", "time_spent")
    assert "over 1 % failed: parts too high" in shown
    assert min(shown.values()) >= 0


@scenarios("overload", "hang")
def test_the_sick_instance_is_named(store: Backfilled) -> None:
    """The one that computes four times slower than its peers, and the one that stands still."""
    paces = truth_overview.paces(store.events())
    sick = max((one for one in paces if one.pool.role == "decode"), key=lambda one: paces[one])
    [(name, times)] = store.shown("overview", "slowest_instance").items()
    assert sick.target.instance in name.split()
    assert times > 2
    assert name in store.shown("overview", "slowest_instances")


@scenarios("default", "prefill-decode", "kvt-batch", "migration")
def test_no_instance_is_called_sick_where_none_is(store: Backfilled) -> None:
    [times] = store.shown("overview", "slowest_instance").values()
    assert times < 1.5


@scenarios("default", "overload")
def test_slowness_is_the_time_for_a_token_beside_the_peers(store: Backfilled) -> None:
    """Of decode engines, three of one model: gauges are looked at each scrape, so the mean is a sample."""
    paces = {
        engine.target.instance: pace
        for engine, pace in truth_overview.paces(store.events()).items()
        if engine.pool.role == "decode"
    }
    middle = sorted(paces.values())[len(paces) // 2]
    shown = store.shown("overview", "slowest_instances", {"top": ["10"]})
    times = {name.split()[-1]: value for name, value in shown.items() if name.startswith("decode")}
    assert times == {instance: pytest.approx(pace / middle, rel=0.15) for instance, pace in paces.items()}


@scenarios("overload")
def test_how_uneven_the_load_is(store: Backfilled) -> None:
    """From what the engines told at each scrape, added up here."""
    shown = store.shown("overview", "unevenness")
    for role, value in shown.items():
        found = store.session().client.query(
            f'avg_over_time(vllm:kv_cache_usage_perc{{infer_type="{role}"}}[5m])', store.past.fleet.times[-1]
        )
        usages = [series.points[0][1] for series in found]
        assert value == pytest.approx(max(usages) / max(0.05, sum(usages) / len(usages)), rel=1e-6)
    assert set(shown) == {"prefill", "decode", "neutral"}
