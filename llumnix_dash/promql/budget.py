"""Error budgets, from recorded series: how fast they burn, and what is left of them.

A window of recorded series may be longer than they have been there. The time before counts as good, at the traffic
that there has been since: a fleet that fails in its first minutes burns its budget as fast as an old one, no faster.
"""

from llumnix_dash.catalog import gateway
from llumnix_dash.catalog.labels import CLUSTER, MODEL, NAMESPACE
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.catalog.recorded import BAD, BUDGET, EVERY_MINUTES, OBJECTIVE, TOTAL
from llumnix_dash.promql.query import Query, Scope, grouped

# Budgets are those of so long.
PERIOD = "30d"
# Of all requests, so many being bad is enough for any alert: no objective is too low for it.
BAD_ENOUGH = 0.9

_BY = (MODEL, OBJECTIVE)
_METRICS = (gateway.TTFT, gateway.TPOT, gateway.E2E_LATENCY, gateway.REQUESTS)


def burn_rate(objective: str, window: str, *, factor: float | None = None) -> Query:
    """How many times as fast as it may a budget is spent, by cluster, namespace and model; nothing without requests.

    1 is as fast as lasts for the whole period. It is at most 1 / budget; so that it can reach a factor, the budget
    counts as :data:`BAD_ENOUGH` / factor at most.

    Args:
        objective: its name; all where it is empty.
        window: over how long.
        factor: that it must be able to reach.
    """

    def text(scope: Scope) -> str:
        bad, total, budget = (_series(name, objective, scope, window) for name in (BAD, TOTAL, BUDGET))
        there = f"clamp_max(count_over_time({total}) / {_samples(window)}, 1)"
        allowed = f"last_over_time({budget})"
        if factor:
            allowed = f"clamp_max({allowed}, {BAD_ENOUGH} / {factor:g})"
        return f"sum_over_time({bad}) / (sum_over_time({total}) > 0) * {there} / {allowed}"

    return Query(text, Unit.COUNT, _METRICS)


def burning(objective: str, window: str, factor: float) -> Query:
    """The :func:`burn_rate` where it is above a factor."""
    rate = burn_rate(objective, window, factor=factor)
    return Query(lambda scope: f"{rate.text(scope)} > {factor:g}", rate.unit, rate.metrics)


def bad_requests(objective: str, window: str, *, at_least: float) -> Query:
    """How many requests were bad within the window, by cluster, namespace and model, where they are enough."""

    def text(scope: Scope) -> str:
        bad = _series(BAD, objective, scope, window)
        return f"sum_over_time({bad}) * {60 * EVERY_MINUTES} >= {at_least:g}"

    return Query(text, Unit.REQUESTS, _METRICS)


def served(window: str) -> Query:
    """Requests of models of which any was answered with 200 within the window, by cluster, namespace and model.

    A model is what a client writes: of one that nobody serves none is.
    """
    return Query(
        lambda scope: f"sum_over_time({_series(TOTAL, 'e2e', scope, window)}) > 0", Unit.COUNT, (gateway.E2E_LATENCY,)
    )


def fastest_burn(window: str, *, objective: str = "", by: tuple[str, ...] = ()) -> Query:
    """The highest :func:`burn_rate` of all fleets."""
    rates = burn_rate(objective, window)
    return Query(lambda scope: f"max{grouped(by)}({rates.text(scope)})", Unit.COUNT, rates.metrics)


def promised_share() -> Query:
    """The share that was promised, by model and objective: the highest of all fleets'."""
    return Query(
        lambda scope: f"1 - min{grouped(_BY)}(last_over_time({_series(BUDGET, '', scope, PERIOD)}))",
        Unit.RATIO,
        _METRICS,
    )


def kept_share() -> Query:
    """The share of the period's requests that got what was promised, by model and objective."""
    return Query(lambda scope: f"1 - {_bad_share(scope)}", Unit.RATIO, _METRICS)


def budget_left() -> Query:
    """What is left of the period's budgets, by model and objective: 1 is all, below 0 more was spent than there was."""

    def text(scope: Scope) -> str:
        budget = f"min{grouped(_BY)}(last_over_time({_series(BUDGET, '', scope, PERIOD)}))"
        return f"1 - {_bad_share(scope)} / {budget}"

    return Query(text, Unit.RATIO, _METRICS)


def busiest() -> Query:
    """Requests of the period by model."""
    return Query(
        lambda scope: f"sum{grouped((MODEL,))}(sum_over_time({_series(TOTAL, 'success', scope, PERIOD)}))",
        Unit.REQUESTS,
        _METRICS,
    )


def _bad_share(scope: Scope) -> str:
    bad, total = (f"sum{grouped(_BY)}(sum_over_time({_series(name, '', scope, PERIOD)}))" for name in (BAD, TOTAL))
    return f"clamp_max({bad} / ({total} > 0), 1)"


def _series(name: str, objective: str, scope: Scope, window: str) -> str:
    """The recorded series of an objective, or of all, within the window, as the scope's fleets and models leave it."""
    matchers = [f'{OBJECTIVE}="{objective}"'] if objective else []
    matchers += [
        f'{one.label}=~"${one.variable}"'
        for one in scope
        if one.label in (CLUSTER, NAMESPACE, MODEL) and one.applies_to(gateway.TTFT)
    ]
    return f"{name}{{{','.join(matchers)}}}[{window}]" if matchers else f"{name}[{window}]"


def _samples(window: str) -> int:
    """How many samples a series has within a window such as ``6h``."""
    return int(window[:-1]) * {"m": 1, "h": 60, "d": 1440}[window[-1]] // EVERY_MINUTES
