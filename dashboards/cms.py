"""The cluster meta store: what the scheduler of a full-mode fleet knows of each engine instance, and what it chose."""

from llumnix_dash.board import RowOfPanels, board, row
from llumnix_dash.catalog import cms, scheduler
from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.dashboards.headline import HEADLINE
from llumnix_dash.panels import (
    Doubt,
    instance_counts,
    instance_table,
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
            "Decode batch": cms.DECODE_BATCH_SIZE,
            "Used tokens": cms.USED_GPU_TOKENS,
        },
        rank_by=cms.KV_CACHE_USAGE,
        peak="KV peak",
        doubt=Doubt(cms.USED_GPU_TOKENS, cms.RUNNING_REQUESTS),
    ),
)


def instance_status(role: str) -> RowOfPanels:
    """The row of one role's instances."""
    name = role.title()
    return row(
        f"Instance Status (CMS) - {name}",
        per_instance(
            f"cms_requests_{role}",
            f"CMS Requests ({name})",
            {
                "running": cms.RUNNING_REQUESTS,
                "waiting": cms.WAITING_REQUESTS,
                "loading": cms.LOADING_REQUESTS,
                "waiting to decode": cms.SCHEDULER_WAITING_TO_DECODE_REQUESTS,
                "running to decode": cms.SCHEDULER_RUNNING_TO_DECODE_REQUESTS,
                "hybrid waiting to decode": cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_REQUESTS,
            },
            role=role,
            width=12,
        ),
        per_instance(
            f"cms_prefill_tokens_{role}",
            f"CMS Prefill Tokens ({name})",
            {
                "uncomputed, waiting": cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS,
                "uncomputed, running": cms.UNCOMPUTED_TOKENS_SCHEDULER_RUNNING_PREFILLS,
                "unallocated, running": cms.UNALLOCATED_TOKENS_SCHEDULER_RUNNING_PREFILLS,
            },
            role=role,
            width=12,
        ),
        per_instance(
            f"cms_decode_tokens_{role}",
            f"CMS Decode Tokens ({name})",
            {
                "hybrid unallocated": cms.UNALLOCATED_TOKENS_HYBRID_SCHEDULER_WAITING_DECODES,
                "hybrid waiting": cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_TOKENS,
                "waiting to decode": cms.SCHEDULER_WAITING_TO_DECODE_TOKENS,
                "running to decode": cms.SCHEDULER_RUNNING_TO_DECODE_TOKENS,
                "loading": cms.TOKENS_LOADING_REQUESTS,
            },
            rank_by=cms.SCHEDULER_RUNNING_TO_DECODE_TOKENS,
            role=role,
            width=12,
        ),
        per_instance(
            f"cms_all_tokens_{role}",
            f"CMS All Prefill / Decode Tokens ({name})",
            {"prefill tokens": cms.ALL_PREFILLS_TOKENS, "decode tokens": cms.ALL_DECODES_TOKENS},
            role=role,
            width=12,
        ),
        per_instance(
            f"cms_inflight_requests_{role}",
            f"CMS Inflight Dispatch Requests ({name})",
            {
                "all": cms.INFLIGHT_DISPATCH_REQUESTS,
                "prefill dispatches": cms.INFLIGHT_DISPATCH_PREFILL_REQUESTS,
                "decode dispatches": cms.INFLIGHT_DISPATCH_DECODE_REQUESTS,
            },
            role=role,
            width=12,
        ),
        per_instance(
            f"cms_inflight_tokens_{role}",
            f"CMS Inflight Dispatch Tokens ({name})",
            {
                "prefill dispatches": cms.UNCOMPUTED_TOKENS_INFLIGHT_DISPATCH_PREFILL_REQUESTS,
                "decode dispatches": cms.TOKENS_INFLIGHT_DISPATCH_DECODE_REQUESTS,
            },
            role=role,
            width=12,
        ),
        per_instance(f"cms_used_tokens_{role}", f"CMS Used Tokens ({name})", {"": cms.USED_GPU_TOKENS}, role=role),
        per_instance(
            f"cms_kv_cache_usage_{role}", f"CMS KV Cache Usage Ratio ({name})", {"": cms.KV_CACHE_USAGE}, role=role
        ),
        per_instance(
            f"cms_decode_batch_size_{role}", f"CMS Decode Batch Size ({name})", {"": cms.DECODE_BATCH_SIZE}, role=role
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
                quantiles(f"selected_{key}_{role}", f"{title} ({role.title()})", histogram, role=role, width=12)
                for key, (title, histogram) in SELECTED.items()
                for role in ("prefill", "decode")
            ),
            collapsed=True,
        ),
    ],
)
