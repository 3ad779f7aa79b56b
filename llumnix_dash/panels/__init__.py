"""The vocabulary of the dashboards: each function gives a panel, as a grafanalib object.

Unit, description, legend, colours and what is said without data follow from the metrics; the matchers, the refIds, the
id and the place follow when the panel is put on a board.
"""

from llumnix_dash.panels.gauges import (
    instance_counts,
    parts_per_instance,
    per_instance,
    totals,
    totals_by_role,
    usage_by_role,
)
from llumnix_dash.panels.heatmaps import heatmap
from llumnix_dash.panels.latencies import quantile_per_instance, quantiles, quantiles_by_role, within_objectives
from llumnix_dash.panels.rates import (
    REASON_COLOURS,
    STATUS_COLOURS,
    failure_share,
    outcomes,
    rates,
    rates_by,
    rates_by_role,
    shares_by_role,
)
from llumnix_dash.panels.stats import quantile_against_objective, share_within_objective, stat
from llumnix_dash.panels.tables import Doubt, instance_table

__all__ = [
    "REASON_COLOURS",
    "STATUS_COLOURS",
    "Doubt",
    "failure_share",
    "heatmap",
    "instance_counts",
    "instance_table",
    "outcomes",
    "parts_per_instance",
    "per_instance",
    "quantile_against_objective",
    "quantile_per_instance",
    "quantiles",
    "quantiles_by_role",
    "rates",
    "rates_by",
    "rates_by_role",
    "share_within_objective",
    "shares_by_role",
    "stat",
    "totals",
    "totals_by_role",
    "usage_by_role",
    "within_objectives",
]
