"""What each process writes into its metrics when something happens to it.

The rules of the real programs stand here: what is whole milliseconds, what counts failures, what is recorded twice.
"""

from llumnix_dash.catalog import gateway, scheduler, vllm
from llumnix_dash.fleet.engine import Engine, Leg, Request
from llumnix_dash.fleet.process import Process
from llumnix_dash.fleet.view import View

FINISHED_REASONS = ("stop", "length", "abort")


def answered(process: Process, request: Request) -> None:
    """The gateway has answered a request, well or not."""
    model = request.model
    process.increase(gateway.REQUESTS, model, request.status)
    process.increase(gateway.INPUT_TOKENS_TOTAL, model, by=request.prompt_tokens)
    process.observe(gateway.INPUT_TOKENS, request.prompt_tokens, model)
    # Failed ones are recorded too, as 0 in what they did not reach.
    process.observe(gateway.TTFT, request.ttft_milliseconds, model)
    for metric, milliseconds in (
        (gateway.QUEUE_DURATION, request.queue_milliseconds),
        (gateway.SCHEDULE_DURATION, request.schedule_milliseconds),
        (gateway.PREPROCESS_DURATION, request.preprocess_milliseconds),
        (gateway.POSTPROCESS_DURATION, request.postprocess_milliseconds),
    ):
        process.observe(metric, int(milliseconds), model)
    if not request.ok:
        return
    process.increase(gateway.OUTPUT_TOKENS_TOTAL, model, by=request.output_tokens)
    process.observe(gateway.OUTPUT_TOKENS, request.output_tokens, model)
    process.observe(gateway.E2E_LATENCY, request.e2e_seconds, model)
    if request.tpot_milliseconds is not None:
        process.observe(gateway.TPOT, request.tpot_milliseconds, model)
    for gap, times in request.gaps:
        process.observe(gateway.ITL, round(gap * 1000, 3), model, times=times)


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


def left(process: Process, leg: Leg) -> None:
    """An engine is done with its part of a request."""
    model, rank = leg.request.model, leg.rank
    prompt = leg.request.prompt_tokens
    process.increase(vllm.FINISHED_REQUESTS, model, rank, leg.reason)
    process.increase(vllm.PROMPT_TOKENS_TOTAL, model, rank, by=prompt)
    process.increase(vllm.GENERATION_TOKENS_TOTAL, model, rank, by=leg.generated)
    process.observe(vllm.PROMPT_TOKENS, prompt, model, rank)
    process.observe(vllm.GENERATION_TOKENS, leg.generated, model, rank)
    if leg.started is None or leg.first_token is None or leg.finished is None:
        return
    if leg.loading_until is None:
        process.increase(vllm.PREFIX_CACHE_QUERIES, model, rank, by=prompt)
        process.increase(vllm.PREFIX_CACHE_HITS, model, rank, by=leg.request.cached_tokens)
        process.observe(vllm.ITERATION_TOKENS, prompt - leg.request.cached_tokens + 1, model, rank)
    for metric, since, until in (
        (vllm.E2E_LATENCY, leg.arrived, leg.finished),
        (vllm.TTFT, leg.arrived, leg.first_token),
        (vllm.QUEUE_TIME, leg.arrived, leg.started),
        (vllm.PREFILL_TIME, leg.started, leg.first_token),
        (vllm.DECODE_TIME, leg.first_token, leg.finished),
        (vllm.INFERENCE_TIME, leg.started, leg.finished),
    ):
        process.observe(metric, round(until - since, 6), model, rank)
    count = sum(times for _, times in leg.gaps)
    process.observe(vllm.REQUEST_TPOT, round(leg.decode_seconds / count, 6) if count else 0.0, model, rank)
    for metric in (vllm.ITL, vllm.TIME_PER_OUTPUT_TOKEN):
        if metric.name in process.metrics:
            for gap, times in leg.gaps:
                process.observe(metric, gap, model, rank, times=times)
    if count:
        # The steps that it shared: so many of the batch's size that all tokens are in one of them.
        steps, rest = divmod(count, leg.batch)
        if steps:
            process.observe(vllm.ITERATION_TOKENS, leg.batch, model, rank, times=steps)
        if rest:
            process.observe(vllm.ITERATION_TOKENS, rest, model, rank)


def started_engine(engine: Engine) -> None:
    """An engine has started: vLLM makes all series of its engines at 0."""
    process, model = engine.target.process, engine.pool.model
    for rank in engine.ranks:
        for metric in process.metrics.values():
            if metric.name == vllm.FINISHED_REQUESTS.name:
                for reason in FINISHED_REASONS:
                    process.touch(metric, model, rank, reason)
            else:
                process.touch(metric, model, rank)


def started_scheduler(process: Process) -> None:
    """What the scheduler exports from the start: all that has no labels of its own and is not rare."""
    for metric in process.metrics.values():
        if not metric.labels and not getattr(metric, "rare", False):
            process.touch(metric)
