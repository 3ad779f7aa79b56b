"""What the panels of the CMS dashboard show: what each replica has read of the instances, and sent to them itself."""

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from statistics import fmean, median
from typing import Any

from llumnix_dash.catalog import scheduler
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.fleet.account import STALE_SECONDS, STEP_SECONDS
from llumnix_dash.fleet.cms import IDLE_STATUS_SECONDS, Instance, instances
from llumnix_dash.fleet.deployment import RunningDeployment
from llumnix_dash.fleet.engine import CAPACITY_TOKENS
from llumnix_dash.fleet.leg import Leg
from tests.proof.events import ROLES, Events
from tests.proof.expected import AtLeast, Between, exactly, quantiles
from tests.proof.fleets import Decision
from tests.proof.truth_request import Truth


class Told:
    """What a scheduler's metrics show of an instance: figures of the moment at which it told its status.

    Attributes:
        running: parts of requests that it computes.
        waiting: those that wait; HybridConnector holds back those whose KV cache is still on its way.
        to_decode: those that it decodes, or will.
        on_the_way: to it, from this scheduler: of each dispatch the tokens to compute, and all of them.
        gone: the same of those that were taken off twice: so much is counted too little for good.
        loading: those whose KV cache is on its way, where HybridConnector holds them back.
        held_back: those whose KV cache is here and that it holds back until there is a place for them.
        prefilling: prompts that it computes.
        waiting_to_decode: those in its queue that it will decode.
        waiting_prefill_tokens: of prompts that wait; with cache-aware scheduling, of this scheduler's alone.
        knows_capacity: whether it tells its capacity; without it there is no usage.
    """

    def __init__(self, instance: Instance, deployment: RunningDeployment, number: int, legs: list[Leg]) -> None:
        pulls = [
            time
            for time, replica, metric, _ in deployment.control.refreshes
            if replica == number and metric is scheduler.CMS_REFRESH_STATUS_DURATION
        ]
        self._now = _told(instance, legs, pulls[-1])
        read = next(time for time in pulls if time >= self._now)
        held = [leg for leg in legs if leg.arrived <= self._now and not _over(leg, self._now)]
        self._engine = instance.engine
        self.knows_capacity = instance.engine.pool.program == "vllm"
        self.running = [leg for leg in held if _is(leg.started, self._now)]
        self.prefilling = [leg for leg in self.running if leg.prefills and not _is(leg.first_token, self._now)]
        awaited = [leg for leg in held if leg not in self.running]
        held_back = deployment.deployment.hybrid_connector
        self.waiting = [leg for leg in awaited if not held_back or (leg.loading_until or self._now) <= self._now]
        self.loading = [leg for leg in awaited if leg not in self.waiting]
        self.held_back = [leg for leg in self.waiting if held_back and not leg.prefills]
        queued = [leg for leg in self.waiting if leg not in self.held_back]
        self.waiting_to_decode = [leg for leg in queued if leg.to_generate > 1 or not leg.prefills]
        cache_aware = deployment.deployment.cache_aware
        self.waiting_prefill_tokens = sum(
            leg.request.prompt_tokens - leg.request.expected_tokens * cache_aware
            for leg in awaited
            if leg.prefills and (not cache_aware or leg.request.scheduler == number)
        )
        self._awaited_tokens = sum(_prompt(leg) for leg in awaited if not leg.prefills)
        self.to_decode = [leg for leg in held if leg.to_generate > 1 or not leg.prefills]
        self.on_the_way: list[tuple[int, int]] = []
        self.gone: list[tuple[int, int]] = []
        for sent, replica, request, engines in deployment.control.bookings:
            if sent > read or replica != number or instance.engine not in engines:
                continue
            if instance.engine.rank_of(request) != instance.rank:
                continue
            leg = next((leg for leg in legs if leg.request is request and leg.arrived >= sent), None)
            tokens = (request.prompt_tokens - request.expected_tokens * cache_aware, request.prompt_tokens)
            if leg is None:
                alive = request.finished is None or request.finished > read
                found = not alive or read - sent > STALE_SECONDS
            else:
                found = _is(leg.started, self._now) or leg.arrived + STEP_SECONDS <= self._now
                twice = leg.started is None and _over(leg, read)
                if twice and any(leg.arrived + STEP_SECONDS <= time < (leg.finished or 0) for time in pulls):
                    self.gone.append(tokens)
            if not found:
                self.on_the_way.append(tokens)

    @property
    def inflight(self) -> int:
        """Dispatches on their way, as the scheduler counts."""
        return len(self.on_the_way) - len(self.gone)

    @property
    def inflight_uncomputed(self) -> int:
        """Their tokens to compute, where they are prefilled here."""
        counts = self._engine.pool.role != "decode"
        return counts * (sum(one for one, _ in self.on_the_way) - sum(one for one, _ in self.gone))

    @property
    def inflight_tokens(self) -> int:
        """All their tokens, where they are decoded here."""
        return self._decodes * (sum(one for _, one in self.on_the_way) - sum(one for _, one in self.gone))

    @property
    def _decodes(self) -> bool:
        return self._engine.pool.role != "prefill"

    @property
    def used_tokens(self) -> int:
        """Tokens of the KV cache that are taken."""
        return sum(
            leg.tokens_at(self._now) if _is(leg.first_token, self._now) else _prompt(leg) for leg in self.running
        )

    @property
    def usage(self) -> float:
        """The projected share of the KV cache: with what waits and what is on its way."""
        awaited = self.waiting_prefill_tokens + self._awaited_tokens
        tokens = self.used_tokens + awaited + self.inflight_tokens
        return round(tokens * len(self._engine.ranks) / CAPACITY_TOKENS, 4)

    @property
    def running_to_decode(self) -> list[Leg]:
        """Of the prompts that it computes those that it will decode."""
        return [leg for leg in self.prefilling if leg.to_generate > 1]

    @property
    def all_prefill_tokens(self) -> int:
        """Of all prompts that it computes or will."""
        return self.waiting_prefill_tokens + sum(map(_prompt, self.prefilling)) + self.inflight_uncomputed

    @property
    def all_decode_tokens(self) -> int:
        """Of all requests that it decodes or will."""
        decoding = [leg for leg in self.running if leg not in self.prefilling]
        to_come = [*self.running_to_decode, *self.waiting_to_decode, *self.loading, *self.held_back]
        answered = sum(
            leg.tokens_at(self._now) if _is(leg.first_token, self._now) else _prompt(leg) for leg in decoding
        )
        return answered + sum(map(_prompt, to_come)) + self.inflight_tokens

    @property
    def decode_batch_size(self) -> int:
        """All that is decoded here, or will be."""
        return len(self.to_decode) + self.inflight * self._decodes


def _prompt(leg: Leg) -> int:
    return leg.request.prompt_tokens


def _is(time: float | None, now: float) -> bool:
    return time is not None and time <= now


def _over(leg: Leg, now: float) -> bool:
    return _is(leg.finished, now)


def _told(instance: Instance, legs: list[Leg], read: float) -> float:
    """When it told the status that was read: a moment ago if it was at work, and else up to 30 s ago."""
    came = [leg for leg in legs if leg.arrived <= read]
    if not all(_over(leg, read) for leg in came):
        return read
    idle = max([instance.engine.target.process.started, *(leg.finished or 0.0 for leg in came)])
    return idle + (read - idle) // IDLE_STATUS_SECONDS * IDLE_STATUS_SECONDS


@cache
def told(events: Events) -> dict[Instance, list[Told]]:
    """What each scheduler's metrics show of each instance, by role and then in the engines' order."""
    legs: dict[tuple[int, str], list[Leg]] = defaultdict(list)
    for request in events.requests:
        for leg in request.legs:
            legs[id(leg.engine), leg.rank].append(leg)
    return {
        instance: [
            Told(instance, deployment, number, legs[id(engine), instance.rank])
            for number in range(len(deployment.schedulers))
        ]
        for role in ROLES
        for deployment in events.deployments
        for engine in deployment.engines
        if engine.pool.role == role
        for instance in instances(engine)
    }


def _any(values: list[float]) -> Any:
    """One of these: schedulers read at different moments, and each is right."""
    return exactly(values[0]) if len(set(values)) == 1 else Between(min(values), max(values))


def _by_role(events: Events) -> dict[str, dict[Instance, list[Told]]]:
    roles: dict[str, dict[Instance, list[Told]]] = defaultdict(dict)
    for instance, seen in told(events).items():
        roles[instance.role][instance] = seen
    return roles


def _sums(count: Callable[[Told], float]) -> Truth:
    """The sum over instances. Where the highest value of each counts, none of the schedulers' sums may be reached."""

    def truth(events: Events) -> dict[str, Any]:
        return {
            role: _any([sum(pick(count(one) for one in seen) for seen in instances.values()) for pick in (min, max)])
            for role, instances in _by_role(events).items()
        }

    return truth


def _of_each(role: str, count: Callable[[Told], float]) -> Truth:
    """A line an instance of the role; the panels show five instances, and no role here has more."""
    return lambda events: {
        instance.id: _any([count(one) for one in seen]) for instance, seen in _by_role(events).get(role, {}).items()
    }


def _to_decode(role: str) -> dict[str, Truth]:
    """How many requests will be decoded, and their tokens: their prompts', for none has an answer yet."""
    parts: dict[tuple[str, str], Callable[[Told], list[Leg]]] = {
        ("requests_running_to_decode", "decode_tokens"): lambda one: one.running_to_decode,
        ("requests_waiting_to_decode", "decode_tokens_waiting"): lambda one: one.waiting_to_decode,
        ("requests_loading", "decode_tokens_loading"): lambda one: one.loading,
        ("requests_hybrid_waiting", "decode_tokens_hybrid_waiting"): lambda one: one.held_back,
    }
    return {
        f"cms_{key}_{role}": _of_each(role, lambda one, of=of, count=count: count(of(one)))  # type: ignore[misc]
        for keys, of in parts.items()
        for key, count in zip(keys, (len, lambda legs: sum(map(_prompt, legs))), strict=True)
    } | {f"cms_decode_tokens_hybrid_unallocated_{role}": _of_each(role, lambda one: sum(map(_prompt, one.held_back)))}


def _prefill_tokens(role: str) -> dict[str, Truth]:
    """What waits adds up over schedulers with cache-aware scheduling, as in all fleets of this test."""
    prompts: dict[str, Callable[[Told], float]] = {
        "running": lambda one: sum(map(_prompt, one.prefilling)),
        "unallocated": lambda one: sum(_prompt(leg) % 16 for leg in one.prefilling),
    }
    return {
        f"cms_prefill_tokens_{role}": _added_of_each(role, lambda one: one.waiting_prefill_tokens),
        **{f"cms_prefill_tokens_{part}_{role}": _of_each(role, count) for part, count in prompts.items()},
    }


def _added_of_each(role: str, count: Callable[[Told], float]) -> Truth:
    """The same of what each scheduler has for itself: it adds up, and one that has drifted below 0 counts as 0."""
    return lambda events: {
        instance.id: exactly(sum(max(0.0, count(one)) for one in seen))
        for instance, seen in _by_role(events).get(role, {}).items()
    }


def _inflight(role: str) -> dict[str, Truth]:
    prefills, decodes = role != "decode", role != "prefill"
    return {
        f"cms_inflight_requests_{role}": _added_of_each(role, lambda one: one.inflight),
        f"cms_inflight_requests_prefill_{role}": _added_of_each(role, lambda one: one.inflight * prefills),
        f"cms_inflight_requests_decode_{role}": _added_of_each(role, lambda one: one.inflight * decodes),
        f"cms_inflight_tokens_{role}": _added_of_each(role, lambda one: one.inflight_uncomputed),
        f"cms_inflight_tokens_decode_{role}": _added_of_each(role, lambda one: one.inflight_tokens),
    }


def _peaks(count: Callable[[Told], float]) -> Truth:
    return lambda events: {
        role: AtLeast(sum(min(count(one) for one in seen) for seen in entries.values()))
        for role, entries in _by_role(events).items()
    }


def _instances(events: Events) -> dict[str, Any]:
    """Engines that answer; and entries of the store, of which a data-parallel engine has one a rank."""
    engines = {f"engines {role}": exactly(len(found)) for role, found in events.roles().items()}
    return engines | {f"CMS {role}": exactly(len(found)) for role, found in _by_role(events).items()}


def _usage_by_role(events: Events) -> dict[str, Any]:
    shown = {}
    for role, entries in _by_role(events).items():
        known = [seen for seen in entries.values() if seen[0].knows_capacity]
        usages = [[pick(one.usage for one in seen) for seen in known] for pick in (min, max)]
        shown[f"fullest {role}"] = AtLeast(max(usages[0]))
        shown[f"mean {role}"] = _any([fmean(found) for found in usages])
    return shown


def _table(events: Events) -> dict[str, Any]:
    """The cells of the five fullest of all instances; which those are follows from the minutes shown."""
    return {
        f"{column} {instance.id}": AtLeast(min(map(count, seen))) if column in "GH" else _any([*map(count, seen)])
        for instance, seen in told(events).items()
        for column, count in {
            "A": lambda one: one.usage,
            "B": lambda one: len(one.running),
            "C": lambda one: len(one.waiting),
            "D": lambda one: one.decode_batch_size,
            "E": lambda one: one.used_tokens,
            # The peak, and that it holds requests and changes: neither follows from what is so now.
            "G": lambda one: one.usage,
            "H": lambda one: 0,
        }.items()
    } | _by_median(events)


def _by_median(events: Events) -> dict[str, Any]:
    """Column F: each instance's usage by the middle one's of its role, which is taken as 5 % where it is less."""
    cells = {}
    for entries in _by_role(events).values():
        lows, highs = ([pick(one.usage for one in seen) for seen in entries.values()] for pick in (min, max))
        most, least = max(0.05, median(highs)), max(0.05, median(lows))
        for instance, low, high in zip(entries, lows, highs, strict=True):
            cells[f"F {instance.id}"] = Between(low / most, high / least)
    return cells


def decided(events: Events, role: str) -> list[Decision]:
    """The decisions recorded as of this role: one for a neutral instance is recorded as both."""
    return [one for one in events.decisions if one.engine.pool.role in (role, "neutral")]


def _selected(metric: Histogram, role: str, value: Callable[[Decision], float | None]) -> Truth:
    def truth(events: Events) -> dict[str, Any]:
        values = [found for one in decided(events, role) if (found := value(one)) is not None]
        if not values:
            return {}
        lines = quantiles(values, metric.buckets)
        if metric.no_mean:
            del lines["mean"]
        return lines

    return truth


def _both(key: str, metric: Histogram, value: Callable[[Decision], float | None]) -> dict[str, Truth]:
    return {f"selected_{key}_{role}": _selected(metric, role, value) for role in ("prefill", "decode")}


PANELS: dict[str, Truth] = {
    "instances": _instances,
    "running_by_role": _sums(lambda one: len(one.running)),
    "waiting_by_role": _peaks(lambda one: len(one.waiting)),
    "used_tokens_by_role": _sums(lambda one: one.used_tokens),
    "kv_cache_usage_by_role": _usage_by_role,
    **{
        key: truth
        for role in ROLES
        for key, truth in {
            f"cms_requests_{role}": _of_each(role, lambda one: len(one.running)),
            f"cms_requests_waiting_{role}": _of_each(role, lambda one: len(one.waiting)),
            f"cms_used_tokens_{role}": _of_each(role, lambda one: one.used_tokens),
            f"cms_kv_cache_usage_{role}": _of_each(role, lambda one: one.usage),
            f"cms_decode_batch_size_{role}": _of_each(role, lambda one: one.decode_batch_size),
            f"cms_all_tokens_{role}": _of_each(role, lambda one: max(0, one.all_prefill_tokens)),
            f"cms_all_tokens_decode_{role}": _of_each(role, lambda one: max(0, one.all_decode_tokens)),
            **_to_decode(role),
        }.items()
    },
    **_both("kv_cache_usage", scheduler.SELECTED_KV_CACHE_USAGE, lambda one: one.seen.projected_usage),
    **_both("decode_batch_size", scheduler.SELECTED_DECODE_BATCH_SIZE, lambda one: one.seen.decode_batch_size),
    **_both("prefill_tokens", scheduler.SELECTED_PREFILL_TOKENS, lambda one: one.seen.prefill_tokens),
    **_both("decode_tokens", scheduler.SELECTED_DECODE_TOKENS, lambda one: one.seen.all_decode_tokens),
}
HELD_BACK: dict[str, Truth] = {
    key: truth
    for key, truth in PANELS.items()
    if key.startswith(("cms_requests_", "cms_decode_tokens", "cms_all_tokens"))
}
"""What differs where HybridConnector holds requests back until their KV cache is there."""
OWN: dict[str, Truth] = {
    key: truth for role in ROLES for key, truth in {**_prefill_tokens(role), **_inflight(role)}.items()
}
"""What each scheduler knows of its own requests alone."""
PREDICTIONS: dict[str, Truth] = {
    **_both("predicted_ttft", scheduler.SELECTED_PREDICTED_TTFT, lambda one: one.predicted_ttft),
    **_both("predicted_tpot", scheduler.SELECTED_PREDICTED_TPOT, lambda one: one.predicted_tpot),
}
"""With SLO-aware scheduling: TTFT for prefill and TPOT for decode, and with adaptive PD each for both."""
TABLES: dict[str, Truth] = {"fullest_instances": _table}
