"""What the gateway records when a request is over, and of itself every few seconds."""

from llumnix_dash.catalog import gateway
from llumnix_dash.fleet.engine import Request
from llumnix_dash.fleet.process import Process


def answered(process: Process, request: Request) -> None:
    """A request is over, well or not: all of it is recorded now, and as 0 in what it did not reach."""
    model = request.model
    process.increase(gateway.REQUESTS, model, request.status)
    process.increase(gateway.INPUT_TOKENS_TOTAL, model, by=request.prompt_tokens)
    process.observe(gateway.INPUT_TOKENS, request.prompt_tokens, model)
    process.increase(gateway.OUTPUT_TOKENS_TOTAL, model, by=request.output_tokens)
    process.observe(gateway.OUTPUT_TOKENS, request.output_tokens, model)
    process.observe(gateway.TTFT, request.ttft_milliseconds, model)
    process.touch(gateway.ITL, model)
    for milliseconds, times in request.event_gaps:
        process.observe(gateway.ITL, milliseconds, model, times=times)
    if request.tpot_milliseconds is not None:
        process.observe(gateway.TPOT, request.tpot_milliseconds, model)
    for metric, fraction in (
        (gateway.QUEUE_DURATION, request.queue_milliseconds),
        (gateway.SCHEDULE_DURATION, request.schedule_milliseconds),
        (gateway.PREPROCESS_DURATION, request.preprocess_milliseconds),
        (gateway.POSTPROCESS_DURATION, request.postprocess_milliseconds),
    ):
        process.observe(metric, int(fraction), model)
    if request.ok:
        process.observe(gateway.E2E_LATENCY, request.e2e_seconds, model)


def told(process: Process, pending: int, current: int) -> None:
    """The gateway tells how many requests it holds: those that wait for an engine, and all."""
    process.set(gateway.PENDING_REQUESTS, pending)
    process.set(gateway.CURRENT_REQUESTS, current)
