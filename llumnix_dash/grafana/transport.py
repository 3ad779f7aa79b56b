"""HTTP to one Grafana: timeouts, retries, and writes whose answer is lost."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
import urllib3

from llumnix_dash.document.values import encoded
from llumnix_dash.errors import UserError
from llumnix_dash.grafana.failures import AnswerLostError, StoppedError, explain
from llumnix_dash.grafana.settings import GrafanaSettings
from llumnix_dash.http import retry
from llumnix_dash.http.reply import Reply
from llumnix_dash.http.session import Session
from llumnix_dash.http.unreachable import Names, has_cause, unreachable

log = logging.getLogger("llumnix_dash.grafana")

CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 30.0  # seconds
NAMES = Names(
    server="Grafana",
    url="GRAFANA_URL",
    authority="--ca-cert FILE (or, for a test server only, --insecure)",
    client_certificate="--client-cert and --client-key",
)


class Transport:
    """Requests to one Grafana, from any number of threads, over connections that are kept.

    Args:
        settings: where the server is and how to sign in.
        sleep: waits between attempts; True from it means "stop waiting and give up" (as ``Event.wait`` does).
        timeout: seconds to connect and seconds without a byte of answer.
        at_once: how many requests are under way at once; the others wait for their turn.
    """

    def __init__(
        self,
        settings: GrafanaSettings,
        *,
        sleep: Callable[[float], bool] | None = None,
        timeout: tuple[float, float] = (CONNECT_TIMEOUT, READ_TIMEOUT),
        at_once: int = 4,
    ) -> None:
        self.base = settings.url
        self.host = urlsplit(settings.url).hostname or settings.url
        self.org_id = settings.org_id
        self.stop = threading.Event()
        self.sleep = sleep or self.stop.wait
        self._timeout = timeout
        self._turns = threading.BoundedSemaphore(at_once)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if settings.org_id is not None:
            headers["X-Grafana-Org-Id"] = str(settings.org_id)
        self._session = Session(settings.connection, headers)
        self._credentials = settings.credentials

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Reply:
        """GET, repeated where the connection or a gateway fails."""
        return self._attempts("GET", path, params, None)

    def send(self, method: str, path: str, body: Any = None, params: Mapping[str, Any] | None = None) -> Reply:
        """A write: sent once, and again only where the server says that it did nothing (429) or was never reached.

        Raises:
            AnswerLostError: it may have been done, or not; look before sending it again.
        """
        return self._attempts(method, path, params, body)

    def _attempts(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> Reply:
        reading = method == "GET"

        def may_repeat(error: requests.RequestException) -> bool:
            return retry.may_pass(error) and (reading or _never_reached(error))

        def refused(reply: Reply) -> tuple[Mapping[str, str], Any] | None:
            passes = reply.status == 429 or (reading and reply.status in retry.GATEWAY_ERRORS)
            return (reply.headers, reply.body) if passes else None

        def wait(seconds: float) -> None:
            log.info("%s %s: again in %.1f s", method, path, seconds)
            if self.sleep(seconds):
                raise StoppedError("stopped before it was done", where=f"{method} {self.base}{path}")

        try:
            reply = retry.answered(
                lambda: self._once(method, path, params, body), may_repeat=may_repeat, refused=refused, wait=wait
            )
        except requests.RequestException as error:
            problem = unreachable(error, f"{method} {self.base}{path}", self.host, NAMES)
            # `from None`: the library's exception holds the request, and that the credentials.
            raise (problem if reading or _never_reached(error) else _lost(problem)) from None
        if 300 <= reply.status < 400:
            raise explain(reply, "go on")
        if reply.status in retry.UNCERTAIN and not reading:
            raise _lost(explain(reply, "write"))
        return reply

    def _once(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> Reply:
        data = None if body is None else encoded(body)
        outcome = "no answer"
        with self._turns:
            began = time.monotonic()
            try:
                response = self._session.request(method, path, params=params, data=data, timeout=self._timeout)
                outcome = str(response.status_code)
            finally:
                log.info("%s %s %s %.0f ms", method, path, outcome, 1000 * (time.monotonic() - began))
        try:
            parsed = orjson.loads(response.content)
        except ValueError:
            parsed = None
        return Reply(
            method=method,
            url=self.base + path,
            path=path,
            status=response.status_code,
            headers=response.headers,
            text=response.text if parsed is None else "",
            body=parsed,
            credentials=self._credentials,
            hide=self._session.connection.hide_secrets,
        )


def _lost(problem: UserError) -> AnswerLostError:
    """The same, told as a write of which nobody knows whether it was done."""
    return AnswerLostError(problem.summary, where=problem.where, detail=problem.detail, hint=problem.hint)


def _never_reached(error: requests.RequestException) -> bool:
    """Whether the request cannot have come to the server: the connection itself did not come about."""
    return has_cause(
        error,
        requests.exceptions.ConnectTimeout,
        requests.exceptions.ProxyError,
        requests.exceptions.InvalidSchema,
        requests.exceptions.InvalidURL,
        urllib3.exceptions.NewConnectionError,
    )
