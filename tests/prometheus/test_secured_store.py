"""A real Prometheus behind TLS, client certificates and passwords, and a real proxy that wants a bearer token."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from llumnix_dash.errors import ServerError
from llumnix_dash.http.session import Connection
from llumnix_dash.prometheus.client import Client
from tests.prometheus.fleet import Store
from tests.prometheus.stores import free_port, program_path, server, wait_until_ready

# The password "s3cret" by bcrypt with the least work.
WEB_CONFIG = """\
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
basic_auth_users:
  ann: $2b$04$Xp/uPjY5dLjIdW0B8QuD1uORGRsZjHqGwp.isCQZLTGMtrl7LEasu
"""


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test's own, in a folder."""

    folder: Path

    def create(self) -> None:
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.crt")  # fmt: skip

    def sign(self, name: str) -> None:
        """Makes ``name.key`` and ``name.crt``, good for 127.0.0.1 and for a client."""
        (self.folder / "extensions").write_text("subjectAltName=IP:127.0.0.1\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "2", "-extfile", "extensions", "-out", f"{name}.crt")  # fmt: skip

    def _openssl(self, *arguments: str) -> None:
        command = [program_path("openssl"), *arguments]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=60)

    def path(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """To a Prometheus that wants a client certificate and a password."""
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder)
    authority.create()
    authority.sign("server")
    authority.sign("client")
    (folder / "web.yml").write_text(WEB_CONFIG)
    (folder / "prometheus.yml").write_text("{}\n")
    port = free_port()
    connection = Connection(
        f"https://127.0.0.1:{port}",
        basic=("ann", SecretStr("s3cret")),
        ca_cert=authority.path("ca.crt"),
        client_cert=(authority.path("client.crt"), authority.path("client.key")),
    )
    with server(
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--web.config.file={folder / 'web.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
        log=folder / "prometheus.log",
    ):
        wait_until_ready(
            f"{connection.url}/-/ready",
            folder / "prometheus.log",
            verify=connection.ca_cert,
            cert=connection.client_cert,
            auth=("ann", "s3cret"),
        )
        yield connection


def test_authority_certificate_and_password_open_it(connection: Connection) -> None:
    assert Client(connection).query("vector(3)", 0)[0].points == ((0.0, 3.0),)


def test_the_authority_counts_even_where_the_environment_names_another(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = Authority(tmp_path)
    other.create()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other.path("ca.crt"))
    Client(connection).check()


def test_an_unknown_authority_is_told(connection: Connection) -> None:
    with pytest.raises(ServerError, match="not signed by an authority") as caught:
        Client(replace(connection, ca_cert=None)).check()
    assert "PROMETHEUS_CA_CERT" in str(caught.value)


def test_a_missing_client_certificate_is_told(connection: Connection) -> None:
    with pytest.raises(ServerError):
        Client(replace(connection, client_cert=None)).check()


def test_a_wrong_password_is_told_and_not_shown(connection: Connection) -> None:
    with pytest.raises(ServerError, match="refuses the credentials") as caught:
        Client(replace(connection, basic=("ann", SecretStr("wr0ng")))).check()
    assert "wr0ng" not in str(caught.value)


def test_a_bearer_token_opens_a_proxy(store: Store, tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "auth.yml"
    config.write_text(f"users:\n- bearer_token: t0ken\n  url_prefix: {store.url}\n")
    with server("vmauth", f"-auth.config={config}", f"-httpListenAddr=127.0.0.1:{port}", log=tmp_path / "vmauth.log"):
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{url}/health", tmp_path / "vmauth.log")
        assert Client(Connection(url, token=SecretStr("t0ken"))).query("gateway_pending_requests", store.end)
        with pytest.raises(ServerError, match="credentials where a proxy wants them") as caught:
            Client(Connection(url, token=SecretStr("wr0ng"))).check()
        assert "wr0ng" not in str(caught.value)
