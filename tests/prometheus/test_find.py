"""The queries of variables find what Grafana would list, on each store."""

import pytest

from llumnix_dash.errors import QueryError
from llumnix_dash.http.session import Connection
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.prometheus.find import find
from tests.prometheus.fleet import Store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("label_values(infer_type)", ["decode", "neutral"]),
        ("label_values(request_total, status_code)", ["200", "500"]),
        ('label_values(request_total{status_code=~"5.."}, status_code)', ["500"]),
        ('label_values({job="node"}, __name__)', ["node_load1"]),
        ("label_values({}, infer_type)", ["decode", "neutral"]),
        ("label_values(no_such_metric, job)", []),
        ("metrics(^request_t.*_count$)", ["request_tpot_milliseconds_count", "request_ttft_milliseconds_count"]),
        ("query_result(sum by (job) (up))", ['{job="gateway"} 1 1750003600000']),
        ("query_result(vector(0.5) / 0)", ["{} +Inf 1750003600000"]),
        ("node_load1", ['node_load1{job="node", namespace="kube-system"}']),
        ("", []),
    ],
)
def test_a_variables_query_finds(store: Store, query: str, expected: list[str]) -> None:
    client = Client(Connection(store.url))
    assert find(client, query, TimeRange(store.start, store.end)) == expected


def test_label_names_are_those_of_the_time_range(store: Store) -> None:
    client = Client(Connection(store.url))
    names = find(client, "label_names()", TimeRange(store.start, store.end))
    assert {"infer_type", "le", "status_code"} <= set(names)
    assert "le" not in find(client, "label_names(node_load)", TimeRange(store.start, store.end))


@pytest.mark.parametrize("query", ["label_values(up{, job)", "metrics(()", "query_result(sum()"])
def test_a_query_that_cannot_be_read_is_told(store: Store, query: str) -> None:
    with pytest.raises(QueryError):
        find(Client(Connection(store.url)), query, TimeRange(store.start, store.end))
