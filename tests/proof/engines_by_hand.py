"""Engines made by hand, so that every label, matcher and window of a query matters.

They differ in one label each from the one that is chosen, and in all that they tell; some are several in one instance.
The time has parts in which all is quick, nothing happens, and requests have moved from host to host.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llumnix_dash.catalog import vllm
from tests.prometheus.stores import Samples
from tests.proof.hand_made import SECONDS, START
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
    Own({**WEST, "instance": "e6", "pod": "p6"}, 0, 0, 0, 0, 0),
    Own({**TWO, "instance": "e6", "pod": "p6"}, 0, 0, 0, 0, 0),
    # It stands still.
    Own({**FIRST, "instance": "e3", "pod": "p33"}, 0, 0, 0.02, 2, 0),
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
SPIKES = {45: (FIRST, 0.96), 330: (TWO, 0.97), 900: (WEST, 0.98)}

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

REFUSED = {vllm.ADMISSION_REJECTIONS: 1}

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
    # Refused: by all engines, by others for another reason before the time shown, and by strangers.
    *(
        Stream({**one.labels, "reason": "max_num_queued_reqs"}, [(BEGIN, END, one.rate)], amounts=REFUSED)
        for one in ENGINES
    ),
    Stream({**WEST, "reason": "max_num_queued_tokens"}, [(*EARLIER, 3)], amounts=REFUSED),
    *(Stream({**where, "reason": "max_num_queued_tokens"}, ALWAYS, amounts=REFUSED) for where in STRANGERS),
    *(
        Stream(
            {**where, "infer_type": role, "source": "local_cache_hit"},
            ALWAYS,
            {vllm.PREFILL_TIME: 900, vllm.QUEUE_TIME: 900},
            {vllm.PROMPT_TOKENS_BY_SOURCE: 1, vllm.GENERATION_TOKENS_TOTAL: 1, vllm.PROMPT_TOKENS_TOTAL: 1},
        )
        for where in STRANGERS
        for role in ("prefill", "neutral")
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
    return add_to(Samples(START, SECONDS, 15))


def add_to(made: Samples) -> Samples:
    """Adds all of it to another store's."""
    write(made, STREAMS)
    for own in ENGINES:
        made.add("vllm:kv_cache_usage_perc", lambda age, own=own: usage(own, age), **own.labels)  # type: ignore[misc]
        for name, count, more in (
            ("running", own.running, {}),
            ("waiting", own.waiting, {}),
            ("waiting_by_reason", own.waiting, {"reason": "capacity"}),
            ("waiting_by_reason", own.running, {"reason": "deferred"}),
        ):
            made.add(
                f"vllm:num_requests_{name}",
                lambda age, own=own, count=count: held(own, age, count),  # type: ignore[misc]
                **own.labels,
                **more,
            )
    for where in STRANGERS:
        for reason in ("capacity", "deferred"):
            made.add("vllm:num_requests_waiting_by_reason", lambda age: 9999, **where, reason=reason)
        made.add("vllm:kv_cache_usage_perc", lambda age: 0.999, **where)
        for name in ("running", "waiting"):
            made.add(f"vllm:num_requests_{name}", lambda age: 9999, **where)
    return made


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
