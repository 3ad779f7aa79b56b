"""TLS: an authority of one's own, a client certificate, and an error of its own for each way it goes wrong."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.grafana.command import Ran, run, use, write
from tests.grafana.fake import FakeGrafana
from tests.grafana.samples import dashboard


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


def serving(authority: trustme.CA, name: str = "127.0.0.1", **more) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **more).configure_cert(context)
    return context


@pytest.fixture
def fake(authority: trustme.CA) -> Iterator[FakeGrafana]:
    with FakeGrafana("g12", tls=serving(authority)) as server:
        yield server


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return write(tmp_path / "set", dashboard())


def refused(ran: Ran, says: str, hint: str) -> None:
    assert ran.code == 3
    assert says in ran.err
    assert hint in ran.err


def test_an_authority_of_ones_own(monkeypatch, fake: FakeGrafana, sample: Path, ca_file: Path):
    use(monkeypatch, fake)
    assert run("push", sample, "--ca-cert", ca_file).code == 0
    assert "llumnix-lrs-dashboard" in fake.store.dashboards


def test_an_unknown_authority(monkeypatch, fake: FakeGrafana, sample: Path):
    use(monkeypatch, fake)
    refused(run("push", sample), "is not signed by an authority that is known here", "--ca-cert FILE")


def test_insecure_goes_before_the_environment(monkeypatch, fake: FakeGrafana, sample: Path, tmp_path: Path):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    use(monkeypatch, fake)
    ran = run("push", sample, "--insecure")
    assert ran.code == 0
    assert "Warning" not in ran.err


def test_a_given_authority_goes_before_the_environment(
    monkeypatch, fake: FakeGrafana, sample: Path, ca_file: Path, tmp_path: Path
):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    use(monkeypatch, fake)
    assert run("push", sample, "--ca-cert", ca_file).code == 0


def test_a_certificate_for_another_name(monkeypatch, authority: trustme.CA, sample: Path, ca_file: Path):
    with FakeGrafana("g12", tls=serving(authority, "other.example")) as fake:
        use(monkeypatch, fake)
        refused(
            run("push", sample, "--ca-cert", ca_file),
            "certificate is not for 127.0.0.1",
            "the name that the certificate",
        )


def test_an_expired_certificate(monkeypatch, authority: trustme.CA, sample: Path, ca_file: Path):
    from datetime import UTC, datetime

    with FakeGrafana("g12", tls=serving(authority, not_after=datetime(2020, 1, 1, tzinfo=UTC))) as fake:
        use(monkeypatch, fake)
        refused(run("push", sample, "--ca-cert", ca_file), "has expired", "renewed")


def test_a_certificate_that_is_not_valid_yet(monkeypatch, authority: trustme.CA, sample: Path, ca_file: Path):
    from datetime import UTC, datetime

    context = serving(
        authority, not_before=datetime(2090, 1, 1, tzinfo=UTC), not_after=datetime(2091, 1, 1, tzinfo=UTC)
    )
    with FakeGrafana("g12", tls=context) as fake:
        use(monkeypatch, fake)
        refused(run("push", sample, "--ca-cert", ca_file), "is not valid yet", "this machine's clock")


def test_a_redirect_to_http_is_not_advised(monkeypatch, fake: FakeGrafana, sample: Path, ca_file: Path):
    use(monkeypatch, fake)
    target = {"Location": fake.url.replace("https", "http") + "/api/health"}
    fake.spoil("GET /api/health", status=301, body="", headers=target)
    ran = run("push", sample, "--ca-cert", ca_file)
    refused(ran, "redirects from https to http", "keep https in GRAFANA_URL")
    assert "export GRAFANA_URL=http://" not in ran.err


def test_files_that_hold_no_certificate_or_another_ones_key(
    monkeypatch, authority: trustme.CA, fake: FakeGrafana, sample: Path, tmp_path: Path
):
    use(monkeypatch, fake)
    (tmp_path / "none.pem").write_text("hello\n")
    mine, other = authority.issue_cert("me@example.org"), authority.issue_cert("you@example.org")
    mine.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    other.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    for given, says in (
        (("--ca-cert", "none.pem"), "--ca-cert: holds no certificate"),
        (("--client-cert", "cert.pem", "--client-key", "key.pem"), "--client-key is not that of the certificate"),
        (("--client-cert", "none.pem"), "hold no certificate with its key"),
        (("--client-cert", "cert.pem", "--client-key", "none.pem"), "hold no certificate with its key"),
    ):
        ran = run("push", sample, *(tmp_path / word if word.endswith(".pem") else word for word in given))
        assert ran.code == 2, given
        assert says in ran.err
    assert not fake.requests


def test_http_at_a_tls_port(monkeypatch, fake: FakeGrafana, sample: Path):
    use(monkeypatch, fake)
    monkeypatch.setenv("GRAFANA_URL", fake.url.replace("https", "http"))
    assert run("push", sample).code == 3


def test_tls_at_an_http_port(monkeypatch, sample: Path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        monkeypatch.setenv("GRAFANA_URL", fake.url.replace("http", "https"))
        refused(run("push", sample), "does not speak TLS on this port", "use http://")


def test_a_client_certificate(monkeypatch, authority: trustme.CA, sample: Path, ca_file: Path, tmp_path: Path):
    context = serving(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # which refuses in the handshake, not with the first answer
    authority.configure_trust(context)
    mine = authority.issue_cert("me@example.org")
    mine.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    mine.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    with FakeGrafana("g12", tls=context) as fake:
        use(monkeypatch, fake)
        refused(
            run("push", sample, "--ca-cert", ca_file), "asks for a client certificate", "--client-cert and --client-key"
        )
        given = ("--client-cert", tmp_path / "cert.pem", "--client-key", tmp_path / "key.pem")
        assert run("push", sample, "--ca-cert", ca_file, *given).code == 0
