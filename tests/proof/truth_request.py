"""What the panels of the request dashboard show, and the first row, which is the same on every dashboard."""

from collections.abc import Callable, Sequence
from typing import Any

from llumnix_dash.catalog import gateway, scheduler
from tests.proof.events import Events, cumulative, grouped
from tests.proof.expected import exactly, no_less, quantiles, share

Truth = Callable[[Events], dict[str, Any]]

# The objectives with which the dashboards open.
TTFT_MILLISECONDS = 2000
TPOT_MILLISECONDS = 50
E2E_SECONDS = 60


def ttfts(events: Events) -> list[int]:
    """Of the requests that count as 200: a failed one has the time to its error, or 0, and that is no first token."""
    return [one.ttft_milliseconds for one in events.good]


def tpots(events: Events) -> list[int]:
    """Of the requests that have one: those that broke off or whose client left, too."""
    return [one.tpot_milliseconds for one in events.answered if one.tpot_milliseconds is not None]


def gaps(events: Events) -> list[int]:
    """Milliseconds between the engine's events, each gap; the last two of a good answer are nearly 0."""
    return [gap for one in events.answered for gap, times in one.event_gaps for _ in range(times)]


def _share(kept: Sequence[bool]) -> Any:
    return share(sum(kept) / len(kept))


def ttft_kept(events: Events) -> list[bool]:
    """Whether each request's first token came in time: that of a failed one never came.

    Status 0 is left out of the whole: an external route or the fallback answered, and when is known nowhere.
    """
    return [one.ok and one.ttft_milliseconds <= TTFT_MILLISECONDS for one in events.by_engines]


def _ttft_share(events: Events) -> Any:
    """The share of those kept, or more: by no more than the share that failed late, yet within the objective."""
    kept = ttft_kept(events)
    late = [one for one in events.by_engines if not one.ok and 10 < one.ttft_milliseconds <= TTFT_MILLISECONDS]
    return no_less(sum(kept) / len(kept), len(late) / len(kept))


def tpot_kept(events: Events) -> list[bool]:
    """Whether each request that has a time per token kept to the objective."""
    return [tpot <= TPOT_MILLISECONDS for tpot in tpots(events)]


def e2e_kept(events: Events) -> list[bool]:
    """Whether each request that ended with 200 kept to the objective."""
    return [one.e2e_seconds <= E2E_SECONDS for one in events.good]


def _up(events: Events) -> dict[str, Any]:
    """The processes that answer, by component; that of which none does is gone."""
    return {name if up else f"{name} gone": exactly(up) for name, up in events.answering().items()}


def _pending(events: Events) -> dict[str, Any]:
    """All that is pending, by the state of the worst gateway: 5 have a worker, then 512 fit into its queue."""
    fullest = max(pending for pending, _ in events.gateways().values())
    return {"full" if fullest >= 512 else "waiting" if fullest > 5 else "Pending": exactly(events.pending())}


HEADLINE: dict[str, Truth] = {
    "components_up": _up,
    "requests_now": lambda events: {"Requests": events.a_second(1 for _ in events.answered)},
    "success_ratio_now": lambda events: {"Success": share(len(events.served) / len(events.answered))},
    "ttft_within_objective_now": lambda events: {"TTFT OK": _ttft_share(events)},
    "tpot_within_objective_now": lambda events: {"TPOT OK": _share(tpot_kept(events))},
    "e2e_within_objective_now": lambda events: {"E2E OK": _share(e2e_kept(events))},
    "pending_now": _pending,
}


def _heatmap(events: Events, values: list[int], bounds: Sequence[float]) -> dict[str, Any]:
    counts = cumulative(values, bounds)
    return {f"{bound:g}".replace("inf", "+Inf"): events.a_second([count]) for bound, count in counts.items()}


PANELS: dict[str, Truth] = {
    **HEADLINE,
    "request_rate": lambda events: {
        model: events.a_second(1 for _ in requests)
        for model, requests in grouped(events.answered, lambda one: one.model).items()
    },
    "within_objectives": lambda events: {
        "TTFT": _ttft_share(events),
        "TPOT": _share(tpot_kept(events)),
        "E2E": _share(e2e_kept(events)),
    },
    "input_token_throughput": lambda events: {"input": events.a_second(one.prompt_tokens for one in events.answered)},
    "output_token_throughput": lambda events: {"output": events.a_second(one.output_tokens for one in events.answered)},
    "e2e_latency": lambda events: quantiles([one.e2e_seconds for one in events.good], gateway.E2E_LATENCY.buckets),
    "ttft": lambda events: quantiles(ttfts(events), gateway.TTFT.buckets),
    "tpot": lambda events: quantiles(tpots(events), gateway.TPOT.buckets),
    "itl": lambda events: quantiles(gaps(events), gateway.ITL.buckets),
    "input_tokens": lambda events: _heatmap(
        events, [one.prompt_tokens for one in events.answered], gateway.INPUT_TOKENS.buckets
    ),
    "output_tokens": lambda events: _heatmap(
        events, [one.output_tokens for one in events.answered], gateway.OUTPUT_TOKENS.buckets
    ),
    "prefix_cache_hit": lambda events: quantiles(
        [one.hit_percent for one in events.scheduled], scheduler.PREFIX_CACHE_HIT_PERCENT.buckets, low=True
    ),
    "max_prefix_cache_hit": lambda events: quantiles(
        [one.max_hit_percent for one in events.scheduled if one.max_hit_percent is not None],
        scheduler.MAX_PREFIX_CACHE_HIT_PERCENT.buckets,
        low=True,
    ),
}

# Where failures are many: the first event of a series is beyond what a store can tell, and of a few it is a large part.
WITH_MANY_FAILURES: dict[str, Truth] = {
    "request_rate_by_status": lambda events: {
        status: events.a_second(1 for _ in requests)
        for status, requests in grouped(events.answered, lambda one: one.status).items()
    },
}
# Where nothing that is rare has happened.
WITHOUT_RARE_EVENTS: dict[str, Truth] = {
    "retry_fallback_rate": lambda events: {"retries": 0.0, "fallbacks": 0.0, "fallback retries that succeeded": 0.0},
    "request_rate_by_status": lambda events: {"200": events.a_second(1 for _ in events.answered)},
}
