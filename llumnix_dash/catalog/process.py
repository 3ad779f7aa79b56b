"""What every gateway and scheduler process exports of itself.

The names bear no prefix, and the Go ones are those of every Go program: a query is always held to the Llumnix jobs.
"""

from llumnix_dash.catalog.exporters import ENGINE, GATEWAY, SCHEDULER
from llumnix_dash.catalog.metric import Exporter, Gauge, Unit

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


def _answers(exporter: Exporter) -> Gauge:
    # Of each target Prometheus itself writes it, one series whatever the target exports.
    return Gauge(
        name="up",
        unit=Unit.COUNT,
        exporters=(exporter,),
        description=f"1 where {'an' if exporter is ENGINE else 'a'} {exporter.name} answers when it is scraped, 0 where"
        " it does not.",
    )


ANSWERS = {exporter: _answers(exporter) for exporter in (GATEWAY, SCHEDULER, ENGINE)}
"""Whether targets answer, by what they are."""
ENGINE_ANSWERS = ANSWERS[ENGINE]

METRICS = (UPTIME, GOROUTINES, MEMORY)
