"""Colours and thresholds: each colour means one thing on every dashboard.

Grafana's named colours, so that they suit the dark and the light theme. Red is failure and nothing else.
"""

Steps = tuple[tuple[float | None, str], ...]

FAILURE = "red"
CAUTION = "orange"
GOOD = "green"

QUANTILES = {
    "P10": "dark-purple",
    "P50": "light-blue",
    "P90": "blue",
    "P95": "purple",
    "P99": "dark-orange",
    "mean": "text",
}
ROLES = {"prefill": "yellow", "decode": "green", "neutral": "#37B5A8"}
# What has neither a quantile, nor a role, nor failed, in the order of a panel's lines.
SERIES = ("blue", "orange", "purple", "#37B5A8", "light-purple", "dark-blue", "#C0A16B")
NAMES = {"running": "blue", "waiting": "orange", "total": "purple", "input": "blue", "output": "purple", **ROLES}

SUCCESS_STEPS: Steps = ((None, FAILURE), (0.99, CAUTION), (0.999, GOOD))
OBJECTIVE_STEPS: Steps = ((None, FAILURE), (0.95, CAUTION), (0.99, GOOD))
USAGE_STEPS: Steps = ((None, GOOD), (0.8, CAUTION), (0.95, FAILURE))
# How many times as slow as its peers, or as full as the mean, an instance is.
UNEVEN_STEPS: Steps = ((None, GOOD), (1.5, CAUTION), (3, FAILURE))
# Of an objective, the part that is taken: at 1 it breaks.
TAKEN_STEPS: Steps = ((None, GOOD), (0.8, CAUTION), (1, FAILURE))
PLAIN_STEPS: Steps = ((None, "text"),)


def series_colour(name: str, position: int) -> str:
    """The colour of a panel's line: that of its name where it has a meaning, else the next of the series."""
    return NAMES.get(name) or QUANTILES.get(name) or SERIES[position % len(SERIES)]
