"""What users are promised; how much of it, a site says in its settings."""

from llumnix_dash.catalog import gateway
from llumnix_dash.rules.objective import Objective

SUCCESS = Objective(name="success", title="Success")
TTFT = Objective(name="ttft", title="TTFT", histogram=gateway.TTFT)
TPOT = Objective(name="tpot", title="TPOT", histogram=gateway.TPOT)
E2E = Objective(name="e2e", title="E2E", histogram=gateway.E2E_LATENCY)

OBJECTIVES = (SUCCESS, TTFT, TPOT, E2E)

# What a request got that did not get what was promised, what to do first, and which page tells more.
BROKEN = {
    SUCCESS: (
        "no answer",
        "Look at the statuses: 503 is no instance, 400 an engine that refused or is gone, 429 and other 5xx are what an"
        " engine answered.",
        "llumnix-request-dashboard",
    ),
    TTFT: (
        "a late first token, or none",
        "See on the Overview which part of the time grew: prefill that waits wants prefill instances; failures count as"
        " late, too.",
        "llumnix-overview-dashboard",
    ),
    TPOT: (
        "their tokens slowly",
        "See on the Overview whether decode is short, one engine is sick, or requests queue, which is in TPOT.",
        "llumnix-overview-dashboard",
    ),
    E2E: (
        "their whole answer late",
        "See on the Overview which part of the time grew. Where no part did, answers are longer.",
        "llumnix-overview-dashboard",
    ),
}
