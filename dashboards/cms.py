"""The cluster meta store: what the scheduler of a full-mode fleet knows of each engine instance, and what it chose."""

from llumnix_dash.board import RowOfPanels, board, row
from llumnix_dash.catalog import cms, scheduler
from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.catalog.metric import Gauge
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.dashboards.headline import HEADLINE
from llumnix_dash.panels import (
    Doubt,
    instance_counts,
    instance_table,
    parts_per_instance,
    per_instance,
    quantiles,
    totals_by_role,
    usage_by_role,
)
from llumnix_dash.variables import CMS_INFER_TYPE, CMS_INSTANCE, FLEET, OBJECTIVES, TOP, blank_without

OVERVIEW = row(
    "Fleet",
    instance_counts("instances", "Instances", cms.RUNNING_REQUESTS, teller="CMS", finest="1m"),
    totals_by_role("running_by_role", "Running Requests", {"": cms.RUNNING_REQUESTS}),
    totals_by_role("waiting_by_role", "Waiting Requests", {"": cms.WAITING_REQUESTS}, peak=True),
    usage_by_role("kv_cache_usage_by_role", "KV Cache Usage Ratio by Role", cms.KV_CACHE_USAGE, width=12),
    totals_by_role("used_tokens_by_role", "Used Tokens", {"": cms.USED_GPU_TOKENS}, width=12, finest="30s"),
    instance_table(
        "fullest_instances",
        "Fullest Instances",
        {
            "KV cache": cms.KV_CACHE_USAGE,
            "Running": cms.RUNNING_REQUESTS,
            "Waiting": cms.WAITING_REQUESTS,
            "Batch": cms.DECODE_BATCH_SIZE,
            "Used tokens": cms.USED_GPU_TOKENS,
        },
        rank_by=cms.KV_CACHE_USAGE,
        peak="KV peak",
        doubt=Doubt(cms.USED_GPU_TOKENS, cms.RUNNING_REQUESTS),
    ),
)


# Beginning of the panels' keys -> their title, and what of it each shows. The first has no more in its key than that.
STATUS: dict[str, tuple[str, dict[str, Gauge]]] = {
    "cms_requests": (
        "CMS Requests",
        {
            "Running": cms.RUNNING_REQUESTS,
            "Waiting": cms.WAITING_REQUESTS,
            "Loading": cms.LOADING_REQUESTS,
            "Running to Decode": cms.SCHEDULER_RUNNING_TO_DECODE_REQUESTS,
            "Waiting to Decode": cms.SCHEDULER_WAITING_TO_DECODE_REQUESTS,
            "Hybrid Waiting": cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_REQUESTS,
        },
    ),
    "cms_prefill_tokens": (
        "CMS Prefill Tokens",
        {
            "Waiting": cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS,
            "Running": cms.UNCOMPUTED_TOKENS_SCHEDULER_RUNNING_PREFILLS,
            "Unallocated": cms.UNALLOCATED_TOKENS_SCHEDULER_RUNNING_PREFILLS,
        },
    ),
    "cms_inflight_requests": (
        "CMS Inflight Dispatch Requests",
        {
            "All": cms.INFLIGHT_DISPATCH_REQUESTS,
            "Prefill": cms.INFLIGHT_DISPATCH_PREFILL_REQUESTS,
            "Decode": cms.INFLIGHT_DISPATCH_DECODE_REQUESTS,
        },
    ),
    "cms_decode_tokens": (
        "CMS Decode Tokens",
        {
            "Running": cms.SCHEDULER_RUNNING_TO_DECODE_TOKENS,
            "Waiting": cms.SCHEDULER_WAITING_TO_DECODE_TOKENS,
            "Loading": cms.TOKENS_LOADING_REQUESTS,
            "Hybrid Waiting": cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_TOKENS,
            "Hybrid Unallocated": cms.UNALLOCATED_TOKENS_HYBRID_SCHEDULER_WAITING_DECODES,
        },
    ),
    "cms_all_tokens": (
        "CMS All Prefill / Decode Tokens",
        {"Prefill": cms.ALL_PREFILLS_TOKENS, "Decode": cms.ALL_DECODES_TOKENS},
    ),
    "cms_inflight_tokens": (
        "CMS Inflight Dispatch Tokens",
        {
            "Prefill": cms.UNCOMPUTED_TOKENS_INFLIGHT_DISPATCH_PREFILL_REQUESTS,
            "Decode": cms.TOKENS_INFLIGHT_DISPATCH_DECODE_REQUESTS,
        },
    ),
}


def instance_status(role: str) -> RowOfPanels:
    """The row of one role's instances."""
    name = role.title()
    return row(
        f"Instance Status (CMS) - {name}",
        per_instance(f"cms_kv_cache_usage_{role}", f"CMS KV Cache Usage Ratio ({name})", cms.KV_CACHE_USAGE, role=role),
        per_instance(f"cms_used_tokens_{role}", f"CMS Used Tokens ({name})", cms.USED_GPU_TOKENS, role=role),
        per_instance(
            f"cms_decode_batch_size_{role}", f"CMS Decode Batch Size ({name})", cms.DECODE_BATCH_SIZE, role=role
        ),
        *(
            panel
            for key, (title, parts) in STATUS.items()
            # Two to a line, or three.
            for panel in parts_per_instance(key, title, parts, role=role, width=12 if len(parts) == 2 else 8)
        ),
        collapsed=True,
        blank=blank_without(cms.RUNNING_REQUESTS, role),
    )


SELECTED = {
    "kv_cache_usage": ("KV Cache Usage Ratio", scheduler.SELECTED_KV_CACHE_USAGE),
    "decode_batch_size": ("Decode Batch Size", scheduler.SELECTED_DECODE_BATCH_SIZE),
    "prefill_tokens": ("Prefill Tokens", scheduler.SELECTED_PREFILL_TOKENS),
    "decode_tokens": ("Decode Tokens", scheduler.SELECTED_DECODE_TOKENS),
    "predicted_ttft": ("Predicted TTFT", scheduler.SELECTED_PREDICTED_TTFT),
    "predicted_tpot": ("Predicted TPOT", scheduler.SELECTED_PREDICTED_TPOT),
}

dashboard = board(
    uid="llumnix-cms-dashboard",
    title="Llumnix CMS Dashboard",
    description="The cluster meta store's view of each engine instance, and what the scheduler saw on those it chose."
    " Full mode only: in lite mode see the LRS dashboard.",
    family=FAMILY,
    variables=[*FLEET, CMS_INFER_TYPE, CMS_INSTANCE, TOP, *OBJECTIVES],
    rows=[
        HEADLINE,
        OVERVIEW,
        *(instance_status(role) for role in ROLES),
        row(
            "Selected Instance Scheduling Metrics",
            *(
                quantiles(
                    f"selected_{key}_{role}",
                    f"Selected Instance: {title} ({role.title()})",
                    histogram,
                    role=role,
                    width=12,
                )
                for key, (title, histogram) in SELECTED.items()
                for role in ("prefill", "decode")
            ),
            collapsed=True,
        ),
    ],
)
