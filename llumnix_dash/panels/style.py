"""Colours and thresholds: each colour means one thing on every dashboard.

Green is good, orange and yellow are a warning, red is failure, and they are nothing else. The others are Grafana's
named colours, which suit the dark and the light theme, and colours that do by themselves.
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
    "P99": "#D64F9E",
    "mean": "text",
}
# Blue, magenta and teal, which differ for eyes without red, green or blue cones too (by 19 at least, in CIELAB).
ROLES = {"prefill": "#3274D9", "decode": "#C45AB3", "neutral": "#37B5A8"}
# What has neither a quantile, nor a role, nor failed, in the order of a panel's lines.
SERIES = ("blue", "#D64F9E", "#37B5A8", "purple", "#A6844A", "light-blue", "light-purple")
NAMES = {"running": "blue", "waiting": "#D64F9E", "total": "purple", "input": "blue", "output": "purple", **ROLES}

# An instance's colour by the last letter or digit of its name (before the port): Grafana's own palettes hold red and
# green, and give an instance another colour on every panel. No red, orange, yellow or green is among these.
INSTANCES = {
    "0aku": "#3274D9",
    "1blv": "#E377C2",
    "2cmw": "#37B5A8",
    "3dnx": "#A6844A",
    "4eoy": "#7A5CE0",
    "5fpqz": "#2FA8D5",
    "6g": "#B877D9",
    "7hr": "#7A8CA8",
    "8is": "#C2408E",
    "9jt": "#8C5A3C",
}
# Of the letter or digit before that one: half of the instances have thick lines, so that fewer pairs look alike.
THICK_INSTANCES = "13579bdfhjlnprtvxz"

SUCCESS_STEPS: Steps = ((None, FAILURE), (0.99, CAUTION), (0.999, GOOD))
OBJECTIVE_STEPS: Steps = ((None, FAILURE), (0.95, CAUTION), (0.99, GOOD))
USAGE_STEPS: Steps = ((None, GOOD), (0.8, CAUTION), (0.95, FAILURE))
# How many times as slow as its peers, or as full as the mean, an instance is.
UNEVEN_STEPS: Steps = ((None, GOOD), (1.5, CAUTION), (3, FAILURE))
# The same of a role, which is idle below 1, and then not judged; a hair below, as a mean of equals is rounded.
SPREAD_STEPS: Steps = ((None, "text"), (0.99, GOOD), *UNEVEN_STEPS[1:])
# Of an instance, how many times as much as the middle one of its role it has: uneven is no failure.
OUT_OF_LINE_STEPS: Steps = ((None, "text"), (1.5, CAUTION))
# Of an objective, the part that is taken: at 1 it breaks.
TAKEN_STEPS: Steps = ((None, GOOD), (0.8, CAUTION), (1, FAILURE))
# Of an error budget, what is left.
BUDGET_STEPS: Steps = ((None, FAILURE), (0, CAUTION), (0.25, GOOD))
# How many times as fast as it lasts it is spent, in an hour: faster than it lasts, and so that somebody is woken.
BURN_STEPS: Steps = ((None, GOOD), (1, CAUTION), (14.4, FAILURE))
PLAIN_STEPS: Steps = ((None, "text"),)
COUNT_STEPS: Steps = ((None, "text"), (1, GOOD))


def series_colour(name: str, position: int) -> str:
    """The colour of a panel's line: that of its name where it has a meaning, else the next of the series."""
    return NAMES.get(name) or QUANTILES.get(name) or SERIES[position % len(SERIES)]
