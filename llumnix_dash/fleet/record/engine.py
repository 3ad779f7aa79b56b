"""What a vLLM engine records: its API server counts what comes out of the engine, when it comes out.

A leg is counted by its :attr:`Leg.server`. Of a leg without one nobody tells.
"""

from collections.abc import Iterable
from itertools import product

from llumnix_dash.catalog import vllm
from llumnix_dash.fleet.engine import Engine
from llumnix_dash.fleet.gaps import Gaps
from llumnix_dash.fleet.leg import Leg
from llumnix_dash.fleet.target import ScrapeTarget

# The versions that count a prompt's tokens as often as it is tried, and all of them in a step; others what is computed.
_WHOLE_PROMPTS = ("0.12", "0.18")


def started(engine: Engine) -> None:
    """An engine has started: vLLM makes all series of its engines at 0."""
    process = engine.target.process
    for metric in vllm.METRICS:
        values = {
            "model_name": (engine.pool.model_name,),
            "engine": engine.ranks,
            "finished_reason": vllm.FINISHED_REASONS[engine.version],
            "source": vllm.PROMPT_SOURCES,
            "reason": vllm.REASONS.get(metric, ()),
        }
        for labels in product(*(values[label] for label in metric.labels)):
            process.touch(metric, *labels)


def scheduled(leg: Leg, attempts: int) -> None:
    """The engine computes a request for the first time, after so many attempts to find it a place.

    The prefix cache counts each, that of vLLM 0.33 one alone. It is the engine's own, and a decode engine has nothing
    of the prompt there.
    """
    if leg.server is None:
        return
    if leg.engine.version not in _WHOLE_PROMPTS:
        attempts = 1
    process, labels = leg.server.process, (leg.engine.pool.model_name, leg.rank)
    process.increase(vllm.PREFIX_CACHE_QUERIES, *labels, by=attempts * leg.request.prompt_tokens)
    if leg.prefills:
        process.increase(vllm.PREFIX_CACHE_HITS, *labels, by=attempts * leg.request.cached_tokens)


def first_output(leg: Leg) -> None:
    """The first token is out, and with it the whole prompt counts; of a migrated request it is one more output."""
    if leg.server is None or leg.first_token is None:
        return
    process, labels, prompt = leg.server.process, (leg.engine.pool.model_name, leg.rank), leg.request.prompt_tokens
    process.increase(vllm.GENERATION_TOKENS_TOTAL, *labels)
    if leg.moved_from:
        gap = leg.first_token - (leg.moved_from.finished or 0.0) + clock_error(leg)
        _observe_gaps(leg.server, labels, [(round(gap, 6), 1)])
        return
    process.increase(vllm.PROMPT_TOKENS_TOTAL, *labels, by=prompt)
    process.observe(vllm.TTFT, round(leg.first_token - leg.arrived, 6), *labels)
    if leg.prefills:
        cached = leg.request.cached_tokens
        sources = {"local_compute": prompt - cached, "local_cache_hit": cached}
    else:
        # The last token of the prompt is computed here, too, for the first of the answer.
        sources = {"local_compute": 1, "external_kv_transfer": prompt}
    for source, tokens in sources.items():
        process.increase(vllm.PROMPT_TOKENS_BY_SOURCE, *labels, source, by=tokens)
    whole = leg.engine.version in _WHOLE_PROMPTS
    process.observe(vllm.ITERATION_TOKENS, (prompt if whole else sources["local_compute"]) + 1, *labels)


def continued(leg: Leg, gaps: Gaps) -> None:
    """More tokens are out: the gaps before all that are out by now, an entry for each of the leg's."""
    if leg.server is None or leg.first_token is None:
        return
    labels = (leg.engine.pool.model_name, leg.rank)
    new = [(gap, times - counted) for (gap, times), counted in zip(gaps, leg.counted, strict=True)]
    leg.counted = [times for _, times in gaps]
    leg.server.process.increase(vllm.GENERATION_TOKENS_TOTAL, *labels, by=sum(times for _, times in new))
    _observe_gaps(leg.server, labels, new)


def preempted(leg: Leg) -> None:
    """A request that was put back has an output again: only now is that counted."""
    if leg.server is not None and leg.finished is None:
        leg.server.process.increase(vllm.PREEMPTIONS, leg.engine.pool.model_name, leg.rank)


def finished(leg: Leg) -> None:
    """The engine has ended a request by itself; where the client has ended it, none of this is counted."""
    first = leg.moved_from or leg
    if leg.server is None or leg.first_token is None or leg.finished is None:
        return
    assert first.started is not None
    assert first.first_token is not None
    process, labels = leg.server.process, (leg.engine.pool.model_name, leg.rank)
    error = clock_error(leg)
    tokens = leg.generated + (leg.moved_from.generated if leg.moved_from else 0)
    decode = round(leg.finished - first.first_token + error, 6)
    process.increase(vllm.FINISHED_REQUESTS, *labels, leg.reason)
    for metric, value in (
        (vllm.PROMPT_TOKENS, leg.request.prompt_tokens),
        (vllm.GENERATION_TOKENS, tokens),
        (vllm.E2E_LATENCY, round(leg.finished - first.arrived, 6)),
        # A migrated request is received anew and scheduled once.
        (vllm.QUEUE_TIME, round(first.started - leg.received - error, 6)),
        (vllm.PREFILL_TIME, round(first.first_token - first.started, 6)),
        (vllm.DECODE_TIME, decode),
        (vllm.INFERENCE_TIME, round(leg.finished - first.started + error, 6)),
        (vllm.REQUEST_TPOT, round(decode / (tokens - 1), 6) if tokens > 1 else 0.0),
    ):
        process.observe(metric, value, *labels)


def stepped(leg: Leg) -> None:
    """The steps in which its tokens came: so many of its batch's size that all tokens are in one of them."""
    if leg.server is None:
        return
    process, labels = leg.server.process, (leg.engine.pool.model_name, leg.rank)
    steps, rest = divmod(leg.generated - 1, leg.batch)
    process.observe(vllm.ITERATION_TOKENS, leg.batch, *labels, times=steps)
    if rest:
        process.observe(vllm.ITERATION_TOKENS, rest, *labels)


def show(engine: Engine, server: ScrapeTarget, rank: str, now: float) -> None:
    """Brings an API server's gauges to what the engine's scheduler has: its stats have come with an output.

    HybridConnector keeps what waits for its KV cache from vLLM's scheduler; the blocks are taken all the same.
    """
    view = engine.view(now, None if len(engine.ranks) == 1 else rank)
    usage = (view.used_tokens + view.loading_tokens) / view.capacity
    deferred = 0 if engine.hybrid else view.loading
    for metric, value, *reason in (
        (vllm.RUNNING_REQUESTS, view.running),
        (vllm.WAITING_REQUESTS, view.waiting + deferred),
        (vllm.WAITING_BY_REASON, view.waiting, "capacity"),
        (vllm.WAITING_BY_REASON, deferred, "deferred"),
        (vllm.KV_CACHE_USAGE, min(1.0, round(usage, 4))),
    ):
        server.process.set(metric, value, engine.pool.model_name, rank, *reason)


def measured(engines: Iterable[Engine], now: float) -> None:
    """All outputs up to now are out. Gauges move with them alone: of an engine without outputs they stay as they were.

    Where migrated requests have kept the label, their engine's gauges come later and so stand in the place of those
    of the engine from which they came.
    """
    guests: dict[tuple[ScrapeTarget, str], Engine] = {}
    for engine in engines:
        own: dict[str, None] = {}
        for leg in engine.legs:
            if leg.outputs and leg.server is not None:
                continued(leg, leg.gaps_by(now))
                if leg.server is engine.target:
                    own[leg.rank] = None
                else:
                    guests[leg.server, leg.rank] = engine
        for rank in own:
            show(engine, engine.target, rank, now)
    for (server, rank), engine in guests.items():
        show(engine, server, rank, now)


def clock_error(leg: Leg) -> float:
    """Seconds by which a duration is wrong that ends here and began before the request moved: the hosts' uptimes."""
    return leg.moved_from.engine.booted - leg.engine.booted if leg.moved_from else 0.0


def _observe_gaps(server: ScrapeTarget, labels: tuple[str, str], gaps: Gaps) -> None:
    for metric in (vllm.ITL, vllm.TIME_PER_OUTPUT_TOKEN):
        if metric.name in server.process.metrics:
            for gap, times in gaps:
                if times:
                    server.process.observe(metric, gap, *labels, times=times)
