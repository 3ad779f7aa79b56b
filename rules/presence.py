"""Whether every component is there, and stays."""

from llumnix_dash.catalog.exporters import ENGINE, GATEWAY, SCHEDULER
from llumnix_dash.catalog.labels import COMPONENT, FLEET, INSTANCE, ROLE
from llumnix_dash.promql.signals import gone, restarts, silent_targets
from llumnix_dash.rules import CRITICAL, WARNING, Alert

_COMPONENT = "llumnix-component-dashboard"
_OVERVIEW = "llumnix-overview-dashboard"
_VLLM = "vllm-dashboard"

ALERTS = (
    Alert(
        name="LlumnixGatewaysGone",
        key="alert_gateways_gone",
        title="Gateways That Are Gone",
        left=gone(GATEWAY),
        above=0,
        lasting="2m",
        severity=CRITICAL,
        summary="No gateway answers.",
        says="none of {value} gateways answers any more",
        meaning="Nobody is served. All gateways end at once where their discovery Redis fails once.",
        first="See why the pods are gone or do not start: kubectl get pods, then the log of the last one.",
        more=_OVERVIEW,
    ),
    Alert(
        name="LlumnixSchedulersGone",
        key="alert_schedulers_gone",
        title="Schedulers That Are Gone",
        left=gone(SCHEDULER),
        above=0,
        lasting="5m",
        severity=CRITICAL,
        summary="No scheduler answers.",
        says="none of {value} schedulers answers any more",
        meaning="Users notice little: gateways take the engines in turn. But nothing is balanced, no prefix cache is"
        " used, and a gateway that starts now never finds the scheduler.",
        first="See why the scheduler's pods are gone or do not start. Once it is back, restart gateways that started"
        " without it.",
        more=_COMPONENT,
    ),
    Alert(
        name="LlumnixEnginesGone",
        key="alert_engines_gone",
        title="Engines That Are Gone, by Role",
        left=gone(ENGINE, by=(*FLEET, ROLE)),
        by=(*FLEET, ROLE),
        above=0,
        lasting="5m",
        severity=CRITICAL,
        summary="No engine of a role answers.",
        says="none of {value} engines of the role answers any more",
        meaning="Without prefill or decode engines requests fail with 400, without neutral ones with 503 after 5"
        " seconds.",
        first="See why the role's pods are gone or do not start: GPUs, nodes, the model's files.",
        more=_VLLM,
    ),
    Alert(
        name="LlumnixTargetsDown",
        key="alert_targets_down",
        title="Targets That Do Not Answer",
        left=silent_targets(),
        by=(*FLEET, COMPONENT),
        above=0,
        lasting="10m",
        severity=WARNING,
        summary="Some targets do not answer when they are scraped.",
        says="{value} targets of the job do not answer",
        meaning="A process is down or hangs, or only its metrics are out of reach; what it does is in no number.",
        first="Open the targets page of Prometheus: it tells the error of each scrape.",
        more=_COMPONENT,
    ),
    Alert(
        name="LlumnixRestartLoop",
        key="alert_restart_loop",
        title="Restarts of a Process within 30 min",
        left=restarts(),
        by=(*FLEET, COMPONENT, INSTANCE),
        above=2,
        lasting="1m",
        severity=WARNING,
        summary="A gateway or scheduler restarts again and again.",
        says="the process has begun anew {value} times within 30 minutes",
        meaning="Each restart of a gateway breaks off its requests; one of a scheduler forgets its books.",
        first="Read the log of the last life: kubectl logs --previous.",
        more=_COMPONENT,
    ),
)
