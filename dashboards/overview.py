"""The page that one opens first: each row a question, the answer on the left, what it rests on to the right."""

from llumnix_dash.board import board, row
from llumnix_dash.catalog import vllm
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.dashboards.capacity import ADD, COST, IN_CHARGE, MIGRATIONS, TRANSFER
from llumnix_dash.dashboards.headline import HEADLINE
from llumnix_dash.panels import (
    engine_parts,
    goodput_band,
    goodput_share,
    longest_part,
    model_table,
    objectives_taken,
    prefix_cache_gaps,
    prefix_cache_steps,
    slowest_instance,
    slowest_instances,
    tightest_objective,
    time_spent,
    unevenness_by_role,
    usage_by_role,
)
from llumnix_dash.panels.budget import budget_table, burn_rates
from llumnix_dash.rules.declared.objectives import OBJECTIVES as OBJECTIVES_PROMISED
from llumnix_dash.variables import E2E_OBJECTIVE, FLEET, MODEL, OBJECTIVES, PRICES, TOP, TPOT_OBJECTIVE, TTFT_OBJECTIVE

REQUEST = "llumnix-request-dashboard"
COMPONENT = "llumnix-component-dashboard"
VLLM = "vllm-dashboard"
ALERTS = "llumnix-alerts-dashboard"

EACH_OBJECTIVE = {"TTFT": TTFT_OBJECTIVE, "TPOT": TPOT_OBJECTIVE, "E2E": E2E_OBJECTIVE}
BUDGETS = {one.title: one.name for one in OBJECTIVES_PROMISED}
HEIGHT = 8

dashboard = board(
    uid="llumnix-overview-dashboard",
    title="Llumnix Overview Dashboard",
    description="Questions and answers: are users hurt, which of them, where the time goes, what is short, and who is"
    " sick. Each panel links to the page that tells more.",
    family=FAMILY,
    variables=[*FLEET, MODEL, TOP, *OBJECTIVES, *PRICES.values()],
    rows=[
        HEADLINE,
        row(
            "Who gets what was promised?",
            model_table(
                "models", "Models, Worst First", TTFT_OBJECTIVE, TPOT_OBJECTIVE, width=12, height=HEIGHT, more=REQUEST
            ),
            goodput_share(
                "goodput_now", "Met Both", TTFT_OBJECTIVE, TPOT_OBJECTIVE, width=4, height=HEIGHT, more=REQUEST
            ),
            goodput_band("goodput", "Goodput", TTFT_OBJECTIVE, TPOT_OBJECTIVE, width=8, height=HEIGHT, more=REQUEST),
        ),
        row(
            "Is error budget left?",
            budget_table("budgets", "Error Budgets of 30 Days, Emptiest First", width=12, height=HEIGHT, more=ALERTS),
            burn_rates("burn_rates", "Fastest Burn, 1 h", BUDGETS, width=12, height=HEIGHT, more=ALERTS),
            collapsed=True,
        ),
        row(
            "Where does a request's time go?",
            longest_part("longest_part", "Longest Part", width=4, height=HEIGHT, more=COMPONENT),
            time_spent("time_spent", "Mean Request by Part", width=12, height=HEIGHT, more=COMPONENT),
            engine_parts("engine_parts", "Inside the Engines", width=8, height=HEIGHT, more=VLLM),
        ),
        row(
            "Can it take more?",
            tightest_objective(
                "tightest_objective", "Tightest Objective", EACH_OBJECTIVE, width=6, height=HEIGHT, more=REQUEST
            ),
            objectives_taken(
                "objectives_taken", "P99 by Objective", EACH_OBJECTIVE, width=9, height=HEIGHT, more=REQUEST
            ),
            usage_by_role("kv_cache_usage", "KV Cache Usage", vllm.KV_CACHE_USAGE, width=9, height=HEIGHT, more=VLLM),
        ),
        ADD,
        IN_CHARGE,
        row(
            "Is the load spread fairly?",
            unevenness_by_role("unevenness", "Fullest by Mean", width=6, height=HEIGHT, more=VLLM),
            slowest_instance("slowest_instance", "Slowest beside Its Peers", width=6, height=HEIGHT, more=VLLM),
            slowest_instances(
                "slowest_instances", "Slowest Instances beside Their Peers", width=12, height=HEIGHT, more=VLLM
            ),
        ),
        row(
            "Is the prefix cache used?",
            prefix_cache_gaps("prefix_cache_gaps", "Gaps", width=6, height=HEIGHT, more=REQUEST),
            prefix_cache_steps("prefix_cache", "Prefix Cache Hits", width=18, height=HEIGHT, more=REQUEST),
            collapsed=True,
        ),
        TRANSFER,
        MIGRATIONS,
        COST,
    ],
)
