"""The stores that other tests stand on hold what was written, in Prometheus and in VictoriaMetrics."""

from llumnix_dash.http.session import Connection
from llumnix_dash.prometheus.client import Client
from tests.prometheus.fleet import Store


def test_a_store_holds_the_samples_at_their_times(store: Store) -> None:
    client = Client(Connection(store.url))

    first = client.query("gateway_pending_requests", store.start)
    last = client.query("scheduler_scheduling_total", store.end)

    assert [(series.labels["instance"], series.points) for series in first] == [("gw-0:8089", ((store.start, 3.0),))]
    assert [series.points for series in last] == [((store.end, 36000.0),)]
