"""PromQL from metrics, not from strings.

Each function gives a :class:`Query`: what to ask, its unit and the metrics that it rests on. What the kind, the labels
or the buckets of a metric do not allow raises a :class:`~llumnix_dash.catalog.metric.CatalogError` when it is written,
that is when the dashboard's module is imported.

The matchers of a query's selectors follow from the metric (its exporter's job) and from the dashboard that the query
stands on (its variables: the query's *scope*), so a query's text exists only within a scope.
"""

from llumnix_dash.promql.balance import slowest, slowness, unevenness
from llumnix_dash.promql.breakdown import parts_of_time
from llumnix_dash.promql.combined import PART, highest_of, less, named, of_objective, top_of
from llumnix_dash.promql.counters import failure_ratio, increase, rate, ratio, restarted
from llumnix_dash.promql.goodput import goodput, share_within, success
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
    "PART",
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
    "goodput",
    "highest",
    "highest_of",
    "increase",
    "instances",
    "leading_instances",
    "less",
    "mean",
    "named",
    "observations",
    "of_instance",
    "of_objective",
    "of_whole_fleet",
    "parts_of_time",
    "peak_of_instance",
    "quantile",
    "rate",
    "ratio",
    "restarted",
    "selector",
    "share_below",
    "share_within",
    "slowest",
    "slowness",
    "staleness",
    "started",
    "success",
    "top_instances",
    "top_of",
    "total",
    "unevenness",
    "within",
]
