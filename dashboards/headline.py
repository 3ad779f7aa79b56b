"""The first row of every dashboard: is all there, are users hurt, and how badly.

One fact has one verdict: a latency is judged by the share of requests within its objective, and its quantiles stand on
the Request dashboard alone.
"""

from llumnix_dash.board import row
from llumnix_dash.catalog import gateway
from llumnix_dash.catalog.exporters import ENGINE, GATEWAY, SCHEDULER
from llumnix_dash.panels import components, share_within_objective, stat
from llumnix_dash.panels.style import CAUTION, FAILURE, SUCCESS_STEPS
from llumnix_dash.promql import RECENT, observations, rate, ratio, total, where_any_reaches
from llumnix_dash.variables import E2E_OBJECTIVE, TPOT_OBJECTIVE, TTFT_OBJECTIVE

# Each answered request has a TTFT, 0 where it failed. The counter by status would miss the first failures of a status.
ANSWERED = observations(gateway.TTFT, window=RECENT)

HEADLINE = row(
    "Are users hurt?",
    components("components_up", "Up", {"Gateways": GATEWAY, "Schedulers": SCHEDULER, "Engines": ENGINE}),
    stat(
        "requests_now",
        "Requests",
        ANSWERED,
        "Requests that ended per second, with any status, over the last 5 minutes.",
        about=gateway.REQUESTS,
        no_value="no requests",
    ),
    stat(
        "success_ratio_now",
        "Success",
        ratio(
            rate(gateway.REQUESTS, where={"status_code": ("2..", "0")}, window=RECENT),
            ANSWERED,
        ),
        "The share of requests answered with a 2xx status, or with 0 (by an external route or the fallback), over the"
        " last 5 minutes: green from 99.9 % on, red below 99 %. 4xx and 5xx both count against it: engines that are"
        " gone arrive as 400.",
        about=gateway.REQUESTS,
        thresholds=SUCCESS_STEPS,
        no_value="no requests",
        decimals=2,
    ),
    share_within_objective("ttft_within_objective_now", "TTFT OK", TTFT_OBJECTIVE),
    share_within_objective("tpot_within_objective_now", "TPOT OK", TPOT_OBJECTIVE),
    share_within_objective("e2e_within_objective_now", "E2E OK", E2E_OBJECTIVE),
    stat(
        "pending_now",
        "Pending",
        total(gateway.PENDING_REQUESTS),
        "Over all gateways, now. Orange: in one of them more are pending than its 5 workers take at once, so requests"
        " wait. Red: the queue of one, 512 unless set otherwise, is full, and this number knows no more.",
        alarms={
            "full": (where_any_reaches(gateway.PENDING_REQUESTS, gateway.QUEUE), FAILURE),
            "waiting": (where_any_reaches(gateway.PENDING_REQUESTS, gateway.WORKERS + 1), CAUTION),
        },
    ),
)
