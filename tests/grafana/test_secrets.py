"""With a marked token, every command and every failure at the highest verbosity: the token is nowhere."""

import socket
import traceback
from pathlib import Path
from typing import Any

import pytest
import requests

from llumnix_dash.errors import UserError
from llumnix_dash.grafana.connect import connect
from llumnix_dash.grafana.settings import load_settings
from llumnix_dash.grafana.transport import Transport
from tests.grafana.command import Ran, run, use, write
from tests.grafana.conftest import transport_to
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.faults import HTML
from tests.grafana.fake.server import PASSWORD, TOKEN
from tests.grafana.samples import SAVE, dashboard, edit, with_query
from tests.grafana.test_errors import ANSWERS

SECRETS = ("marked0secret0token", "marked-secret-password", "bWFya2VkLXNlY3JldC1wYXNzd29yZA")
COMMANDS = (
    ("push", "SET", "-v"),
    ("push", "SET", "-v", "--dry-run"),
    ("push", "SET", "-v", "--overwrite", "--backup-dir", "BACKUPS"),
    ("push", "SET", "-v", "--prune", "--yes", "--backup-dir", "BACKUPS"),
    ("push", "SET", "-v", "--format", "json", "--api", "k8s"),
    ("push", "SET", "-v", "--folder", "A / B", "--datasource", "Prometheus", "--message", "why"),
    ("status", "SET", "-v"),
    ("status", "SET", "-v", "--format", "json"),
    ("pull", "LIVE", "SET", "-v"),
    ("pull", "LIVE", "SET", "-v", "--native"),
    ("push", "SET", "-v", "--annotate", "--mirror", "--set", "mine", "--overwrite", "--backup-dir", "BACKUPS"),
    ("status", "SET", "-v", "--folder", "A / B", "--set", "mine"),
    ("restore", "COPY", "-v", "--backup-dir", "BACKUPS"),
)


def has_no_secret(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text


def clean(ran: Ran, folder: Path) -> None:
    has_no_secret(ran.out + ran.err)
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "secret":
            has_no_secret(path.read_text())


def headers_file(folder: Path) -> Path:
    path = folder / "headers" / "secret"
    path.parent.mkdir()
    path.write_text(f"CF-Access-Client-Secret: {PASSWORD}\n")
    return path


def filled(command: tuple[str, ...], tmp_path: Path) -> list[str]:
    places = {"SET": tmp_path / "set", "BACKUPS": tmp_path / "backups", "LIVE": tmp_path / "live"}
    places["COPY"] = next((tmp_path / "backups").rglob("*.json"), tmp_path)
    return [str(places.get(word, word)) for word in command]


# Every command with a token, and every other kind of secret with the command that does most.
@pytest.mark.parametrize(
    ("command", "by"),
    [*((command, "token") for command in COMMANDS), (COMMANDS[3], "password"), (COMMANDS[3], "file")],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_every_command(monkeypatch, tmp_path: Path, command: tuple[str, ...], by: str):
    with FakeGrafana("g13.0") as fake:
        use(monkeypatch, fake)
        if by == "password":
            monkeypatch.delenv("GRAFANA_TOKEN")
            monkeypatch.setenv("GRAFANA_USER", "admin")
            monkeypatch.setenv("GRAFANA_PASSWORD", PASSWORD)
        if by == "file":
            (tmp_path / "secret").write_text(TOKEN)
            monkeypatch.delenv("GRAFANA_TOKEN")
            monkeypatch.setenv("GRAFANA_TOKEN_FILE", str(tmp_path / "secret"))
            monkeypatch.setenv("GRAFANA_HEADERS_FILE", str(headers_file(tmp_path)))
        write(tmp_path / "set", dashboard(), dashboard("other"))
        assert run("push", tmp_path / "set").code == 0
        edit(fake)
        write(tmp_path / "set", with_query(dashboard(), "sum(up)"))
        (tmp_path / "set" / "other.json").unlink()
        if "COPY" in command:
            run("push", tmp_path / "set", "--overwrite", "--backup-dir", tmp_path / "backups")
        ran = run(*filled(command, tmp_path))
        assert any(request.login for request in fake.requests), "nobody signed in: the test would show nothing"
        sent = fake.requests[-1].headers.get("cf-access-client-secret")
        assert sent == (PASSWORD if by == "file" else None)
    assert "GET /" in ran.err
    clean(ran, tmp_path)


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[6], COMMANDS[8]], ids=lambda command: command[0])
def test_every_failure(monkeypatch, tmp_path: Path, command: tuple[str, ...]):
    """A push meets all of them, the other commands those of what they read."""
    write(tmp_path / "set", dashboard())
    for on, how, _ in ANSWERS.values():
        if command[0] == "push" or on.startswith("GET"):
            with FakeGrafana("g12") as fake:
                use(monkeypatch, fake)
                fake.spoil(on, **how)
                clean(run(*filled(command, tmp_path)), tmp_path)


REPEATS = {
    "message": f"no: {TOKEN}",
    "details": {"causes": [{"field": f"spec.{TOKEN}", "message": f"bad {TOKEN}"}]},
}


@pytest.mark.parametrize("api", ["legacy", "k8s"])
@pytest.mark.parametrize("status", [400, 403, 413, 422, 500])
def test_a_server_that_repeats_the_token_does_not_show_it(monkeypatch, tmp_path: Path, api: str, status: int):
    with FakeGrafana("g13.0") as fake:
        use(monkeypatch, fake)
        fake.spoil(SAVE, status=status, body=REPEATS, times=99)
        ran = run("push", write(tmp_path / "set", dashboard()), "--api", api, "-v")
        assert ran.code != 0
        clean(ran, tmp_path)
        if status == 422:
            assert "spec.[hidden]: bad [hidden]" in ran.out


@pytest.mark.parametrize("drop", ["before", "after"])
def test_every_lost_connection(monkeypatch, tmp_path: Path, drop: Any):
    for on in ("GET /api/health", "GET /api/dashboards", "POST /api/dashboards", "POST /api/folders"):
        with FakeGrafana("g12") as fake:
            use(monkeypatch, fake)
            write(tmp_path / "set", dashboard())
            fake.spoil(on, drop=drop, times=99)
            ran = run("push", tmp_path / "set", "-v")
            assert "no answer" in ran.err
            clean(ran, tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ("push", "--token", TOKEN),
        ("push", f"--token={TOKEN}"),
        ("push", "--password", PASSWORD),
        ("status", "--api-key", TOKEN),
        ("pull", "DIR", "--bearer-token", TOKEN),
        ("push", TOKEN),
        ("status", TOKEN),
        ("push", "--url", f"https://admin:{PASSWORD}@grafana.example"),
    ],
)
def test_a_secret_in_an_argument_is_refused_and_not_repeated(arguments: tuple[str, ...]):
    ran = run(*arguments)
    assert ran.code == 2
    assert "GRAFANA_" in ran.err, "the way to do it right"
    has_no_secret(ran.told)


def test_a_secret_in_the_url_is_refused_and_not_repeated(monkeypatch):
    for url in (f"https://admin:{PASSWORD}@host", f"https://{TOKEN}@host/x", f"https://host/?auth_token={TOKEN}"):
        monkeypatch.setenv("GRAFANA_URL", url)
        ran = run("push", "-v", "--dry-run", "lrs")
        assert ran.code == 2
        has_no_secret(ran.told)


def to_nobody(port: int, headers: Path) -> Transport:
    environment = {
        "GRAFANA_URL": f"http://127.0.0.1:{port}",
        "GRAFANA_TOKEN": TOKEN,
        "GRAFANA_HEADERS_FILE": str(headers),
    }
    return Transport(load_settings(environment=environment), sleep=lambda _: False)


def everything_about(error: BaseException | None) -> str:
    """A traceback with the local variables of every frame, as error trackers send it."""
    if error is None:
        return ""
    told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    return told + repr(error) + str(error)


def test_tracebacks_and_reprs_with_all_local_variables(tmp_path: Path):
    with FakeGrafana("g12") as fake:
        transport = transport_to(fake)
        has_no_secret(repr(transport) + repr(vars(transport)) + repr(connect(transport)))
        fake.spoil("GET", status=502, body=HTML, times=99)
        fake.spoil("POST", drop="after", times=99)
        fake.spoil("PUT", status=301, body="", headers={"Location": "https://else.example/x"})
        for call in (
            lambda: connect(transport),
            lambda: transport.send("POST", "/api/dashboards/db", {}),
            lambda: transport.send("PUT", "/x", {}),
        ):
            with pytest.raises(UserError) as caught:
                call()
            has_no_secret(everything_about(caught.value))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        transport = to_nobody(taken.getsockname()[1], headers_file(tmp_path))
        has_no_secret(repr(vars(transport)) + repr(vars(transport._session)))
        with pytest.raises(UserError) as caught:
            transport.get("/api/health")
        has_no_secret(everything_about(caught.value))


def test_settings_that_are_refused():
    for environment in (
        {"GRAFANA_URL": "https://host", "GRAFANA_TOKEN": f"{TOKEN}\n"},
        {"GRAFANA_URL": "nonsense", "GRAFANA_TOKEN": TOKEN},
        {"GRAFANA_URL": "https://host", "GRAFANA_PASSWORD": PASSWORD},
    ):
        with pytest.raises(UserError) as caught:
            load_settings(environment=environment)
        has_no_secret(str(caught.value) + repr(caught.value))


def test_a_redirect_elsewhere_does_not_take_the_token_along(monkeypatch, tmp_path: Path):
    with FakeGrafana("g12") as fake, FakeGrafana("g12") as thief:
        use(monkeypatch, fake)
        fake.spoil("GET /api/health", status=302, body="", headers={"Location": f"{thief.url}/api/health"})
        ran = run("push", write(tmp_path, dashboard()))
        assert ran.code == 3
        assert not thief.requests
    assert f"export GRAFANA_URL={thief.url}" in ran.err


def test_netrc_does_not_take_the_place_of_the_token(monkeypatch, tmp_path: Path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert requests.utils.get_netrc_auth("http://127.0.0.1") == ("other", "other")
    with FakeGrafana("g12") as fake:
        connect(transport_to(fake))
        assert {request.headers["authorization"] for request in fake.requests} == {f"Bearer {TOKEN}"}
