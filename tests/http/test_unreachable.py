"""A connection that does not come about is explained by what happened, not by words that the address holds."""

import socket
from collections.abc import Iterator

import pytest
import requests

from llumnix_dash.errors import ServerError, UserError
from llumnix_dash.grafana.settings import load_settings
from llumnix_dash.grafana.transport import Transport


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("uid", ["ssl-certificates", "proxyerror-407", "getaddrinfo", "request-timeout", "refused"])
def test_a_refused_connection_is_one_whatever_the_address_says(closed_port: int, uid: str) -> None:
    settings = load_settings(environment={"GRAFANA_URL": f"http://127.0.0.1:{closed_port}"})
    with pytest.raises(ServerError) as caught:
        Transport(settings, sleep=lambda _: False).get(f"/api/dashboards/uid/{uid}")
    assert caught.value.summary == "127.0.0.1 refuses the connection"


def test_a_socks_proxy_without_its_package_is_told_and_its_password_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requests.adapters.SOCKSProxyManager", _without_package)
    monkeypatch.setenv("HTTP_PROXY", "socks5://user:s3cret@127.0.0.1:1")
    settings = load_settings(environment={"GRAFANA_URL": "http://grafana.example"})
    with pytest.raises(UserError, match="the environment names a SOCKS proxy") as caught:
        Transport(settings, sleep=lambda _: False).get("/api/health")
    assert "pip install pysocks" in str(caught.value.hint)
    assert "s3cret" not in str(caught.value)


def _without_package(*_: object, **__: object) -> None:
    raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")
