"""What every gateway and scheduler process exports of itself.

The names bear no prefix, and the Go ones are those of every Go program: a query is always held to the Llumnix jobs.
"""

from llumnix_dash.catalog.exporters import ENGINE, GATEWAY, SCHEDULER
from llumnix_dash.catalog.metric import Gauge, Unit

_BOTH = (GATEWAY, SCHEDULER)

UPTIME = Gauge(
    name="uptime_seconds",
    unit=Unit.SECONDS,
    exporters=_BOTH,
    description="Time since the process started. A line that falls to 0 is a restart.",
    caveats=("A pod that is told to stop is no target any more, yet works on for up to 300 s.",),
)
GOROUTINES = Gauge(
    name="go_goroutines",
    unit=Unit.COUNT,
    exporters=_BOTH,
    description="Goroutines of the process: they come and go with the requests under way.",
)
MEMORY = Gauge(
    name="go_memstats_alloc_bytes",
    unit=Unit.BYTES,
    exporters=_BOTH,
    description="Bytes of live and not yet collected objects on the Go heap.",
    caveats=("It is not the memory that the container is charged for: stacks and freed pages are not in it.",),
)

# Of each target Prometheus itself writes it, one series whatever the target exports.
ENGINE_ANSWERS = Gauge(
    name="up",
    unit=Unit.COUNT,
    exporters=(ENGINE,),
    description="1 where an engine answers when it is scraped, 0 where it does not.",
)

METRICS = (UPTIME, GOROUTINES, MEMORY)
