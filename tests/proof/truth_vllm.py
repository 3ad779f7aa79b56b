"""What the panels of the vLLM dashboard show."""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

from llumnix_dash.catalog import vllm
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.fleet.engine import Engine, Leg
from tests.proof.events import Events, Holding, cumulative, each, grouped
from tests.proof.expected import AtLeast, exactly, quantile, quantiles
from tests.proof.truth_request import HEADLINE, Truth


def waiting(held: Holding) -> list[Leg]:
    """VLLM counts a request as waiting, too, whose KV cache is still on its way."""
    return held.waiting + held.loading


def usages(engine: Engine, held: Holding) -> list[float]:
    """The share of its KV cache that each of an instance's vLLM engines uses."""
    return [held.usage([leg for leg in held.running if leg.rank == rank], len(engine.ranks)) for rank in engine.ranks]


def duration(since: str, until: str) -> Callable[[Leg], Iterable[float]]:
    """The time from one moment of a leg to another."""
    return lambda leg: [round(getattr(leg, until) - getattr(leg, since), 6)]


def _latency(metric: Histogram, values: Callable[[Leg], Iterable[float]]) -> Truth:
    def truth(events: Events) -> dict[str, Any]:
        lines: dict[str, Any] = {}
        for role, legs in events.left_by_role().items():
            found = [value for leg in legs for value in values(leg)]
            # An engine that makes one token of each request has no gaps: its lines are NaN, and nothing is drawn.
            lines |= quantiles(found, metric.buckets, few=True, of=role) if found else {}
        return lines

    return truth


def _p99_by_instance(metric: Histogram, values: Callable[[Leg], Iterable[float]]) -> Truth:
    def truth(events: Events) -> dict[str, Any]:
        by_instance = grouped(events.left, lambda leg: leg.instance)
        found = {address: [value for leg in legs for value in values(leg)] for address, legs in by_instance.items()}
        p99s = {address: quantile(0.99, values, metric.buckets) for address, values in found.items() if values}
        return {address: one for address, one in p99s.items() if one.true > metric.buckets[0]}

    return truth


def _heatmap(events: Events, roles: Sequence[str], bounds: Sequence[float], value: Callable[[Leg], int]) -> Any:
    counts = cumulative([value(leg) for leg in events.left if leg.engine.pool.role in roles], bounds)
    return {str(float(bound)).replace("inf", "+Inf"): events.a_second([count]) for bound, count in counts.items()}


def _state(events: Events) -> dict[str, Any]:
    shown = {}
    for role, engines in events.roles().items():
        shown[f"running {role}"] = exactly(sum(len(held.running) for held in engines.values()))
        shown[f"waiting {role}"] = exactly(sum(len(waiting(held)) for held in engines.values()))
    return shown


def _cache(events: Events) -> dict[str, Any]:
    shown = {}
    for role, engines in events.roles().items():
        found = [one for engine, held in engines.items() for one in usages(engine, held)]
        shown |= {f"fullest {role}": AtLeast(max(found)), f"mean {role}": exactly(fmean(found))}
    return shown


def _throughput(events: Events) -> dict[str, Any]:
    shown = {}
    for role, legs in events.left_by_role().items():
        if role != "prefill":
            shown[f"prompt {role}"] = events.a_second(leg.request.prompt_tokens for leg in legs)
        shown[f"generation {role}"] = events.a_second(leg.generated for leg in legs)
    return shown


def _reasons(events: Events) -> dict[str, Any]:
    """The reasons of each role: a series of each is there from the start."""
    return {
        f"{role} {reason}": events.a_second(leg.reason == reason for leg in legs)
        for role, legs in events.left_by_role().items()
        for reason in ("stop", "length", "abort")
    }


def _state_by_instance(events: Events) -> dict[str, Any]:
    shown = {}
    for engine, held in events.engines.items():
        shown[f"running {engine.target.instance}"] = exactly(len(held.running))
        shown[f"waiting {engine.target.instance}"] = exactly(len(waiting(held)))
    return shown


E2E = duration("arrived", "finished")
TTFT = duration("arrived", "first_token")


def gaps(leg: Leg) -> list[float]:
    """Seconds between the leg's tokens."""
    return each(leg.gaps)


PANELS: dict[str, Truth] = {
    **HEADLINE,
    "scheduler_state": _state,
    "cache_utilization": _cache,
    "token_throughput": _throughput,
    "finish_reason": _reasons,
    "e2e_latency": _latency(vllm.E2E_LATENCY, E2E),
    "ttft": _latency(vllm.TTFT, TTFT),
    "itl": _latency(vllm.ITL, gaps),
    "queue_time": _latency(vllm.QUEUE_TIME, duration("arrived", "started")),
    "prefill_time": _latency(vllm.PREFILL_TIME, duration("started", "first_token")),
    "decode_time": _latency(vllm.DECODE_TIME, duration("first_token", "finished")),
    "prompt_length": lambda events: _heatmap(
        events, ("decode", "neutral"), vllm.PROMPT_TOKENS.buckets, lambda leg: leg.request.prompt_tokens
    ),
    "generation_length": lambda events: _heatmap(
        events, ("decode", "neutral"), vllm.GENERATION_TOKENS.buckets, lambda leg: leg.generated
    ),
}
# A line an instance: of all of them where $top allows so many.
BY_INSTANCE: dict[str, Truth] = {
    "scheduler_state_by_instance": _state_by_instance,
    "cache_by_instance": lambda events: {
        engine.target.instance: exactly(max(usages(engine, held))) for engine, held in events.engines.items()
    },
    "throughput_by_instance": lambda events: {
        f"{name} {instance}": events.a_second(amount(leg) for leg in legs)
        for instance, legs in grouped(events.left, lambda leg: leg.instance).items()
        for name, amount in {
            "prompt": lambda leg: leg.request.prompt_tokens,
            "generation": lambda leg: leg.generated,
        }.items()
    },
    "e2e_by_instance": _p99_by_instance(vllm.E2E_LATENCY, E2E),
    "ttft_by_instance": _p99_by_instance(vllm.TTFT, TTFT),
    "itl_by_instance": _p99_by_instance(vllm.ITL, gaps),
}
