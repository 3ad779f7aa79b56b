"""Local realtime state: what each engine instance holds as the scheduler itself counts it, in lite mode.

Each scheduler replica keeps a book of its own, of the requests that it has placed, and tells it every 5 s.
"""

from llumnix_dash.catalog.cms import GONE_CAVEAT
from llumnix_dash.catalog.exporters import SCHEDULER
from llumnix_dash.catalog.labels import ENGINE, MODEL, ROLE
from llumnix_dash.catalog.metric import Gauge, Mode, Unit

_NEVER_RELEASED = (
    "Without --requests-report-duration (off by default) nothing is taken off when it begins or ends, until a gateway"
    " connects anew: the numbers only grow."
)
_DECODE_WAITS = "What a decode instance holds is always all waiting."


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
        caveats=(_NEVER_RELEASED, *(() if name.startswith("total_") else (_DECODE_WAITS,)), GONE_CAVEAT),
    )


WAITING_REQUESTS = _gauge(
    "waiting_requests", Unit.REQUESTS, "Requests sent to the instance whose prefill has not been reported as done."
)
TOTAL_REQUESTS = _gauge(
    "total_requests", Unit.REQUESTS, "All requests that schedulers have sent to the instance and not taken off since."
)
RUNNING_REQUESTS = _gauge(
    "running_requests",
    Unit.REQUESTS,
    "All requests less the waiting ones.",
    TOTAL_REQUESTS,
    WAITING_REQUESTS,
)
WAITING_TOKENS = _gauge(
    "waiting_tokens", Unit.TOKENS, "Tokens of the requests whose prefill has not been reported as done."
)
TOTAL_TOKENS = _gauge(
    "total_tokens",
    Unit.TOKENS,
    "Tokens of all requests that schedulers have sent to the instance and not taken off since.",
)
RUNNING_TOKENS = _gauge(
    "running_tokens",
    Unit.TOKENS,
    "All tokens less the waiting ones.",
    TOTAL_TOKENS,
    WAITING_TOKENS,
)

METRICS = (RUNNING_REQUESTS, WAITING_REQUESTS, TOTAL_REQUESTS, RUNNING_TOKENS, WAITING_TOKENS, TOTAL_TOKENS)
