"""Local realtime state: what each engine instance holds as the scheduler itself counts it, in lite mode."""

from llumnix_dash.catalog.cms import GONE_CAVEAT
from llumnix_dash.catalog.exporters import SCHEDULER
from llumnix_dash.catalog.labels import ENGINE, MODEL, ROLE
from llumnix_dash.catalog.metric import Gauge, Mode, Unit


def _gauge(name: str, unit: Unit, what: str, total: Gauge | None = None, waiting: Gauge | None = None) -> Gauge:
    return Gauge(
        name=f"instance_lrs_{name}",
        unit=unit,
        exporters=(SCHEDULER,),
        labels=(MODEL, ENGINE, ROLE),
        mode=Mode.LITE,
        spread="shares",
        total=total,
        waiting=waiting,
        description=what,
        caveats=(GONE_CAVEAT,),
    )


WAITING_REQUESTS = _gauge(
    "waiting_requests", Unit.REQUESTS, "Requests sent to the instance whose first token has not come."
)
TOTAL_REQUESTS = _gauge("total_requests", Unit.REQUESTS, "All requests that the instance holds.")
RUNNING_REQUESTS = _gauge(
    "running_requests",
    Unit.REQUESTS,
    "Requests that the instance computes: as exported, or else all requests less the waiting ones.",
    TOTAL_REQUESTS,
    WAITING_REQUESTS,
)
WAITING_TOKENS = _gauge("waiting_tokens", Unit.TOKENS, "Tokens of the requests whose first token has not come.")
TOTAL_TOKENS = _gauge("total_tokens", Unit.TOKENS, "Tokens of all requests that the instance holds.")
RUNNING_TOKENS = _gauge(
    "running_tokens",
    Unit.TOKENS,
    "Tokens of the requests that the instance computes: as exported, or else all tokens less the waiting ones.",
    TOTAL_TOKENS,
    WAITING_TOKENS,
)

METRICS = (RUNNING_REQUESTS, WAITING_REQUESTS, TOTAL_REQUESTS, RUNNING_TOKENS, WAITING_TOKENS, TOTAL_TOKENS)
