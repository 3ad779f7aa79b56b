"""Gateway, scheduler and their processes: where the time goes, and what fails."""

from llumnix_dash.board import board, row
from llumnix_dash.catalog import gateway, process, scheduler
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.dashboards.headline import HEADLINE
from llumnix_dash.panels import failure_share, outcomes, per_instance, quantiles, totals
from llumnix_dash.variables import FLEET, MODEL, OBJECTIVES, PROCESS_INSTANCE, TOP, blank_without

dashboard = board(
    uid="llumnix-component-dashboard",
    title="Llumnix Component Dashboard",
    description="Gateway, scheduler and their processes: where a request's time goes before and after the engine.",
    family=FAMILY,
    variables=[*FLEET, MODEL, PROCESS_INSTANCE, TOP, *OBJECTIVES],
    rows=[
        HEADLINE,
        row(
            "Gateway",
            totals(
                "gateway_requests",
                "Gateway Requests: Pending",
                {"pending": gateway.PENDING_REQUESTS},
                reading="Over all gateways. It rises with current: engines cannot keep up. At its end: watch current.",
            ),
            totals(
                "gateway_requests_current",
                "Gateway Requests: Current",
                {"current": gateway.CURRENT_REQUESTS},
                reading="Over all gateways: requests that have come and not ended.",
            ),
            quantiles("queue_duration", "Queue Duration", gateway.QUEUE_DURATION),
            quantiles("preprocess_duration", "Preprocess Duration", gateway.PREPROCESS_DURATION),
            quantiles("schedule_duration", "Schedule Duration", gateway.SCHEDULE_DURATION),
            quantiles("postprocess_duration", "Postprocess Duration", gateway.POSTPROCESS_DURATION),
        ),
        row(
            "Scheduler",
            outcomes(
                "scheduling_events",
                "Scheduling Events",
                scheduler.SCHEDULINGS,
                scheduler.FAILED_SCHEDULINGS,
                failures_by=("error_type",),
            ),
            failure_share(
                "scheduling_failure_ratio",
                "Scheduling Failure Ratio",
                scheduler.SCHEDULINGS,
                scheduler.FAILED_SCHEDULINGS,
            ),
            outcomes(
                "rescheduling_events",
                "Rescheduling Events",
                scheduler.RESCHEDULINGS,
                scheduler.FAILED_RESCHEDULINGS,
                successes_by=("rescheduling_req_select_rule",),
                success="started",
            ),
        ),
        row(
            "Processes",
            per_instance("uptime", "Uptime", process.UPTIME, lowest_first=True),
            per_instance("goroutines", "Goroutines", process.GOROUTINES),
            per_instance("go_memory", "Go Memory", process.MEMORY),
        ),
        row(
            "Gateway by Instance",
            per_instance("pending_by_gateway", "Pending Requests by Gateway", gateway.PENDING_REQUESTS, width=12),
            per_instance("current_by_gateway", "Current Requests by Gateway", gateway.CURRENT_REQUESTS, width=12),
            collapsed=True,
        ),
        row(
            "Full Mode",
            quantiles(
                "cms_refresh_metadata_duration",
                "CMS Refresh Metadata Duration",
                scheduler.CMS_REFRESH_METADATA_DURATION,
                width=12,
            ),
            quantiles(
                "cms_refresh_status_duration",
                "CMS Refresh Status Duration",
                scheduler.CMS_REFRESH_STATUS_DURATION,
                width=12,
            ),
            quantiles(
                "full_mode_schedule_duration", "Full-Mode Schedule Duration", scheduler.FULL_MODE_SCHEDULE_DURATION
            ),
            quantiles(
                "query_prefix_cache_hit_duration",
                "Query Prefix Cache Hit Duration",
                scheduler.QUERY_PREFIX_CACHE_HIT_DURATION,
            ),
            quantiles(
                "calc_prefix_cache_hit_duration",
                "Calc Prefix Cache Hit Duration",
                scheduler.CALC_PREFIX_CACHE_HIT_DURATION,
            ),
            collapsed=True,
            blank=blank_without(scheduler.CMS_REFRESH_METADATA_DURATION),
        ),
    ],
)
