"""Gateways and schedulers made by hand, so that every label, matcher and window of a query matters.

Five gateways and five schedulers differ in one label each from the one that is chosen, and in all that they tell; other
programs have the same names. The time has parts in which all is refused, all is quick, nothing happens, everything is
gone, counters tell of more answers than there were, and failures come late.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llumnix_dash.catalog import gateway, scheduler
from tests.prometheus.stores import Samples
from tests.proof.hand_made import SECONDS, START
from tests.proof.streams import Flow, Happened, Stream, of, value, write

# When, in seconds since the start: each is looked at when it ends. From the one when nothing happens all processes are
# gone until they are back.
REFUSED, QUICK, IDLE, GONE, DOUBTFUL, LATE, END = 900, 1500, 2100, 2385, 2760, 3120, SECONDS

BACK = 2400

# What is usual, and twice as much of it in the last minute.
ALWAYS = ((0, SECONDS, 5000.0),)

USUAL = ((LATE, END - 60, 1.0), (END - 60, END, 2.0))

# Each differs from the first in one label.
FIRST = {"cluster": "east", "namespace": "one", "instance": "a"}

PROCESSES = (
    FIRST,
    {**FIRST, "cluster": "west"},
    {**FIRST, "namespace": "two"},
    {**FIRST, "instance": "b"},
    {**FIRST, "instance": "c"},
)

# And these, in the same labels, are chosen nowhere.
STRANGERS = (
    {**FIRST, "job": "other"},
    {**FIRST, "cluster": "north"},
    {**FIRST, "namespace": "three"},
    {**FIRST, "namespace": "four", "instance": "d"},
)

OF_ANOTHER_MODEL = {**FIRST, "namespace": "five", "model": "o"}

# These namespaces are chosen where an instance, or a model, can be chosen: elsewhere the strangers there would count.
OF_CHOICE = {"instance": "four", "model": "five"}

LATENCIES = (gateway.TPOT, gateway.E2E_LATENCY, gateway.ITL)

STAGES = (
    gateway.QUEUE_DURATION,
    gateway.PREPROCESS_DURATION,
    gateway.SCHEDULE_DURATION,
    gateway.POSTPROCESS_DURATION,
)

LENGTHS = {gateway.INPUT_TOKENS: gateway.INPUT_TOKENS_TOTAL, gateway.OUTPUT_TOKENS: gateway.OUTPUT_TOKENS_TOTAL}

HITS = (scheduler.PREFIX_CACHE_HIT_PERCENT, scheduler.MAX_PREFIX_CACHE_HIT_PERCENT)

REFRESHES = {
    "cms_refresh_metadata_duration": scheduler.CMS_REFRESH_METADATA_DURATION,
    "cms_refresh_status_duration": scheduler.CMS_REFRESH_STATUS_DURATION,
    "full_mode_schedule_duration": scheduler.FULL_MODE_SCHEDULE_DURATION,
    "query_prefix_cache_hit_duration": scheduler.QUERY_PREFIX_CACHE_HIT_DURATION,
    "calc_prefix_cache_hit_duration": scheduler.CALC_PREFIX_CACHE_HIT_DURATION,
}


def flows(rate: float, shape: Sequence[Flow] = USUAL) -> tuple[Flow, ...]:
    return tuple((begin, end, times * rate) for begin, end, times in shape)


def _answered(labels: Mapping[str, str], come: Sequence[Flow], level: int) -> Stream:
    """Requests that ended well."""
    return Stream(
        {"job": "gateway", "model": "m", "status_code": "200", **labels},
        come,
        {one: value(one, level) for one in (gateway.TTFT, *LATENCIES, *STAGES, *LENGTHS)},
        {gateway.REQUESTS: 1, **{total: value(one, level) for one, total in LENGTHS.items()}},
    )


def _ended(labels: Mapping[str, str], come: Sequence[Flow], status: str, ttft: float) -> Stream:
    """Requests that ended in another way: with no TTFT worth the name, and no token."""
    return Stream(
        {"job": "gateway", "model": "m", "status_code": status, **labels},
        come,
        {gateway.TTFT: ttft, gateway.QUEUE_DURATION: 0},
        {gateway.REQUESTS: 1},
    )


# How many a second each process has: the more, the slower, so that one that is not asked for shows.
RATES = (5, 8, 26, 40, 21)

REQUESTS = [
    *(_answered(where, flows(rate), level) for level, (where, rate) in enumerate(zip(PROCESSES, RATES, strict=True))),
    _answered({**FIRST, "model": "n"}, flows(30), 3),
    _ended({**FIRST, "model": "n"}, flows(3), "404", 0),
    _ended(FIRST, flows(3), "400", 0),
    _ended(FIRST, flows(2), "0", 0),
    _ended({**FIRST, "instance": "b"}, flows(6), "503", value(gateway.TTFT, 3)),
    # The slowest gateway's namesakes are quick.
    *(
        _answered({**FIRST, "instance": "c", **other}, flows(2), 0)
        for other in ({"cluster": "west"}, {"namespace": "two"})
    ),
    _answered({**FIRST, "instance": "c", "model": "n"}, flows(2), 0),
    _answered(FIRST, [(600, REFUSED, 0.2)], 2),
    _ended(FIRST, [(600, REFUSED, 100)], "400", 0),
    _answered(FIRST, [(REFUSED, QUICK, 50)], -1),
    _answered({**FIRST, "instance": "b"}, [(REFUSED, QUICK, 50)], -1),
    _answered(FIRST, [(REFUSED, QUICK, 0.8)], 2),
    # More answers are counted than there are times to a first token: one was scraped later than the other.
    _answered(FIRST, [(BACK, DOUBTFUL, 10)], 0),
    Stream(
        {"job": "gateway", "model": "m", "status_code": "200", **FIRST},
        [(BACK, DOUBTFUL, 3)],
        {},
        {gateway.REQUESTS: 1},
    ),
    _answered(FIRST, [(DOUBTFUL, LATE, 11)], 0),
    # Failures that come late, yet within the objective.
    _ended(FIRST, [(DOUBTFUL, LATE, 9)], "503", value(gateway.TTFT, 2)),
    *(
        stream
        # Of the model that has fewer requests, which with these had more.
        for where in (*({**one, "model": "n"} for one in STRANGERS), OF_ANOTHER_MODEL)
        for stream in (
            _answered(where, ALWAYS, 0),
            _answered(where, ALWAYS, 4),
            _ended(where, ALWAYS, "503", 0),
            _ended(where, ALWAYS, "0", 0),
        )
    ),
]

RETRIES = [
    Stream(
        {"job": job, "model": model, "status_code": "503", **where},
        flows(rate),
        amounts={gateway.RETRIES: 1, gateway.FALLBACKS: 2, gateway.FALLBACK_RETRY_SUCCESSES: 3},
    )
    for job, model, where, rate in (
        *(("gateway", "m", where, rate) for where, rate in zip(PROCESSES, RATES, strict=True)),
        ("gateway", "n", FIRST, 7),
        *((where.get("job", "gateway"), "m", where, 300) for where in STRANGERS),
        ("gateway", "o", OF_ANOTHER_MODEL, 300),
    )
]


def _scheduled(labels: Mapping[str, str], come: Sequence[Flow], level: int, hits: int) -> Stream:
    """Requests that were given engines, and as many refreshes of what is known of these."""
    return Stream(
        {"job": "scheduler", "rescheduling_req_select_rule": "r" if level % 2 else "s", **labels},
        come,
        {one: value(one, level) for one in REFRESHES.values()}
        | {HITS[0]: value(HITS[0], hits), HITS[1]: value(HITS[1], hits) + 3},
        {scheduler.SCHEDULINGS: 1} | ({scheduler.RESCHEDULINGS: 0.5} if level >= 0 else {}),
    )


def _unscheduled(labels: Mapping[str, str], come: Sequence[Flow], reason: str) -> Stream:
    return Stream(
        {"job": "scheduler", "error_type": reason, **labels},
        come,
        amounts={scheduler.FAILED_SCHEDULINGS: 1, scheduler.FAILED_RESCHEDULINGS: 0.25},
    )


# Low hits are what matters, so the first has the highest of all.
HIT_LEVELS = (4, 3, 2, 0, 1)

HIT_RATES = (22, 40, 26, 4.5, 8)

SCHEDULINGS = [
    *(
        _scheduled(where, flows(rate), level, hits)
        for level, (where, rate, hits) in enumerate(zip(PROCESSES, HIT_RATES, HIT_LEVELS, strict=True))
    ),
    *(_unscheduled(where, flows(rate), "x") for where, rate in zip(PROCESSES, RATES, strict=True)),
    _unscheduled(FIRST, flows(2), "y"),
    _scheduled(FIRST, [(600, QUICK, 4)], -1, 0),
    *(_scheduled(where, ALWAYS, 0, 0) for where in STRANGERS),
    *(_unscheduled(where, ALWAYS, "x") for where in STRANGERS),
]


@dataclass(frozen=True, eq=False)
class Look:
    """A moment, and what is chosen on the page.

    Attributes:
        age: the moment, in seconds since the start.
        chosen: values by the drop-down's name.
    """

    age: int
    chosen: Mapping[str, Sequence[str]]

    def requests(self, seconds: float, streams: Sequence[Stream] = REQUESTS) -> Happened:
        """Of the gateways that are chosen."""
        return of(streams, seconds=seconds, age=self.age, job="gateway", **self.chosen)

    def schedulings(self, seconds: float) -> Happened:
        """Of the schedulers that are chosen."""
        return of(SCHEDULINGS, seconds=seconds, age=self.age, job="scheduler", **self.chosen)

    def but(self, *names: str) -> "Look":
        """The same where these drop-downs do not count."""
        chosen = {name: those for name, those in self.chosen.items() if name not in names}
        without = [namespace for name, namespace in OF_CHOICE.items() if name not in chosen]
        chosen["namespace"] = [one for one in chosen["namespace"] if one not in without]
        return replace(self, chosen=chosen)


EVERYTHING = {
    "cluster": ["east", "west"],
    "namespace": ["one", "two", *OF_CHOICE.values()],
    "model": ["m", "n"],
    "instance": ["a", "b", "c"],
}

ONE = {"cluster": ["east"], "namespace": ["one"], "model": ["m"], "instance": ["a"]}

LOOKS = {
    "all": Look(END, EVERYTHING),
    "one": Look(END, ONE),
    "slow": Look(END, {**ONE, "instance": ["c"]}),
    "refused": Look(REFUSED, EVERYTHING),
    "quick": Look(QUICK, EVERYTHING),
    "idle": Look(IDLE, EVERYTHING),
    "doubtful": Look(DOUBTFUL, EVERYTHING),
    "late": Look(LATE, EVERYTHING),
}

# Rates of lines look back for four scrapes, single numbers for five minutes.
LINES, NUMBERS = 60, 300

Truth = Callable[[Look], dict[str, Any]]

# What is there is there at these times; each process answers then, and is scraped in vain between them.
THERE = ((0, IDLE), (BACK, SECONDS))

# Gauges of the five processes: at the end, before, and a spike of three of them, a minute, ten and sixteen before it.
AT_END, BEFORE = (4, 600, 40, 3, 0), (3, 300, 300, 3, 0)

SPIKES = {3: (3555, 9), 2: (3015, 700), 4: (2640, 5000)}

ENGINES = {"decode": 2, "prefill": 1, "neutral": 1}

JOBS: tuple[dict[str, str], ...] = (
    {"job": "gateway"},
    {"job": "scheduler"},
    {"job": "one/llumnix-engine-decode", "infer_type": "decode"},
)


def waiting(number: int, age: int) -> float:
    """Requests that a gateway holds."""
    begin, spike = SPIKES.get(number, (-1, 0))
    if begin <= age < begin + 15:
        return spike
    return AT_END[number] if age > LATE else BEFORE[number] if age > DOUBTFUL else 0


OLDER = {"gateway": (500, 400, 300, 200, 100), "scheduler": (50, 450, 350, 250, 150)}


def _gauges(samples: Samples, job: str, number: int, between: tuple[float, float]) -> None:
    labels, older = {"job": job, **PROCESSES[number]}, OLDER[job][number]
    samples.add("uptime_seconds", lambda age: age + older, between, **labels)
    samples.add("go_goroutines", lambda age: 10 * older + waiting(number, age), between, **labels)
    samples.add("go_memstats_alloc_bytes", lambda age: 1e6 * (older + 10 * waiting(number, age)), between, **labels)
    if job == "gateway":
        samples.add("gateway_pending_requests", lambda age: waiting(number, age), between, **labels)
        samples.add("gateway_current_requests", lambda age: 2 * waiting(number, age), between, **labels)


def cms_running(number: int, engine: int) -> float:
    """Requests that an engine runs, as a scheduler last heard: of one fleet each has heard another number."""
    return 5 + 2 * number + engine


def tokens_coming(number: int, engine: int, age: int) -> float:
    """Tokens on their way to an engine, as a scheduler last heard, with a spike in the last minute."""
    return 1000 * cms_running(number, engine) + 7000 * (engine == 1 and END - 45 <= age < END - 30)


def _answers(samples: Samples, **labels: str) -> None:
    samples.add("up", lambda age: float(not IDLE < age < BACK), **labels)


def samples() -> Samples:
    """All of it."""
    made = Samples(START, SECONDS, 15)
    write(made, [*REQUESTS, *RETRIES, *SCHEDULINGS], THERE)
    for number, where in enumerate(PROCESSES):
        for job in ("gateway", "scheduler"):
            _answers(made, job=job, **where)
            for between in THERE:
                _gauges(made, job, number, between)
        _told_of_engines(made, number)
    for where in PROCESSES[:3]:
        _fleet(made, where)
    _strangers(made)
    return made


def _told_of_engines(made: Samples, number: int) -> None:
    for role, engine in ((role, engine) for role, count in ENGINES.items() for engine in range(count)):
        labels = {"job": "scheduler", **PROCESSES[number], "infer_type": role, "instance_id": f"{role} {engine}"}
        for between in THERE:
            made.add(
                "instance_cms_running_requests",
                lambda age, engine=engine: cms_running(number, engine),  # type: ignore[misc]
                between,
                **labels,
            )
            made.add(
                "instance_cms_tokens_loading_requests",
                lambda age, engine=engine: tokens_coming(number, engine, age),  # type: ignore[misc]
                between,
                **labels,
            )


def _fleet(made: Samples, where: Mapping[str, str]) -> None:
    """Its engines; one of each component that has never answered; and of the first fleet one that has gone since."""
    for role, number in ((role, number) for role, count in ENGINES.items() for number in range(count)):
        labels = {**where, "instance": f"{role} {number}", "infer_type": role}
        _answers(made, job=f"one/llumnix-engine-{role}", **labels)
    for job in JOBS:
        made.add("up", lambda age: 0, **{**job, **where, "instance": "never"})
        if where is FIRST:
            made.add("up", lambda age: 1, (0, 300), **{**job, **where, "instance": "gone"})


def _strangers(made: Samples) -> None:
    # Of another program there is one, whose ever it would be.
    for labels in [STRANGERS[0], *({**job, **where} for where in STRANGERS[1:] for job in JOBS)]:
        made.add("up", lambda age: 1, **labels)
        made.add("uptime_seconds", lambda age: 1, **labels)
        for name in ("gateway_pending_requests", "gateway_current_requests", "go_goroutines"):
            made.add(name, lambda age: 9000, **labels)
        made.add("go_memstats_alloc_bytes", lambda age: 1e12, **labels)
    for role in ENGINES:
        made.add("up", lambda age: 1, **{**STRANGERS[0], "infer_type": role})
    for where in STRANGERS:
        labels = {"job": "scheduler", **where, "infer_type": "decode", "instance_id": "x"}
        made.add("instance_cms_running_requests", lambda age: 9000, **labels)
        made.add("instance_cms_tokens_loading_requests", lambda age: 9e6, **labels)


NOBODY_THERE = Look(GONE, EVERYTHING)
