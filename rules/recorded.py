"""What pages and alerts ask again and again, recorded by fleet, model and role."""

from llumnix_dash.catalog import gateway
from llumnix_dash.catalog.labels import FLEET, MODEL
from llumnix_dash.promql import RECENT, observations
from llumnix_dash.rules import Record

TRAFFIC = (
    Record(
        name="cluster_namespace_model:requests:rate5m",
        query=observations(gateway.TTFT, by=(*FLEET, MODEL), window=RECENT),
    ),
)
