"""Instances on a store made by hand: three fleets that share every name, and two schedulers in each that tell of them.

What the panels of the CMS and LRS dashboards show follows from the table of values alone, whatever is chosen.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from statistics import median
from typing import NamedTuple
from zlib import crc32

import pytest

from llumnix_dash.catalog import cms, lrs, scheduler
from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.catalog.metric import Gauge, Histogram
from llumnix_dash.dashboards.cms import SELECTED, STATUS
from tests.prometheus.stores import Samples
from tests.proof.expected import exactly
from tests.proof.hand_made import SECONDS, START, World, world_of

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


world = world_of(samples)

HISTOGRAMS = [histogram for _, histogram in SELECTED.values()]
# The first buckets are enough.
BUCKETS = 6


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


class Chosen(NamedTuple):
    """What is chosen above a page; empty: all."""

    cluster: str = ""
    namespace: str = ""
    infer_type: str = ""
    instance: str = ""
    lrs_model: str = ""
    top: int = 3

    def variables(self) -> dict[str, str]:
        """The same as the page has it."""
        return {name: str(value) for name, value in self._asdict().items() if value}

    def has(self, one: Instance, role: str = "") -> bool:
        """Whether a panel that shows all roles, or one, shows the instance."""
        wanted = (self.cluster, self.namespace, role or self.infer_type, self.instance)
        return all(not value or value == own for value, own in zip(wanted, one, strict=True)) and self.lrs_model in (
            "",
            model(one),
        )


# Of one instance alone it shows which of the labels that tell it from its namesakes is missing.
CHOSEN = [
    Chosen(),
    Chosen(top=10),
    Chosen(cluster="west", infer_type="prefill"),
    Chosen(cluster="east", top=1),
    Chosen(namespace="one", top=1),
    Chosen(namespace="two", top=1),
    Chosen(instance="i1"),
]
IDENTITY = ("cluster", "namespace", "infer_type", "instance_id")
# The last points of a window, in seconds: the time since the point before, and a scrape.
CMS_WAITING, CMS_USAGE, LRS_WAITING = 60, 75, 135


def of_instance(gauge: Gauge, one: Instance, seconds: int = 1) -> float | None:
    """What is so of an instance, or its highest of the last seconds; none where its capacity is not known.

    What replicas copy counts once, what each has for itself adds up, and less than nothing is nothing.
    """
    replicas = [
        max(course(gauge, one, replica)(SECONDS - back) for back in range(0, seconds, EVERY))
        for replica in SCHEDULERS
        if knows(replica, one)
    ]
    if max(replicas) >= NO_CAPACITY:
        return None
    if gauge.drifts:
        replicas = [max(0.0, value) for value in replicas]
    adds_up = gauge.spread == "shares" or (gauge.spread == "either" and one.fleet == CACHE_AWARE)
    return sum(replicas) if adds_up else max(replicas)


def running(of: Gauge, one: Instance) -> float:
    """Of a lite fleet's instance, whether a scheduler tells it or not: all less what waits."""
    assert of.total
    assert of.waiting
    return (of_instance(of.total, one) or 0) - (of_instance(of.waiting, one) or 0)


def now(gauge: Gauge, one: Instance) -> float | None:
    """What is so of an instance."""
    derived = gauge in (lrs.RUNNING_REQUESTS, lrs.RUNNING_TOKENS)
    return running(gauge, one) if derived else of_instance(gauge, one)


def by_role(chosen: Chosen, value: Callable[[Instance], float | None]) -> dict[str, list[float]]:
    """The values of the instances of each role, of those that are known."""
    found: dict[str, list[float]] = {}
    for one in filter(chosen.has, EVERY_INSTANCE):
        amount = value(one)
        if amount is not None:
            found.setdefault(one.role, []).append(amount)
    return found


def leading(chosen: Chosen, rank: Gauge, role: str = "", seconds: int = 1) -> list[Instance]:
    """The instances with the highest rank; of several that have none it is not said which."""
    ranks = {
        one: value
        for one in EVERY_INSTANCE
        if chosen.has(one, role)
        for value in [of_instance(rank, one, seconds)]
        if value is not None
    }
    first = sorted(ranks, key=lambda one: -ranks[one])
    values = [ranks[one] for one in first[: chosen.top + 1]]
    assert len({*values}) == len(values) or len(first) <= chosen.top or values[-1] == 0, "who leads is clear"
    return first[: chosen.top]


TOTALS: dict[tuple[str, str], Gauge] = {
    ("cms", "running_by_role"): cms.RUNNING_REQUESTS,
    ("cms", "used_tokens_by_role"): cms.USED_GPU_TOKENS,
    ("lrs", "running_by_role"): lrs.RUNNING_REQUESTS,
    ("lrs", "running_tokens_by_role"): lrs.RUNNING_TOKENS,
    ("lrs", "waiting_tokens_by_role"): lrs.WAITING_TOKENS,
}
PEAKS = {
    ("cms", "waiting_by_role"): (cms.WAITING_REQUESTS, CMS_WAITING),
    ("lrs", "waiting_by_role"): (lrs.WAITING_REQUESTS, LRS_WAITING),
}


def choices_of(board: str) -> list[Chosen]:
    """What is chosen on this page."""
    return [*CHOSEN, *([Chosen(lrs_model="small", top=1)] if board == "lrs" else [])]


def check(
    world: World,
    board: str,
    key: str,
    *labels: str,
    truth: Callable[[Chosen], Mapping[tuple[str, ...], float]],
) -> None:
    """Compares what the panel shows with the truth, whatever is chosen."""
    for chosen in choices_of(board):
        shown = world.values(board, key, *labels, seconds=SHOWN, **chosen.variables())
        assert shown == {name: exactly(value) for name, value in truth(chosen).items()}, chosen


@pytest.mark.parametrize(("board", "key"), TOTALS)
def test_a_total_counts_each_instance_once(world: World, board: str, key: str) -> None:
    """Though two schedulers tell of it, one of them not of all, or each of a part; and a fleet has another's names."""
    gauge = TOTALS[board, key]
    check(
        world,
        board,
        key,
        "infer_type",
        truth=lambda chosen: {
            ("{{infer_type}}", role): sum(values)
            for role, values in by_role(chosen, lambda one: now(gauge, one)).items()
        },
    )


@pytest.mark.parametrize(("board", "key"), PEAKS)
def test_a_peak_since_the_point_before_is_not_lost(world: World, board: str, key: str) -> None:
    gauge, seconds = PEAKS[board, key]
    check(
        world,
        board,
        key,
        "infer_type",
        truth=lambda chosen: {
            ("{{infer_type}}", role): sum(values)
            for role, values in by_role(chosen, lambda one: of_instance(gauge, one, seconds)).items()
        },
    )


@pytest.mark.parametrize(("board", "teller"), [("cms", "CMS"), ("lrs", "LRS")])
def test_instances_are_counted_by_role(world: World, board: str, teller: str) -> None:
    """Engines that answer, whichever is chosen, and those that the scheduler tells of."""

    def truth(chosen: Chosen) -> dict[tuple[str, ...], float]:
        engines = [one for one in INSTANCES if chosen._replace(instance="", lrs_model="").has(one)]
        told = by_role(chosen, lambda one: 1)
        return {
            ("engines", role): sum(one.role == role for one in engines) for role in {one.role for one in engines}
        } | {(teller, role): sum(values) for role, values in told.items()}

    check(world, board, "instances", "infer_type", truth=truth)


def test_the_fullest_and_the_mean_of_each_role(world: World) -> None:
    def truth(chosen: Chosen) -> dict[tuple[str, ...], float]:
        highest = by_role(chosen, lambda one: of_instance(cms.KV_CACHE_USAGE, one, CMS_USAGE))
        values = by_role(chosen, lambda one: now(cms.KV_CACHE_USAGE, one))
        return {("fullest", role): max(found) for role, found in highest.items()} | {
            ("mean", role): sum(found) / len(found) for role, found in values.items()
        }

    check(world, "cms", "kv_cache_usage_by_role", "infer_type", truth=truth)


def _lines() -> Iterator[tuple[str, str, Gauge, Gauge, str]]:
    """Of each panel of a line an instance: the page, its key, what it shows, what ranks, and its role."""
    for role in ROLES:
        for key, gauge in (
            ("kv_cache_usage", cms.KV_CACHE_USAGE),
            ("used_tokens", cms.USED_GPU_TOKENS),
            ("decode_batch_size", cms.DECODE_BATCH_SIZE),
        ):
            yield "cms", f"cms_{key}_{role}", gauge, gauge, role
        for key, (_, parts) in STATUS.items():
            for number, (part, gauge) in enumerate(parts.items()):
                named = f"_{part.lower().replace(' ', '_')}" if number else ""
                yield "cms", f"{key}{named}_{role}", gauge, gauge, role
        for key, rank, others in (
            ("lrs_requests", lrs.TOTAL_REQUESTS, (lrs.RUNNING_REQUESTS, lrs.WAITING_REQUESTS)),
            ("lrs_tokens", lrs.TOTAL_TOKENS, (lrs.RUNNING_TOKENS, lrs.WAITING_TOKENS)),
        ):
            for named, gauge in zip(("", "_running", "_waiting"), (rank, *others), strict=True):
                yield "lrs", f"{key}{named}_{role}", gauge, rank, role


@pytest.mark.parametrize(
    ("board", "key", "gauge", "rank", "role"), [pytest.param(*one, id=f"{one[0]}-{one[1]}") for one in _lines()]
)
def test_the_leading_instances_of_the_range_have_a_line(
    world: World, board: str, key: str, gauge: Gauge, rank: Gauge, role: str
) -> None:
    """They lead by their highest value in the minutes shown, and no moment before; the line is at what is so now."""
    check(
        world,
        board,
        key,
        *IDENTITY,
        truth=lambda chosen: {
            ("{{instance_id}}", *one): value
            for one in leading(chosen, rank, role, SHOWN)
            for value in [now(gauge, one)]
            if value is not None and of_instance(rank, one, SHOWN)
        },
    )


def test_the_table_of_the_fullest_instances_now(world: World) -> None:
    """With what each has by what the middle one of its role and fleet has, its peak, and whether it stands still."""
    columns = {
        "B": cms.RUNNING_REQUESTS,
        "C": cms.WAITING_REQUESTS,
        "D": cms.DECODE_BATCH_SIZE,
        "E": cms.USED_GPU_TOKENS,
    }

    def truth(chosen: Chosen) -> dict[tuple[str, ...], float]:
        cells: dict[tuple[str, ...], float] = {}
        for one in leading(chosen, cms.KV_CACHE_USAGE):
            usage = of_instance(cms.KV_CACHE_USAGE, one) or 0
            peers = [other for other in INSTANCES if (other.fleet, other.role) == (one.fleet, one.role)]
            middle = max(0.05, median(of_instance(cms.KV_CACHE_USAGE, other) or 0 for other in peers))
            row = {letter: of_instance(gauge, one) for letter, gauge in columns.items()} | {
                "A": usage,
                "F": min(99, usage / middle),
                "G": of_instance(cms.KV_CACHE_USAGE, one, SHOWN),
                "H": {"i0": 0, "i1": 2, "i2": 1}[one.id],
            }
            cells |= {(letter, *one): value for letter, value in row.items() if value is not None}
        return cells

    check(world, "cms", "fullest_instances", *IDENTITY, truth=truth)


def test_the_table_of_the_busiest_instances_now(world: World) -> None:
    columns = {"A": lrs.TOTAL_REQUESTS, "B": lrs.WAITING_REQUESTS, "C": lrs.TOTAL_TOKENS}
    check(
        world,
        "lrs",
        "busiest_instances",
        *IDENTITY,
        truth=lambda chosen: {
            (letter, *one): of_instance(gauge, one) or 0
            for one in leading(chosen, lrs.TOTAL_REQUESTS)
            for letter, gauge in columns.items()
        },
    )


@pytest.mark.parametrize(("part", "role"), [*product(SELECTED, ("prefill", "decode"))])
def test_what_was_chosen_in_the_last_minute(world: World, part: str, role: str) -> None:
    """Of all replicas of the fleets; what lies in the first bucket is not drawn, and where nothing was, nothing is."""
    _, histogram = SELECTED[part]

    def truth(chosen: Chosen) -> dict[tuple[str, ...], float]:
        fleets = [one for one in FLEETS if chosen.cluster in ("", one[0]) and chosen.namespace in ("", one[1])]
        rows = [choices(histogram, role, fleet, replica) for fleet, replica in product(fleets, SCHEDULERS)]
        held = [sum(column) for column in zip(*rows, strict=True)]
        if not any(held):
            return {}
        lines = {(f"P{q}",): _quantile(q / 100, held, histogram.buckets) for q in (50, 90, 95, 99)}
        first = histogram.buckets[0]
        drawn = {name: value for name, value in lines.items() if value > first or not first}
        return drawn | ({} if histogram.no_mean else {("mean",): 3.0})

    check(world, "cms", f"selected_{part}_{role}", truth=truth)


def _quantile(q: float, held: list[int], bounds: tuple[float, ...]) -> float:
    """The value below which that share lies, spread evenly within its bucket."""
    left = q * sum(held)
    for number, amount in enumerate(held):
        if left <= amount:
            lower = bounds[number - 1] if number else min(0, bounds[0])
            return lower + (bounds[number] - lower) * left / amount
        left -= amount
    raise AssertionError(q)
