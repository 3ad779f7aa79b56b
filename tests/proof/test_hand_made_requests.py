"""What gateways and schedulers tell, on a store made by hand in which every label, matcher and window matters.

Five gateways and five schedulers differ in one label each from the one that is chosen, and in all that they tell; other
programs have the same names. The time has parts in which all is quick, nothing happens, the gateways are gone, counters
tell of more answers than there were, and failures come late.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from llumnix_dash.catalog import gateway, scheduler
from llumnix_dash.catalog.metric import Histogram
from tests.prometheus.stores import Samples
from tests.proof.expected import about, exactly, quantiles
from tests.proof.hand_made import SECONDS, START, World, world_of
from tests.proof.shown import BOARDS
from tests.proof.streams import Flow, Happened, Stream, of, value, write
from tests.proof.truth_request import E2E_SECONDS, TPOT_MILLISECONDS, TTFT_MILLISECONDS

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
        for where in (*STRANGERS, OF_ANOTHER_MODEL)
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
        {one: value(one, level) for one in REFRESHES.values()} | {one: value(one, hits) for one in HITS},
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


def _ttfts(found: Happened) -> list[float]:
    """Of all but those that failed at once."""
    return [one for one in found.values(gateway.TTFT) if one]


def _quantiles(values: Sequence[float], metric: Histogram, *, low: bool = False) -> dict[str, Any]:
    return quantiles(values, metric.buckets, low=low) if values else {}


def _latency(metric: Histogram) -> Truth:
    return lambda look: _quantiles(look.requests(LINES).values(metric), metric)


def _of_scheduler(metric: Histogram, *, low: bool = False) -> Truth:
    return lambda look: _quantiles(look.schedulings(LINES).values(metric), metric, low=low)


def _heatmap(metric: Histogram) -> Truth:
    def truth(look: Look) -> dict[str, Any]:
        found = look.requests(LINES).values(metric)
        return {
            f"{bound:g}".replace("inf", "+Inf"): about(sum(one <= bound for one in found) / LINES)
            for bound in (*metric.buckets, math.inf)
        }

    return truth


def _kept(values: Sequence[float], bound: float, whole: float) -> dict[str, Any]:
    return {"": pytest.approx(sum(one <= bound for one in values) / whole, rel=1e-3)} if whole else {}


def _shares(found: Happened) -> dict[str, Any]:
    """The shares of requests within each objective, where there are any."""
    good, paces, e2es = (
        found.where(status_code="200").values(one) for one in (gateway.TTFT, gateway.TPOT, gateway.E2E_LATENCY)
    )
    by_engines = len(found.but(status_code="0").values(gateway.TTFT))
    every = {
        "TTFT": _kept(good, TTFT_MILLISECONDS, by_engines),
        "TPOT": _kept(paces, TPOT_MILLISECONDS, len(paces)),
        "E2E": _kept(e2es, E2E_SECONDS, len(e2es)),
    }
    return {name: share[""] for name, share in every.items() if share}


def _share_now(name: str) -> Truth:
    def truth(look: Look) -> dict[str, Any]:
        found = _shares(look.requests(NUMBERS))
        return {f"{name} OK": found[name]} if name in found else {}

    return truth


def _success(look: Look) -> dict[str, Any]:
    found = look.requests(NUMBERS)
    ended = len(found.values(gateway.TTFT))
    good = found.where(status_code="200").count + found.where(status_code="0").count
    return {"Success": pytest.approx(min(1, good / ended), rel=1e-3)} if ended else {}


FIRST_ROW: dict[str, Truth] = {
    "requests_now": lambda look: {
        "Requests": about(len(look.requests(NUMBERS).values(gateway.TTFT)) / NUMBERS),
    },
    "success_ratio_now": _success,
    "ttft_within_objective_now": _share_now("TTFT"),
    "tpot_within_objective_now": _share_now("TPOT"),
    "e2e_within_objective_now": _share_now("E2E"),
}
REQUEST: dict[str, Truth] = {
    "request_rate": lambda look: {
        name: look.requests(LINES).where(model=name).rate() for name in look.requests(look.age).names("model")
    },
    "request_rate_by_status": lambda look: {
        name: look.requests(LINES).where(status_code=name).rate()
        for name in look.requests(look.age).names("status_code")
    },
    "within_objectives": lambda look: _shares(look.requests(LINES)),
    "retry_fallback_rate": lambda look: {
        name: look.requests(LINES, RETRIES).rate(metric)
        for name, metric in {
            "retries": gateway.RETRIES,
            "fallbacks": gateway.FALLBACKS,
            "fallback retries that succeeded": gateway.FALLBACK_RETRY_SUCCESSES,
        }.items()
    },
    "input_token_throughput": lambda look: {"input": look.requests(LINES).rate(gateway.INPUT_TOKENS_TOTAL)},
    "output_token_throughput": lambda look: {"output": look.requests(LINES).rate(gateway.OUTPUT_TOKENS_TOTAL)},
    "e2e_latency": _latency(gateway.E2E_LATENCY),
    "ttft": lambda look: _quantiles(_ttfts(look.requests(LINES)), gateway.TTFT),
    "tpot": _latency(gateway.TPOT),
    "itl": _latency(gateway.ITL),
    "input_tokens": _heatmap(gateway.INPUT_TOKENS),
    "output_tokens": _heatmap(gateway.OUTPUT_TOKENS),
}
OF_ALL_SCHEDULERS: dict[str, Truth] = {
    "prefix_cache_hit": _of_scheduler(HITS[0], low=True),
    "max_prefix_cache_hit": _of_scheduler(HITS[1], low=True),
}


def _scheduling_events(look: Look) -> dict[str, Any]:
    found = look.schedulings(LINES)
    failed = {f"failed {one}": found.where(error_type=one).rate(scheduler.FAILED_SCHEDULINGS) for one in ("x", "y")}
    failed = {name: rate for name, rate in failed.items() if rate.expected}
    return {"done": found.rate(scheduler.SCHEDULINGS), **(failed if look.age == END else {"failed none yet": 0})}


def _failure_ratio(look: Look) -> dict[str, Any]:
    found = look.schedulings(LINES)
    good, bad = found.amount(scheduler.SCHEDULINGS), found.amount(scheduler.FAILED_SCHEDULINGS)
    return {"failed": about(bad / (good + bad))} if good + bad else {}


def _rescheduling_events(look: Look) -> dict[str, Any]:
    found = look.schedulings(LINES)
    started = {
        f"started {rule}": found.where(rescheduling_req_select_rule=rule).rate(scheduler.RESCHEDULINGS)
        for rule in found.names("rescheduling_req_select_rule")
    }
    failed = found.rate(scheduler.FAILED_RESCHEDULINGS)
    return {**(started if look.age == END else {"started none yet": 0}), "failed": failed}


COMPONENT: dict[str, Truth] = {
    "queue_duration": _latency(gateway.QUEUE_DURATION),
    "preprocess_duration": _latency(gateway.PREPROCESS_DURATION),
    "schedule_duration": _latency(gateway.SCHEDULE_DURATION),
    "postprocess_duration": _latency(gateway.POSTPROCESS_DURATION),
    "scheduling_events": _scheduling_events,
    "scheduling_failure_ratio": _failure_ratio,
    "rescheduling_events": _rescheduling_events,
    **{key: _of_scheduler(metric) for key, metric in REFRESHES.items()},
}


# What is there is there at these times; each process answers then, and is scraped in vain between them.
THERE = ((0, IDLE), (BACK, SECONDS))
# Gauges of the five processes: at the end, before, and a spike of three of them, a minute, ten and sixteen before it.
AT_END, BEFORE = (4, 600, 40, 3, 0), (3, 300, 300, 3, 0)
SPIKES = {3: (3555, 9), 2: (3015, 700), 4: (2640, 5000)}
ENGINES = {"decode": 2, "prefill": 1, "neutral": 1}
JOBS = ("gateway", "scheduler", "one/llumnix-engine-decode")


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


def _answers(samples: Samples, **labels: str) -> None:
    samples.add("up", lambda age: float(not IDLE < age < BACK), **labels)


def samples() -> Samples:
    """All of it."""
    made = Samples(START, SECONDS, 15)
    write(made, [*REQUESTS, *RETRIES, *SCHEDULINGS], THERE)
    for job in ("gateway", "scheduler"):
        for number, where in enumerate(PROCESSES):
            _answers(made, job=job, **where)
            for between in THERE:
                _gauges(made, job, number, between)
    for job, where in ((job, where) for job in JOBS for where in PROCESSES[:3]):
        # One has never answered; and one has gone since, of the first fleet.
        made.add("up", lambda age: 0, job=job, **{**where, "instance": "never"})
        if where is FIRST:
            made.add("up", lambda age: 1, (0, 300), job=job, **{**where, "instance": "gone"})
    for where in PROCESSES[:3]:
        for role, count in ENGINES.items():
            for number in range(count):
                labels = {**where, "instance": f"{role} {number}", "infer_type": role}
                _answers(made, job=f"one/llumnix-engine-{role}", **labels)
    # Of another program there is one, whose ever it would be.
    for labels in [STRANGERS[0], *({"job": job, **where} for where in STRANGERS[1:] for job in JOBS)]:
        made.add("up", lambda age: 1, **labels)
        made.add("uptime_seconds", lambda age: 1, **labels)
        for name in ("gateway_pending_requests", "gateway_current_requests", "go_goroutines"):
            made.add(name, lambda age: 9000, **labels)
        made.add("go_memstats_alloc_bytes", lambda age: 1e12, **labels)
    return made


world = world_of(samples)


def check(
    world: World,
    board: str,
    key: str,
    look: Look,
    truth: Truth,
    *,
    seconds: int = SECONDS,
    **more: Sequence[str],
) -> None:
    """Compares the panel's lines at that moment, with these choices, with the truth."""
    names = BOARDS[board].variables
    look = look.but(*(name for name in look.chosen if name not in names))
    shown = world.lines(board, key, {**look.chosen, **more}, before_end=SECONDS - look.age, seconds=seconds)
    assert shown == truth(look)


def _processes(look: Look) -> list[tuple[int, Mapping[str, str]]]:
    return [
        (number, where)
        for number, where in enumerate(PROCESSES)
        if all(where[name] in those for name, those in look.chosen.items() if name in where)
    ]


def _pending(look: Look) -> dict[str, Any]:
    held = [waiting(number, look.age) for number, _ in _processes(look)]
    return {"full" if max(held) >= 512 else "waiting" if max(held) > 5 else "Pending": exactly(sum(held))}


def _up(look: Look) -> dict[str, Any]:
    """One more of each was there an hour before the end; in the first fleet alone."""
    found = [where for _, where in _processes(look)]
    engines = sum(ENGINES.values()) * len({(where["cluster"], where["namespace"]) for where in found})
    one_more = look.age == END and FIRST in found
    every = {"Gateways": len(found), "Schedulers": len(found), "Engines": engines}
    return {f"{name}{', fewer' * one_more}": count for name, count in every.items()}


def _held(line: str, times: int) -> Truth:
    """The highest of the last minute, of each gateway."""
    return lambda look: {
        line: exactly(
            times
            * sum(max(waiting(number, look.age - back) for back in range(0, 61, 15)) for number, _ in _processes(look))
        )
    }


def _by_gateway(times: int) -> Truth:
    """Of those that held any in the last ten minutes."""
    return lambda look: {
        f"{where['instance']} {where['cluster']} {where['namespace']}": times * waiting(number, look.age)
        for number, where in _processes(look)
        if any(waiting(number, look.age - back) for back in range(0, 601, 15))
    }


GAUGES: dict[str, Truth] = {
    "gateway_requests": _held("pending", 1),
    "gateway_requests_current": _held("current", 2),
    "pending_by_gateway": _by_gateway(1),
    "current_by_gateway": _by_gateway(2),
}


def each(panels: Iterable[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("key", panels)


@pytest.mark.parametrize("look", LOOKS)
@each(REQUEST)
def test_requests(world: World, key: str, look: str) -> None:
    check(world, "request", key, LOOKS[look], REQUEST[key])


@pytest.mark.parametrize("look", LOOKS)
@each(OF_ALL_SCHEDULERS)
def test_prefix_cache_hits(world: World, key: str, look: str) -> None:
    check(world, "request", key, LOOKS[look].but("instance"), OF_ALL_SCHEDULERS[key])


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("board", ["overview", "request", "component", "vllm"])
@each(FIRST_ROW)
def test_first_row(world: World, board: str, key: str, look: str) -> None:
    check(world, board, key, LOOKS[look].but("instance"), FIRST_ROW[key])


@pytest.mark.parametrize("look", LOOKS)
@each(COMPONENT)
def test_components(world: World, key: str, look: str) -> None:
    check(world, "component", key, LOOKS[look], COMPONENT[key])


NOBODY_THERE = Look(GONE, EVERYTHING)


@pytest.mark.parametrize("look", ["all", "one", "west", "two", "idle", "late"])
@pytest.mark.parametrize("board", ["overview", "request", "component", "vllm"])
@each({"components_up": _up, "pending_now": _pending})
def test_who_answers_and_what_waits(world: World, board: str, key: str, look: str) -> None:
    looks = {**LOOKS, "west": Look(END, {**ONE, "cluster": ["west"]}), "two": Look(END, {**ONE, "namespace": ["two"]})}
    check(world, board, key, looks[look].but("instance"), {"components_up": _up, "pending_now": _pending}[key])


@pytest.mark.parametrize("board", ["overview", "request", "component", "vllm"])
@each([*FIRST_ROW, "pending_now"])
def test_without_gateways_the_first_row_says_so(world: World, board: str, key: str) -> None:
    check(world, board, key, NOBODY_THERE.but("instance"), lambda look: {"gateways gone": 0})


@pytest.mark.parametrize("board", ["overview", "request", "component", "vllm"])
def test_what_does_not_answer_is_gone(world: World, board: str) -> None:
    gone = {f"{name} gone": 0 for name in ("Gateways", "Schedulers", "Engines")}
    check(world, board, "components_up", NOBODY_THERE.but("instance"), lambda look: gone)


@pytest.mark.parametrize("look", ["all", "one", "late"])
@each(GAUGES)
def test_what_gateways_hold(world: World, key: str, look: str) -> None:
    check(world, "component", key, LOOKS[look], GAUGES[key], seconds=600, top=["10"])


@pytest.mark.parametrize("key", ["pending_by_gateway", "current_by_gateway"])
def test_gateways_with_the_highest_peaks_of_the_time_shown(world: World, key: str) -> None:
    """The others held less, whatever they held before."""
    shown = world.lines("component", key, {**EVERYTHING, "top": ["3"]}, seconds=600)
    assert shown.keys() == {"a west one", "a east two", "b east one"}


def _process_lines(gauge: Callable[[int, int], float], *there: tuple[str, int]) -> dict[str, Any]:
    return {
        f"{job} {where['instance']} {where['cluster']} {where['namespace']}": exactly(gauge(OLDER[job][number], number))
        for job, number in there
        for where in [PROCESSES[number]]
    }


PROCESS: dict[str, tuple[Callable[[int, int], float], list[tuple[str, int]]]] = {
    # The youngest.
    "uptime": (lambda older, number: END + older, [("scheduler", 0), ("gateway", 4), ("scheduler", 4)]),
    # The highest in the last ten minutes.
    "goroutines": (
        lambda older, number: 10 * older + AT_END[number],
        [("gateway", 0), ("scheduler", 1), ("gateway", 1)],
    ),
    "go_memory": (
        lambda older, number: 1e6 * (older + 10 * AT_END[number]),
        [("scheduler", 2), ("scheduler", 1), ("gateway", 2)],
    ),
}


@each(PROCESS)
def test_processes(world: World, key: str) -> None:
    gauge, highest = PROCESS[key]
    every = [(job, number) for job in ("gateway", "scheduler") for number in range(5)]
    look = {name: those for name, those in EVERYTHING.items() if name != "model"}
    assert world.lines("component", key, {**look, "top": ["20"]}, seconds=600) == _process_lines(gauge, *every)
    assert world.lines("component", key, {**look, "top": ["3"]}, seconds=600) == _process_lines(gauge, *highest)
    one = {name: those for name, those in ONE.items() if name != "model"}
    of_one = _process_lines(gauge, ("gateway", 0), ("scheduler", 0))
    assert world.lines("component", key, {**one, "top": ["20"]}, seconds=600) == of_one


@each(["retry_fallback_rate"])
def test_what_never_happened_is_0_only_while_somebody_could_tell(world: World, key: str) -> None:
    check(world, "request", key, NOBODY_THERE, lambda look: {})


@each(["scheduling_events", "scheduling_failure_ratio", "rescheduling_events"])
def test_schedulers_that_are_gone_tell_nothing(world: World, key: str) -> None:
    check(world, "component", key, NOBODY_THERE, lambda look: {})


@each(["input_tokens", "output_tokens"])
def test_a_heatmap_of_nothing_is_blank(world: World, key: str) -> None:
    """Though something happened before the time that is shown, and elsewhere in it."""
    check(world, "request", key, LOOKS["idle"], lambda look: {}, seconds=450)


@pytest.mark.parametrize(
    ("key", "name", "quick", "slow"),
    [("e2e_latency", "e2e", "2", "240"), ("ttft", "ttft", "100", "10000"), ("tpot", "tpot", "10", "200")],
)
def test_an_objective_is_drawn_where_it_is_in_sight(world: World, key: str, name: str, quick: str, slow: str) -> None:
    """Where P99 comes to a third of it; it is drawn all along, and is as high as it is."""

    def drawn(look: Look, objective: str, seconds: int) -> set[float]:
        return world.objective(key, {**look.chosen, f"{name}_objective": [objective]}, seconds=seconds)

    assert drawn(LOOKS["all"], slow, 300) == drawn(LOOKS["all"], slow, SECONDS) == {float(slow)}
    assert drawn(LOOKS["one"], quick, 300) == set()
    assert drawn(LOOKS["slow"], quick, 300) == {float(quick)}
