"""An exporter's metrics are read as it serves them."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import start_http_server

from llumnix_dash.errors import ServerError, UserError
from llumnix_dash.prometheus.exposition import exported_by, exported_names
from tests.prometheus.servers import serving
from tests.prometheus.stores import free_port


def test_the_names_of_an_exporters_series_are_read() -> None:
    registry = CollectorRegistry()
    Counter("request", "x", registry=registry).inc()
    Gauge("gateway_pending_requests", "x", registry=registry).set(1)
    Histogram("request_ttft_milliseconds", "x", buckets=(1, 2), registry=registry).observe(1)
    Counter("labelled", "never happened", ["model"], registry=registry)
    port = free_port()
    server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
    try:
        names = exported_names(f"http://127.0.0.1:{port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert {
        "request_total",
        "gateway_pending_requests",
        "request_ttft_milliseconds_bucket",
        "request_ttft_milliseconds_count",
    } <= names
    assert not any(name.startswith("labelled") for name in names)


def test_several_exporters_are_added_up_and_openmetrics_is_read() -> None:
    openmetrics = {"Content-Type": "application/openmetrics-text; version=1.0.0"}

    def answer(request: object, number: int) -> tuple[int, dict[str, str], bytes]:
        if number == 1:
            return 200, openmetrics, b"# TYPE a counter\na_total 1 # {} 1\n# EOF\n"
        return 200, {}, b"b 1\n"

    with serving(answer) as server:
        names = exported_by([f"{server.url}/metrics", f"{server.url}/other"])
    assert names == {"a_total", "b"}
    assert [request.path for request in server.received] == ["/metrics", "/other"]


@pytest.mark.parametrize(("path", "asked"), [("", "/metrics"), ("/", "/metrics"), ("/own/path", "/own/path")])
def test_without_a_path_the_metrics_are_at_the_usual_one(path: str, asked: str) -> None:
    with serving(lambda request, number: (200, {}, b"a 1\n")) as server:
        exported_names(server.url + path)
    assert [request.path for request in server.received] == [asked]


def test_what_is_no_exporter_is_told() -> None:
    with serving(lambda request, number: (200, {}, b"<html>hello</html>")) as server:
        with pytest.raises(UserError, match="not metrics in the text format"):
            exported_names(server.url)
        url = server.url
    with pytest.raises(ServerError, match="refuses the connection"):
        exported_names(url)


def test_an_exporter_that_refuses_is_told() -> None:
    with serving(lambda request, number: (404, {}, b"")) as server, pytest.raises(ServerError, match="HTTP 404"):
        exported_names(server.url)
