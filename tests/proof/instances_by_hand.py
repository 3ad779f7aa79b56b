"""A store made by hand: three fleets that share every name, and two schedulers in each that tell of their instances."""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple
from zlib import crc32

from llumnix_dash.catalog import cms, lrs, scheduler
from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.catalog.metric import Gauge, Histogram
from llumnix_dash.dashboards.cms import SELECTED
from tests.prometheus.stores import Samples
from tests.proof.hand_made import SECONDS, START

Fleet = tuple[str, str]
FLEETS: tuple[Fleet, ...] = (("east", "one"), ("east", "two"), ("west", "one"))
# Here the schedulers go by the prefix cache, so that each tells of its own share of what waits.
CACHE_AWARE = FLEETS[0]
SCHEDULERS = ("a", "b")
IDS = ("i0", "i1", "i2")
# Another job's series look the same.
STRANGER, FAR_TOO_MUCH = "other", 1e5
# The fleets' figures are scraped for the last half hour, and the panels show 20 minutes.
SCRAPED, EVERY, SHOWN = 1800, 30, 1200
UNSCRAPED = SECONDS - SCRAPED
# Seconds before the end at which all figures are higher, by so much of themselves: each further back, and higher.
HIGHER = {30: 1.5, 90: 2, 180: 3}
# Within the minutes shown, yet not within the last ten; and before them.
SPIKE, BEFORE = range(840, 961), range(1400, 1500)
NO_CAPACITY = 3.4e38


HISTOGRAMS = [histogram for _, histogram in SELECTED.values()]
# The first buckets are enough.
BUCKETS = 6


class Instance(NamedTuple):
    """One instance of a fleet."""

    cluster: str
    namespace: str
    role: str
    id: str

    @property
    def fleet(self) -> Fleet:
        """Whose it is."""
        return self.cluster, self.namespace


INSTANCES = [Instance(*fleet, role, name) for fleet, role, name in product(FLEETS, ROLES, IDS)]
# An instance that tells no capacity, and is idle all along.
UNKNOWN = [Instance(*FLEETS[0], role, "i3") for role in ROLES]
EVERY_INSTANCE = INSTANCES + UNKNOWN
# A new replica does not know of this one yet.
NOT_KNOWN = {(FLEETS[0], "b"): "i0", (FLEETS[1], "a"): "i1", (FLEETS[2], "a"): "i0"}


def model(one: Instance) -> str:
    """The model that it serves."""
    return "small" if one.id == "i0" else "big"


def knows(replica: str, one: Instance) -> bool:
    """Whether the replica tells of the instance."""
    return NOT_KNOWN.get((one.fleet, replica)) != one.id


def figure(gauge: Gauge, one: Instance, replica: str = "a") -> float:
    """What the replica tells of the instance now; of what replicas copy, all the same."""
    if one in UNKNOWN:
        return NO_CAPACITY if gauge is cms.KV_CACHE_USAGE else 0
    if gauge.drifts and one.fleet == FLEETS[2] and (one.role == "prefill" or one.id == "i1"):
        # Where each has its own the other makes up for it, and more.
        return -0.5 if gauge.spread == "copies" else {"a": -95000.0, "b": 30000.0 + int(one.id[1:])}[replica]
    if gauge is cms.RUNNING_REQUESTS and one.id == "i2":
        return 0
    if gauge is cms.KV_CACHE_USAGE and one.fleet == FLEETS[1] and one.role == "neutral":
        # One is out of line with the others, which have next to nothing.
        return {"i0": 7.5, "i1": 0, "i2": 0.02}[one.id]
    if gauge is cms.KV_CACHE_USAGE and one.fleet == FLEETS[1] and one.id == "i2":
        return 0
    own = replica if gauge.spread in {"shares", "either"} else ""
    drawn = 10 + crc32(f"{gauge.name} {one} {own}".encode()) % 99991 / 100
    if gauge in (lrs.WAITING_REQUESTS, lrs.WAITING_TOKENS):
        drawn /= 2000
    return drawn / 1000 if gauge is cms.KV_CACHE_USAGE else drawn


def spike(gauge: Gauge, one: Instance, replica: str = "a") -> float:
    """What it tells while there is a spike: more, and in another order; most where one replica alone knows it."""
    size = 5 if gauge is cms.KV_CACHE_USAGE else 5000
    own = replica if gauge.spread in {"shares", "either"} else ""
    if (one.fleet, one.id) in {(fleet, name) for (fleet, _), name in NOT_KNOWN.items()}:
        return (2.1 if one.fleet == FLEETS[1] else 2.2) * size + crc32(f"{gauge.name} {one}".encode()) % 99991 / 1e6
    return size * (1 + crc32(f"spike {gauge.name} {one} {own}".encode()) % 99991 / 99991)


def course(gauge: Gauge, one: Instance, replica: str) -> Callable[[int], float]:
    """What the replica tells, by the seconds since the store's first moment."""
    now = figure(gauge, one, replica)
    # The engine of i1 and i2 has not told anything since the spike: one hangs, the other is idle.
    silent = gauge is cms.USED_GPU_TOKENS and one.id in ("i1", "i2")

    def value(age: int) -> float:
        before_end = SECONDS - age
        drifted = now < 0 and gauge.spread == "shares"
        if (now in (0, NO_CAPACITY) and gauge is not cms.RUNNING_REQUESTS) or drifted:
            return now
        if before_end in SPIKE:
            return spike(gauge, one, replica)
        if before_end in BEFORE:
            return (1e3 if gauge is cms.KV_CACHE_USAGE else 1e9) / spike(gauge, one, replica)
        return now * HIGHER.get(before_end, 1) if now > 0 and not silent else now

    return value


def samples() -> Samples:
    """All of it."""
    made = Samples(START + SECONDS - SCRAPED, SCRAPED, EVERY)
    for (cluster, namespace), replica in product(FLEETS, SCHEDULERS):
        of = {"cluster": cluster, "namespace": namespace, "instance": replica}
        for job in ("scheduler", STRANGER):
            made.add("uptime_seconds", lambda age: 1e6 + age, job=job, **of)
            made.add("up", lambda age: 1, job=job, **of)
        if (cluster, namespace) == FLEETS[1]:
            made.add("request_prefix_cache_hit_percent_count", float, job=STRANGER, **of)
        if (cluster, namespace) == CACHE_AWARE:
            made.add("request_prefix_cache_hit_percent_count", float, job="scheduler", **of)
        for histogram, role in product(HISTOGRAMS, ("prefill", "decode")):
            _add_choices(made, histogram, role, (cluster, namespace), replica)
    for one, replica, gauge in product(EVERY_INSTANCE, SCHEDULERS, (*cms.METRICS, *lrs.METRICS)):
        _add_gauge(made, gauge, one, replica)
    for one in INSTANCES:
        labels = {"cluster": one.cluster, "namespace": one.namespace, "infer_type": one.role, "instance": one.id}
        for job in (f"llumnix-engine-{one.role}", f"{one.namespace}/llumnix-engine-{one.role}x"):
            made.add("up", lambda age: 1, job=job, **labels)
    return made


def _add_gauge(made: Samples, gauge: Gauge, one: Instance, replica: str) -> None:
    if not knows(replica, one):
        return
    # One fleet's schedulers alone export it.
    if gauge in (lrs.RUNNING_REQUESTS, lrs.RUNNING_TOKENS) and one.fleet != FLEETS[1]:
        return
    labels = {"cluster": one.cluster, "namespace": one.namespace, "infer_type": one.role, "instance_id": one.id}
    labels["instance"] = replica
    if gauge in lrs.METRICS:
        labels["model"] = model(one)
    whole = course(gauge.total or gauge, one, replica)
    part = course(gauge.waiting, one, replica) if gauge.waiting else lambda age: 0
    made.add(gauge.name, lambda age: whole(age + UNSCRAPED) - part(age + UNSCRAPED), job="scheduler", **labels)
    if one.fleet != FLEETS[1]:
        made.add(gauge.name, lambda age: FAR_TOO_MUCH + age, job=STRANGER, **labels)


def choices(histogram: Histogram, role: str, fleet: Fleet, replica: str) -> tuple[int, ...]:
    """Choices of an instance a second that fall into each of the first buckets, in the last minute.

    In one fleet nothing was chosen for prefill, nor any usage noted; for decode all lie in the first bucket.
    """
    if fleet == FLEETS[1]:
        nothing = role == "prefill" or histogram is scheduler.SELECTED_KV_CACHE_USAGE
        return (0 if nothing else 1, *[0] * (BUCKETS - 1))
    return tuple(1 + crc32(f"{role} {fleet} {replica} {number}".encode()) % 97 for number in range(BUCKETS))


def _add_choices(made: Samples, histogram: Histogram, role: str, fleet: Fleet, replica: str) -> None:
    """Before the last minute as many, but each in the bucket that is opposite."""
    last = choices(histogram, role, fleet, replica)
    labels = {"cluster": fleet[0], "namespace": fleet[1], "instance": replica, "infer_type": role, "job": "scheduler"}

    def rising(now: float, before: float) -> Callable[[int], float]:
        return lambda age: before * min(age, SCRAPED - 60) + now * max(0, age - SCRAPED + 60)

    for number, bound in enumerate((*histogram.buckets[:BUCKETS], "+Inf"), 1):
        value = rising(sum(last[:number]), sum(last[::-1][:number]))
        made.add(f"{histogram.name}_bucket", value, le=str(bound), **labels)
        if replica == "a":
            # A stranger's all lie in the first.
            made.add(f"{histogram.name}_bucket", rising(5000, 0), le=str(bound), **{**labels, "job": STRANGER})
    for part, of_each in (("count", 1), ("sum", 3)):
        made.add(f"{histogram.name}_{part}", rising(of_each * sum(last), 9 * of_each * sum(last)), **labels)
        if replica == "a":
            made.add(f"{histogram.name}_{part}", rising(5000, 0), **{**labels, "job": STRANGER})
