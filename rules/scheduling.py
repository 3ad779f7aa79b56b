"""Who chooses the engines, and on what knowledge."""

from llumnix_dash.catalog import scheduler
from llumnix_dash.catalog.labels import FLEET
from llumnix_dash.promql import RECENT, failure_ratio, mean
from llumnix_dash.promql.signals import attempted, ghosts, slowest_refresh, unanswered_index, unassigned_requests
from llumnix_dash.rules import CRITICAL, INFO, WARNING, Alert

_COMPONENT = "llumnix-component-dashboard"
_CMS = "llumnix-cms-dashboard"
_OVERVIEW = "llumnix-overview-dashboard"

ALERTS = (
    Alert(
        name="LlumnixSchedulerBypassed",
        key="alert_scheduler_bypassed",
        title="Requests That No Scheduler Assigned",
        left=unassigned_requests(),
        above=0,
        lasting="2m",
        severity=CRITICAL,
        summary="Requests flow past the scheduler.",
        says="{value} requests a second end and the scheduler chooses no engine",
        meaning="The scheduler or its cluster meta store is down. Gateways take the engines in turn and answer 200, so"
        " nothing else shows it: no load is balanced, no prefix cache is used, engines of full KV caches get more.",
        first="See whether the scheduler runs; if it does, whether it can read the cluster meta store.",
        more=_OVERVIEW,
    ),
    Alert(
        name="LlumnixSchedulingFails",
        key="alert_scheduling_fails",
        title="Schedulings That Fail",
        left=failure_ratio(scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS, by=FLEET, window=RECENT),
        above=0.1,
        given=(attempted(0.1),),
        lasting="5m",
        severity=CRITICAL,
        summary="The scheduler finds no engine.",
        says="{value} of the attempts to find an engine fail",
        meaning="Requests that find no instance try for 5 seconds, six times, and then fail with 503. Meanwhile each"
        " holds one of a gateway's five workers, so that others queue.",
        first="See which reason it is: no_available_endpoint is engines that are missing or full; cms_not_available is"
        " the cluster meta store.",
        more=_COMPONENT,
    ),
    Alert(
        name="LlumnixStatusRefreshSlow",
        key="alert_refresh_slow",
        title="Mean Time of a Status Refresh",
        left=mean(scheduler.CMS_REFRESH_STATUS_DURATION, by=FLEET, window=RECENT),
        above=250,
        lasting="5m",
        severity=WARNING,
        summary="The cluster meta store answers slowly.",
        says="reading the instances' status takes {value} in the mean",
        meaning="The scheduler chooses by what it last read: it is late, and loads engines unevenly. Usual is less than"
        " a millisecond.",
        first="Look at the Redis of the cluster meta store: its load, its memory, the network to it.",
        more=_COMPONENT,
    ),
    Alert(
        name="LlumnixStatusRefreshStalled",
        key="alert_refresh_stalled",
        title="Status Refreshes, Slowest Replica",
        left=slowest_refresh(),
        below=0.1,
        lasting="5m",
        severity=WARNING,
        summary="A scheduler hardly reads the instances' status any more.",
        says="a scheduler reads the instances' status {value} times a second",
        meaning="What it knows of the engines stands still, and its choices get worse. Usual is 20 times a second, 2 in"
        " the manifests, and once in 5 seconds with SLO-aware scheduling.",
        first="Read that scheduler's log for errors of the cluster meta store; restart it if it hangs.",
        more=_COMPONENT,
    ),
    Alert(
        name="LlumnixCacheIndexDown",
        key="alert_cache_index_down",
        title="Prompts Scheduled without Cache Index",
        left=unanswered_index(),
        above=0,
        lasting="10m",
        severity=WARNING,
        summary="The prefix cache index does not answer.",
        says="{value} prompts a second are scheduled as if no prefix were cached",
        meaning="Prompts go to any engine, and prefixes that are cached somewhere are computed again: TTFT rises.",
        first="See whether the index (the KV store's metadata service) runs and the scheduler can reach it. A fleet"
        " that has only got short prompts (below 1,024 tokens) for a while reads the same.",
        more=_CMS,
    ),
    Alert(
        name="LlumnixGhostInstances",
        key="alert_ghost_instances",
        title="Instances That Only Seem Busy",
        left=ghosts(),
        above=0,
        lasting="10m",
        severity=INFO,
        summary="The scheduler's figures hold instances that are gone or hang.",
        says="{value} instances seem busy and have not changed for 10 minutes",
        meaning="Numbers of the CMS dashboard hold them as if they were there, until the scheduler restarts. If the"
        " engine is gone, nothing is sent to it.",
        first="See in the CMS tables which they are. If its engine is gone, do nothing, or restart the scheduler when"
        " it suits; if it is there, it hangs.",
        more=_CMS,
    ),
)
