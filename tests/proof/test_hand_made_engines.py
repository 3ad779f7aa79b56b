"""What engines tell, on a store made by hand in which every label, matcher and window matters.

Engines differ in one label each from the one that is chosen, and in all that they tell; some are several in one
instance. The time has parts in which all is quick, nothing happens, and requests have moved from host to host.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

import pytest

from llumnix_dash.catalog import vllm
from llumnix_dash.catalog.metric import Histogram, Metric
from tests.prometheus.stores import Samples
from tests.proof.expected import Between, about, exactly, mean, quantile
from tests.proof.hand_made import SECONDS, START, World, world_of
from tests.proof.streams import Flow, Happened, Stream, of, value, write

# When, in seconds since the start: each is looked at when it ends.
QUICK, IDLE, MOVED, END = 1200, 1800, 2340, SECONDS
BEGIN = END - 480
# What is usual, and twice as much of it in the last minute.
USUAL = ((BEGIN, END - 60, 1.0), (END - 60, END, 2.0))
ALWAYS = ((0, SECONDS, 5000.0),)
# The time that pages show, where it matters: as much before it happened something else.
SHOWN = 600
EARLIER = (END - 1100, END - 700)

FIRST = {
    "job": "one/llumnix-engine-decode",
    "cluster": "east",
    "namespace": "one",
    "infer_type": "decode",
    "instance": "e1",
    "pod": "p1",
    "model_name": "m",
    "engine": "0",
}
WEST, TWO = {**FIRST, "cluster": "west"}, {**FIRST, "namespace": "two"}


@dataclass(frozen=True)
class Own:
    """An engine, and what it tells: how many requests a second, how slow, and its gauges."""

    labels: Mapping[str, str]
    rate: float
    level: int
    usage: float
    running: int
    waiting: int


ENGINES = [
    Own(FIRST, 5, 0, 0.3, 4, 30),
    Own(WEST, 8, 1, 0.5, 7, 11),
    Own(TWO, 26, 2, 0.2, 2, 5),
    Own({**FIRST, "instance": "e2", "pod": "p2"}, 40, 3, 0.4, 3, 13),
    Own({**FIRST, "instance": "e2", "pod": "p2", "engine": "1"}, 3, 4, 0.3, 5, 21),
    Own({**FIRST, "model_name": "n", "engine": "1"}, 21, 4, 0.33, 1, 9),
    Own({**FIRST, "infer_type": "neutral", "pod": "p3"}, 30, 2, 0.6, 6, 7),
    Own({**FIRST, "infer_type": "neutral", "instance": "e5", "pod": "p5"}, 10, 0, 0.05, 1, 2),
    Own({**FIRST, "infer_type": "neutral", "instance": "e5", "pod": "p5", "engine": "1"}, 9, 1, 0.25, 2, 3),
    Own({**FIRST, "infer_type": "neutral", "instance": "e5", "pod": "p5", "engine": "2"}, 9, 2, 0.15, 3, 4),
    Own({**FIRST, "infer_type": "prefill", "instance": "e4", "pod": "p4"}, 12, 1, 0.35, 9, 17),
    Own({**FIRST, "instance": "e6", "pod": "p6"}, 0, 0, 0, 0, 0),
    # Namesakes in other fleets of those that lead.
    Own({**WEST, "namespace": "two"}, 1, 0, 0.02, 1, 1),
    Own({**WEST, "instance": "e2", "pod": "p2"}, 1, 0, 0.02, 1, 1),
    Own({**TWO, "instance": "e2", "pod": "p2"}, 1, 0, 0.02, 1, 1),
    Own({**WEST, "infer_type": "neutral", "pod": "p3"}, 1, 0, 0.02, 1, 1),
    Own({**TWO, "infer_type": "neutral", "pod": "p3"}, 1, 0, 0.02, 1, 1),
    Own({**FIRST, "infer_type": "prefill", "instance": "e7", "pod": "p7"}, 1, 1, 0.01, 1, 1),
    Own({**FIRST, "infer_type": "prefill", "instance": "e8", "pod": "p8"}, 1, 1, 0.02, 1, 1),
]
# In one label each like what is chosen nowhere.
STRANGERS = (
    {**FIRST, "job": "other"},
    {**FIRST, "cluster": "north"},
    {**FIRST, "namespace": "three"},
    {**FIRST, "namespace": "four", "instance": "z"},
    {**FIRST, "namespace": "five", "model_name": "o"},
)
# Spikes of gauges: how long before the end, of which engine, and how many times the highest of all.
SPIKES = {45: (FIRST, 0.96), 300: (TWO, 0.97), 900: (WEST, 0.98)}

LATENCIES = {
    "e2e_latency": vllm.E2E_LATENCY,
    "ttft": vllm.TTFT,
    "itl": vllm.ITL,
    "queue_time": vllm.QUEUE_TIME,
    "prefill_time": vllm.PREFILL_TIME,
    "decode_time": vllm.DECODE_TIME,
}
LENGTHS = {"prompt_length": vllm.PROMPT_TOKENS, "generation_length": vllm.GENERATION_TOKENS}
HISTOGRAMS = (*LATENCIES.values(), *LENGTHS.values())
PROMPTS, ANSWERS, LOST, ASKED, FOUND = 100, 10, 0.125, 80, 32
SOURCES = {"local_compute": 60, "local_cache_hit": 30, "external_kv_transfer": 10}


def _served(labels: Mapping[str, str], come: Sequence[Flow], level: int) -> list[Stream]:
    """Requests that came to their end; the slower, the fewer of their tokens are found in the cache."""
    ended = {"finished_reason": "length" if level % 2 else "stop"}
    return [
        Stream(
            {**labels, **ended},
            come,
            {one: value(one, level) for one in HISTOGRAMS},
            {
                vllm.PROMPT_TOKENS_TOTAL: PROMPTS,
                vllm.GENERATION_TOKENS_TOTAL: ANSWERS,
                vllm.PREEMPTIONS: LOST,
                vllm.PREFIX_CACHE_QUERIES: ASKED,
                vllm.PREFIX_CACHE_HITS: FOUND / (level + 1) if level >= 0 else FOUND,
                vllm.FINISHED_REQUESTS: 1,
            },
        ),
        *(
            Stream({**labels, "source": source}, come, amounts={vllm.PROMPT_TOKENS_BY_SOURCE: tokens})
            for source, tokens in SOURCES.items()
        ),
    ]


STREAMS = [
    stream
    for streams in (
        *(_served(one.labels, [(a, b, times * one.rate) for a, b, times in USUAL], one.level) for one in ENGINES),
        _served(FIRST, [(600, QUICK, 4)], -1),
        # An instance is quick for a while: what it is over minutes it is not in the last one.
        _served({**FIRST, "instance": "e2", "pod": "p2"}, [(END - 60, END, 150)], 0),
        # What an engine did before the time shown.
        _served(WEST, [(*EARLIER, 400)], 1),
        *(_served(where, ALWAYS, 0) for where in STRANGERS),
        *(_served(where, [(0, SECONDS, 4000)], 4) for where in STRANGERS),
    )
    for stream in streams
] + [
    Stream({**WEST, "finished_reason": "abort"}, [(*EARLIER, 3)], amounts={vllm.FINISHED_REQUESTS: 1}),
    *(
        Stream({**where, "finished_reason": "abort"}, ALWAYS, amounts={vllm.FINISHED_REQUESTS: 1})
        for where in STRANGERS
    ),
    # One in ten has moved: what it took is the difference of two hosts' clocks.
    Stream(FIRST, [(IDLE, MOVED, 9)], {one: value(one, 1) for one in LATENCIES.values()}),
    Stream(FIRST, [(IDLE, MOVED, 1)], dict.fromkeys(LATENCIES.values(), -1e5)),
]


def usage(own: Own, age: int) -> float:
    """The share of its KV cache that an engine uses."""
    spikes = [high for before, (labels, high) in SPIKES.items() if labels == own.labels and age == END - before]
    return spikes[0] if spikes else own.usage if age > BEGIN else 0


def held(own: Own, age: int, count: int) -> float:
    """Requests that it holds: with the usage come their spikes."""
    spikes = [high for before, (labels, high) in SPIKES.items() if labels == own.labels and age == END - before]
    return 1000 * spikes[0] if spikes else count if age > BEGIN else 0


def samples() -> Samples:
    """All of it."""
    made = Samples(START, SECONDS, 15)
    write(made, STREAMS)
    for own in ENGINES:
        made.add("vllm:kv_cache_usage_perc", lambda age, own=own: usage(own, age), **own.labels)  # type: ignore[misc]
        for name, count in {"running": own.running, "waiting": own.waiting}.items():
            made.add(
                f"vllm:num_requests_{name}",
                lambda age, own=own, count=count: held(own, age, count),  # type: ignore[misc]
                **own.labels,
            )
    for where in STRANGERS:
        made.add("vllm:kv_cache_usage_perc", lambda age: 0.999, **where)
        for name in ("running", "waiting"):
            made.add(f"vllm:num_requests_{name}", lambda age: 9999, **where)
    return made


world = world_of(samples)


@dataclass(frozen=True, eq=False)
class Look:
    """A moment, and what is chosen on the page."""

    age: int
    chosen: Mapping[str, Sequence[str]]

    def happened(self, seconds: float, **labels: str | Sequence[str]) -> Happened:
        """On the engines that are chosen."""
        return of(STREAMS, seconds=seconds, age=self.age, job=FIRST["job"], **{**self.chosen, **labels})

    @property
    def engines(self) -> list[Own]:
        """Those that are chosen."""
        return [one for one in ENGINES if all(one.labels[name] in those for name, those in self.chosen.items())]

    @property
    def roles(self) -> dict[str, list[Own]]:
        """Those that are chosen, by role."""
        return _grouped(self.engines, "infer_type")

    @property
    def instances(self) -> dict[str, list[Own]]:
        """Those that are chosen, by all that an instance is called by."""
        return _grouped(self.engines, *IDENTITY)


IDENTITY = ("instance", "cluster", "namespace", "infer_type")


def _grouped(engines: Iterable[Own], *labels: str) -> dict[str, list[Own]]:
    groups: dict[str, list[Own]] = {}
    for one in engines:
        groups.setdefault(" ".join(one.labels[label] for label in labels), []).append(one)
    return groups


EVERYTHING = {
    "cluster": ["east", "west"],
    "namespace": ["one", "two", "four", "five"],
    "model_name": ["m", "n"],
    "infer_type": ["decode", "neutral", "prefill"],
    "instance": [f"e{number}" for number in range(1, 9)],
}
ONE = {name: [FIRST[name]] for name in EVERYTHING}
LOOKS = {
    "all": Look(END, EVERYTHING),
    "one": Look(END, ONE),
    "quick": Look(QUICK, EVERYTHING),
    "idle": Look(IDLE, EVERYTHING),
    "moved": Look(MOVED, EVERYTHING),
}
# Rates of lines look back for four scrapes, numbers of tables for five minutes.
LINES, NUMBERS = 60, 300

Truth = Callable[[Look], dict[str, Any]]


def _by_role(metric: Metric, name: str = "{}", **labels: str) -> Truth:
    """Rates of the roles that ever moved the counter, and 0 of those that tell of it."""

    def truth(look: Look) -> dict[str, Any]:
        ever = [role for role in look.roles if look.happened(look.age, infer_type=role, **labels).amount(metric)]
        return {name.format(role): look.happened(LINES, infer_type=role, **labels).rate(metric) for role in ever}

    return truth


ANSWERING = ("decode", "neutral")


def _prompts(look: Look) -> dict[str, Any]:
    """Of decode and neutral engines, whatever roles are chosen."""
    chosen = Look(look.age, {**look.chosen, "infer_type": ANSWERING})
    return _by_role(vllm.PROMPT_TOKENS_TOTAL)(chosen)


def _hits(look: Look) -> dict[str, Any]:
    found = {role: look.happened(LINES, infer_type=role) for role in look.roles}
    return {
        role: about(one.amount(vllm.PREFIX_CACHE_HITS) / one.amount(vllm.PREFIX_CACHE_QUERIES))
        for role, one in found.items()
        if one.amount(vllm.PREFIX_CACHE_QUERIES)
    }


def _reasons(look: Look) -> dict[str, Any]:
    return {
        f"{role} {reason}": one.rate(vllm.FINISHED_REQUESTS)
        for role in look.roles
        for reason in ("stop", "length", "abort")
        for one in [look.happened(LINES, infer_type=role, finished_reason=reason)]
        if look.happened(SHOWN, infer_type=role, finished_reason=reason).amount(vllm.FINISHED_REQUESTS)
    }


def _state(look: Look) -> dict[str, Any]:
    return {
        f"{name} {role}": exactly(sum(held(one, look.age, getattr(one, name)) for one in engines))
        for role, engines in look.roles.items()
        for name in ("running", "waiting")
    }


def _cache(look: Look) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for role, engines in look.roles.items():
        peaks = [usage(one, look.age - back) for one in engines for back in range(0, LINES + 1, 15)]
        shown |= {
            f"fullest {role}": exactly(max(peaks)),
            f"mean {role}": exactly(fmean(usage(one, look.age) for one in engines)),
        }
    return shown


def _latency(metric: Histogram, q: float) -> Truth:
    def truth(look: Look) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for role in look.roles:
            values = look.happened(LINES, infer_type=role).values(metric)
            if values and sum(values) >= 0:
                shown[f"mean {role}"] = mean(values)
            if values and (chosen := quantile(q, values, metric.buckets)).true > metric.buckets[0]:
                shown[f"quantile {role}"] = chosen
        return shown

    return truth


def _heatmap(metric: Histogram) -> Truth:
    def truth(look: Look) -> dict[str, Any]:
        if not look.happened(SHOWN, infer_type=ANSWERING).values(metric):
            return {}
        found = look.happened(LINES, infer_type=ANSWERING).values(metric)
        return {
            f"{float(bound)}".replace("inf", "+Inf").removesuffix(".0"): about(
                sum(one <= bound for one in found) / LINES
            )
            for bound in (*metric.buckets, math.inf)
        }

    return truth


PANELS: dict[str, Truth] = {
    "scheduler_state": _state,
    "cache_utilization": _cache,
    "token_throughput": _prompts,
    "generation_throughput": _by_role(vllm.GENERATION_TOKENS_TOTAL),
    "computed_prompt_tokens": _by_role(vllm.PROMPT_TOKENS_BY_SOURCE, source="local_compute"),
    "prompt_tokens_not_computed": lambda look: (
        _by_role(vllm.PROMPT_TOKENS_BY_SOURCE, "cached {}", source="local_cache_hit")(look)
        | _by_role(vllm.PROMPT_TOKENS_BY_SOURCE, "transferred {}", source="external_kv_transfer")(look)
    ),
    "prefix_cache_hits": _hits,
    "finish_reason": _reasons,
    "preemptions": _by_role(vllm.PREEMPTIONS),
    **{key: _latency(metric, 0.5) for key, metric in LATENCIES.items()},
    **{key: _heatmap(metric) for key, metric in LENGTHS.items()},
}


def show(world: World, key: str, look: Look, *, top: str = "20") -> dict[str, float]:
    """What the panel shows at that moment, with these choices."""
    chosen = {**look.chosen, "top": [top], "quantile": ["0.5"]}
    return world.lines("vllm", key, chosen, before_end=SECONDS - look.age, seconds=SHOWN)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("key", PANELS)
def test_roles(world: World, key: str, look: str) -> None:
    assert show(world, key, LOOKS[look]) == PANELS[key](LOOKS[look])


def of_instance(look: Look, engines: Sequence[Own], seconds: float) -> Happened:
    return look.happened(seconds, **{name: engines[0].labels[name] for name in IDENTITY})


def _gauge(name: str) -> Truth:
    return lambda look: {
        instance: exactly(sum(held(one, look.age, getattr(one, name)) for one in engines))
        for instance, engines in look.instances.items()
    }


def _fullest(look: Look) -> dict[str, Any]:
    return {
        instance: exactly(max(usage(one, look.age) for one in engines)) for instance, engines in look.instances.items()
    }


def _rate(metric: Metric, seconds: float) -> Truth:
    return lambda look: {
        instance: of_instance(look, engines, seconds).rate(metric) for instance, engines in look.instances.items()
    }


def _quantile(metric: Histogram, q: float, seconds: float) -> Truth:
    return lambda look: {
        instance: quantile(q, values, metric.buckets)
        for instance, engines in look.instances.items()
        if (values := of_instance(look, engines, seconds).values(metric))
    }


# A line an instance, and the one that has had the most at once, or in all, in the time shown.
BY_INSTANCE: dict[str, tuple[Truth, str]] = {
    "scheduler_state_by_instance": (_gauge("running"), "e1 east two decode"),
    "scheduler_state_by_instance_waiting": (_gauge("waiting"), "e1 east two decode"),
    "cache_by_instance": (_fullest, "e1 east two decode"),
    "throughput_by_instance": (_rate(vllm.PROMPT_TOKENS_TOTAL, LINES), "e2 east one decode"),
    "throughput_by_instance_generation": (_rate(vllm.GENERATION_TOKENS_TOTAL, LINES), "e2 east one decode"),
    "preemptions_by_instance": (_rate(vllm.PREEMPTIONS, LINES), "e2 east one decode"),
}
P99_BY_INSTANCE = {"e2e_by_instance": vllm.E2E_LATENCY, "ttft_by_instance": vllm.TTFT, "itl_by_instance": vllm.ITL}


@pytest.mark.parametrize("look", ["all", "one"])
@pytest.mark.parametrize("key", BY_INSTANCE)
def test_instances(world: World, key: str, look: str) -> None:
    """An instance that has done nothing in the time shown has no line."""
    truth, _ = BY_INSTANCE[key]
    expected = {name: one for name, one in truth(LOOKS[look]).items() if not name.startswith("e6")}
    assert show(world, key, LOOKS[look]) == expected


@pytest.mark.parametrize("key", BY_INSTANCE)
def test_the_instance_with_the_most_of_the_time_shown(world: World, key: str) -> None:
    truth, leader = BY_INSTANCE[key]
    assert show(world, key, LOOKS["all"], top="1") == {leader: truth(LOOKS["all"])[leader]}
    assert show(world, key, LOOKS["one"], top="1") == truth(LOOKS["one"])


@pytest.mark.parametrize("look", ["all", "one"])
@pytest.mark.parametrize("key", P99_BY_INSTANCE)
def test_latencies_of_instances(world: World, key: str, look: str) -> None:
    assert show(world, key, LOOKS[look]) == _quantile(P99_BY_INSTANCE[key], 0.99, LINES)(LOOKS[look])


@pytest.mark.parametrize("key", P99_BY_INSTANCE)
def test_the_instance_with_the_longest_latency(world: World, key: str) -> None:
    truth, leader = _quantile(P99_BY_INSTANCE[key], 0.99, LINES), "e1 east one decode"
    assert show(world, key, LOOKS["all"], top="1") == {leader: truth(LOOKS["all"])[leader]}
    assert show(world, key, LOOKS["one"], top="1") == truth(LOOKS["one"])


@pytest.mark.parametrize("key", P99_BY_INSTANCE)
def test_a_latency_that_no_bucket_tells_is_not_drawn(world: World, key: str) -> None:
    assert show(world, key, LOOKS["quick"]) == show(world, key, LOOKS["idle"]) == {}


def _beside(look: Look, cells: Mapping[str, Any]) -> dict[str, Any]:
    """The cells with the pod, which the table names beside."""
    pods = {name: engines[0].labels["pod"] for name, engines in look.instances.items()}
    return {f"{name} {pods[name]}": value for name, value in cells.items()}


def _peers(engines: Sequence[Own]) -> str:
    return " ".join(engines[0].labels[name] for name in ("cluster", "namespace", "infer_type"))


def _load(look: Look, columns: str) -> dict[str, dict[str, Any]]:
    truths = (
        _fullest,
        _gauge("running"),
        _gauge("waiting"),
        _rate(vllm.GENERATION_TOKENS_TOTAL, NUMBERS),
        _rate(vllm.PREEMPTIONS, NUMBERS),
    )
    return {column: truth(look) for column, truth in zip(columns, truths, strict=True)}


def _whole(look: Look) -> Look:
    """All instances, whichever is chosen."""
    return Look(look.age, {name: those for name, those in look.chosen.items() if name != "instance"})


def fullest_table(look: Look) -> dict[str, Any]:
    """F is the usage by that of the middle one of its peers, at least 5 %; G the highest in the time shown."""
    columns = _load(look, "ABCDE")
    all_of_them = _whole(look).instances
    now = {name: max(usage(one, look.age) for one in engines) for name, engines in all_of_them.items()}
    middle = {
        peers: max(0.05, median(now[name] for name, engines in all_of_them.items() if _peers(engines) == peers))
        for peers in {_peers(engines) for engines in all_of_them.values()}
    }
    beside = {name: exactly(now[name] / middle[_peers(engines)]) for name, engines in look.instances.items()}
    columns["G"] = {
        name: exactly(max(usage(one, look.age - back) for one in engines for back in range(0, SHOWN + 1, 15)))
        for name, engines in look.instances.items()
    }
    return _cells(columns) | _cells({"F": _beside(look, beside)})


def slowest_table(look: Look) -> dict[str, Any]:
    """G is the median time between tokens by the middle one's of its peers."""
    medians, all_of_them = (_quantile(vllm.ITL, 0.5, NUMBERS)(one) for one in (look, _whole(look)))
    columns = {"A": medians, **_load(look, "BCDEF")}
    columns = {column: {name: own[name] for name in medians} for column, own in columns.items()}
    beside = {}
    for name, one in medians.items():
        peers = [other for other_name, other in all_of_them.items() if other_name.split()[1:] == name.split()[1:]]
        lower, upper = (median(getattr(other, bound) for other in peers) for bound in ("lower", "upper"))
        beside[name] = Between(min(99, one.lower / upper), min(99, one.upper / lower if lower else math.inf))
    return _cells(columns) | _cells({"G": _beside(look, beside)})


def _cells(columns: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{column} {name}": value for column, cells in columns.items() for name, value in cells.items()}


TABLES: dict[str, Truth] = {"fullest_instances": fullest_table, "slowest_instances": slowest_table}


@pytest.mark.parametrize("look", ["all", "one"])
@pytest.mark.parametrize("key", TABLES)
def test_tables(world: World, key: str, look: str) -> None:
    assert show(world, key, LOOKS[look]) == TABLES[key](LOOKS[look])


@pytest.mark.parametrize(
    ("key", "leader"), [("fullest_instances", "e1 east one neutral"), ("slowest_instances", "e1 east one decode")]
)
def test_tables_show_the_one_that_leads_now(world: World, key: str, leader: str) -> None:
    every = TABLES[key](LOOKS["all"])
    shown = show(world, key, LOOKS["all"], top="1")
    assert shown == {name: value for name, value in every.items() if name[2:].startswith(leader)}
    assert show(world, key, LOOKS["one"], top="1") == TABLES[key](LOOKS["one"])
