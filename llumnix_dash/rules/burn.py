"""Alerts of an error budget that burns: over a long window, so that it matters, and a short one, so that it goes on.

The pairs of windows, their factors and durations are those of the SRE workbook
(https://sre.google/workbook/alerting-on-slos/), for budgets of 30 days.
"""

from dataclasses import dataclass

from llumnix_dash.promql.budget import bad_requests, burn_rate, burning, served
from llumnix_dash.rules.alert import CRITICAL, WARNING, Alert, Severity
from llumnix_dash.rules.objective import BY, Objective

# Fewer bad requests within the long window are chance: of a fleet with little traffic, or a young one.
LEAST_BAD = 10


@dataclass(frozen=True)
class Pair:
    """Two windows over which a budget burns at a factor or faster.

    Attributes:
        long: the window that says that it matters.
        short: the one that says that it goes on.
        factor: how many times as fast as it may.
        lasting: for how long, before somebody is told.
        severity: who is told.
        spent: the part of 30 days' budget that is gone by then, in percent.
    """

    long: str
    short: str
    factor: float
    lasting: str
    severity: Severity
    spent: int


PAGES = (Pair("1h", "5m", 14.4, "2m", CRITICAL, 2), Pair("6h", "30m", 6, "15m", CRITICAL, 5))
TICKETS = (Pair("1d", "2h", 3, "1h", WARNING, 10), Pair("3d", "6h", 1, "3h", WARNING, 10))


def burns(objective: Objective, pair: Pair, *, broken: str, first: str, more: str) -> Alert:
    """The alert of an objective's budget that burns over a pair of windows.

    Args:
        objective: whose budget.
        pair: over which windows, and how fast.
        broken: what a bad request's user got, such as "no answer".
        first: what to do first.
        more: the uid of the dashboard that tells more.
    """
    conditions = [
        burning(objective.name, pair.short, pair.factor),
        bad_requests(objective.name, pair.long, at_least=LEAST_BAD),
    ]
    if objective.histogram and objective.histogram.failed:
        # Requests for a model that nobody serves fail, and none of them has ever been answered.
        conditions.append(served(pair.long))
    return Alert(
        name=f"Llumnix{objective.title}BudgetBurns",
        key=f"alert_{objective.name}_budget_{pair.long}",
        title=f"{objective.title} Budget Burn, {pair.long}",
        left=burn_rate(objective.name, pair.long, factor=pair.factor),
        by=BY,
        above=pair.factor,
        likewise=tuple(conditions),
        labels={"long": pair.long, "short": pair.short, "objective": objective.name},
        recorded=True,
        lasting=pair.lasting,
        severity=pair.severity,
        summary=f"The error budget of {objective.title} burns.",
        says=f"the budget is spent {{value}} times as fast as it lasts, over {pair.long} and {pair.short}",
        meaning=f"More users than promised got {broken}. At this pace {pair.spent} % of 30 days' budget are gone within"
        f" {pair.long}.",
        first=first,
        more=more,
    )
