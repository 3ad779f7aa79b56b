"""The fake's HTTP: who asks, what is spoilt, which API answers."""

import base64
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.grafana.fake import k8s, legacy
from tests.grafana.fake.faults import HTML, Fault
from tests.grafana.fake.profile import PROFILES, Profile
from tests.grafana.fake.store import RefusalError, Store

TOKEN = "glsa_marked0secret0token_0a1b2c3d"  # what a test signs in with; it must never be seen in any output
PASSWORD = "marked-secret-password"
UNAUTHORIZED = {
    "expired": ("api-key.expired", "Expired API key"),
    "revoked": ("api-key.revoked", "Revoked API key"),
    "other-org": ("api-key.organization-mismatch", "API key does not belong to the requested organization"),
    "invalid": ("api-key.invalid", "Invalid API key"),
    "none": ("auth.unauthorized", "Unauthorized"),
    "password": ("password-auth.failed", "Invalid username or password"),
}


@dataclass
class Request:
    """A request that the fake got."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    headers: dict[str, str]
    login: str = ""
    status: int = 0

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


class FakeGrafana:
    """A Grafana on loopback, of one profile.

    Args:
        profile: the version's behaviour, or the name of one.
        sub_path: such as ``/grafana``: everything else is redirected there.
        tls: serves HTTPS with it.
    """

    def __init__(
        self,
        profile: Profile | str = "g12",
        *,
        sub_path: str = "",
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.profile = PROFILES[profile] if isinstance(profile, str) else profile
        self.store = Store(self.profile)
        self.sub_path = sub_path
        self.logins = {TOKEN: "llumnix-dash"}
        self.refused_tokens: dict[str, str] = {}  # token -> key of UNAUTHORIZED
        self.denied: set[str] = set()
        self.hides_version = self.profile.version is None
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self.errors: list[BaseException | None] = []
        self.delay = 0.0
        # Orders the requests of several clients; a test may put its own in.
        self.turn: Callable[[Request], Any] = self.turn_of_anybody
        self._lock = threading.Lock()
        self._server = _Server((host, 0), _Handler)
        self._server.fake = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._scheme = "https" if tls else "http"
        self._host = host
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self._host}:{self._server.server_address[1]}{self.sub_path}"

    def __enter__(self) -> "FakeGrafana":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self.errors:
            raise AssertionError("the fake failed") from self.errors[0]

    @staticmethod
    def turn_of_anybody(_: Request) -> Any:
        """Lets every request through at once."""
        return nullcontext()

    def lines(self, *methods: str) -> list[str]:
        """The requests so far, as "GET /api/...", of these methods (all for none)."""
        return [request.line for request in self.requests if not methods or request.method in methods]

    def spoil(self, on: str, **how: Any) -> Fault:
        fault = Fault(on, **how)
        self.faults.append(fault)
        return fault

    # -- one request -----------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        """Status, body (an object for JSON, a string for anything else) and headers."""
        if self.sub_path and not request.path.startswith(self.sub_path + "/"):
            return 301, "", {"Location": f"{self.url}{request.path}"}
        path = request.path.removeprefix(self.sub_path)
        try:
            if path == "/api/health":  # without signing in
                return 200, self._health(), {}
            request.login = self._login(request.headers)
            call = legacy.Call(request.method, path, request.query, request.body, request.login, self.denied)
            with self._lock:
                if path == "/bootdata":
                    return 200, {"settings": {"namespace": "default"}}, {}
                if path.startswith("/apis"):
                    return (*k8s.respond(self.store, call), {})
                return (*legacy.respond(self.store, call, self.sub_path), {})
        except RefusalError as refusal:
            return refusal.status, refusal.body, {}

    def _health(self) -> dict[str, str]:
        version = {} if self.hides_version else {"version": self.profile.version or "", "commit": "abc"}
        return {"database": "ok", **version}

    def _login(self, headers: dict[str, str]) -> str:
        kind, _, value = headers.get("authorization", "").partition(" ")
        why = "none"
        if kind.lower() == "basic":
            user, _, password = base64.b64decode(value).decode().partition(":")
            if password == PASSWORD or (user == "api_key" and password in self.logins):
                return user
            why = "password"
        elif kind == "Bearer":
            if value in self.logins:
                return self.logins[value]
            why = self.refused_tokens.get(value, "invalid")
        message_id, message = UNAUTHORIZED[why]
        raise RefusalError(401, message, messageId=message_id, statusCode=401, traceID="")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    fake: FakeGrafana

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of the game; anything else is a fault of the fake and fails the test."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.fake.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def handle_one_method(self) -> None:
        fake = self.server.fake
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, parse_qs(parts.query, keep_blank_values=True), body, headers)
        with fake.turn(request):
            self._handle(fake, request)

    def _handle(self, fake: FakeGrafana, request: Request) -> None:
        fake.requests.append(request)
        if fake.delay:
            time.sleep(fake.delay)
        fault = next((fault for fault in fake.faults if fault.takes(request.line)), None)
        if fault is None:
            status, answer, headers = fake.answer(request)
            self._send(request, status, answer, headers)
            return
        if fault.drop == "before":
            self.close_connection = True
            fault.arrived.set()
            return
        status, answer, headers = 0, None, {}
        if fault.handled or fault.drop == "after" or fault.status is None:
            status, answer, headers = fake.answer(request)
        fault.arrived.set()
        if fault.until is not None:
            fault.until.wait(30)
        if fault.drop == "after":
            self.close_connection = True
            return
        if fault.status is not None:
            status, answer, headers = fault.status, fault.body, fault.headers
        self._send(request, status, answer, headers)

    def _send(self, request: Request, status: int, answer: Any, headers: dict[str, str]) -> None:
        request.status = status
        data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(answer, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = handle_one_method  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the requests are kept."""


__all__ = ["HTML", "PASSWORD", "TOKEN", "FakeGrafana"]
