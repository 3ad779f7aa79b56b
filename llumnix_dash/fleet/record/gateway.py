"""What the gateway records when a request is over."""

from llumnix_dash.catalog import gateway
from llumnix_dash.fleet.engine import Request
from llumnix_dash.fleet.process import Process


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
