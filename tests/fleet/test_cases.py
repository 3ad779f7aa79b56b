"""Each request goes one of the ways of the gateway's timeline, and records what that way records."""

from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from llumnix_dash.catalog import METRICS, gateway
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.fleet import SCENARIOS, Scenario, chance, simulate
from llumnix_dash.fleet.cases import Case
from llumnix_dash.fleet.engine import Request
from llumnix_dash.fleet.parts import Failures, Mishap
from llumnix_dash.fleet.process import Distribution, Process
from llumnix_dash.fleet.record import gateway as at_gateway
from tests.fleet.conftest import END

NONE_THEN_HALF = (
    Mishap(kind="engines-gone", role="neutral", start=0.4, end=0.7),
    Mishap(kind="engines-gone", role="decode", start=0.8, end=0.9),
)


@dataclass(frozen=True)
class Record:
    """What one request alone recorded."""

    request: Request
    process: Process

    def of(self, metric: Histogram) -> Distribution:
        """The histogram, empty where the request left nothing in it."""
        found = self.process.series[metric.name].get((self.request.model,), Distribution(metric.buckets))
        assert isinstance(found, Distribution)
        return found

    def value(self, metric: Histogram) -> float:
        """The one value that the request gave."""
        assert sum(self.of(metric).counts) == 1
        return self.of(metric).sum


def scenario(**changes: object) -> Scenario:
    """The default in which all goes wrong that can."""
    failures = Failures(rejected=0.05, refused=0.05, broken=0.2, vanished=0.05, erring=0.05, external=0.05)
    [default] = SCENARIOS["default"].deployments
    return SCENARIOS["default"].model_copy(
        update={
            "failures": failures,
            "mishaps": NONE_THEN_HALF,
            "deployments": (default.model_copy(update=changes),),
        }
    )


@pytest.fixture(scope="module")
def records() -> dict[Case, list[Record]]:
    """All requests of a fleet that heals nothing, and of one that tries again and has a fallback service."""
    found: dict[Case, list[Record]] = {case: [] for case in Case}
    answered = at_gateway.answered

    def note(process: Process, request: Request) -> None:
        answered(process, request)
        alone = Process([metric for metric in METRICS if gateway.GATEWAY in metric.exporters], 0)
        answered(alone, request)
        assert request.case
        found[request.case].append(Record(request, alone))

    with patch.object(at_gateway, "answered", note), patch.object(chance, "IMPATIENT", 0.3):
        for fleet in (scenario(), scenario(retries=1, fallback=True)):
            simulate(fleet, end=END, minutes=10)
    return found


Check = Callable[[Record], bool]


def _ttft(low: float, high: float) -> Check:
    """After a failed try there is more."""
    return lambda one: low <= one.value(gateway.TTFT) and (one.value(gateway.TTFT) <= high or bool(one.request.retries))


def _is_zero(metric: Histogram) -> Check:
    return lambda one: one.value(metric) == 0


def _is_real(metric: Histogram) -> Check:
    return lambda one: one.value(metric) > 0


def _scheduled(one: Record) -> bool:
    """As long as it took, in whole milliseconds: now and then less than one."""
    request = one.request
    return request.schedule_milliseconds > 0 and one.value(gateway.SCHEDULE_DURATION) == int(
        request.schedule_milliseconds
    )


NO_TTFT = _is_zero(gateway.TTFT)
REAL_TTFT = _is_real(gateway.TTFT)
NO_SCHEDULE = _is_zero(gateway.SCHEDULE_DURATION)


def _until_error(one: Record) -> bool:
    request = one.request
    return one.value(gateway.TTFT) == int(round((request.first_error - request.dispatched) * 1000, 3))


def _five_seconds(one: Record) -> bool:
    """Six attempts, one a second."""
    return 5000 <= one.value(gateway.SCHEDULE_DURATION) <= 5600 and len(one.request.failed_schedulings) == 6


# The table of the timeline: status, TTFT, schedule, whether there are gaps and an E2E.
TABLE: dict[Case, tuple[set[str], Check, Check, bool, bool]] = {
    Case.ANSWERED: ({"200"}, REAL_TTFT, _scheduled, True, True),
    Case.RETRIED: ({"200"}, _ttft(50, 1e6), _scheduled, True, True),
    Case.EXTERNAL: ({"0"}, NO_TTFT, NO_SCHEDULE, False, False),
    Case.FALLBACK_AFTER_FAILURE: ({"0"}, _ttft(4, 1e6), _scheduled, False, False),
    Case.FALLBACK_WITHOUT_INSTANCE: ({"0"}, NO_TTFT, _five_seconds, False, False),
    Case.FALLBACK_FAILED: ({"400"}, lambda one: True, _scheduled, False, False),
    Case.LEFT_QUEUE: ({"499"}, NO_TTFT, NO_SCHEDULE, False, False),
    Case.LEFT_SCHEDULING: ({"499"}, NO_TTFT, NO_SCHEDULE, False, False),
    Case.LEFT_WAITING: ({"499"}, lambda one: True, lambda one: True, False, False),
    Case.LEFT_STREAMING: ({"499"}, REAL_TTFT, _scheduled, True, False),
    Case.REJECTED: ({"400", "500"}, _ttft(4, 5), _scheduled, False, False),
    Case.REFUSED: ({"400"}, _ttft(99, 101), _scheduled, False, False),
    Case.VANISHED: ({"400"}, _ttft(2999, 3001), _scheduled, False, False),
    Case.RESET: ({"400"}, _until_error, _scheduled, False, False),
    Case.BROKEN: ({"200"}, REAL_TTFT, _scheduled, True, True),
    Case.BROKEN_UNSTREAMED: ({"400"}, REAL_TTFT, _scheduled, True, False),
    Case.HALF_FOUND: ({"400"}, NO_TTFT, _scheduled, False, False),
    Case.NO_INSTANCE: ({"503"}, NO_TTFT, _five_seconds, False, False),
}


def test_the_table_has_every_case():
    assert set(TABLE) == set(Case)


@pytest.mark.parametrize("case", Case, ids=lambda case: case.name)
def test_a_case_records_what_the_timeline_says(records, case):
    statuses, ttft, schedule, gaps, e2e = TABLE[case]
    assert records[case], "it happens"
    for one in records[case]:
        assert one.process.series[gateway.REQUESTS.name] == {(one.request.model, one.request.status): 1}
        assert one.request.status in statuses
        assert ttft(one)
        assert schedule(one)
        assert (sum(one.of(gateway.E2E_LATENCY).counts) == 1) is e2e
        assert one.value(gateway.INPUT_TOKENS) == one.request.prompt_tokens > 0
        if not gaps:
            assert one.value(gateway.OUTPUT_TOKENS) == 0
            assert sum(one.of(gateway.ITL).counts) == sum(one.of(gateway.TPOT).counts) == 0
            assert one.value(gateway.POSTPROCESS_DURATION) == 0
        assert gateway.ITL.name in one.process.series
    if gaps:
        assert any(sum(one.of(gateway.TPOT).counts) for one in records[case])


def test_who_leaves_in_the_queue_records_no_queue_though_it_waited(records):
    waited = [one.request.finished - one.request.queued for one in records[Case.LEFT_QUEUE]]
    assert max(waited) > 1
    assert all(one.value(gateway.QUEUE_DURATION) == 0 for one in records[Case.LEFT_QUEUE])
    assert any(one.value(gateway.QUEUE_DURATION) > 1000 for one in records[Case.LEFT_SCHEDULING])


def test_who_left_is_scheduled_all_the_same(records):
    """The worker does not see that the client has gone: a scheduling counts, and no engine gets the request."""
    left = [one.request for one in records[Case.LEFT_QUEUE] if one.request.schedulings]
    assert left
    assert all(not request.legs and request.schedulings[0] > request.finished for request in left)


def test_the_wait_before_the_first_chunk_is_recorded_or_not(records):
    values = [one.value(gateway.TTFT) for one in records[Case.LEFT_WAITING]]
    assert 0 in values
    assert max(values) > 0


def test_a_stream_has_two_gaps_at_its_end_or_the_wait_for_the_error(records):
    for case, more in ((Case.ANSWERED, 2), (Case.RETRIED, 2), (Case.LEFT_STREAMING, 0), (Case.BROKEN, 1)):
        for one in records[case]:
            assert sum(one.of(gateway.ITL).counts) == one.request.output_tokens - 1 + more
    assert all(one.request.error_gap >= 0 for one in records[Case.BROKEN])
    assert any(one.request.error_gap > 0.01 for one in records[Case.BROKEN])


def test_time_per_token_is_from_arrival_and_rounded_down(records):
    for case in (Case.ANSWERED, Case.LEFT_STREAMING, Case.BROKEN):
        for one in records[case]:
            request = one.request
            if request.output_tokens > 1:
                whole = int((request.finished - request.arrived) * 1000 + 1e-6) - one.value(gateway.TTFT)
                assert one.value(gateway.TPOT) == whole // (request.output_tokens - 1)
    slow = [one for one in records[Case.ANSWERED] if one.request.queue_milliseconds > 1000]
    gaps = [one.of(gateway.ITL).sum for one in slow]
    assert all(
        one.value(gateway.TPOT) * (one.request.output_tokens - 1) >= gap + 900 - one.request.output_tokens
        for one, gap in zip(slow, gaps, strict=True)
        if one.request.output_tokens > 1
    )


def test_end_to_end_is_the_sum_of_the_stages(records):
    for one in records[Case.ANSWERED]:
        request = one.request
        stages = request.preprocess_milliseconds + request.queue_milliseconds + request.schedule_milliseconds
        generation = sum(gap * times for gap, times in request.gaps)
        whole = stages / 1000 + request.ttft_milliseconds / 1000 + generation
        assert request.e2e_seconds == pytest.approx(whole, abs=2e-3)
