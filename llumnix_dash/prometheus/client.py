"""A Prometheus' HTTP API, as far as Grafana uses it; VictoriaMetrics and other stores speak it too."""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from llumnix_dash.errors import QueryError, ServerError
from llumnix_dash.http import retry
from llumnix_dash.http.session import Connection, Session
from llumnix_dash.http.unreachable import Names, unreachable

NAMES = Names(
    server="the Prometheus",
    url="--prometheus or PROMETHEUS_URL",
    authority="PROMETHEUS_CA_CERT",
    client_certificate="PROMETHEUS_CLIENT_CERT and PROMETHEUS_CLIENT_KEY",
)
Point = tuple[float, float]
"""Seconds since the epoch, and the value then."""


@dataclass(frozen=True)
class Series:
    """One series of a result: its labels and its points in the order of time; an instant query gives one point."""

    labels: Mapping[str, str]
    points: tuple[Point, ...]

    @property
    def has_value(self) -> bool:
        """Whether any point is a number: a panel shows nothing where all are NaN."""
        return not all(math.isnan(value) for _, value in self.points)


class Client:
    """Asks a Prometheus. Several threads may use one client.

    Args:
        connection: where, and with which credentials.
        timeout: seconds that the store may take for a query.
        grace: seconds to wait beyond that for its answer: its own message on the timeout is the better one.
        sleep: waits between attempts.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        timeout: float = 30.0,
        grace: float = 5.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.url = connection.url
        self.timeout = timeout
        self._grace = grace
        self._connection = connection
        self._session = Session(connection)
        self._sleep = sleep
        self._method = "POST"

    def check(self) -> None:
        """Asks for nothing in particular, to learn early whether the server answers.

        Raises:
            ServerError: it cannot be reached, refuses the credentials, or is no Prometheus.
        """
        try:
            self._ask("query", {"query": "1"})
        except QueryError as error:
            raise ServerError("the server does not answer a query", where=self.url, detail=str(error)) from error

    def query(self, expr: str, at: float) -> list[Series]:
        """The result of an instant query at a time in seconds since the epoch.

        Raises:
            QueryError: this query has no result.
            ServerError: the server cannot be reached or refuses the credentials.
        """
        return _series(self._ask("query", {"query": expr, "time": _timestamp(at), "timeout": self._timeout()}))

    def query_range(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """The result of a range query; times and step in seconds. Raises as :meth:`query`."""
        parameters = {
            "query": expr,
            "start": _timestamp(start),
            "end": _timestamp(end),
            "step": _timestamp(step),
            "timeout": self._timeout(),
        }
        return _series(self._ask("query_range", parameters))

    def label_names(self, start: float, end: float, selector: str | None = None) -> list[str]:
        """The names of all labels between two times, of the series that match, sorted. Raises as :meth:`query`."""
        return sorted(self._ask("labels", _window(start, end, selector)))

    def label_values(self, label: str, start: float, end: float, selector: str | None = None) -> list[str]:
        """The values of a label between two times, of the series that match, sorted. Raises as :meth:`query`."""
        return sorted(self._ask(f"label/{label}/values", _window(start, end, selector), method="GET"))

    def series(self, selector: str, start: float, end: float) -> list[dict[str, str]]:
        """The label sets of the series that match between two times. Raises as :meth:`query`."""
        found: list[dict[str, str]] = self._ask("series", _window(start, end, selector))
        return found

    def _timeout(self) -> str:
        return f"{math.ceil(self.timeout)}s"

    def _ask(self, path: str, parameters: Mapping[str, str], *, method: str | None = None) -> Any:
        """The ``data`` of an answer. Queries are posted as a form, so that a long one fits."""
        reply = self._send(path, parameters, method or self._method)
        if reply.status_code == 405 and method is None and self._method == "POST":
            self._method = "GET"
            reply = self._send(path, parameters, "GET")
        return self._data(reply)

    def _send(self, path: str, parameters: Mapping[str, str], method: str) -> requests.Response:
        def send() -> requests.Response:
            try:
                return self._session.request(
                    method,
                    f"/api/v1/{path}",
                    params=parameters if method == "GET" else None,
                    data=parameters if method == "POST" else None,
                    timeout=(10.0, self.timeout + self._grace),
                )
            except requests.exceptions.ReadTimeout:
                raise QueryError(f"no answer within {self.timeout:g} s") from None

        try:
            return retry.answered(send, may_repeat=retry.may_pass, refused=_refused, wait=self._sleep)
        except requests.RequestException as error:
            # `from None`: the library's exception holds the request, and that the credentials.
            raise unreachable(error, self.url, urlsplit(self.url).hostname or self.url, NAMES) from None

    def _data(self, reply: requests.Response) -> Any:
        if reply.status_code in {401, 403}:
            raise ServerError(
                f"the Prometheus refuses the credentials (HTTP {reply.status_code})",
                where=self.url,
                hint="set PROMETHEUS_TOKEN_FILE, or PROMETHEUS_USER and PROMETHEUS_PASSWORD_FILE",
            )
        if reply.is_redirect:
            raise ServerError(
                "the server redirects instead of answering",
                where=self.url,
                hint="a login page may stand before it: give the address of the Prometheus itself",
            )
        try:
            answer = json.loads(reply.content)
            status = answer["status"]
        except (ValueError, TypeError, KeyError):
            if reply.status_code >= 500:
                raise QueryError(f"HTTP {reply.status_code} {reply.reason}") from None
            # The answer itself is not shown: a proxy may repeat the credentials in it.
            raise ServerError(
                f"the answer is not that of a Prometheus (HTTP {reply.status_code})",
                where=self.url,
                hint="give the URL below which /api/v1/query answers, and credentials where a proxy wants them",
            ) from None
        if status != "success":
            message = str(answer.get("error") or answer.get("errorType") or f"HTTP {reply.status_code}")
            raise QueryError(self._connection.hide_secrets(message))
        return answer["data"]


def _window(start: float, end: float, selector: str | None) -> dict[str, str]:
    window = {"start": _timestamp(start), "end": _timestamp(end)}
    return {**window, "match[]": selector} if selector else window


def _timestamp(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _series(data: Mapping[str, Any]) -> list[Series]:
    kind, result = data["resultType"], data["result"]
    if kind == "scalar":
        return [Series({}, (_point(result),))]
    if kind == "string":
        return [Series({}, ((float(result[0]), math.nan),))]
    return [Series(found["metric"], _points(found)) for found in result]


def _points(found: Mapping[str, Any]) -> tuple[Point, ...]:
    plain = found.get("values") or ([found["value"]] if "value" in found else [])
    if plain:
        return tuple(_point(pair) for pair in plain)
    # A native histogram: its count says whether there is anything to show.
    histograms = found.get("histograms") or ([found["histogram"]] if "histogram" in found else [])
    return tuple((float(moment), float(histogram["count"])) for moment, histogram in histograms)


def _point(pair: Sequence[Any]) -> Point:
    return float(pair[0]), float(pair[1])


def _refused(reply: requests.Response) -> tuple[Mapping[str, str], None] | None:
    """The headers, where another attempt may go better: a store that is asked too much, or a gateway's own error.

    A store's own 503 says that the query took too long, which it would again.
    """
    if reply.status_code in retry.GATEWAY_ERRORS:
        try:
            passes = "status" not in json.loads(reply.content)
        except (ValueError, TypeError):
            passes = True
    else:
        passes = reply.status_code == 429
    return (reply.headers, None) if passes else None
