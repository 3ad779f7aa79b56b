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
        for attempt in range(1, retry.ATTEMPTS + 1):
            last = attempt == retry.ATTEMPTS
            pause = retry.pause(attempt, {}, None)
            try:
                reply = self._once(method, path, params, body)
            except requests.RequestException as error:
                problem = unreachable(error, f"{method} {self.base}{path}", self.host, NAMES)
                if not reading and not _never_reached(error):
                    # `from None`: the library's exception holds the request, and that the credentials.
                    raise AnswerLostError(
                        problem.summary, where=problem.where, detail=problem.detail, hint=problem.hint
                    ) from None
                if last or not retry.may_pass(error):
                    raise problem from None
            else:
                if 300 <= reply.status < 400:
                    raise explain(reply, "go on")
                if reply.status in retry.UNCERTAIN and not reading:
                    told = explain(reply, "tell whether the write was done")
                    raise AnswerLostError(told.summary, where=told.where, detail=told.detail, hint=told.hint)
                if last or reply.status not in retry.GATEWAY_ERRORS | {429}:
                    return reply
                pause = retry.pause(attempt, reply.headers, reply.body)
            log.info("%s %s: again in %.1f s", method, path, pause)
            if self.sleep(pause):
                raise StoppedError("stopped before it was done", where=f"{method} {self.base}{path}")
        raise AssertionError("the last attempt returns or raises")

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
        if response.status_code >= 400 and isinstance(parsed, dict) and isinstance(parsed.get("message"), str):
            parsed["message"] = self._session.connection.hide_secrets(parsed["message"])
        return Reply(
            method=method,
            url=self.base + path,
            path=path,
            status=response.status_code,
            headers=response.headers,
            text=response.text if parsed is None else "",
            body=parsed,
            credentials=self._credentials,
        )


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
