"""Each cause has its own error, in the user's terms, with the next step: the whole text, as the user sees it."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.command import Check, Ran, run, use, write
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.grafana.fake.faults import HTML
from tests.grafana.fake.server import TOKEN
from tests.grafana.samples import READ, SAVE, dashboard

NOT_A_GRAFANA = 3

# What the server answers -> the exit code. The text is in the golden file of the same name.
ANSWERS: dict[str, tuple[str, dict[str, Any], int]] = {
    "html from a login page": ("GET /api/health", {"status": 200, "body": HTML}, 3),
    "no json at all": ("GET /api/health", {"status": 200, "body": "ok"}, 3),
    "other json": ("GET /api/health", {"status": 200, "body": {"status": "UP"}}, 3),
    "wrong path": ("GET /api/health", {"status": 404, "body": {"message": "Not found"}}, 3),
    "html 404": ("GET /api/health", {"status": 404, "body": HTML}, 3),
    "database failing": ("GET /api/health", {"status": 503, "body": {"database": "failing"}, "times": 9}, 3),
    "gateway": ("GET /api/health", {"status": 502, "body": HTML, "times": 9}, 3),
    "login redirect": ("GET /api/health", {"status": 302, "body": "", "headers": {"Location": "/login"}}, 3),
    "too old": ("GET /api/health", {"status": 200, "body": {"database": "ok", "version": "9.5.21"}}, 3),
    "save redirected": (
        SAVE,
        {"status": 301, "body": "", "headers": {"Location": "https://other.example/grafana/api/dashboards/db?x=1"}},
        3,
    ),
    "rbac denial": (
        SAVE,
        {
            "status": 403,
            "body": {
                "title": "Access denied",
                "message": "You'll need additional permissions to perform this action. "
                "Permissions needed: dashboards:create on folders:uid:abc",
                "accessErrorId": "ACE1",
            },
        },
        1,
    ),
    "access denied": (SAVE, {"status": 403, "body": {"message": "Access denied to save dashboard", "traceID": ""}}, 1),
    "quota": (SAVE, {"status": 403, "body": {"message": "Quota reached"}}, 1),
    "quota, newer": (
        SAVE,
        {"status": 403, "body": {"status": "quota-reached", "message": "Dashboard quota reached"}},
        1,
    ),
    "too large": (SAVE, {"status": 413, "body": {"message": "Dashboard is too large, max is 8 MB"}}, 1),
    "too large for a proxy": (SAVE, {"status": 413, "body": HTML}, 1),
    "provisioned": (SAVE, {"status": 400, "body": {"message": "Cannot save provisioned dashboard"}}, 1),
    "plugin": (
        SAVE,
        {"status": 412, "body": {"status": "plugin-dashboard", "message": "The dashboard belongs to plugin x."}},
        1,
    ),
    "same title": (
        SAVE,
        {
            "status": 412,
            "body": {"status": "name-exists", "message": "A dashboard with the same name in the folder already exists"},
        },
        1,
    ),
    "git sync": (SAVE, {"status": 403, "body": {"message": "Can not remove resource manager from resource"}}, 1),
    "folder gone": (SAVE, {"status": 400, "body": {"message": "folder not found"}}, 1),
    "folder gone, newest": (
        SAVE,
        {"status": 404, "body": {"message": 'folders.folder.grafana.app "abc" not found'}},
        1,
    ),
    "refresh": (SAVE, {"status": 400, "body": {"message": "Dashboard refresh interval is too low"}}, 1),
    "gitops": (
        SAVE,
        {"status": 202, "body": {"status": "pending", "message": "changes were broadcast to the gitops listener"}},
        1,
    ),
    "bad request": (SAVE, {"status": 400, "body": {"message": "bad request data", "traceID": ""}}, 1),
    "alert validation": (SAVE, {"status": 422, "body": {"message": "alert: no condition"}}, 1),
    "server failure": (
        SAVE,
        {"status": 500, "body": {"message": "Failed to save dashboard", "traceID": ""}, "times": 9},
        3,
    ),
    "too many requests": (SAVE, {"status": 429, "body": {"message": "slow down"}, "times": 9}, 3),
    "proxy asks for a password": (SAVE, {"status": 407, "body": HTML}, 3),
    "reading denied": (READ, {"status": 403, "body": {"message": "Access denied"}}, 1),
}


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return write(tmp_path / "set", dashboard())


def held(golden: Check, name: str, ran: Ran) -> None:
    golden(f"push/errors/{name.replace(' ', '-').replace(',', '')}.txt", ran.told)


@pytest.mark.parametrize("name", list(ANSWERS))
def test_an_answer(monkeypatch, golden: Check, sample: Path, name: str):
    on, how, code = ANSWERS[name]
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        fake.spoil(on, **how)
        ran = run("push", sample)
    assert ran.code == code
    assert not fake.store.dashboards, "an error, and yet it was saved"
    held(golden, name, ran)


@pytest.mark.parametrize("why", ["expired", "revoked", "other-org", "invalid"])
def test_a_token_that_is_refused(monkeypatch, golden: Check, sample: Path, why: str):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake, token="glsa_refused")
        fake.refused_tokens["glsa_refused"] = why
        ran = run("push", sample)
    assert ran.code == 3
    held(golden, f"token {why}", ran)


def test_a_cloud_token(monkeypatch, golden: Check, sample: Path):
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake, token="glc_eyJvIjoiMTIzIn0=")
        ran = run("push", sample)
    assert ran.code == 3
    held(golden, "token of cloud", ran)


def test_no_credentials(monkeypatch, golden: Check, sample: Path):
    with FakeGrafana("g12") as fake:
        monkeypatch.setenv("GRAFANA_URL", fake.url)
        ran = run("push", sample)
    assert ran.code == 3
    held(golden, "no credentials", ran)


def test_a_wrong_password(monkeypatch, golden: Check, sample: Path):
    with FakeGrafana("g12") as fake:
        monkeypatch.setenv("GRAFANA_URL", fake.url)
        monkeypatch.setenv("GRAFANA_USER", "admin")
        monkeypatch.setenv("GRAFANA_PASSWORD", "wrong")
        ran = run("push", sample)
    assert ran.code == 3
    held(golden, "wrong password", ran)


def test_a_wrong_sub_path(monkeypatch, golden: Check, sample: Path):
    with FakeGrafana("g12", sub_path="/grafana") as fake:
        use(monkeypatch, fake)
        monkeypatch.setenv("GRAFANA_URL", fake.url.removesuffix("/grafana"))
        ran = run("push", sample)
        assert ran.code == 3
        held(golden, "wrong sub-path", ran)
        monkeypatch.setenv("GRAFANA_URL", fake.url + "/")
        assert run("push", sample).code == 0, "the address that the error names is the right one"


def test_nobody_listens(monkeypatch, golden: Check, sample: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setattr("llumnix_dash.http.retry.pause", lambda *_: 0.0)
        monkeypatch.setenv("GRAFANA_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        ran = run("push", sample)
    assert ran.code == 3
    held(golden, "connection refused", ran)


def test_no_such_host(monkeypatch, golden: Check, sample: Path):
    monkeypatch.setenv("GRAFANA_URL", "http://grafana.invalid")
    ran = run("push", sample)
    assert ran.code == 3
    held(golden, "no such host", ran)


def test_a_proxy_that_does_not_answer(monkeypatch, golden: Check, sample: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://user:marked-proxy-secret@127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("GRAFANA_URL", "http://grafana.example")
        monkeypatch.setenv("NO_PROXY", "")
        ran = run("push", sample, "-v")
    assert ran.code == 3
    assert "marked-proxy-secret" not in ran.told
    held(golden, "proxy", ran)


def test_a_socks_proxy(monkeypatch, sample: Path):
    monkeypatch.setenv("ALL_PROXY", "socks5://user:marked-proxy-secret@127.0.0.1:1")
    monkeypatch.setenv("GRAFANA_URL", "http://grafana.example")
    monkeypatch.setenv("NO_PROXY", "")
    ran = run("push", sample)
    assert ran.code == 2
    assert "names a SOCKS proxy, for which a package is missing" in ran.err
    assert "marked-proxy-secret" not in ran.told


@pytest.mark.parametrize("name", ["g12", "g13.0"])
def test_a_uid_that_is_taken_by_what_cannot_be_seen(monkeypatch, sample: Path, name: str):
    with FakeGrafana(name) as fake:
        use(monkeypatch, fake)
        body = {"status": "Failure", "reason": "AlreadyExists", "code": 409, "message": "already exists"}
        fake.spoil(SAVE, status=409, body=body, times=9)
        ran = run("push", sample)
    assert ran.code == 1
    assert "its uid is taken, and shows no such dashboard" in ran.out


def test_a_proxy_that_asks_for_a_password(monkeypatch, golden: Check, sample: Path):
    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            self.send_error(407)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_address[1]}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("GRAFANA_URL", "https://grafana.example")
        ran = run("push", sample)
        proxy.shutdown()
    assert ran.code == 3
    held(golden, "proxy asks for a password, for TLS", ran)


def test_a_proxy_is_used(monkeypatch, sample: Path):
    """As requests has them: here the fake itself plays the proxy for a host that does not exist."""
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        monkeypatch.setenv("HTTP_PROXY", fake.url)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("GRAFANA_URL", "http://grafana.invalid")
        assert run("push", sample).code == 0
        assert fake.store.dashboards
        monkeypatch.setenv("NO_PROXY", "grafana.invalid")
        assert run("push", sample).code == 3


@pytest.mark.parametrize("name", list(PROFILES))
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": "t" * 5000 + "x"}, "title of at most 5000"),
        ({"uid": "no spaces"}, "needs a uid"),
        ({"uid": "u" * 41}, "needs a uid"),
        ({"title": "  "}, "needs a title"),
    ],
)
def test_what_no_server_takes_is_refused_before_it_is_asked(monkeypatch, tmp_path: Path, name: str, changes, says: str):
    with FakeGrafana(name) as fake:
        use(monkeypatch, fake)
        path = write(tmp_path / "set", dashboard()) / "llumnix-lrs-dashboard.json"
        write(tmp_path / "set", dashboard())
        import json

        path.write_text(json.dumps(dashboard(**changes)))
        ran = run("push", path)
    assert ran.code == 2
    assert says in ran.err
    assert not fake.requests


@pytest.mark.parametrize("name", ["g12", "g13.0", "g13new"])
def test_a_dashboard_that_is_too_large_for_the_server(monkeypatch, tmp_path: Path, name: str):
    with FakeGrafana(PROFILES[name].but(size_limit=1000)) as fake:
        use(monkeypatch, fake)
        ran = run("push", write(tmp_path / "set", dashboard(description="x" * 1000)))
    assert ran.code == 1
    assert "Dashboard is too large" in ran.out


def test_one_failure_does_not_stop_the_rest(monkeypatch, tmp_path: Path, fake: FakeGrafana):
    use(monkeypatch, fake)
    fake.spoil(SAVE, status=500, body={"message": "Failed to save dashboard", "traceID": ""}, skip=1, times=4)
    ran = run("push", write(tmp_path / "set", *map(dashboard, "abcde")), "--jobs", 1)
    assert sorted(fake.store.dashboards) == ["a", "c", "d", "e"]
    assert "Done: 4 created, 1 failed." in ran.out
    assert ran.code == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"message": "Unauthorized"}, 3),
        ({"message": "Invalid API key", "messageId": "api-key.invalid", "extra": None}, 3),
        ("", 3),
    ],
)
def test_every_shape_of_a_401(monkeypatch, sample: Path, body, code: int):
    with FakeGrafana("g11") as fake:
        use(monkeypatch, fake)
        fake.spoil("GET /api/frontend/settings", status=401, body=body)
        ran = run("push", sample)
    assert ran.code == code
    assert "does not know the token" in ran.err
    assert TOKEN not in ran.told
