"""PromQL from metrics, not from strings.

Each function gives a :class:`Query`: what to ask, its unit and the metrics that it rests on. What the kind, the labels
or the buckets of a metric do not allow raises a :class:`~llumnix_dash.catalog.metric.CatalogError` when it is written,
that is when the dashboard's module is imported.

The matchers of a query's selectors follow from the metric (its exporter's job) and from the dashboard that the query
stands on (its variables: the query's *scope*), so a query's text exists only within a scope.
"""

from llumnix_dash.promql.counters import failure_ratio, increase, rate, ratio, ratio_by, restarted, where_any
from llumnix_dash.promql.histograms import (
    Objective,
    beyond,
    bucket_rates,
    mean,
    observations,
    quantile,
    share_below,
    within,
)
from llumnix_dash.promql.instances import (
    average,
    highest,
    instances,
    leading_instances,
    of_instance,
    peak_of_instance,
    staleness,
    started,
    top_instances,
    total,
)
from llumnix_dash.promql.query import (
    RANGE,
    RATE_INTERVAL,
    RECENT,
    Filter,
    Query,
    Scope,
    Where,
    of_whole_fleet,
    selector,
)

__all__ = [
    "RANGE",
    "RATE_INTERVAL",
    "RECENT",
    "Filter",
    "Objective",
    "Query",
    "Scope",
    "Where",
    "average",
    "beyond",
    "bucket_rates",
    "failure_ratio",
    "highest",
    "increase",
    "instances",
    "leading_instances",
    "mean",
    "observations",
    "of_instance",
    "of_whole_fleet",
    "peak_of_instance",
    "quantile",
    "rate",
    "ratio",
    "ratio_by",
    "restarted",
    "selector",
    "share_below",
    "staleness",
    "started",
    "top_instances",
    "total",
    "where_any",
    "within",
]
