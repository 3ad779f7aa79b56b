"""The client gives what the store says, tries again only where a connection is lost, and tells what went wrong."""

import math
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from llumnix_dash.catalog.exporters import GATEWAY
from llumnix_dash.errors import QueryError, ServerError
from llumnix_dash.http import retry
from llumnix_dash.http.session import Connection
from llumnix_dash.prometheus.client import Client
from tests.prometheus.fleet import Store
from tests.prometheus.servers import SUCCESS, serving
from tests.prometheus.stores import free_port


def at_once(_: float) -> None:
    """Stands for the pause between attempts, and lets none pass."""


@pytest.fixture
def client(store: Store) -> Client:
    return Client(Connection(store.url))


def test_a_range_query_gives_series_with_their_points(client: Client, store: Store) -> None:
    [series] = client.query_range("sum(gateway_pending_requests)", store.start, store.start + 60, 30)
    assert series.points == ((store.start, 3.0), (store.start + 30, 3.0), (store.start + 60, 3.0))


def test_a_scalar_is_a_series_without_labels(client: Client, store: Store) -> None:
    [series] = client.query("scalar(vector(2))", store.end)
    assert (dict(series.labels), series.points) == ({}, ((store.end, 2.0),))


def test_infinite_values_are_numbers_and_nan_is_none(client: Client, store: Store) -> None:
    [infinite] = client.query("vector(1) / 0", store.end)
    assert (infinite.points[0][1], infinite.has_value) == (math.inf, True)
    assert not any(series.has_value for series in client.query("vector(0) / 0", store.end))


def test_labels_and_series_are_found_in_their_time(client: Client, store: Store) -> None:
    start, end = store.start, store.end
    assert client.label_values("infer_type", start, end) == ["decode", "neutral"]
    assert client.label_values("infer_type", start, end, "up") == []
    assert "status_code" in client.label_names(start, end, "request_total")
    assert "status_code" not in client.label_names(start, end, "up")
    assert [labels["job"] for labels in client.series("up", start, end)] == [GATEWAY.job]


def test_a_query_too_long_for_a_url_is_answered(client: Client, store: Store) -> None:
    expr = " + ".join(["vector(1)"] * 1000)  # 12 kB
    assert client.query(expr, store.end)[0].points[0][1] == 1000


def test_a_refused_query_is_that_querys_error(client: Client, store: Store) -> None:
    with pytest.raises(QueryError):
        client.query("sum(", store.end)


def test_nobody_there_is_a_server_error() -> None:
    with pytest.raises(ServerError, match="refuses the connection"):
        Client(Connection(f"http://127.0.0.1:{free_port()}"), sleep=at_once).check()


def test_a_lost_connection_is_tried_again() -> None:
    with serving(lambda request, number: None if number < retry.ATTEMPTS else SUCCESS) as server:
        Client(Connection(server.url), sleep=at_once).check()
    assert len(server.received) == retry.ATTEMPTS


def test_a_connection_that_is_always_lost_is_given_up() -> None:
    with serving(lambda request, number: None) as server, pytest.raises(ServerError, match="was lost"):
        Client(Connection(server.url), sleep=at_once).check()
    assert len(server.received) == retry.ATTEMPTS


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_gateways_error_is_waited_out_as_long_as_it_wishes(status: int) -> None:
    pauses: list[float] = []
    answer = (status, {"Retry-After": "7"}, b"not now")
    with serving(lambda request, number: answer if number == 1 else SUCCESS) as server:
        Client(Connection(server.url), sleep=pauses.append).check()
    assert pauses == [7.0]


def test_a_gateway_that_does_not_recover_is_that_querys_error() -> None:
    answer = (502, {}, b"bad gateway")
    with serving(lambda request, number: answer) as server, pytest.raises(QueryError, match="HTTP 502"):
        Client(Connection(server.url), sleep=at_once).query("up", 0)
    assert len(server.received) == retry.ATTEMPTS


def test_a_store_that_says_itself_that_a_query_took_too_long_is_not_asked_again() -> None:
    answer = (503, {}, b'{"status":"error","errorType":"timeout","error":"query timed out"}')
    with serving(lambda request, number: answer) as server, pytest.raises(QueryError, match="timed out"):
        Client(Connection(server.url)).query("up", 0)
    assert len(server.received) == 1


def test_where_posting_is_not_allowed_the_client_gets() -> None:
    with serving(lambda request, number: (405, {}, b"") if request.method == "POST" else SUCCESS) as server:
        client = Client(Connection(server.url))
        client.query("up", 0)
        client.query("up", 0)
    assert [request.method for request in server.received] == ["POST", "GET", "GET"]


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_a_server_error(status: int) -> None:
    with serving(lambda request, number: (status, {}, b"no")) as server, pytest.raises(ServerError, match="refuses"):
        Client(Connection(server.url, token=SecretStr("hidden-token"))).query("up", 0)


def test_a_login_page_is_told_and_credentials_do_not_follow_it() -> None:
    answer = (302, {"Location": "/login"}, b"")
    with serving(lambda request, number: answer) as server, pytest.raises(ServerError, match="redirects"):
        Client(Connection(server.url, token=SecretStr("t"))).check()
    assert len(server.received) == 1


def test_another_kind_of_server_is_told() -> None:
    answer = (200, {}, b"<html>")
    with serving(lambda request, number: answer) as server, pytest.raises(ServerError, match="not that of a"):
        Client(Connection(server.url)).check()


def test_a_slow_query_is_that_querys_error_and_the_store_is_told_the_limit() -> None:
    done = threading.Event()

    def hang(request: object, number: int) -> None:
        done.wait(20)

    with serving(hang) as server:
        client = Client(Connection(server.url), timeout=0.1, grace=0.1)
        try:
            with pytest.raises(QueryError, match=r"no answer within 0\.1 s"):
                client.query("up", 0)
        finally:
            done.set()
    assert "timeout=1s" in server.received[0].body


def test_credentials_and_headers_go_with_every_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(lambda request, number: SUCCESS) as server:
        Client(Connection(server.url, token=SecretStr("t0ken"), headers={"X-Scope-OrgID": SecretStr("team-a")})).check()
        Client(Connection(server.url, basic=("ann", SecretStr("s3cret")))).check()
        Client(Connection(server.url)).check()
    authorizations = [request.headers.get("Authorization") for request in server.received]
    assert authorizations == ["Bearer t0ken", "Basic YW5uOnMzY3JldA==", None]
    assert server.received[0].headers["X-Scope-OrgID"] == "team-a"


def test_a_store_that_repeats_the_credentials_does_not_show_them() -> None:
    answer = (400, {}, b'{"status":"error","error":"bad token t0ken of team-a"}')
    with serving(lambda request, number: answer) as server, pytest.raises(QueryError) as caught:
        Client(Connection(server.url, token=SecretStr("t0ken"), headers={"X-Scope-OrgID": SecretStr("team-a")})).query(
            "up", 0
        )
    assert str(caught.value) == "bad token [hidden] of [hidden]"
