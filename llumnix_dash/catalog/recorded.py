"""The names of the series of objectives that a ruler records, by cluster, namespace, model and objective.

They are what ``rules/recording.yaml`` makes of the gateways' metrics, and no exporter's.
"""

# Requests a second that did not get what they were promised, and all that it was promised to.
BAD = "cluster_namespace_model:objective_bad:rate5m"
TOTAL = "cluster_namespace_model:objective_total:rate5m"
# The share of requests that may be bad.
BUDGET = "cluster_namespace_model:objective_budget:ratio"
NAMES = (BAD, TOTAL, BUDGET)

FORM = r"\w+:(?P<metric>\w+):(?P<operations>\w+)"
"""The form of the name of any recorded series: level, metric, operations; vLLM's colon is written ``_`` in it."""
OBJECTIVE = "objective"
"""The label that says of which objective a series is."""
EVERY_MINUTES = 1
"""How often they are recorded."""
