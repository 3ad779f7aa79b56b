"""What the panels of the overview show."""

import math
from dataclasses import dataclass
from typing import Any

import pytest

from llumnix_dash.catalog import gateway
from llumnix_dash.fleet.engine import Engine, Request
from tests.proof.events import ROLES, Events, grouped
from tests.proof.expected import Between, InBucket, about, mean, quantile
from tests.proof.truth_request import (
    E2E_SECONDS,
    HEADLINE,
    TPOT_MILLISECONDS,
    TTFT_MILLISECONDS,
    Truth,
    tpots,
    ttfts,
)
from tests.proof.truth_vllm import PANELS as ENGINES
from tests.proof.truth_vllm import Values, duration

STAGES = {
    "preprocess": "preprocess_milliseconds",
    "queue": "queue_milliseconds",
    "schedule": "schedule_milliseconds",
    "first token": "ttft_milliseconds",
}


def met_both(request: Request) -> bool:
    """Whether its first token and its pace kept to the objectives; an answer of one token has no pace to keep."""
    slow = request.tpot_milliseconds is not None and request.tpot_milliseconds > TPOT_MILLISECONDS
    return request.ok and request.ttft_milliseconds <= TTFT_MILLISECONDS and not slow


def goodput(events: Events) -> float:
    """Requests a second that met both objectives."""
    return sum(map(met_both, events.answered)) / events.seconds


@dataclass(frozen=True)
class Bounds:
    """What two histograms and a counter by status leave open of the goodput, in requests."""

    least: float
    most: float


def bounds(events: Events) -> Bounds:
    """The bounds that follow from what is counted; the truth must lie between them."""
    ended, good = len(events.answered), len(events.good)
    in_time = sum(one.ttft_milliseconds <= TTFT_MILLISECONDS for one in events.answered)
    at_once = sum(one.ttft_milliseconds <= gateway.TTFT.buckets[0] for one in events.answered)
    failed, missed = ended - good, sum(tpot > TPOT_MILLISECONDS for tpot in tpots(events))
    least = max(0, in_time - failed - missed)
    most = max(0, min(in_time - min(failed, at_once), good, good - max(0, missed - failed)))
    found = Bounds(least, most)
    assert found.least <= sum(map(met_both, events.answered)) <= found.most
    return found


def _near(value: float, whole: float) -> Any:
    """Within 2 % of the whole: a bound is a difference of rates."""
    return pytest.approx(value, abs=0.02 * whole)


def _goodput(events: Events) -> dict[str, Any]:
    found, ended = bounds(events), len(events.answered) / events.seconds
    return {
        "offered": about(ended),
        "at least": _near(found.least / events.seconds, ended),
        "at most": _near(found.most / events.seconds, ended),
    }


def _goodput_share(events: Events) -> dict[str, Any]:
    found, ended = bounds(events), len(events.answered)
    return {"at least": _near(found.least / ended, 1), "at most": _near(found.most / ended, 1)}


def parts_of_time(events: Events) -> dict[str, float]:
    """Seconds of the mean answered request in each stage, as the gateways record them, and the rest of its E2E."""
    stages = {
        name: sum(int(getattr(one, attribute)) for one in events.answered) / 1000 / len(events.good)
        for name, attribute in STAGES.items()
    }
    e2e = math.fsum(one.e2e_seconds for one in events.good) / len(events.good)
    return stages | {"generation": max(0.0, e2e - sum(stages.values()))}


def _parts(events: Events) -> dict[str, Any]:
    shown: dict[str, Any] = {
        name: pytest.approx(value, rel=0.02, abs=1e-4) for name, value in parts_of_time(events).items()
    }
    many = len(events.answered) - len(events.good) > 0.01 * len(events.answered)
    return shown | ({"over 1 % failed: parts too high": 0.0} if many else {})


def _longest(events: Events) -> dict[str, Any]:
    name, seconds = max(parts_of_time(events).items(), key=lambda one: one[1])
    return {name: about(seconds)}


def _taken(events: Events) -> dict[str, Any]:
    """The P99s by their objectives, each somewhere in the bucket in which it is."""
    e2es = [one.e2e_seconds for one in events.good]
    return {
        "TTFT": _by(quantile(0.99, ttfts(events), gateway.TTFT.buckets), TTFT_MILLISECONDS),
        "TPOT": _by(quantile(0.99, tpots(events), gateway.TPOT.buckets), TPOT_MILLISECONDS),
        "E2E": _by(quantile(0.99, e2es, gateway.E2E_LATENCY.buckets), E2E_SECONDS),
    }


def _by(found: InBucket, objective: float) -> InBucket:
    return InBucket(found.true / objective, found.lower / objective, found.upper / objective)


def _models(events: Events) -> dict[str, Any]:
    """The table's cells; with an objective no more requests may be within both than within either."""
    shown: dict[str, Any] = {}
    for model, requests in grouped(events.answered, lambda one: one.model).items():
        good = [one for one in requests if one.ok]
        paces = [one.tpot_milliseconds for one in requests if one.tpot_milliseconds is not None]
        by_engines = [one for one in requests if one.status != "0"]
        in_time = sum(one.ttft_milliseconds <= TTFT_MILLISECONDS for one in good) / len(by_engines)
        late = sum(not one.ok and 10 < one.ttft_milliseconds <= TTFT_MILLISECONDS for one in by_engines)
        in_pace = sum(pace <= TPOT_MILLISECONDS for pace in paces) / len(paces)
        served = [one for one in requests if one.status == "0" or one.status.startswith("2")]
        shown |= {
            f"A {model}": about(len(requests) / events.seconds),
            f"B {model}": about(len(served) / len(requests)),
            f"C {model}": quantile(0.99, [one.ttft_milliseconds for one in good], gateway.TTFT.buckets),
            f"D {model}": quantile(0.99, paces, gateway.TPOT.buckets),
            f"E {model}": Between(0.98 * min(in_time, in_pace), 1.02 * min(in_time + late / len(by_engines), in_pace)),
        }
    return shown


def _engine_parts(events: Events) -> dict[str, Any]:
    """The mean of each role, in decode engines without what they compute for their first output."""
    return {
        f"{name} {role}": mean([value for leg in legs for value in values(events, leg)])
        for name, (roles, values) in _ENGINE_PARTS.items()
        for role, legs in events.by_role(events.left).items()
        if legs and role in roles
    }


def hits(events: Events) -> dict[str, float]:
    """Percent of the prefix cache: possible and chosen of the prompts that the index was asked for, got of tokens."""
    asked = [one for one in events.scheduled if one.max_hit_percent is not None]
    begun = [leg for leg in events.begun if leg.engine.pool.role != "decode"]
    return {
        "possible": sum(one.max_hit_percent or 0.0 for one in asked) / len(asked),
        "chosen": sum(one.hit_percent for one in asked) / len(asked),
        "got": 100 * sum(leg.request.cached_tokens for leg in begun) / sum(leg.request.prompt_tokens for leg in begun),
    }


def _gaps(events: Events) -> dict[str, Any]:
    found = hits(events)
    return {
        "lost by choice": pytest.approx(found["possible"] - found["chosen"], abs=0.5),
        "not found": pytest.approx(found["chosen"] - found["got"], abs=1),
    }


def paces(events: Events) -> dict[Engine, float]:
    """Seconds for which a request of each engine runs for a token that comes out, in the time that counts."""
    begin = events.now - events.seconds
    ran: dict[Engine, float] = dict.fromkeys(events.engines, 0.0)
    tokens: dict[Engine, int] = dict.fromkeys(events.engines, 0)
    for leg in events.counted:
        if leg.engine in ran and leg.started is not None:
            ran[leg.engine] += max(0.0, min(events.now, leg.finished or events.now) - max(begin, leg.started))
            tokens[leg.engine] += events.generated(leg)
    return {engine: ran[engine] / max(tokens[engine], 1) for engine in ran}


_ENGINE_PARTS: dict[str, tuple[tuple[str, ...], Values]] = {
    "computing": (("prefill", "neutral"), duration("started", "first_token")),
    "queueing": (ROLES, duration("received", "started")),
}

PANELS: dict[str, Truth] = {
    **HEADLINE,
    "models": _models,
    "goodput_now": _goodput_share,
    "goodput": _goodput,
    "longest_part": _longest,
    "time_spent": _parts,
    "engine_parts": _engine_parts,
    "objectives_taken": _taken,
    "kv_cache_usage": ENGINES["cache_utilization"],
    "prefix_cache": lambda events: {name: pytest.approx(value, rel=0.02) for name, value in hits(events).items()},
    "prefix_cache_gaps": _gaps,
}
