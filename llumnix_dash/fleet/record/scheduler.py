"""What the scheduler records of its decisions. No series exists before its first event."""

from llumnix_dash.catalog import scheduler
from llumnix_dash.fleet.cms import Status
from llumnix_dash.fleet.engine import Engine, Request
from llumnix_dash.fleet.process import Process

Prediction = tuple[float | None, float | None]
"""TTFT and TPOT in milliseconds; None where the scheduler predicts none, +Inf where it cannot tell."""


def selected(process: Process, engine: Engine, seen: Status, predicted: Prediction) -> None:
    """The scheduler has chosen an instance. A neutral one is recorded twice, as prefill and as decode.

    Args:
        process: the scheduler's.
        engine: the chosen one.
        seen: what the scheduler sees of it, with the request itself.
        predicted: before the request was booked.
    """
    role = engine.pool.role
    for infer_type in ("prefill", "decode") if role == "neutral" else (role,):
        process.observe(scheduler.SELECTED_KV_CACHE_USAGE, seen.projected_usage, infer_type)
        process.observe(scheduler.SELECTED_DECODE_BATCH_SIZE, seen.decode_batch_size, infer_type)
        process.observe(scheduler.SELECTED_PREFILL_TOKENS, seen.prefill_tokens, infer_type)
        process.observe(scheduler.SELECTED_DECODE_TOKENS, seen.all_decode_tokens, infer_type)
        if predicted[0] is not None:
            process.observe(scheduler.SELECTED_PREDICTED_TTFT, predicted[0], infer_type)
        if predicted[1] is not None:
            process.observe(scheduler.SELECTED_PREDICTED_TPOT, predicted[1], infer_type)


def scheduled(process: Process, request: Request, durations: tuple[float, float, float]) -> None:
    """A scheduling has found its instances.

    Args:
        process: the scheduler's.
        request: what was scheduled; it has a best hit only where the index of prefixes was asked.
        durations: of the decision as a whole, of the query to the index in it and of the working out of hits, in
            milliseconds.
    """
    process.increase(scheduler.SCHEDULINGS)
    process.observe(scheduler.FULL_MODE_SCHEDULE_DURATION, int(durations[0]))
    process.observe(scheduler.PREFIX_CACHE_HIT_PERCENT, request.hit_percent)
    if request.max_hit_percent is not None:
        process.observe(scheduler.QUERY_PREFIX_CACHE_HIT_DURATION, int(durations[1]))
        process.observe(scheduler.CALC_PREFIX_CACHE_HIT_DURATION, int(durations[2]))
        process.observe(scheduler.MAX_PREFIX_CACHE_HIT_PERCENT, request.max_hit_percent)


def missed_index(process: Process) -> None:
    """A query has found the index of prefixes away: it is a best hit of 0, and its durations are recorded nowhere."""
    process.observe(scheduler.MAX_PREFIX_CACHE_HIT_PERCENT, 0)


def failed(process: Process, error: str, milliseconds: float) -> None:
    """A scheduling has found no instance; where the store is away it did not even begin to look."""
    process.increase(scheduler.FAILED_SCHEDULINGS, error)
    if error != "cms_not_available":
        process.observe(scheduler.FULL_MODE_SCHEDULE_DURATION, int(milliseconds))


def rescheduled(process: Process, rule: tuple[str, str], *, failed: bool) -> None:
    """A pair of instances was told to move a request from one to the other; counted before it is known to fail.

    Args:
        process: the scheduler's.
        rule: by which the request is chosen, and in which order.
        failed: whether it came to nothing; also where there was nothing to move.
    """
    process.increase(scheduler.RESCHEDULINGS, *rule)
    if failed:
        process.increase(scheduler.FAILED_RESCHEDULINGS)
