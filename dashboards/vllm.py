"""The engines' own metrics, by role; and by instance where a row is opened."""

from llumnix_dash.board import board, row
from llumnix_dash.catalog import vllm
from llumnix_dash.catalog.labels import ROLE
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.dashboards.headline import HEADLINE
from llumnix_dash.panels import (
    REASON_COLOURS,
    heatmap,
    instance_table,
    parts_per_instance,
    per_instance,
    quantile_per_instance,
    quantiles_by_role,
    rates_by,
    rates_by_role,
    shares_by_role,
    totals_by_role,
    usage_by_role,
)
from llumnix_dash.variables import ENGINE_INFER_TYPE, ENGINE_INSTANCE, ENGINE_MODEL, FLEET, OBJECTIVES, QUANTILE, TOP

dashboard = board(
    uid="vllm-dashboard",
    title="vLLM Dashboard",
    description="The engines' own metrics, by role, and by instance in the collapsed rows.",
    family=FAMILY,
    variables=[*FLEET, ENGINE_MODEL, ENGINE_INFER_TYPE, ENGINE_INSTANCE, TOP, QUANTILE, *OBJECTIVES],
    rows=[
        HEADLINE,
        row(
            "Load",
            totals_by_role(
                "scheduler_state",
                "Scheduler State",
                {"running": vllm.RUNNING_REQUESTS, "waiting": vllm.WAITING_REQUESTS},
                width=12,
            ),
            usage_by_role("cache_utilization", "Cache Utilization", vllm.KV_CACHE_USAGE, width=12),
            rates_by_role(
                "token_throughput",
                "Token Throughput: Prompt",
                {"": vllm.PROMPT_TOKENS_TOTAL},
                where={"": {ROLE: ("decode", "neutral")}},
                reading="Of decode and neutral engines, which have each request once; some of the tokens were computed"
                " on a prefill engine or found in a cache.",
            ),
            rates_by_role(
                "generation_throughput",
                "Token Throughput: Generation",
                {"": vllm.GENERATION_TOKENS_TOTAL},
                reading="Tokens generated per second, by role; a prefill engine makes one of each request, or none.",
            ),
            rates_by_role(
                "computed_prompt_tokens",
                "Prompt Tokens Computed",
                {"": vllm.PROMPT_TOKENS_BY_SOURCE},
                where={"": {"source": "local_compute"}},
                reading="Prompt tokens that the engines computed themselves: the real prefill load.",
            ),
            rates_by_role(
                "prompt_tokens_not_computed",
                "Prompt Tokens Not Computed",
                {"cached": vllm.PROMPT_TOKENS_BY_SOURCE, "transferred": vllm.PROMPT_TOKENS_BY_SOURCE},
                where={"cached": {"source": "local_cache_hit"}, "transferred": {"source": "external_kv_transfer"}},
                reading="Prompt tokens that the engines did not compute: full where they were in the engine's own"
                " prefix cache, dashed where another engine brought them.",
                width=12,
            ),
            shares_by_role(
                "prefix_cache_hits",
                "Prefix Cache Hits",
                vllm.PREFIX_CACHE_HITS,
                vllm.PREFIX_CACHE_QUERIES,
                reading="Of the prompt tokens looked up in the engines' own prefix caches the share found there: by"
                " tokens, so that long prompts weigh more. A decode engine has its prompts from elsewhere.",
                width=12,
            ),
            rates_by(
                "finish_reason",
                "Finish Reason",
                vllm.FINISHED_REQUESTS,
                by=(ROLE, "finished_reason"),
                reading="Requests that ended per second, by role. stop and length are normal (on a prefill engine all"
                " are length); error, repetition and an abort, which is the engine's own, are not.",
                colours=REASON_COLOURS,
                any_at_all=True,
                width=16,
            ),
            rates_by_role(
                "preemptions",
                "Preemptions",
                {"": vllm.PREEMPTIONS},
                reading="0 is healthy. A steady rate: the KV cache is too small for the load.",
                width=8,
            ),
            instance_table(
                "fullest_instances",
                "Fullest Instances",
                {
                    "KV cache": vllm.KV_CACHE_USAGE,
                    "Running": vllm.RUNNING_REQUESTS,
                    "Waiting": vllm.WAITING_REQUESTS,
                    "Generation": vllm.GENERATION_TOKENS_TOTAL,
                    "Preempted": vllm.PREEMPTIONS,
                },
                rank_by=vllm.KV_CACHE_USAGE,
                peak="KV peak",
            ),
        ),
        row(
            "Waiting and Rejections (vLLM 0.33)",
            totals_by_role(
                "waiting_by_reason",
                "Waiting by Reason",
                {"for room": vllm.WAITING_BY_REASON, "deferred": vllm.WAITING_BY_REASON},
                where={"for room": {"reason": "capacity"}, "deferred": {"reason": "deferred"}},
                width=12,
            ),
            rates_by(
                "rejected_requests",
                "Rejected Requests",
                vllm.ADMISSION_REJECTIONS,
                by=(ROLE, "reason"),
                reading="Requests per second that the engines refused to take, by role and by the limit that they met."
                " 0 is healthy.",
                colours=[],
                any_at_all=True,
                width=12,
            ),
            collapsed=True,
        ),
        row(
            "Latency",
            quantiles_by_role("e2e_latency", "E2E Request Latency", vllm.E2E_LATENCY),
            quantiles_by_role("ttft", "Time To First Token Latency", vllm.TTFT),
            quantiles_by_role("itl", "Inter-Token Latency", vllm.ITL),
            quantiles_by_role("queue_time", "Queue Time", vllm.QUEUE_TIME),
            quantiles_by_role("prefill_time", "Prefill and Decode Time: Prefill", vllm.PREFILL_TIME),
            quantiles_by_role("decode_time", "Prefill and Decode Time: Decode", vllm.DECODE_TIME),
            # Some 12,000 series a panel at 500 instances: 25 times what all of the open rows cost.
            collapsed=True,
        ),
        row(
            "Request Lengths",
            heatmap(
                "prompt_length",
                "Request Prompt Length",
                vllm.PROMPT_TOKENS,
                roles=("decode", "neutral"),
                note="Decode and neutral engines only, whatever roles are chosen: they have each request once, and a"
                " prefill engine may have none.",
            ),
            heatmap(
                "generation_length",
                "Request Generation Length",
                vllm.GENERATION_TOKENS,
                roles=("decode", "neutral"),
                note="Decode and neutral engines only, whatever roles are chosen: a prefill engine would count the"
                " request again.",
                scheme="Blues",
            ),
            collapsed=True,
        ),
        row(
            "Load by Instance",
            *parts_per_instance(
                "scheduler_state_by_instance",
                "Scheduler State by Instance",
                {"Running": vllm.RUNNING_REQUESTS, "Waiting": vllm.WAITING_REQUESTS},
            ),
            per_instance("cache_by_instance", "Cache Utilization by Instance", vllm.KV_CACHE_USAGE),
            *parts_per_instance(
                "throughput_by_instance",
                "Token Throughput by Instance",
                {"Prompt": vllm.PROMPT_TOKENS_TOTAL, "Generation": vllm.GENERATION_TOKENS_TOTAL},
            ),
            per_instance("preemptions_by_instance", "Preemptions by Instance", vllm.PREEMPTIONS),
            collapsed=True,
        ),
        row(
            "Latency by Instance",
            instance_table(
                "slowest_instances",
                "Slowest Instances",
                {
                    "Inter-token": vllm.ITL,
                    "KV cache": vllm.KV_CACHE_USAGE,
                    "Running": vllm.RUNNING_REQUESTS,
                    "Waiting": vllm.WAITING_REQUESTS,
                    "Generation": vllm.GENERATION_TOKENS_TOTAL,
                    "Preempted": vllm.PREEMPTIONS,
                },
                rank_by=vllm.ITL,
            ),
            quantile_per_instance("e2e_by_instance", "P99 E2E Request Latency by Instance", 0.99, vllm.E2E_LATENCY),
            quantile_per_instance("ttft_by_instance", "P99 Time To First Token by Instance", 0.99, vllm.TTFT),
            quantile_per_instance("itl_by_instance", "P99 Inter-Token Latency by Instance", 0.99, vllm.ITL),
            collapsed=True,
        ),
    ],
)
