"""A session takes headers from a file along, to both servers, and says what in the environment hinders it."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from llumnix_dash.errors import UserError
from llumnix_dash.grafana.settings import load_settings
from llumnix_dash.grafana.transport import Transport
from llumnix_dash.http.session import Connection, Session
from llumnix_dash.prometheus.client import Client
from llumnix_dash.prometheus.connection import from_environment
from llumnix_dash.prometheus.exposition import exported_names
from tests.prometheus.servers import SUCCESS, serving

ASK: dict[str, Callable[[str], object]] = {
    "Grafana": lambda url: Transport(load_settings(environment={"GRAFANA_URL": url}), sleep=lambda _: False).get("/x"),
    "Prometheus": lambda url: Client(from_environment(url, {}), sleep=lambda _: None).check(),
    "exporter": exported_names,
}


@pytest.fixture
def headers_file(tmp_path: Path) -> Path:
    path = tmp_path / "headers"
    path.write_text("# of the proxy\nCF-Access-Client-Id: me\n\nCF-Access-Client-Secret:  s3cret \n")
    return path


def test_headers_from_a_file_go_to_both_servers(headers_file: Path) -> None:
    with serving(lambda request, number: SUCCESS) as server:
        environment = {"GRAFANA_URL": server.url, "GRAFANA_TOKEN": "t", "GRAFANA_HEADERS_FILE": str(headers_file)}
        Transport(load_settings(environment=environment)).get("/api/health")
        Client(from_environment(server.url, {"PROMETHEUS_HEADERS_FILE": str(headers_file)})).check()
    for request in server.received:
        assert request.headers["CF-Access-Client-Id"] == "me"
        assert request.headers["CF-Access-Client-Secret"] == "s3cret"
    assert server.received[0].headers["Authorization"] == "Bearer t"


def test_a_context_names_its_headers_file_and_those_of_another_server_are_not_sent(
    headers_file: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[contexts.a]\nurl = "https://a.example"\nheaders_file = "headers"\n')
    environment = {"LLUMNIX_DASH_SETTINGS": str(settings)}
    headers = load_settings(context="a", environment=environment).headers
    assert headers["CF-Access-Client-Secret"].get_secret_value() == "s3cret"
    settings.write_text('[contexts.a]\nurl = "https://a.example"\n')
    environment |= {"GRAFANA_URL": "https://b.example", "GRAFANA_HEADERS_FILE": str(headers_file)}
    with pytest.raises(UserError, match="those of the environment belong to GRAFANA_URL"):
        load_settings(context="a", environment=environment)


@pytest.mark.parametrize("line", ["s3cret", "s3 cret: x", ": s3cret", "X-Key: s3cret\x01", "X-Key: s3crét"])
def test_a_line_that_is_no_header_is_named_and_not_repeated(tmp_path: Path, line: str) -> None:
    path = tmp_path / "headers"
    path.write_text(f"X-A: b\n{line}\n")
    for load in (
        lambda: load_settings(environment={"GRAFANA_URL": "http://host", "GRAFANA_HEADERS_FILE": str(path)}),
        lambda: from_environment("http://host", {"PROMETHEUS_HEADERS_FILE": str(path)}),
    ):
        with pytest.raises(UserError, match="HEADERS_FILE: not a header") as caught:
            load()
        assert caught.value.where == f"{path}:2"
        assert "s3" not in str(caught.value)


@pytest.mark.parametrize("server", ASK)
def test_certificate_authorities_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(UserError, match="no file with certificate authorities") as caught:
        ASK[server]("https://127.0.0.1:1")
    assert caught.value.where == "REQUESTS_CA_BUNDLE=/nowhere/ca.pem"


@pytest.mark.parametrize("server", ASK)
@pytest.mark.parametrize(
    "proxy", [f"http://{'a' * 70}.example:1", "nonsense://host:1", "http://[::bad", "http://user:s3cret@host:99999"]
)
def test_a_proxy_that_cannot_be_one_is_told(monkeypatch: pytest.MonkeyPatch, server: str, proxy: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(UserError, match="the proxy that the environment names") as caught:
        ASK[server]("http://grafana.example")
    assert "s3cret" not in str(caught.value)


def test_a_grafana_that_repeats_a_header_does_not_show_it(headers_file: Path) -> None:
    with serving(lambda request, number: (400, {}, b'{"message":"bad s3cret"}')) as server:
        environment = {"GRAFANA_URL": server.url, "GRAFANA_HEADERS_FILE": str(headers_file)}
        reply = Transport(load_settings(environment=environment)).get("/x")
    assert reply.said == "bad [hidden]"


def test_a_connection_serves_one_request_after_another_whichever_thread_asks() -> None:
    clients = set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            clients.add(self.client_address)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        session = Session(Connection(f"http://127.0.0.1:{server.server_port}"))
        for _ in range(3):
            asking = Thread(target=lambda: session.request("GET", "/"))
            asking.start()
            asking.join()
        server.shutdown()
    assert len(clients) == 1
