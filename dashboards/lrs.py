"""Local realtime state: how many requests and tokens each engine instance holds, as a lite-mode scheduler counts."""

from llumnix_dash.board import board, row
from llumnix_dash.catalog import lrs
from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.dashboards.headline import HEADLINE
from llumnix_dash.panels import instance_counts, instance_table, parts_per_instance, totals_by_role
from llumnix_dash.variables import FLEET, LRS_INFER_TYPE, LRS_INSTANCE, LRS_MODEL, OBJECTIVES, TOP, blank_without

REQUESTS = {"Total": lrs.TOTAL_REQUESTS, "Running": lrs.RUNNING_REQUESTS, "Waiting": lrs.WAITING_REQUESTS}
TOKENS = {"Total": lrs.TOTAL_TOKENS, "Running": lrs.RUNNING_TOKENS, "Waiting": lrs.WAITING_TOKENS}

# The shortest step of the fleet's totals: at the data source's own they would cost eight times as much.
STEP = "2m"

dashboard = board(
    uid="llumnix-lrs-dashboard",
    title="Llumnix LRS Dashboard",
    description="Local realtime state: the requests and tokens that each engine instance holds, as the scheduler counts"
    " them. Lite mode only: in full mode see the CMS dashboard.",
    family=FAMILY,
    variables=[*FLEET, LRS_MODEL, LRS_INFER_TYPE, LRS_INSTANCE, TOP, *OBJECTIVES],
    rows=[
        HEADLINE,
        row(
            "Fleet",
            instance_counts("instances", "Instances", lrs.TOTAL_REQUESTS, teller="LRS", finest=STEP),
            totals_by_role("running_by_role", "Running Requests", {"": lrs.RUNNING_REQUESTS}, finest=STEP),
            totals_by_role("waiting_by_role", "Waiting Requests", {"": lrs.WAITING_REQUESTS}, peak=True, finest=STEP),
            totals_by_role("running_tokens_by_role", "Running Tokens", {"": lrs.RUNNING_TOKENS}, width=12, finest=STEP),
            totals_by_role("waiting_tokens_by_role", "Waiting Tokens", {"": lrs.WAITING_TOKENS}, width=12, finest=STEP),
            instance_table(
                "busiest_instances",
                "Busiest Instances",
                {
                    "Total": lrs.TOTAL_REQUESTS,
                    "Waiting": lrs.WAITING_REQUESTS,
                    "Total tokens": lrs.TOTAL_TOKENS,
                },
                rank_by=lrs.TOTAL_REQUESTS,
                # The scheduler's book, not the engine's state: what it is beside others is not worth its cost.
                beside_peers=False,
            ),
        ),
        *(
            row(
                f"Instance Status (LRS) - {role.title()}",
                *parts_per_instance("lrs_requests", "LRS Requests", REQUESTS, role=role, rank_by=lrs.TOTAL_REQUESTS),
                *parts_per_instance("lrs_tokens", "LRS Tokens", TOKENS, role=role, rank_by=lrs.TOTAL_TOKENS),
                collapsed=True,
                blank=blank_without(lrs.TOTAL_REQUESTS, role),
            )
            for role in ROLES
        ),
    ],
)
