"""The first row of every dashboard: are users hurt, and how badly."""

from llumnix_dash.board import row
from llumnix_dash.catalog import gateway
from llumnix_dash.panels import quantile_against_objective, share_within_objective, stat
from llumnix_dash.panels.style import SUCCESS_STEPS
from llumnix_dash.promql import RECENT, observations, rate, ratio, total
from llumnix_dash.variables import TPOT_OBJECTIVE, TTFT_OBJECTIVE

# Each answered request has a TTFT, 0 where it failed. The counter by status would miss the first failures of a status.
ANSWERED = observations(gateway.TTFT, window=RECENT)

HEADLINE = row(
    "Are users hurt?",
    stat(
        "requests_now",
        "Requests",
        ANSWERED,
        "Requests that ended per second, with any status, over the last 5 minutes.",
        about=gateway.REQUESTS,
    ),
    stat(
        "success_ratio_now",
        "Success Ratio",
        ratio(
            rate(gateway.REQUESTS, where={"status_code": ("2..", "0")}, window=RECENT),
            ANSWERED,
        ),
        "The share of requests answered with a 2xx status, or with 0 (by an external route or the fallback), over the"
        " last 5 minutes. 4xx and 5xx both count against it: engines that are gone arrive as 400.",
        about=gateway.REQUESTS,
        thresholds=SUCCESS_STEPS,
        no_value="no requests",
        decimals=2,
    ),
    quantile_against_objective("ttft_p99_now", "P99 TTFT", 0.99, TTFT_OBJECTIVE),
    share_within_objective("ttft_within_objective_now", "TTFT in Objective", TTFT_OBJECTIVE),
    quantile_against_objective("tpot_p99_now", "P99 TPOT", 0.99, TPOT_OBJECTIVE),
    share_within_objective("tpot_within_objective_now", "TPOT in Objective", TPOT_OBJECTIVE),
    stat(
        "output_tokens_now",
        "Output Tokens",
        rate(gateway.OUTPUT_TOKENS_TOTAL, window=RECENT),
        "Tokens per second of the answers that ended, over the last 5 minutes.",
    ),
    stat(
        "pending_now",
        "Pending Requests",
        total(gateway.PENDING_REQUESTS),
        "Over all gateways, now. It rises where engines cannot keep up, as far as the queues go.",
    ),
)
