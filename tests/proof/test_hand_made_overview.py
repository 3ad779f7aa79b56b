"""The overview, on gateways, schedulers and engines made by hand."""

from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import Any

import pytest

from llumnix_dash.catalog import gateway, scheduler, vllm
from llumnix_dash.promql.charge import IDLE as NO_REQUESTS
from llumnix_dash.promql.charge import IN_CHARGE, NOT_ASKED
from tests.prometheus.stores import Samples
from tests.proof import engines_by_hand as engines
from tests.proof.engines_by_hand import Own
from tests.proof.expected import about, exactly, mean, quantile
from tests.proof.gateways_by_hand import (
    ENGINES,
    HITS,
    LINES,
    LOOKS,
    NOBODY_THERE,
    NUMBERS,
    PROCESSES,
    Look,
    Truth,
    cms_running,
    tokens_coming,
)
from tests.proof.gateways_by_hand import samples as gateways
from tests.proof.hand_made import World, world_of
from tests.proof.shown import BOARDS
from tests.proof.streams import Happened
from tests.proof.test_hand_made_requests import check, each
from tests.proof.truth_request import E2E_SECONDS, TPOT_MILLISECONDS, TTFT_MILLISECONDS


def samples() -> Samples:
    """Gateways and schedulers, and the engines of other stores."""
    return engines.add_to(gateways())


world = world_of(samples)

STAGES = {
    "preprocess": gateway.PREPROCESS_DURATION,
    "queue": gateway.QUEUE_DURATION,
    "schedule": gateway.SCHEDULE_DURATION,
    "first token": gateway.TTFT,
}
PRICES = {"prefill": 4.0, "decode": 2.5, "neutral": 0.5}


def _paced(found: Happened) -> tuple[list[float], list[float]]:
    """The times per token, and those beyond the objective."""
    paces = found.values(gateway.TPOT)
    return paces, [one for one in paces if one > TPOT_MILLISECONDS]


def _bounds(found: Happened) -> tuple[float, float, float]:
    """How many requests ended, and the least and the most of them that can have met both objectives."""
    ttfts, good = found.values(gateway.TTFT), found.where(status_code="200").count
    failed = max(0, len(ttfts) - good)
    missed = len(_paced(found)[1])
    in_time, at_once = (sum(one <= bound for one in ttfts) for bound in (TTFT_MILLISECONDS, gateway.TTFT.buckets[0]))
    least = max(0, in_time - failed - missed)
    most = max(0, min(in_time - min(failed, at_once), good, good - max(0, missed - failed)))
    return len(ttfts), least, most


def _goodput(look: Look) -> dict[str, Any]:
    ended, least, most = _bounds(look.requests(LINES))
    return {"offered": about(ended / LINES), "at least": about(least / LINES), "at most": about(most / LINES)}


def _goodput_now(look: Look) -> dict[str, Any]:
    ended, least, most = _bounds(look.requests(NUMBERS))
    return {"at least": about(least / ended), "at most": about(most / ended)} if ended else {}


def _parts_of_time(found: Happened) -> dict[str, float]:
    e2es = found.values(gateway.E2E_LATENCY)
    if not e2es:
        return {}
    parts = {name: sum(found.values(stage)) / 1000 / len(e2es) for name, stage in STAGES.items()}
    return parts | {"generation": max(0.0, sum(e2es) / len(e2es) - sum(parts.values()))}


def _failed_too_many(found: Happened) -> dict[str, Any]:
    ended, good = len(found.values(gateway.TTFT)), found.where(status_code="200").count
    return {"over 1 % failed: parts too high": 0.0} if ended - good > 0.01 * ended else {}


def _time_spent(look: Look) -> dict[str, Any]:
    found = look.requests(LINES)
    return {name: about(seconds) for name, seconds in _parts_of_time(found).items()} | _failed_too_many(found)


def _longest_part(look: Look) -> dict[str, Any]:
    parts = _parts_of_time(look.requests(NUMBERS))
    return {name: about(seconds) for name, seconds in parts.items() if seconds == max(parts.values())}


def _taken(found: Happened) -> dict[str, Any]:
    """The P99s by their objectives, of what was measured at all."""
    shown = {}
    for name, metric, objective in (
        ("TTFT", gateway.TTFT, TTFT_MILLISECONDS),
        ("TPOT", gateway.TPOT, TPOT_MILLISECONDS),
        ("E2E", gateway.E2E_LATENCY, E2E_SECONDS),
    ):
        values = [one for one in found.values(metric) if one]
        if values:
            p99 = quantile(0.99, values, metric.buckets)
            shown[name] = type(p99)(p99.true / objective, p99.lower / objective, p99.upper / objective)
    return shown


def _tightest(look: Look) -> dict[str, Any]:
    taken = _taken(look.requests(NUMBERS))
    return {name: one for name, one in taken.items() if one.true == max(other.true for other in taken.values())}


def _models(look: Look) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for model in look.requests(look.age).names("model"):
        found = look.requests(NUMBERS).where(model=model)
        ttfts, good = found.values(gateway.TTFT), found.where(status_code="200")
        cells[f"A {model}"] = about(len(ttfts) / NUMBERS)
        if not ttfts:
            continue
        by_engines = found.but(status_code="0").values(gateway.TTFT)
        paces, late = _paced(found)
        shares = [
            sum(one <= TTFT_MILLISECONDS for one in good.values(gateway.TTFT)) / len(by_engines),
            *([1 - len(late) / len(paces)] if paces else []),
        ]
        answered = (good.count + found.where(status_code="0").count) / len(ttfts)
        cells |= {f"B {model}": about(min(1, answered)), f"E {model}": about(min(shares))}
        first_tokens = [one for one in ttfts if one]
        if first_tokens:
            cells[f"C {model}"] = quantile(0.99, first_tokens, gateway.TTFT.buckets)
        if paces:
            cells[f"D {model}"] = quantile(0.99, paces, gateway.TPOT.buckets)
    return cells


def _migrations(look: Look) -> dict[str, Any]:
    found = look.schedulings(LINES)
    return {"started": found.rate(scheduler.RESCHEDULINGS), "failed": found.rate(scheduler.FAILED_RESCHEDULINGS)}


def _requests_and_schedulings(look: Look) -> dict[str, Any]:
    return {
        "requests": look.requests(LINES).rate(gateway.REQUESTS),
        "schedulings": look.schedulings(LINES).rate(scheduler.SCHEDULINGS),
    }


PANELS: dict[str, Truth] = {
    "models": _models,
    "goodput": _goodput,
    "goodput_now": _goodput_now,
    "time_spent": _time_spent,
    "longest_part": _longest_part,
    "objectives_taken": lambda look: _taken(look.requests(LINES)),
    "tightest_objective": _tightest,
    "migrations": _migrations,
    "requests_and_schedulings": _requests_and_schedulings,
}
OVERVIEW = {name: look.but("instance") for name, look in LOOKS.items() if name != "slow"}


@pytest.mark.parametrize("look", OVERVIEW)
@each(PANELS)
def test_requests(world: World, key: str, look: str) -> None:
    check(world, "overview", key, OVERVIEW[look], PANELS[key])


def test_models_with_most_requests(world: World) -> None:
    of_one = {name: cell for name, cell in _models(OVERVIEW["all"]).items() if name.endswith(" m")}
    check(world, "overview", "models", OVERVIEW["all"], lambda look: of_one, top=["1"])


def _hits(look: Look, seconds: float) -> dict[str, float]:
    """Percent: of the prompts that the index was asked for, and of the tokens of engines that compute prompts."""
    chosen, most = (look.schedulings(seconds).values(one) for one in HITS)
    found = engines.Look(look.age, look.chosen).happened(seconds, infer_type=("prefill", "neutral"))
    hit, computed = (
        found.where(source=source).amount(vllm.PROMPT_TOKENS_BY_SOURCE)
        for source in ("local_cache_hit", "local_compute")
    )
    shown = {"possible": fmean(most), "chosen": sum(chosen) / len(most)} if most else {}
    return shown | ({"got": 100 * hit / (hit + computed)} if hit + computed else {})


def _gaps(look: Look) -> dict[str, Any]:
    hits = _hits(look, NUMBERS)
    pairs = {"lost by choice": ("possible", "chosen"), "not found": ("chosen", "got")}
    return {
        name: pytest.approx(hits[more] - hits[less], abs=0.1)
        for name, (more, less) in pairs.items()
        if {more, less} <= {*hits}
    }


@pytest.mark.parametrize("look", OVERVIEW)
@each(["prefix_cache", "prefix_cache_gaps"])
def test_prefix_cache(world: World, key: str, look: str) -> None:
    truths: dict[str, Truth] = {
        "prefix_cache": lambda look: {name: about(value) for name, value in _hits(look, LINES).items()},
        "prefix_cache_gaps": _gaps,
    }
    check(world, "overview", key, OVERVIEW[look], truths[key])


def _fleets(look: Look) -> int:
    """How many fleets are chosen: there are three."""
    return min(
        3, len(look.chosen["cluster"]) + len(look.chosen["namespace"]) - 1 - len({"five"} & {*look.chosen["namespace"]})
    )


def _cost(look: Look) -> float:
    return sum(PRICES[role] * count * _fleets(look) for role, count in ENGINES.items())


def _tokens_per_dollar(look: Look) -> dict[str, Any]:
    tokens = look.requests(NUMBERS).amount(gateway.OUTPUT_TOKENS_TOTAL) / NUMBERS
    return {"Output Tokens per $": about(tokens * 3600 / _cost(look))}


@pytest.mark.parametrize("look", ["all", "one"])
@each(["tokens_per_dollar", "cost_of_an_hour", "instances_known"])
def test_cost(world: World, key: str, look: str) -> None:
    truths: dict[str, Truth] = {
        "tokens_per_dollar": _tokens_per_dollar,
        "cost_of_an_hour": lambda look: {"Engines, $ per Hour": exactly(_cost(look))},
        "instances_known": lambda look: {
            f"{teller} {role}": count * _fleets(look)
            for role, count in ENGINES.items()
            for teller in ("engines", "CMS")
            for role, count in ENGINES.items()
            for teller in ("engines", "CMS")
        },
    }
    prices = {f"price_{role}": [str(price)] for role, price in PRICES.items()}
    check(world, "overview", key, OVERVIEW[look], truths[key], **prices)


def test_nothing_costs_where_nobody_is_there(world: World) -> None:
    prices = {f"price_{role}": [str(price)] for role, price in PRICES.items()}
    gone = {"tokens_per_dollar": "gateways gone", "cost_of_an_hour": "engines gone"}
    for key, name in gone.items():
        check(world, "overview", key, NOBODY_THERE.but("instance"), lambda look, name=name: {name: 0}, **prices)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("look", "codes"),
    [
        ("all", {"east one": IN_CHARGE, "west one": IN_CHARGE, "east two": IN_CHARGE}),
        ("one", {"east one": IN_CHARGE}),
        ("idle", {"east one": NO_REQUESTS, "west one": NO_REQUESTS, "east two": NO_REQUESTS}),
        ("doubtful", {"east one": NOT_ASKED, "west one": NO_REQUESTS, "east two": NO_REQUESTS}),
    ],
)
def test_who_assigns_requests(world: World, look: str, codes: dict[str, int]) -> None:
    told = {f"{fleet} by": code for fleet, code in codes.items()}
    check(world, "overview", "assigned_by", OVERVIEW[look], lambda look: told)


def _engines(look: Look) -> engines.Look:
    """Those of the chosen fleets, of whatever model."""
    return engines.Look(look.age, {name: those for name, those in look.chosen.items() if name != "model"})


def _of(look: engines.Look, seconds: float, own: Sequence[Own]) -> Happened:
    return look.happened(seconds, **{name: own[0].labels[name] for name in (*engines.IDENTITY, "pod", "model_name")})


def _over_time(own: Own, age: int, seconds: int, gauge: str) -> float:
    return fmean(
        engines.usage(own, age - back) if gauge == "usage" else engines.held(own, age - back, getattr(own, gauge))
        for back in range(0, seconds + 1, 15)
    )


def _parts(look: Look) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for role in _engines(look).roles:
        found = _engines(look).happened(LINES, infer_type=role)
        for name, metric in (("queueing", vllm.QUEUE_TIME), ("computing", vllm.PREFILL_TIME)):
            if (values := found.values(metric)) and (name, role) != ("computing", "decode"):
                shown[f"{name} {role}"] = mean(values)
    return shown


def _usage(look: Look) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for role, own in _engines(look).roles.items():
        peaks = [engines.usage(one, look.age - back) for one in own for back in range(0, LINES + 1, 15)]
        shown |= {
            f"fullest {role}": exactly(max(peaks)),
            f"mean {role}": exactly(fmean(engines.usage(one, look.age) for one in own)),
        }
    return shown


def _unevenness(look: Look) -> dict[str, Any]:
    shown = {}
    for role, own in _engines(look).roles.items():
        usages = [_over_time(one, look.age, NUMBERS, "usage") for one in own]
        # VictoriaMetrics leaves out what a window begins with, one of 21.
        shown[role] = about(max(usages) / max(0.05, fmean(usages)))
    return shown


def _slowness(look: Look) -> dict[str, Any]:
    """How long a busy instance takes for a token beside the middle one of its peers."""
    found = _engines(look)
    paces: dict[tuple[str, ...], float] = {}
    groups: dict[tuple[str, ...], list[Own]] = {}
    for one in found.engines:
        names = ("infer_type", "cluster", "pod", "instance", "namespace", "model_name")
        groups.setdefault(tuple(one.labels[name] for name in names), []).append(one)
    for name, own in groups.items():
        running = sum(_over_time(one, look.age, NUMBERS, "running") for one in own)
        tokens = _of(found, NUMBERS, own).amount(vllm.GENERATION_TOKENS_TOTAL) / NUMBERS
        if running >= 0.5:
            paces[name] = running / max(tokens, 0.01)
    shown: dict[str, Any] = {}
    for name, pace in paces.items():
        peers = [
            other
            for (role, cluster, _, _, *rest), other in paces.items()
            if (role, cluster, *rest) == (*name[:2], *name[4:])
        ]
        # A spike of a scrape is one of 21, or of 20 where a window leaves out what it begins with.
        shown[" ".join(name)] = pytest.approx(min(99, pace / median(peers)), rel=0.05)
    return shown


def _idle(look: Look) -> dict[str, Any]:
    found = _engines(look)
    still = {
        role: [
            own
            for own in found.instances.values()
            if own[0].labels["infer_type"] == role
            and not _of(found, NUMBERS, own[:1]).but(model_name="?").amount(vllm.GENERATION_TOKENS_TOTAL)
        ]
        for role in found.roles
    }
    return {role: len(own) for role, own in still.items()}


def _token_gaps(look: Look) -> dict[str, Any]:
    shown: dict[str, Any] = {"  objective": 0.05}
    for one in _engines(look).engines:
        labels = {name: one.labels[name] for name in ("cluster", "namespace", "infer_type")}
        if labels["infer_type"] != "prefill":
            values = _engines(look).happened(NUMBERS, **labels).values(vllm.ITL)
            shown[" ".join(labels.values())] = quantile(0.75, values, vllm.ITL.buckets)
    return shown


def _heard(look: Look, role: str, of: Callable[[int, int], float] = cms_running) -> float:
    """What the schedulers have heard of all engines: in each fleet the one that has heard most."""
    heard: dict[tuple[str, str], float] = {}
    for number, where in enumerate(PROCESSES):
        if where["cluster"] in look.chosen["cluster"] and where["namespace"] in look.chosen["namespace"]:
            told = float(sum(of(number, engine) for engine in range(ENGINES[role])))
            fleet = where["cluster"], where["namespace"]
            heard[fleet] = max(heard.get(fleet, 0), told)
    return sum(heard.values())


def _running(look: Look) -> dict[str, Any]:
    return {f"CMS {role}": _heard(look, role) for role in ENGINES} | {
        f"engines {role}": sum(engines.held(one, look.age, one.running) for one in own)
        for role, own in _engines(look).roles.items()
    }


def _on_their_way(look: Look) -> dict[str, Any]:
    def most(number: int, engine: int) -> float:
        return max(tokens_coming(number, engine, look.age - back) for back in range(0, LINES + 1, 15))

    return {"decode": _heard(look, "decode", most)}


OF_ENGINES: dict[str, Truth] = {
    "engine_parts": _parts,
    "kv_cache_usage": _usage,
    "unevenness": _unevenness,
    "spread_of_load": _unevenness,
    "slowest_instances": _slowness,
    "idle_instances": _idle,
    "token_gaps": _token_gaps,
    "store_against_engines": _running,
    "tokens_on_their_way": _on_their_way,
}


@pytest.mark.parametrize("look", ["all", "one"])
@each(OF_ENGINES)
def test_engines(world: World, key: str, look: str) -> None:
    check(world, "overview", key, OVERVIEW[look].but("model"), OF_ENGINES[key], top=["20"])


@pytest.mark.parametrize("look", ["all", "one"])
def test_the_slowest_engine(world: World, look: str) -> None:
    seen = OVERVIEW[look].but("model")
    every = _slowness(seen)
    slowest = max(every, key=lambda name: every[name].expected)
    for key in ("slowest_instance", "slowest_instances"):
        check(world, "overview", key, seen, lambda look: {slowest: every[slowest]}, top=["1"])


@pytest.mark.parametrize("key", ["unevenness", "spread_of_load"])
def test_an_idle_fleet_is_not_uneven(world: World, key: str) -> None:
    check(world, "overview", key, OVERVIEW["idle"].but("model"), _unevenness)


def test_an_idle_role_is_not_judged(world: World) -> None:
    shown = world.lines("overview", "unevenness", OVERVIEW["idle"].but("model").chosen, before_end=3600 - engines.IDLE)
    steps = BOARDS["overview"].panel("unevenness")["fieldConfig"]["defaults"]["thresholds"]["steps"]
    colours = {
        value: [step["color"] for step in steps if step["value"] is None or step["value"] <= value][-1]
        for value in (*shown.values(), 1)
    }
    assert colours == {0: "text", 1: "green"}


def test_no_part_of_engines_is_below_0(world: World) -> None:
    """Where requests have moved, the mean is the difference of clocks."""
    look = Look(engines.MOVED, OVERVIEW["all"].chosen).but("model", "instance")
    check(world, "overview", "engine_parts", look, lambda look: {})


@each(["goodput_now", "longest_part", "tightest_objective"])
def test_gateways_are_gone(world: World, key: str) -> None:
    check(world, "overview", key, NOBODY_THERE.but("instance"), lambda look: {"gateways gone": 0})


def test_moves_are_0_only_while_somebody_could_tell(world: World) -> None:
    check(world, "overview", "migrations", NOBODY_THERE.but("instance"), lambda look: {})
