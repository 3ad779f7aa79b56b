"""The vocabulary of the dashboards: each function gives a panel, as a grafanalib object.

Unit, description, legend, colours and what is said without data follow from the metrics; the matchers, the refIds, the
id and the place follow when the panel is put on a board.
"""

from llumnix_dash.panels.answers import (
    engine_parts,
    goodput_band,
    goodput_share,
    longest_part,
    objectives_taken,
    prefix_cache_gaps,
    prefix_cache_steps,
    slowest_instance,
    slowest_instances,
    tightest_objective,
    time_spent,
    unevenness_by_role,
)
from llumnix_dash.panels.capacity import (
    assigned_by,
    cost_of_an_hour,
    decode_usage,
    instances_that_idle,
    spread_of_load,
    store_against_engines,
    token_gaps,
    tokens_for_a_dollar,
    tokens_on_their_way,
    transfer_time,
    waits,
    what_to_add,
)
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
from llumnix_dash.panels.models import model_table
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
from llumnix_dash.panels.stats import components, share_within_objective, stat
from llumnix_dash.panels.tables import Doubt, instance_table

__all__ = [
    "REASON_COLOURS",
    "STATUS_COLOURS",
    "Doubt",
    "assigned_by",
    "components",
    "cost_of_an_hour",
    "decode_usage",
    "engine_parts",
    "failure_share",
    "goodput_band",
    "goodput_share",
    "heatmap",
    "instance_counts",
    "instance_table",
    "instances_that_idle",
    "longest_part",
    "model_table",
    "objectives_taken",
    "outcomes",
    "parts_per_instance",
    "per_instance",
    "prefix_cache_gaps",
    "prefix_cache_steps",
    "quantile_per_instance",
    "quantiles",
    "quantiles_by_role",
    "rates",
    "rates_by",
    "rates_by_role",
    "share_within_objective",
    "shares_by_role",
    "slowest_instance",
    "slowest_instances",
    "spread_of_load",
    "stat",
    "store_against_engines",
    "tightest_objective",
    "time_spent",
    "token_gaps",
    "tokens_for_a_dollar",
    "tokens_on_their_way",
    "totals",
    "totals_by_role",
    "transfer_time",
    "unevenness_by_role",
    "usage_by_role",
    "waits",
    "what_to_add",
    "within_objectives",
]
