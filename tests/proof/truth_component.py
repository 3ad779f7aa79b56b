"""What the panels of the component dashboard show."""

from collections.abc import Sequence
from typing import Any

from llumnix_dash.catalog import gateway, scheduler
from llumnix_dash.catalog.metric import Histogram
from tests.proof.events import Events, grouped
from tests.proof.expected import AtLeast, about, exactly, quantiles
from tests.proof.truth_request import Truth


def _stage(metric: Histogram, attribute: str) -> Truth:
    """A stage's duration, in whole milliseconds, of all requests: 0 in a stage that a failed one did not reach."""
    return lambda events: quantiles([int(getattr(one, attribute)) for one in events.answered], metric.buckets)


def _refresh(metric: Histogram) -> Truth:
    return lambda events: quantiles(events.refreshes(metric.name), metric.buckets)


def _by_reason(events: Events) -> dict[str, list[Any]]:
    return grouped(events.unscheduled, str)


def _failed_share(failed: Sequence[Any], good: Sequence[Any]) -> Any:
    return about(len(failed) / (len(failed) + len(good)))


PANELS: dict[str, Truth] = {
    "gateway_requests": lambda events: {"pending": AtLeast(events.pending())},
    "gateway_requests_current": lambda events: {"current": AtLeast(events.current())},
    "queue_duration": _stage(gateway.QUEUE_DURATION, "queue_milliseconds"),
    "preprocess_duration": _stage(gateway.PREPROCESS_DURATION, "preprocess_milliseconds"),
    "schedule_duration": _stage(gateway.SCHEDULE_DURATION, "schedule_milliseconds"),
    "postprocess_duration": _stage(gateway.POSTPROCESS_DURATION, "postprocess_milliseconds"),
    "uptime": lambda events: {name: exactly(seconds) for name, seconds in events.uptimes().items()},
    "pending_by_gateway": lambda events: {
        address: exactly(pending) for address, (pending, _) in events.gateways().items()
    },
    "current_by_gateway": lambda events: {
        address: exactly(current) for address, (_, current) in events.gateways().items()
    },
    "cms_refresh_metadata_duration": _refresh(scheduler.CMS_REFRESH_METADATA_DURATION),
    "cms_refresh_status_duration": _refresh(scheduler.CMS_REFRESH_STATUS_DURATION),
}
WITH_MANY_FAILURES: dict[str, Truth] = {
    "scheduling_events": lambda events: {
        "done": events.a_second(1 for _ in events.scheduled),
        **{f"failed {reason}": events.a_second(1 for _ in found) for reason, found in _by_reason(events).items()},
    },
    "scheduling_failure_ratio": lambda events: {"failed": _failed_share(events.unscheduled, events.scheduled)},
}
WITHOUT_RARE_EVENTS: dict[str, Truth] = {
    "scheduling_events": lambda events: {"done": events.a_second(1 for _ in events.scheduled), "failed none yet": 0.0},
    "scheduling_failure_ratio": lambda events: {"failed": 0.0},
    "rescheduling_events": lambda events: {"started none yet": 0.0, "failed": 0.0},
}
