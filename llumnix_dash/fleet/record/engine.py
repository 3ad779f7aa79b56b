"""What a vLLM engine records of its part of a request."""

from llumnix_dash.catalog import vllm
from llumnix_dash.fleet.engine import Engine, Leg
from llumnix_dash.fleet.process import Process

FINISHED_REASONS = ("stop", "length", "abort")


def left(process: Process, leg: Leg) -> None:
    """An engine is done with its part of a request."""
    model, rank = leg.engine.pool.model_name, leg.rank
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


def started(engine: Engine) -> None:
    """An engine has started: vLLM makes all series of its engines at 0."""
    process, model = engine.target.process, engine.pool.model_name
    for rank in engine.ranks:
        for metric in process.metrics.values():
            if metric.name == vllm.FINISHED_REQUESTS.name:
                for reason in FINISHED_REASONS:
                    process.touch(metric, model, rank, reason)
            else:
                process.touch(metric, model, rank)
