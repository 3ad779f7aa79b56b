"""What the scheduler records of its decisions."""

from llumnix_dash.catalog import scheduler
from llumnix_dash.fleet.engine import Engine, Request
from llumnix_dash.fleet.process import Process
from llumnix_dash.fleet.view import View


def selected(process: Process, engine: Engine, view: View, predicted: tuple[float, float]) -> None:
    """The scheduler has chosen an instance. A neutral one is recorded twice, as prefill and as decode.

    Args:
        process: the scheduler's.
        engine: the chosen one.
        view: what the scheduler saw of it.
        predicted: TTFT and TPOT in milliseconds, +Inf where the prediction failed.
    """
    role = engine.pool.role
    for infer_type in ("prefill", "decode") if role == "neutral" else (role,):
        process.observe(scheduler.SELECTED_KV_CACHE_USAGE, view.projected_usage, infer_type)
        process.observe(scheduler.SELECTED_DECODE_BATCH_SIZE, view.decoding, infer_type)
        process.observe(scheduler.SELECTED_PREFILL_TOKENS, view.prefill_tokens, infer_type)
        process.observe(scheduler.SELECTED_DECODE_TOKENS, view.all_decode_tokens, infer_type)
        process.observe(scheduler.SELECTED_PREDICTED_TTFT, predicted[0], infer_type)
        process.observe(scheduler.SELECTED_PREDICTED_TPOT, predicted[1], infer_type)


def scheduled(process: Process, request: Request, durations: tuple[float, float, float]) -> None:
    """A scheduling has found its instances.

    Args:
        process: the scheduler's.
        request: what was scheduled.
        durations: of the decision, of the query to the cache index and of the working out of hits, in milliseconds.
    """
    process.increase(scheduler.SCHEDULINGS)
    process.observe(scheduler.FULL_MODE_SCHEDULE_DURATION, int(durations[0]))
    process.observe(scheduler.QUERY_PREFIX_CACHE_HIT_DURATION, int(durations[1]))
    process.observe(scheduler.CALC_PREFIX_CACHE_HIT_DURATION, int(durations[2]))
    process.observe(scheduler.PREFIX_CACHE_HIT_PERCENT, request.hit_percent)
    process.observe(scheduler.MAX_PREFIX_CACHE_HIT_PERCENT, request.max_hit_percent)


def started(process: Process) -> None:
    """What the scheduler exports from the start: all that has no labels of its own and is not rare."""
    for metric in process.metrics.values():
        if not metric.labels and not getattr(metric, "rare", False):
            process.touch(metric)
