"""What the panels of the CMS dashboard show."""

from collections.abc import Callable
from statistics import fmean
from typing import Any

from llumnix_dash.catalog import scheduler
from llumnix_dash.catalog.metric import Histogram
from tests.proof.events import ROLES, Events, Holding
from tests.proof.expected import AtLeast, exactly, quantiles
from tests.proof.fleets import Decision
from tests.proof.truth_request import Truth


def usage(held: Holding) -> float:
    """The share of the KV cache that an instance uses, with what is on its way to it."""
    return held.usage(held.legs)


def _sums(count: Callable[[Holding], float]) -> Truth:
    return lambda events: {
        role: exactly(sum(count(held) for held in engines.values())) for role, engines in events.roles().items()
    }


def _of_each(role: str, lines: dict[str, Callable[[Holding], float]]) -> Truth:
    """A line an instance of the role and a figure; the panels show five instances, and no role here has more."""
    return lambda events: {
        f"{name} {engine.id}".strip(): exactly(count(held))
        for engine, held in events.roles().get(role, {}).items()
        for name, count in lines.items()
    }


def _peaks(count: Callable[[Holding], float]) -> Truth:
    return lambda events: {
        role: AtLeast(sum(count(held) for held in engines.values())) for role, engines in events.roles().items()
    }


def instance_counts(teller: str) -> Truth:
    """Engines that answer, and those that a scheduler tells of, where none has gone."""
    return lambda events: {
        f"{name} {role}": exactly(len(engines))
        for role, engines in events.roles().items()
        for name in ("engines", teller)
    }


def _usage_by_role(events: Events) -> dict[str, Any]:
    shown = {}
    for role, engines in events.roles().items():
        usages = [usage(held) for held in engines.values()]
        shown |= {f"fullest {role}": AtLeast(max(usages)), f"mean {role}": exactly(fmean(usages))}
    return shown


def _table(events: Events) -> dict[str, Any]:
    """The cells of the five fullest of all instances; which those are follows from the minutes shown."""
    return {
        f"{column} {engine.id}": AtLeast(count(held)) if column in "FG" else exactly(count(held))
        for engine, held in events.engines.items()
        for column, count in {
            "A": usage,
            "B": lambda held: len(held.running),
            "C": lambda held: len(held.waiting),
            "D": lambda held: len(held.running) - len(held.prefilling),
            "E": lambda held: held.tokens(held.running),
            # The peak, and that it holds requests and changes: neither follows from what is so now.
            "F": usage,
            "G": lambda held: 0,
        }.items()
    }


def decided(events: Events, role: str) -> list[Decision]:
    """The decisions recorded as of this role: one for a neutral instance is recorded as both."""
    return [one for one in events.decisions if one.engine.pool.role in (role, "neutral")]


def _selected(metric: Histogram, role: str, value: Callable[[Decision], float]) -> Truth:
    def truth(events: Events) -> dict[str, Any]:
        lines = quantiles([value(one) for one in decided(events, role)], metric.buckets)
        if metric.infinite:
            del lines["mean"]
        return lines

    return truth


def _both(key: str, metric: Histogram, value: Callable[[Decision], float]) -> dict[str, Truth]:
    return {f"selected_{key}_{role}": _selected(metric, role, value) for role in ("prefill", "decode")}


PANELS: dict[str, Truth] = {
    "instances": instance_counts("CMS"),
    "running_by_role": _sums(lambda held: len(held.running)),
    "waiting_by_role": _peaks(lambda held: len(held.waiting)),
    "used_tokens_by_role": _sums(lambda held: held.tokens(held.running)),
    "kv_cache_usage_by_role": _usage_by_role,
    **{
        key: truth
        for role in ROLES
        for key, truth in {
            f"cms_used_tokens_{role}": _of_each(role, {"": lambda held: held.tokens(held.running)}),
            f"cms_kv_cache_usage_{role}": _of_each(role, {"": usage}),
            f"cms_decode_batch_size_{role}": _of_each(
                role, {"": lambda held: len(held.running) - len(held.prefilling)}
            ),
        }.items()
    },
    **_both("kv_cache_usage", scheduler.SELECTED_KV_CACHE_USAGE, lambda one: one.seen.projected_usage),
    **_both("decode_batch_size", scheduler.SELECTED_DECODE_BATCH_SIZE, lambda one: one.seen.decoding),
    **_both("prefill_tokens", scheduler.SELECTED_PREFILL_TOKENS, lambda one: one.seen.prefill_tokens),
    **_both("decode_tokens", scheduler.SELECTED_DECODE_TOKENS, lambda one: one.seen.all_decode_tokens),
    **_both("predicted_ttft", scheduler.SELECTED_PREDICTED_TTFT, lambda one: one.predicted_ttft),
    **_both("predicted_tpot", scheduler.SELECTED_PREDICTED_TPOT, lambda one: one.predicted_tpot),
}
TABLES: dict[str, Truth] = {"fullest_instances": _table}
