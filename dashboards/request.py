"""What the end user gets: how many requests, how many fail, how long they take."""

from llumnix_dash.board import board, row
from llumnix_dash.catalog import gateway, scheduler
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.dashboards.headline import HEADLINE
from llumnix_dash.panels import STATUS_COLOURS, heatmap, quantiles, rates, rates_by, within_objectives
from llumnix_dash.variables import (
    E2E_OBJECTIVE,
    FLEET,
    GATEWAY_INSTANCE,
    MODEL,
    OBJECTIVES,
    TPOT_OBJECTIVE,
    TTFT_OBJECTIVE,
)

TOKENS = (
    "Tokens per second over all gateways, of the answers that ended. It follows the load late, by the length of an"
    " answer: no early sign of a failure."
)

dashboard = board(
    uid="llumnix-request-dashboard",
    title="Llumnix Request Dashboard",
    description="What the end user gets: request rates, failures and latencies, as the gateways see them.",
    family=FAMILY,
    variables=[*FLEET, MODEL, GATEWAY_INSTANCE, *OBJECTIVES],
    rows=[
        HEADLINE,
        row(
            "Traffic",
            rates_by(
                "request_rate",
                "Request Rate",
                gateway.REQUESTS,
                by=("model",),
                reading="Requests that ended per second, stacked by model: the upper edge is all of them. A model is"
                " what the client wrote, wrong or not.",
                colours=[],
                stacked=True,
                fill=40,
            ),
            rates_by(
                "request_rate_by_status",
                "Request Rate by Status",
                gateway.REQUESTS,
                by=("status_code",),
                reading="Green is answered (0: by an external route or the fallback). Red is failed, 400 too: so arrive"
                " engines that are gone. Orange is a wrong name (404) or too many requests (429); purple is a client"
                " that left (499). A rate cannot see the first answers of a new status: early in an outage, trust the"
                " success ratio.",
                colours=STATUS_COLOURS,
            ),
            within_objectives(
                "within_objectives",
                "Requests within Objective",
                {"TTFT": TTFT_OBJECTIVE, "TPOT": TPOT_OBJECTIVE, "E2E": E2E_OBJECTIVE},
            ),
            rates(
                "retry_fallback_rate",
                "Request Retry & Fallback Rate",
                {
                    "retries": gateway.RETRIES,
                    "fallbacks": gateway.FALLBACKS,
                    "fallback retries that succeeded": gateway.FALLBACK_RETRY_SUCCESSES,
                },
                reading="0 is normal. A rise tells of engines that answer badly or refuse.",
            ),
            rates(
                "input_token_throughput",
                "Input / Output Token Throughput (Input)",
                {"input": gateway.INPUT_TOKENS_TOTAL},
                reading=TOKENS,
            ),
            rates(
                "output_token_throughput",
                "Input / Output Token Throughput (Output)",
                {"output": gateway.OUTPUT_TOKENS_TOTAL},
                reading=TOKENS,
            ),
        ),
        row(
            "Latency",
            quantiles("e2e_latency", "E2E Latency", gateway.E2E_LATENCY, objective=E2E_OBJECTIVE, width=12),
            quantiles("ttft", "TTFT", gateway.TTFT, objective=TTFT_OBJECTIVE, width=12),
            quantiles("tpot", "TPOT", gateway.TPOT, objective=TPOT_OBJECTIVE, width=12),
            quantiles("itl", "ITL", gateway.ITL, width=12),
        ),
        row(
            "Tokens per Request",
            heatmap("input_tokens", "Input Token Distribution", gateway.INPUT_TOKENS),
            heatmap("output_tokens", "Output Token Distribution", gateway.OUTPUT_TOKENS, scheme="Blues"),
        ),
        row(
            "Prefix Cache",
            quantiles("prefix_cache_hit", "Prefix Cache Hit Ratio", scheduler.PREFIX_CACHE_HIT_PERCENT, width=12),
            quantiles(
                "max_prefix_cache_hit",
                "Max Prefix Cache Hit Ratio",
                scheduler.MAX_PREFIX_CACHE_HIT_PERCENT,
                width=12,
            ),
            collapsed=True,
        ),
    ],
)
