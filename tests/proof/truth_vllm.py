"""What the panels of the vLLM dashboard show."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median
from typing import Any

from llumnix_dash.catalog import vllm
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.fleet.engine import Engine
from llumnix_dash.fleet.leg import Leg
from tests.proof.events import Events, Holding, cumulative, grouped
from tests.proof.expected import AtLeast, Between, exactly, mean, quantile
from tests.proof.truth_request import HEADLINE, Truth


def waiting(engine: Engine, held: Holding) -> int:
    """VLLM counts a request as waiting, too, whose KV cache is on its way, unless HybridConnector holds it."""
    return len(held.waiting) + (0 if engine.hybrid else len(held.loading))


def usages(engine: Engine, held: list[Holding]) -> list[float]:
    """The share of its KV cache that each of an instance's vLLM engines uses: the blocks of what is on its way, too."""
    return [one.usage(one.running + one.loading, len(engine.ranks)) for one in held]


def told_by_role(events: Events) -> dict[str, dict[Engine, list[Holding]]]:
    """What the gauges tell, by role."""
    return {role: {engine: events.told[engine] for engine in engines} for role, engines in events.roles().items()}


def duration(since: str, until: str) -> "Values":
    """The time from one moment of a request to another on its engine, or from engine to engine where it moved."""

    def value(_: Events, leg: Leg) -> Iterable[float]:
        first = leg.moved_from or leg
        return [round(getattr(leg if until == "finished" else first, until) - getattr(first, since), 6)]

    return value


Values = Callable[[Events, Leg], Iterable[float]]
Legs = Callable[[Events], list[Leg]]


def _left(events: Events) -> list[Leg]:
    return events.left


def _begun(events: Events) -> list[Leg]:
    return events.begun


def _counted(events: Events) -> list[Leg]:
    return events.counted


def _latency(metric: Histogram, values: Values, legs: Legs = _left, *, q: float = 0.99) -> Truth:
    def truth(events: Events) -> dict[str, Any]:
        lines: dict[str, Any] = {}
        for role, those in events.by_role(legs(events)).items():
            found = [value for leg in those for value in values(events, leg)]
            # An engine that makes one token of each request has no gaps: its lines are NaN, and nothing is drawn.
            if found:
                lines[f"mean {role}"] = mean(found)
                chosen = quantile(q, found, metric.buckets)
                if chosen.true > metric.buckets[0]:
                    lines[f"quantile {role}"] = chosen
        return lines

    return truth


def _p99_by_instance(metric: Histogram, values: Values, legs: Legs = _left) -> Truth:
    def truth(events: Events) -> dict[str, Any]:
        found = {
            address: [value for leg in those for value in values(events, leg)]
            for address, those in grouped(legs(events), address_of).items()
        }
        p99s = {address: quantile(0.99, values, metric.buckets) for address, values in found.items() if values}
        return {address: one for address, one in p99s.items() if one.true > metric.buckets[0]}

    return truth


def address_of(leg: Leg) -> str:
    """The API server that counts it."""
    assert leg.server is not None
    return leg.server.instance


def _heatmap(events: Events, bounds: Sequence[float], value: Callable[[Leg], int]) -> Any:
    """Of decode and neutral engines: each request is once among theirs."""
    counts = cumulative([value(leg) for leg in events.left if leg.engine.pool.role != "prefill"], bounds)
    return {str(float(bound)).replace("inf", "+Inf"): events.a_second([count]) for bound, count in counts.items()}


def _state(events: Events) -> dict[str, Any]:
    shown = {}
    for role, engines in told_by_role(events).items():
        each_one = [(engine, one) for engine, held in engines.items() for one in held]
        shown[f"running {role}"] = exactly(sum(len(one.running) for _, one in each_one))
        shown[f"waiting {role}"] = exactly(sum(waiting(engine, one) for engine, one in each_one))
    return shown


def _waiting_by_reason(events: Events) -> dict[str, Any]:
    shown = {}
    for role, engines in told_by_role(events).items():
        each_one = [(engine, one) for engine, held in engines.items() for one in held]
        shown[f"for room {role}"] = exactly(sum(len(one.waiting) for _, one in each_one))
        shown[f"deferred {role}"] = exactly(sum(waiting(engine, one) - len(one.waiting) for engine, one in each_one))
    return shown


def _cache(events: Events) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for role, engines in told_by_role(events).items():
        found = [one for engine, held in engines.items() for one in usages(engine, held)]
        shown |= {f"fullest {role}": AtLeast(max(found)), f"mean {role}": exactly(fmean(found))}
    return shown


def _prompts(events: Events) -> dict[str, Any]:
    prompts = events.by_role(events.begun)
    prompts.pop("prefill", None)  # A decode engine counts the whole prompt, too.
    return {role: events.a_second(map(prompt_tokens, legs)) for role, legs in prompts.items()}


def _generated(events: Events) -> dict[str, Any]:
    tokens = events.by_role(events.counted)
    return {role: events.a_second(map(events.generated, legs)) for role, legs in tokens.items()}


def _computed(events: Events) -> dict[str, Any]:
    """A decode engine computes the last token of the prompt again."""
    return {
        role: events.a_second(prompt_tokens(leg) - leg.request.cached_tokens if leg.prefills else 1 for leg in legs)
        for role, legs in events.by_role(events.begun).items()
    }


def _not_computed(events: Events) -> dict[str, Any]:
    shown = {}
    for role, legs in events.by_role(events.begun).items():
        shown[f"cached {role}"] = events.a_second(leg.request.cached_tokens * leg.prefills for leg in legs)
        shown[f"transferred {role}"] = events.a_second(prompt_tokens(leg) * (not leg.prefills) for leg in legs)
    return shown


def _of_each_instance(legs: Legs, amount: Callable[[Leg], int]) -> Truth:
    def truth(events: Events) -> dict[str, Any]:
        found = grouped(legs(events), address_of)
        return {
            one.target.instance: events.a_second(map(amount, found.get(one.target.instance, [])))
            for one in events.engines
        }

    return truth


def _reasons(events: Events) -> dict[str, Any]:
    """The reasons of each role: a series of each is there from the start."""
    return {
        f"{role} {reason}": events.a_second(leg.reason == reason for leg in legs)
        for role, legs in events.by_role(events.left).items()
        for engine in list(events.roles()[role])[:1]
        for reason in vllm.FINISHED_REASONS[engine.version]
    }


def prompt_tokens(leg: Leg) -> int:
    """The whole prompt, wherever its KV cache came from."""
    return leg.request.prompt_tokens


E2E = duration("arrived", "finished")
TTFT = duration("arrived", "first_token")


def gaps(events: Events, leg: Leg) -> list[float]:
    """Seconds between the leg's tokens."""
    return events.gaps(leg)


def latencies(q: float) -> dict[str, Truth]:
    """The panels of latencies where this quantile is chosen."""
    return {
        "e2e_latency": _latency(vllm.E2E_LATENCY, E2E, q=q),
        "ttft": _latency(vllm.TTFT, TTFT, _begun, q=q),
        "itl": _latency(vllm.ITL, gaps, _counted, q=q),
        "queue_time": _latency(vllm.QUEUE_TIME, duration("received", "started"), q=q),
        "prefill_time": _latency(vllm.PREFILL_TIME, duration("started", "first_token"), q=q),
        "decode_time": _latency(vllm.DECODE_TIME, duration("first_token", "finished"), q=q),
    }


PANELS: dict[str, Truth] = {
    **HEADLINE,
    "scheduler_state": _state,
    "cache_utilization": _cache,
    "token_throughput": _prompts,
    "generation_throughput": _generated,
    "computed_prompt_tokens": _computed,
    "prompt_tokens_not_computed": _not_computed,
    "finish_reason": _reasons,
    **latencies(0.99),
    "prompt_length": lambda events: _heatmap(events, vllm.PROMPT_TOKENS.buckets, prompt_tokens),
    "generation_length": lambda events: _heatmap(events, vllm.GENERATION_TOKENS.buckets, lambda leg: leg.generated),
}
# Of vLLM 0.33.
BY_REASON: dict[str, Truth] = {"waiting_by_reason": _waiting_by_reason}
# A line an instance: of all of them where $top allows so many.
BY_INSTANCE: dict[str, Truth] = {
    "scheduler_state_by_instance": lambda events: {
        engine.target.instance: exactly(sum(len(one.running) for one in held)) for engine, held in events.told.items()
    },
    "scheduler_state_by_instance_waiting": lambda events: {
        engine.target.instance: exactly(sum(waiting(engine, one) for one in held))
        for engine, held in events.told.items()
    },
    "cache_by_instance": lambda events: {
        engine.target.instance: exactly(max(usages(engine, held))) for engine, held in events.told.items()
    },
    "throughput_by_instance": _of_each_instance(_begun, prompt_tokens),
    "throughput_by_instance_generation": lambda events: _of_each_instance(_counted, events.generated)(events),
    "e2e_by_instance": _p99_by_instance(vllm.E2E_LATENCY, E2E),
    "ttft_by_instance": _p99_by_instance(vllm.TTFT, TTFT, _begun),
    "itl_by_instance": _p99_by_instance(vllm.ITL, gaps, _counted),
}


def _load(events: Events, columns: str) -> dict[str, Any]:
    """Cells of usage, running and waiting requests, generated tokens and preemptions (of which there may be any)."""
    usage, running, still, generated, preempted = columns
    cells: dict[str, Any] = {}
    for column, key in {
        usage: "cache_by_instance",
        running: "scheduler_state_by_instance",
        still: "scheduler_state_by_instance_waiting",
        generated: "throughput_by_instance_generation",
    }.items():
        cells |= {f"{column} {address}": value for address, value in BY_INSTANCE[key](events).items()}
    return cells | {f"{preempted} {engine.target.instance}": AtLeast(0) for engine in events.told}


def _fullest(events: Events) -> dict[str, Any]:
    """F is the usage by the role's median, which is taken as 5 % where it is less; G the peak."""
    cells = _load(events, "ABCDE")
    for engines in told_by_role(events).values():
        used = {engine.target.instance: max(usages(engine, held)) for engine, held in engines.items()}
        middle = max(0.05, median(used.values()))
        cells |= {f"F {address}": exactly(usage / middle) for address, usage in used.items()}
        cells |= {f"G {address}": AtLeast(usage) for address, usage in used.items()}
    return cells


def _slowest(events: Events) -> dict[str, Any]:
    """G is the median time between tokens by the role's median of medians: those that have had any token."""
    cells: dict[str, Any] = {}
    for role in events.by_role(events.counted).values():
        medians = {
            address: quantile(0.5, found, vllm.ITL.buckets)
            for address, legs in grouped(role, address_of).items()
            if (found := [gap for leg in legs for gap in gaps(events, leg)])
        }
        cells |= {f"A {address}": one for address, one in medians.items()}
        if medians:
            lower, upper = median(one.lower for one in medians.values()), median(one.upper for one in medians.values())
            for address, one in medians.items():
                highest = one.upper / lower if lower else math.inf
                cells[f"G {address}"] = Between(one.lower / upper, min(99, highest))
    addresses = {name.split()[1] for name in cells}
    return cells | {name: cell for name, cell in _load(events, "BCDEF").items() if name.split()[1] in addresses}


TABLES: dict[str, Truth] = {"fullest_instances": _fullest, "slowest_instances": _slowest}


def _median(truth: Truth) -> Truth:
    """The lines of the medians alone."""
    return lambda events: {line: value for line, value in truth(events).items() if line.startswith("quantile")}


# What holds where requests migrate: one value in many is wrong by the difference of two hosts' uptimes.
MEDIANS: dict[str, Truth] = {
    key: _median(latencies(0.5)[key]) for key in ("itl", "queue_time", "prefill_time", "decode_time")
}
