"""A fleet that runs in real time: each process's ``/metrics``, under a path of its own and at its address by proxy."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.metrics_core import Metric as ClientFamily
from prometheus_client.registry import Collector

from llumnix_dash.catalog.metric import Counter, Histogram, Metric
from llumnix_dash.errors import UserError
from llumnix_dash.fleet.fleet import RunningFleet
from llumnix_dash.fleet.process import Distribution, Process, Value
from llumnix_dash.fleet.target import ScrapeTarget
from llumnix_dash.fleet.textformat import bound_text

# As OpenMetrics, the client library turns the colon of vLLM's names into an underscore: it is not offered.
_PLAIN_FORMAT = {"HTTP_ACCEPT": "text/plain; version=0.0.4"}

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class LiveFleet:
    """A running fleet that follows the clock on the wall from the moment it is made.

    Attributes:
        fleet: in motion; use it under :attr:`lock`.
        lock: held by who looks at the fleet or moves it.
    """

    def __init__(self, fleet: RunningFleet) -> None:
        self.fleet = fleet
        self.lock = threading.Lock()
        self._began = time.monotonic()
        fleet.run_until(0.0)

    def catch_up(self) -> None:
        """Brings the fleet to the present; call it with the lock held."""
        self.fleet.run_until(max(self.fleet.clock.now, time.monotonic() - self._began))


class TargetCollector(Collector):
    """What one target tells when it is scraped."""

    def __init__(self, live: LiveFleet, process: Process) -> None:
        self._live = live
        self._process = process

    def collect(self) -> Iterator[ClientFamily]:
        """The families that have a series now."""
        with self._live.lock:
            self._live.catch_up()
            families = [
                _family(self._process.metrics[name], series) for name, series in self._process.series.items() if series
            ]
        yield from families


def application(live: LiveFleet) -> Application:
    """A WSGI application: ``/<target>/metrics`` for each target, and at ``/`` the list of them.

    It is also an HTTP proxy, which is asked for a whole URL, for the addresses that the targets had at the start.
    """
    pages: dict[str, tuple[Process, Application]] = {}
    proxied: dict[str, tuple[Process, Application]] = {}
    for target in live.fleet.places:
        registry = CollectorRegistry()
        registry.register(TargetCollector(live, target.process))
        pages[path_of(target)] = (target.process, make_wsgi_app(registry))
        proxied[f"http://{target.instance}{proxied_path(target)}"] = pages[path_of(target)]

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if found := pages.get(path) or proxied.get(path):
            process, page = found
            if process.is_up(live.fleet.clock.now):
                return page(environ | _PLAIN_FORMAT, start_response)
            return _plain(start_response, "503 Service Unavailable", "restarting")
        if path == "/":
            return _plain(start_response, "200 OK", "\n".join(pages))
        return _plain(start_response, "404 Not Found", f"no target has the path {path}; see /")

    return answer


def server(live: LiveFleet, port: int) -> WSGIServer:
    """A server on loopback, bound and not yet serving; port 0 takes a free one (see ``server_port``).

    Raises:
        UserError: the port is taken or forbidden.
    """
    try:
        return make_server("127.0.0.1", port, application(live), ThreadingWSGIServer, handler_class=_Quiet)
    except OSError as error:
        raise UserError(
            f"cannot listen on port {port}: {error.strerror or error}", hint="--serve 0 takes a free port"
        ) from error


def path_of(target: ScrapeTarget) -> str:
    """The path of a target's metrics, where it is asked for by its name."""
    return f"/{target.name}/metrics"


def proxied_path(target: ScrapeTarget) -> str:
    """The path of a target's metrics at its address; clusters may share addresses, so it tells them apart."""
    return f"/{target.cluster}/metrics" if target.cluster else "/metrics"


def _family(metric: Metric, series: dict[tuple[str, ...], Value]) -> ClientFamily:
    if isinstance(metric, Histogram):
        return _histogram(metric, series)
    kind = CounterMetricFamily if isinstance(metric, Counter) else GaugeMetricFamily
    family = kind(metric.name, metric.description, labels=metric.labels)
    for labels, value in series.items():
        assert not isinstance(value, Distribution)
        family.add_metric(labels, value)
    return family


def _histogram(metric: Histogram, series: dict[tuple[str, ...], Value]) -> ClientFamily:
    family = HistogramMetricFamily(metric.name, metric.description, labels=metric.labels)
    bounds = [*map(bound_text(metric), metric.buckets), "+Inf"]
    for labels, value in series.items():
        assert isinstance(value, Distribution)
        *counts, total = value.row()
        family.add_metric(labels, list(zip(bounds, counts, strict=True)), total)
    return family


class _Quiet(WSGIRequestHandler):
    """A handler that does not log each scrape."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def _plain(start_response: Callable[..., Any], status: str, text: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]
