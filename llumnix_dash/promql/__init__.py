"""PromQL from metrics, not from strings.

Each function gives a :class:`Query`: what to ask, its unit and the metrics that it rests on. What the kind, the labels
or the buckets of a metric do not allow raises a :class:`~llumnix_dash.catalog.metric.CatalogError` when it is written,
that is when the dashboard's module is imported.

The matchers of a query's selectors follow from the metric (its exporter's job) and from the dashboard that the query
stands on (its variables: the query's *scope*), so a query's text exists only within a scope.
"""

from llumnix_dash.promql.balance import by_median, slowest, slowness, unevenness
from llumnix_dash.promql.breakdown import parts_of_time
from llumnix_dash.promql.combined import PART, highest_of, leaders, leading, less, named, of_objective, top_of
from llumnix_dash.promql.counters import failure_ratio, increase, rate, ratio, ratio_by, restarted, where_any
from llumnix_dash.promql.goodput import goodput, share_within, success
from llumnix_dash.promql.histograms import (
    CHOSEN_QUANTILE,
    Objective,
    bucket_rates,
    distribution,
    in_sight,
    mean,
    observations,
    quantile,
    share_above,
    share_below,
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
    sum_and_number,
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
from llumnix_dash.promql.states import (
    STATE,
    answering,
    fewer,
    first_of,
    gone,
    of_every_component,
    side_by_side,
    where_any_reaches,
    zero,
)

__all__ = [
    "CHOSEN_QUANTILE",
    "PART",
    "RANGE",
    "RATE_INTERVAL",
    "RECENT",
    "STATE",
    "Filter",
    "Objective",
    "Query",
    "Scope",
    "Where",
    "answering",
    "average",
    "bucket_rates",
    "by_median",
    "distribution",
    "failure_ratio",
    "fewer",
    "first_of",
    "gone",
    "goodput",
    "highest",
    "highest_of",
    "in_sight",
    "increase",
    "instances",
    "leaders",
    "leading",
    "leading_instances",
    "less",
    "mean",
    "named",
    "observations",
    "of_every_component",
    "of_instance",
    "of_objective",
    "of_whole_fleet",
    "parts_of_time",
    "peak_of_instance",
    "quantile",
    "rate",
    "ratio",
    "ratio_by",
    "restarted",
    "selector",
    "share_above",
    "share_below",
    "share_within",
    "side_by_side",
    "slowest",
    "slowness",
    "staleness",
    "started",
    "success",
    "sum_and_number",
    "top_instances",
    "top_of",
    "total",
    "unevenness",
    "where_any",
    "where_any_reaches",
    "zero",
]
