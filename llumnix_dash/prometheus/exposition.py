"""Reads what an exporter serves at ``/metrics``, for someone without a Prometheus."""

from collections.abc import Iterable
from urllib.parse import urlsplit

import requests
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from llumnix_dash.errors import ServerError, UserError
from llumnix_dash.http.session import Connection, Session
from llumnix_dash.http.unreachable import Names, unreachable
from llumnix_dash.prometheus.connection import checked_url

NAMES = Names(
    server="the exporter",
    url="--metrics-url",
    authority="REQUESTS_CA_BUNDLE",
    client_certificate="a proxy: exporters that want one are not supported",
)


def exported_by(urls: Iterable[str]) -> frozenset[str]:
    """The names of the series that any of these exporters serves. Raises as :func:`exported_names`."""
    return frozenset().union(*(exported_names(url) for url in urls))


def exported_names(url: str, *, timeout: float = 10.0) -> frozenset[str]:
    """The names of the series that an exporter serves.

    Args:
        url: of its metrics; ``/metrics`` where it names no path. No credentials are sent.
        timeout: seconds to wait.

    Raises:
        UserError: the URL is none, or the answer is not in an exposition format.
        ServerError: the exporter cannot be reached or refuses.
    """
    url = checked_url(url)
    if not urlsplit(url).path:
        url += "/metrics"
    try:
        reply = Session(Connection(url)).request("GET", "", timeout=timeout, allow_redirects=True)
    except requests.RequestException as error:
        raise unreachable(error, url, urlsplit(url).hostname or url, NAMES) from None
    if reply.status_code != 200:
        raise ServerError(f"the exporter answers HTTP {reply.status_code}", where=url)
    text = reply.content.decode("utf-8", errors="replace")
    parse = text_string_to_metric_families
    if "openmetrics" in reply.headers.get("Content-Type", ""):
        parse = openmetrics.text_string_to_metric_families
    try:
        return frozenset(sample.name for family in parse(text) for sample in family.samples)
    except (ValueError, KeyError, IndexError) as error:
        raise UserError("not metrics in the text format of Prometheus", where=url, detail=str(error)[:200]) from error
