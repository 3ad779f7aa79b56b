"""Asking again: when, after how long, and when not."""

import re
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from llumnix_dash.errors import ServerError
from llumnix_dash.grafana.apply import Outcome
from llumnix_dash.grafana.connect import connect
from llumnix_dash.grafana.failures import StoppedError
from llumnix_dash.http import retry
from tests.grafana.conftest import Clock, transport_to
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.faults import HTML
from tests.grafana.samples import READ, SAVE, plan, push, push_planned


def test_a_wish_in_seconds_is_obeyed():
    assert retry.pause(1, {"Retry-After": "7"}, None) == 7


def test_a_wish_as_a_date_is_obeyed():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert 15 < retry.pause(1, {"Retry-After": date}, None) <= 20


def test_the_wish_of_the_k8s_api_is_obeyed():
    assert retry.pause(1, {}, {"details": {"retryAfterSeconds": 3}}) == 3


@pytest.mark.parametrize("wish", ["86400", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_long_wish_is_capped(wish: str):
    assert retry.pause(1, {"Retry-After": wish}, None) == retry.LONGEST_WISH


@pytest.mark.parametrize("wish", ["soon", "-5", "", "²", "9" * 400, "Fri, 31 Dec 1999 23:59:59 GMT"])
def test_nonsense_and_the_past_do_not_hurt(wish: str):
    assert 0 <= retry.pause(1, {"Retry-After": wish}, None) <= retry.LONGEST


def test_without_a_wish_the_pauses_grow_to_a_bound():
    pauses = [retry.pause(attempt, {}, None) for attempt in range(1, 12)]
    assert all(pause <= retry.LONGEST for pause in pauses)
    assert pauses[3] > pauses[0]


@pytest.mark.parametrize("headers", [{"Retry-After": "2"}, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}])
def test_too_many_requests_is_waited_out_for_reads_and_writes(fake: FakeGrafana, grafana, clock: Clock, headers):
    fake.spoil(READ, status=429, body={"message": "slow down"}, headers=headers)
    fake.spoil(SAVE, status=429, body={"message": "slow down"}, headers=headers)
    assert [result.outcome for result in push(grafana)] == [Outcome.CREATED]
    assert clock.pauses == [min(2.0, retry.LONGEST_WISH) if headers["Retry-After"] == "2" else retry.LONGEST_WISH] * 2
    assert fake.store.dashboards["llumnix-lrs-dashboard"].version == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_error_on_a_read_is_asked_again(fake: FakeGrafana, grafana, status: int):
    fake.spoil(READ, status=status, body=HTML, times=2)
    assert [result.outcome for result in push(grafana)] == [Outcome.CREATED]


def test_a_lost_connection_on_a_read_is_asked_again(fake: FakeGrafana, grafana):
    fake.spoil(READ, drop="before", times=2)
    assert [result.outcome for result in push(grafana)] == [Outcome.CREATED]


def test_it_gives_up_after_some_attempts(fake: FakeGrafana, grafana, clock: Clock):
    fake.spoil(READ, status=503, body=HTML, times=99)
    [step] = plan(grafana).steps
    assert isinstance(step.error, ServerError)
    assert "answers 503" in step.error.summary
    asked = [line for line in fake.lines() if re.match(READ, line) and "llumnix-lrs" in line]
    assert len(asked) == retry.ATTEMPTS
    assert len(clock.pauses) == retry.ATTEMPTS - 1


def test_a_refusal_is_not_asked_again(fake: FakeGrafana, grafana, clock: Clock):
    fake.spoil(SAVE, status=400, body={"message": "bad request data"})
    assert [result.outcome for result in push(grafana)] == [Outcome.FAILED]
    assert len([line for line in fake.lines() if re.match(SAVE, line)]) == 1
    assert clock.pauses == []


def test_a_slow_answer_ends_in_a_timeout():
    with FakeGrafana("g12") as fake:
        grafana = connect(transport_to(fake, timeout=(5, 0.2)))
        go_on = threading.Event()
        fake.spoil(READ, until=go_on, times=99)
        [step] = plan(grafana).steps
        go_on.set()
    assert isinstance(step.error, ServerError)
    assert "does not answer in time" in step.error.summary


def test_who_stops_does_not_wait_for_the_next_attempt():
    with FakeGrafana("g12") as fake:
        clock = Clock()
        grafana = connect(transport_to(fake, clock))
        made = plan(grafana)
        grafana.transport.sleep = lambda _: True  # as the event of Ctrl-C does
        fake.spoil(SAVE, status=429, body={"message": "slow down"}, headers={"Retry-After": "30"})
        [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.NOT_STARTED
    assert isinstance(result.error, StoppedError)
