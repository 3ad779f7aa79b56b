"""The figures hang together: what processes count is what happened to the requests."""

import itertools
from collections import Counter

import pytest

from llumnix_dash.catalog import gateway, scheduler, vllm
from llumnix_dash.fleet import Fleet
from llumnix_dash.fleet.cases import Case
from llumnix_dash.fleet.engine import Request
from tests.fleet.samples import last, last_sum, tracks


def recorded(fleet: Fleet) -> list[Request]:
    """The requests that gateways have answered by the last scrape."""
    return [request for request in fleet.requests if request.status]


@pytest.fixture(scope="module", params=["default", "overload", "lite-mode", "two-namespaces"])
def fleet(request, simulated) -> Fleet:
    return simulated(request.param)


def test_each_request_counts_once_at_the_gateway_by_its_status(fleet):
    for status, count in Counter(request.status for request in recorded(fleet)).items():
        assert last(fleet, gateway.REQUESTS, status_code=status, job="gateway") == count


def test_each_try_counts_once_at_the_scheduler(fleet):
    assert last(fleet, scheduler.SCHEDULINGS) == sum(len(request.schedulings) for request in fleet.requests)
    failed = [one for request in fleet.requests for one in request.failed_schedulings]
    assert last(fleet, scheduler.FAILED_SCHEDULINGS) == len(failed)


def test_a_request_passes_the_engines_that_the_role_mix_implies(fleet):
    for request in recorded(fleet):
        if request.case is Case.ANSWERED:
            roles = [leg.engine.pool.role for leg in request.legs]
            assert roles == (["neutral"] if request.model == "llama-3.1-8b" else ["prefill", "decode"])


def test_engines_count_the_tokens_that_clients_got(fleet):
    """Those of answers under way and a prefill engine's own are told apart."""
    by_engines = sum(leg.generated for request in recorded(fleet) for leg in request.legs if leg.is_last)
    assert by_engines == last(fleet, gateway.OUTPUT_TOKENS_TOTAL) > 0


def test_gaps_are_the_time_between_first_and_last_token(fleet):
    for request in recorded(fleet):
        if request.first_token is not None:
            gaps = sum(gap * times for gap, times in request.gaps)
            assert sum(times for _, times in request.gaps) == request.output_tokens - 1
            assert request.last_token - request.first_token == pytest.approx(gaps, abs=1e-4)


def test_latencies_are_in_their_places(fleet):
    """E2E starts at arrival, TTFT at the handing over to an engine: queue and scheduling lie between."""
    for request in recorded(fleet):
        if request.ok:
            before = request.preprocess_milliseconds + request.queue_milliseconds + request.schedule_milliseconds
            assert request.dispatched - request.arrived == pytest.approx(before / 1000, abs=1e-6)
            assert request.e2e_seconds >= before / 1000 + request.ttft_milliseconds / 1000


def test_histograms_hold_the_requests_values(fleet):
    good = [request for request in recorded(fleet) if request.ok]
    assert last(fleet, gateway.E2E_LATENCY) == len(good)
    assert last_sum(fleet, gateway.E2E_LATENCY) == pytest.approx(sum(request.e2e_seconds for request in good))
    within = sum(request.e2e_seconds <= 5 for request in good)
    place = gateway.E2E_LATENCY.buckets.index(5)
    assert sum(track.column(place)[-1] for track in tracks(fleet, gateway.E2E_LATENCY)) == within
    tpots = [request.tpot_milliseconds for request in recorded(fleet) if request.tpot_milliseconds is not None]
    assert last(fleet, gateway.TPOT) == len(tpots) < last(fleet, gateway.ITL)
    assert last_sum(fleet, gateway.TPOT) == pytest.approx(sum(tpots))


def test_histories_only_rise_and_buckets_are_cumulative(fleet):
    for track in tracks(fleet, gateway.TTFT):
        rows = [track.values[start : start + track.width] for start in range(0, len(track.values), track.width)]
        for earlier, later in itertools.pairwise(rows):
            assert all(before <= after for before, after in zip(earlier, later, strict=True))
        for row in rows:
            assert list(row[:-1]) == sorted(row[:-1])


def test_requests_wait_in_the_engines_under_overload_only(simulated):
    """The scheduler does not hold back: the gateway's queue stays empty, first tokens come late."""
    calm, busy = simulated("default"), simulated("overload", 15)
    late = {}
    for fleet in (calm, busy):
        answered = [request for request in fleet.requests if request.ok]
        assert not any(request.queue_milliseconds > 1000 for request in fleet.requests)
        late[fleet] = sum(request.ttft_milliseconds > 2000 for request in answered) / len(answered)
    assert late[busy] > 0.15
    assert late[calm] < 0.01
    assert last(busy, gateway.CURRENT_REQUESTS) > 10 * last(calm, gateway.CURRENT_REQUESTS) > 0


def test_kv_usage_follows_running_tokens_up_to_one(simulated):
    usage = tracks(simulated("overload", 15), vllm.KV_CACHE_USAGE, infer_type="decode")
    assert max(max(track.values) for track in usage) > 0.95
    assert all(0 <= value <= 1 for track in usage for value in track.values)
    calm = tracks(simulated("default"), vllm.KV_CACHE_USAGE, infer_type="decode")
    assert 0.05 < max(max(track.values) for track in calm) < 0.8


def test_one_instance_is_sick_under_overload(simulated):
    means = {}
    for track in tracks(simulated("overload", 15), vllm.ITL, infer_type="decode"):
        means[dict(track.labels)["pod"]] = track.column(track.width - 1)[-1] / track.column(track.width - 2)[-1]
    assert means.pop("decode-2") > 2.5 * max(means.values())
