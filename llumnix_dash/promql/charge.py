"""Who assigns requests to engines: the scheduler, or the gateways by turns, which nothing else shows."""

from dataclasses import replace

from llumnix_dash.catalog import gateway, process, scheduler, vllm
from llumnix_dash.catalog.exporters import SCHEDULER
from llumnix_dash.catalog.labels import FLEET, ROLE
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.promql.counters import rate
from llumnix_dash.promql.histograms import observations
from llumnix_dash.promql.instances import instances, total
from llumnix_dash.promql.query import RANGE, RATE_INTERVAL, RECENT, Query, Scope, selector

_IN_FLEET = f"on ({', '.join(FLEET)})"
# Of failed schedulings: those that failed as the cluster meta store could not be read.
STORE_IS_AWAY = {"error_type": "cms_not_available"}
# A fleet's labels for counters of rare events: the 0 before the first one bears the first label, and not every site has
# the label of clusters.
RARE_BY_FLEET = tuple(reversed(FLEET))
_SCHEDULER_UPTIME = replace(process.UPTIME, exporters=(SCHEDULER,))

IN_CHARGE, DOWN, STORE_AWAY, NOT_ASKED, NONE, IDLE = range(6)
"""What :func:`in_charge` tells: the scheduler assigns requests; it has been there in the time range shown and is gone;
it cannot read the cluster meta store; it is there and nobody asks it; there has been none; there are no requests.
"""


def in_charge() -> Query:
    """Who assigns requests, as one of the codes, by fleet.

    A request is scheduled up to some minutes before it ends and is counted: so a scheduling of the last 5 minutes is
    enough. A scheduler that finds no instance has been asked, too.
    """
    requests = observations(gateway.TTFT, by=FLEET)
    asked = [
        rate(scheduler.SCHEDULINGS, by=FLEET, window=RECENT),
        rate(
            scheduler.FAILED_SCHEDULINGS, by=RARE_BY_FLEET, where={"error_type": "no_available_endpoint"}, window=RECENT
        ),
    ]
    done = rate(scheduler.SCHEDULINGS, by=FLEET, window=RATE_INTERVAL)
    store_fails = rate(scheduler.FAILED_SCHEDULINGS, by=RARE_BY_FLEET, where=STORE_IS_AWAY)
    up = instances(_SCHEDULER_UPTIME, by=FLEET)
    gateways = instances(gateway.PENDING_REQUESTS, by=FLEET)

    def text(scope: Scope) -> str:
        flow = f"({requests.text(scope)} > 0)"
        seen = f"count by ({', '.join(FLEET)}) (max_over_time({selector(_SCHEDULER_UPTIME, scope)}[{RANGE}]))"
        there = up.text(scope)
        is_asked = " or ".join(f"({one.text(scope)}) > 0" for one in asked)
        away = f"({store_fails.text(scope)}) > 0 unless {_IN_FLEET} ({done.text(scope)} > 0)"
        cases = {
            DOWN: f"({flow} unless {_IN_FLEET} {there}) and {_IN_FLEET} {seen}",
            STORE_AWAY: f"{flow} and {_IN_FLEET} ({away})",
            IN_CHARGE: f"{flow} and {_IN_FLEET} ({is_asked})",
            NOT_ASKED: f"{flow} and {_IN_FLEET} {there}",
            NONE: flow,
            IDLE: gateways.text(scope),
        }
        return " or ".join(f"({case}) * 0 + {code}" for code, case in cases.items())

    return Query(text, Unit.COUNT, (scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS, gateway.TTFT, process.UPTIME))


def running_as_engines_tell(by: tuple[str, ...] = (ROLE,)) -> Query:
    """Requests that the engines say they run, of those roles whose engines tell: with batch KVT prefill is silent."""
    running = total(vllm.RUNNING_REQUESTS, by=by)
    tells = rate(vllm.PROMPT_TOKENS_TOTAL, by=by, window=RANGE)
    return Query(
        lambda scope: f"{running.text(scope)} and on ({', '.join(by)}) ({tells.text(scope)} > 0)",
        running.unit,
        running.metrics,
    )
