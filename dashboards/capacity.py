"""Rows of the overview that say what to do: what to add, who is in charge, whether moves help, what it costs."""

from llumnix_dash.board import row
from llumnix_dash.catalog import cms, gateway, scheduler
from llumnix_dash.panels import (
    assigned_by,
    cost_of_an_hour,
    decode_usage,
    instance_counts,
    instances_that_idle,
    outcomes,
    rates,
    spread_of_load,
    store_against_engines,
    token_gaps,
    tokens_for_a_dollar,
    tokens_on_their_way,
    transfer_time,
    waits,
    what_to_add,
)
from llumnix_dash.variables import PRICES, TPOT_OBJECTIVE, TTFT_OBJECTIVE

_COMPONENT = "llumnix-component-dashboard"
_CMS = "llumnix-cms-dashboard"
_VLLM = "vllm-dashboard"
_HEIGHT = 8
_OF_ROLE = {role: price.name for role, price in PRICES.items()}

ADD = row(
    "Add prefill, decode, or neither?",
    what_to_add("what_to_add", "What to Add", TTFT_OBJECTIVE, TPOT_OBJECTIVE, width=24, height=5, more=_CMS),
    waits("waits", "Wait for Prefill, for Decode", TTFT_OBJECTIVE, height=_HEIGHT, more=_CMS),
    decode_usage("decode_usage", "KV Cache of Decode", height=_HEIGHT, more=_CMS),
    token_gaps("token_gaps", "Token Gap of Three in Four", TPOT_OBJECTIVE, height=_HEIGHT, more=_VLLM),
)
IN_CHARGE = row(
    "Is the scheduler in charge?",
    assigned_by("assigned_by", "Requests Are Assigned by", width=24, height=4, more=_COMPONENT),
    rates(
        "requests_and_schedulings",
        "Requests and Schedulings",
        {"requests": gateway.REQUESTS, "schedulings": scheduler.SCHEDULINGS},
        reading="Both flow where the scheduler is in charge; fewer schedulings than requests: some go round it. Staged"
        " prefill and decode are two schedulings a request.",
        height=_HEIGHT,
        more=_COMPONENT,
    ),
    store_against_engines("store_against_engines", "Running: CMS and Engines", height=_HEIGHT, more=_CMS),
    instance_counts(
        "instances_known",
        "Instances: CMS and Engines",
        cms.RUNNING_REQUESTS,
        teller="CMS",
        finest="1m",
        height=_HEIGHT,
        more=_CMS,
    ),
)
TRANSFER = row(
    "How long does prefill to decode take?",
    transfer_time("transfer_time", "KV Cache on Its Way", width=8, height=_HEIGHT, more=_CMS),
    tokens_on_their_way("tokens_on_their_way", "Tokens on Their Way", width=16, height=_HEIGHT, more=_CMS),
    collapsed=True,
)
MIGRATIONS = row(
    "Do migrations help? (off by default)",
    outcomes(
        "migrations",
        "Moves",
        scheduler.RESCHEDULINGS,
        scheduler.FAILED_RESCHEDULINGS,
        success="started",
        width=12,
        height=_HEIGHT,
        more=_COMPONENT,
    ),
    spread_of_load("spread_of_load", "Fullest by Mean over Time", width=12, height=_HEIGHT, more=_VLLM),
    collapsed=True,
)
COST = row(
    "What does a token cost? (set prices above)",
    tokens_for_a_dollar("tokens_per_dollar", "Output Tokens per $", _OF_ROLE, width=6, height=_HEIGHT),
    cost_of_an_hour("cost_of_an_hour", "Engines, $ per Hour", _OF_ROLE, width=6, height=_HEIGHT),
    instances_that_idle("idle_instances", "Idle Instances", width=12, height=_HEIGHT, more=_VLLM),
    collapsed=True,
)
