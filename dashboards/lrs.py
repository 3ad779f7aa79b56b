"""Local realtime state: how many requests and tokens each engine instance holds, as a lite-mode scheduler counts."""

from dashboards.headline import HEADLINE
from llumnix_dash.board import board, row
from llumnix_dash.catalog import lrs
from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.panels import instance_counts, instance_table, per_instance, totals_by_role
from llumnix_dash.variables import LRS_INFER_TYPE, LRS_INSTANCE, LRS_MODEL, NAMESPACE, OBJECTIVES, TOP

REQUESTS = {"running": lrs.RUNNING_REQUESTS, "waiting": lrs.WAITING_REQUESTS, "total": lrs.TOTAL_REQUESTS}
TOKENS = {"running": lrs.RUNNING_TOKENS, "waiting": lrs.WAITING_TOKENS, "total": lrs.TOTAL_TOKENS}

dashboard = board(
    uid="llumnix-lrs-dashboard",
    title="Llumnix LRS Dashboard",
    description="Local realtime state: the requests and tokens that each engine instance holds, as the scheduler counts"
    " them. Lite mode only: in full mode see the CMS dashboard.",
    variables=[NAMESPACE, LRS_MODEL, LRS_INFER_TYPE, LRS_INSTANCE, TOP, *OBJECTIVES],
    rows=[
        HEADLINE,
        row(
            "Fleet",
            instance_counts("instances", "Instances", lrs.TOTAL_REQUESTS),
            totals_by_role(
                "requests_by_role", "Requests", {"running": lrs.RUNNING_REQUESTS, "waiting": lrs.WAITING_REQUESTS}
            ),
            totals_by_role("tokens_by_role", "Tokens", {"running": lrs.RUNNING_TOKENS, "waiting": lrs.WAITING_TOKENS}),
            instance_table(
                "busiest_instances",
                "Busiest Instances",
                {
                    "Running": lrs.RUNNING_REQUESTS,
                    "Waiting": lrs.WAITING_REQUESTS,
                    "Total": lrs.TOTAL_REQUESTS,
                    "Running tokens": lrs.RUNNING_TOKENS,
                    "Waiting tokens": lrs.WAITING_TOKENS,
                },
                rank_by=lrs.TOTAL_REQUESTS,
            ),
        ),
        *(
            row(
                f"Instance Status (LRS) - {role.title()}",
                per_instance(
                    f"lrs_requests_{role}",
                    f"LRS Requests ({role.title()})",
                    REQUESTS,
                    rank_by=lrs.TOTAL_REQUESTS,
                    role=role,
                    width=12,
                ),
                per_instance(
                    f"lrs_tokens_{role}",
                    f"LRS Tokens ({role.title()})",
                    TOKENS,
                    rank_by=lrs.TOTAL_TOKENS,
                    role=role,
                    width=12,
                ),
                collapsed=True,
            )
            for role in ROLES
        ),
    ],
)
