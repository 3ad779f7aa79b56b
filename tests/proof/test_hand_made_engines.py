"""The vLLM dashboard on engines made by hand."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

import pytest

from llumnix_dash.catalog import vllm
from llumnix_dash.catalog.metric import Histogram, Metric
from tests.proof.engines_by_hand import (
    IDENTITY,
    LATENCIES,
    LENGTHS,
    LINES,
    LOOKS,
    NUMBERS,
    SHOWN,
    Look,
    Own,
    Truth,
    held,
    samples,
    usage,
)
from tests.proof.expected import Between, about, exactly, mean, quantile
from tests.proof.hand_made import SECONDS, World, world_of
from tests.proof.streams import Happened

world = world_of(samples)


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


def _refused(look: Look) -> dict[str, Any]:
    return {
        f"{role} {reason}": look.happened(LINES, infer_type=role, reason=reason).rate(vllm.ADMISSION_REJECTIONS)
        for role in look.roles
        for reason in ("max_num_queued_reqs", "max_num_queued_tokens")
        if look.happened(SHOWN, infer_type=role, reason=reason).amount(vllm.ADMISSION_REJECTIONS)
    }


def _waits(look: Look) -> dict[str, Any]:
    """Of these engines as many are deferred as run."""
    told = {"for room": "waiting", "deferred": "running"}
    return {
        f"{reason} {role}": exactly(sum(held(one, look.age, getattr(one, of)) for one in engines))
        for role, engines in look.roles.items()
        for reason, of in told.items()
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
    "rejected_requests": _refused,
    "waiting_by_reason": _waits,
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
    expected = {name: one for name, one in truth(LOOKS[look]).items() if one.expected}
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
