"""Where a request's time goes, as the gateways measure it: stages that follow one another and add up to E2E.

E2E is headers to last write: upload and parsing, which nothing measures, then preprocess, queue, schedule, TTFT, and
from the first event to the last write the rest. E2E has requests of status 200 alone, the stages and TTFT have all:
where more than a few fail, the stages hold time that E2E does not.
"""

from collections.abc import Callable

from llumnix_dash.catalog import gateway
from llumnix_dash.catalog.metric import Histogram, Unit
from llumnix_dash.promql.combined import named
from llumnix_dash.promql.query import RATE_INTERVAL, Query, Scope, selector

# A text within a scope.
Scoped = Callable[[Scope], str]

STAGES: dict[str, Histogram] = {
    "preprocess": gateway.PREPROCESS_DURATION,
    "queue": gateway.QUEUE_DURATION,
    "schedule": gateway.SCHEDULE_DURATION,
    "first token": gateway.TTFT,
}
REST = "generation"
# From this share of failed requests on, the parts are not to be trusted.
FAILED_SHARE = 0.01
FAILED = "over 1 % failed: parts too high"


def parts_of_time(*, window: str = RATE_INTERVAL) -> Query:
    """Seconds of the mean answered request in each stage, the rest as generation.

    The rest is not below 0; and where more than :data:`FAILED_SHARE` of the requests fail there is a line of zeros more
    whose name says so.
    """
    parts = {name: _seconds(_stage(stage, window), window, stage) for name, stage in STAGES.items()}

    def rest(scope: Scope) -> str:
        stages = " + ".join(_sum(stage, scope, window) for stage in STAGES.values())
        return f"clamp_min({_sum(gateway.E2E_LATENCY, scope, window)} - 0.001 * ({stages}), 0)"

    def failed(scope: Scope) -> str:
        all_of_them = f"sum(rate({selector(gateway.TTFT, scope, suffix='_count')}[{window}]))"
        good = f"sum(rate({selector(gateway.REQUESTS, scope, where={'status_code': '200'})}[{window}]))"
        return f"0 * (({all_of_them} - {good}) > {FAILED_SHARE} * {all_of_them})"

    parts[REST] = _seconds(rest, window, gateway.E2E_LATENCY)
    parts[FAILED] = Query(failed, Unit.SECONDS, (gateway.TTFT, gateway.REQUESTS))
    return named(parts)


def _seconds(text: Scoped, window: str, metric: Histogram) -> Query:
    """So many seconds a second, for each request that was answered."""

    def each(scope: Scope) -> str:
        answered = f"sum(rate({selector(gateway.E2E_LATENCY, scope, suffix='_count')}[{window}]))"
        return f"({text(scope)}) / ({answered} > 0)"

    return Query(each, Unit.SECONDS, (metric,))


def _stage(stage: Histogram, window: str) -> Scoped:
    return lambda scope: f"0.001 * {_sum(stage, scope, window)}"


def _sum(histogram: Histogram, scope: Scope, window: str) -> str:
    return f"sum(rate({selector(histogram, scope, suffix='_sum')}[{window}]))"
