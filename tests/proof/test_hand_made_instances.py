"""Instances on a store made by hand: what the CMS and LRS pages show follows from its figures, whatever is chosen."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from statistics import median
from typing import NamedTuple

import pytest

from llumnix_dash.catalog import cms, lrs
from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.catalog.metric import Gauge
from llumnix_dash.dashboards.cms import SELECTED, STATUS
from tests.proof.expected import exactly
from tests.proof.hand_made import SECONDS, START, World, world_of
from tests.proof.instances_by_hand import (
    CACHE_AWARE,
    EVERY,
    EVERY_INSTANCE,
    FLEETS,
    INSTANCES,
    NO_CAPACITY,
    SCHEDULERS,
    SHOWN,
    Instance,
    choices,
    course,
    knows,
    model,
    samples,
)
from tests.proof.shown import BOARDS

world = world_of(samples)


class Chosen(NamedTuple):
    """What is chosen above a page; empty: all."""

    cluster: str = ""
    namespace: str = ""
    infer_type: str = ""
    instance: str = ""
    lrs_model: str = ""
    top: int = 3

    def variables(self) -> dict[str, list[str]]:
        """The same as the page has it."""
        return {name: [str(value)] for name, value in self._asdict().items() if value}

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


def values(world: World, board: str, key: str, chosen: Chosen, labels: tuple[str, ...]) -> dict[tuple[str, ...], float]:
    """The values at the end, by a query's legend, or its letter in a table, and by these of their labels."""
    panel = BOARDS[board].panel(key)
    answers = world.reader(seconds=SHOWN).ask(world.plans(board, chosen.variables(), seconds=SHOWN)[panel["id"]])
    found: dict[tuple[str, ...], float] = {}
    for target in panel["targets"]:
        name = target["refId"] if target["legendFormat"] == "__auto" else target["legendFormat"].split(" {{")[0]
        for series in answers[target["refId"]]:
            moment, value = series.points[-1]
            if moment == START + SECONDS:
                own = tuple(series.labels.get(label, "") for label in labels)
                assert (name, *own) not in found
                found[name, *own] = value
    return found


def check(
    world: World,
    board: str,
    key: str,
    *labels: str,
    truth: Callable[[Chosen], Mapping[tuple[str, ...], float]],
) -> None:
    """Compares what the panel shows with the truth, whatever is chosen."""
    for chosen in choices_of(board):
        shown = values(world, board, key, chosen, labels)
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
