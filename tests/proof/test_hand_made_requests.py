"""The first row, the request and the component dashboard, on gateways and schedulers made by hand."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest

from llumnix_dash.catalog import gateway, scheduler
from llumnix_dash.catalog.metric import Histogram
from tests.proof.expected import about, exactly, quantiles
from tests.proof.gateways_by_hand import (
    AT_END,
    END,
    ENGINES,
    EVERYTHING,
    FIRST,
    HITS,
    LINES,
    LOOKS,
    NOBODY_THERE,
    NUMBERS,
    OLDER,
    ONE,
    PROCESSES,
    REFRESHES,
    RETRIES,
    Look,
    Truth,
    samples,
    waiting,
)
from tests.proof.hand_made import SECONDS, World, world_of
from tests.proof.shown import BOARDS
from tests.proof.streams import Happened
from tests.proof.truth_request import E2E_SECONDS, TPOT_MILLISECONDS, TTFT_MILLISECONDS


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


# What gateways tell is asked of VictoriaMetrics on simulated fleets.
world = world_of(samples, ("prometheus",))


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


def each(panels: Iterable[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("key", panels)


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


@pytest.mark.parametrize("look", LOOKS)
@each(REQUEST)
def test_requests(world: World, key: str, look: str) -> None:
    check(world, "request", key, LOOKS[look], REQUEST[key])


@pytest.mark.parametrize("look", LOOKS)
@each(OF_ALL_SCHEDULERS)
def test_prefix_cache_hits(world: World, key: str, look: str) -> None:
    check(world, "request", key, LOOKS[look].but("instance"), OF_ALL_SCHEDULERS[key])


@pytest.mark.parametrize("look", LOOKS)
@each(FIRST_ROW)
def test_first_row(world: World, key: str, look: str) -> None:
    check(world, "request", key, LOOKS[look].but("instance"), FIRST_ROW[key])


@pytest.mark.parametrize("look", ["all", "one", "idle", "doubtful"])
@pytest.mark.parametrize("board", ["overview", "component", "cms", "lrs", "vllm"])
@each(FIRST_ROW)
def test_first_row_of_other_pages(world: World, board: str, key: str, look: str) -> None:
    check(world, board, key, LOOKS[look].but("instance"), FIRST_ROW[key])


@pytest.mark.parametrize("look", LOOKS)
@each(COMPONENT)
def test_components(world: World, key: str, look: str) -> None:
    check(world, "component", key, LOOKS[look], COMPONENT[key])


@pytest.mark.parametrize("look", ["all", "one", "west", "two", "idle", "late"])
@pytest.mark.parametrize("board", ["overview", "request", "component", "cms", "lrs", "vllm"])
@each({"components_up": _up, "pending_now": _pending})
def test_who_answers_and_what_waits(world: World, board: str, key: str, look: str) -> None:
    looks = {**LOOKS, "west": Look(END, {**ONE, "cluster": ["west"]}), "two": Look(END, {**ONE, "namespace": ["two"]})}
    check(world, board, key, looks[look].but("instance"), {"components_up": _up, "pending_now": _pending}[key])


@pytest.mark.parametrize("board", ["overview", "request", "component", "cms", "lrs", "vllm"])
@each([*FIRST_ROW, "pending_now"])
def test_without_gateways_the_first_row_says_so(world: World, board: str, key: str) -> None:
    check(world, board, key, NOBODY_THERE.but("instance"), lambda look: {"gateways gone": 0})


@pytest.mark.parametrize("board", ["overview", "request", "component", "cms", "lrs", "vllm"])
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
