"""The overview's answers about requests, in scenes made by hand: each has requests of other kinds."""

from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

import pytest

from llumnix_dash.catalog import gateway, vllm
from llumnix_dash.promql.charge import DOWN, IDLE, IN_CHARGE, NONE, NOT_ASKED, STORE_AWAY
from tests.prometheus.stores import Samples
from tests.proof import engines_in_scenes as engines
from tests.proof.engines_in_scenes import Engine
from tests.proof.expected import InBucket, about, quantile
from tests.proof.gateways_by_hand import HITS, LINES, NUMBERS, Look, Truth
from tests.proof.hand_made import SECONDS, World, world_of
from tests.proof.scenes_by_hand import COURSES, FLEETS, GONE, SCENES, STAGES, Scene
from tests.proof.scenes_by_hand import samples as requests
from tests.proof.streams import Happened, of
from tests.proof.test_hand_made_requests import check, each
from tests.proof.truth_request import E2E_SECONDS, TPOT_MILLISECONDS, TTFT_MILLISECONDS


def samples() -> Samples:
    """Gateways, schedulers and engines."""
    return engines.add_to(requests())


world = world_of(samples, ("prometheus",))

GATEWAYS_GONE = {"gateways gone": 0}


def _failed(found: Happened) -> float:
    """How many failed, as far as the counters tell: those that ended, less those with status 200."""
    return max(0, len(found.values(gateway.TTFT)) - round(found.where(status_code="200").count))


def _told(found: Happened) -> list[float]:
    """TTFTs but for those of the failed, who are taken to have failed at once, as far as any did."""
    ttfts = sorted(found.values(gateway.TTFT))
    at_once = sum(one <= gateway.TTFT.buckets[0] for one in ttfts)
    return ttfts[round(min(_failed(found), at_once)) :]


def _in_time(found: Happened) -> float:
    """The share of requests by our engines that seem to have met TTFT."""
    met = min(sum(one <= TTFT_MILLISECONDS for one in _told(found)), found.where(status_code="200").count)
    return min(1.0, met / len(found.but(status_code="0").values(gateway.TTFT)))


def _in_pace(found: Happened) -> float | None:
    """The share of the paced that met TPOT."""
    paces = found.values(gateway.TPOT)
    return sum(one <= TPOT_MILLISECONDS for one in paces) / len(paces) if paces else None


def _bounds(found: Happened) -> tuple[float, float]:
    """The least and the most requests that met both objectives."""
    good, failed = found.where(status_code="200").count, _failed(found)
    missed = sum(one > TPOT_MILLISECONDS for one in found.values(gateway.TPOT))
    in_time = sum(one <= TTFT_MILLISECONDS for one in found.values(gateway.TTFT))
    met = sum(one <= TTFT_MILLISECONDS for one in _told(found))
    return max(0, in_time - failed - missed), max(0, min(met, good, good - max(0, missed - failed)))


def _goodput(look: Look) -> dict[str, Any]:
    found = look.requests(LINES)
    least, most = _bounds(found)
    counts = {"offered": len(found.values(gateway.TTFT)), "at least": least, "at most": most}
    return {name: about(count / LINES) for name, count in counts.items()}


def _goodput_now(look: Look) -> dict[str, Any]:
    found = look.requests(NUMBERS)
    least, most = _bounds(found)
    ended = len(found.values(gateway.TTFT))
    return {"at least": about(least / ended), "at most": about(min(1, most / ended))}


def _parts(found: Happened) -> dict[str, Any]:
    """Seconds of the mean answered request, by part."""
    e2es = found.values(gateway.E2E_LATENCY)
    if not e2es:
        return {}
    stages = dict(zip(("preprocess", "queue", "schedule", "first token"), (*STAGES, gateway.TTFT), strict=True))
    parts = {name: sum(found.values(stage)) / 1000 / len(e2es) for name, stage in stages.items()}
    return parts | {"generation": max(0.0, sum(e2es) / len(e2es) - sum(parts.values()))}


def _time_spent(look: Look) -> dict[str, Any]:
    """With a warning where the parts hold too much time; nothing where no request was answered."""
    found = look.requests(LINES)
    ended, parts = len(found.values(gateway.TTFT)), _parts(found)
    failed = ended - found.where(status_code="200").count > 0.01 * ended
    warned = {"over 1 % failed: parts too high": 0.0} if failed and parts else {}
    return {name: about(seconds) for name, seconds in parts.items()} | warned


def _longest_part(look: Look) -> dict[str, Any]:
    parts = _parts(look.requests(NUMBERS))
    return {name: about(seconds) for name, seconds in parts.items() if seconds == max(parts.values())}


def _taken(found: Happened) -> dict[str, InBucket]:
    shown = {}
    for name, metric, values, objective in (
        ("TTFT", gateway.TTFT, _told(found), TTFT_MILLISECONDS),
        ("TPOT", gateway.TPOT, found.values(gateway.TPOT), TPOT_MILLISECONDS),
        ("E2E", gateway.E2E_LATENCY, found.values(gateway.E2E_LATENCY), E2E_SECONDS),
    ):
        if values:
            p99 = quantile(0.99, values, metric.buckets)
            shown[name] = InBucket(p99.true / objective, p99.lower / objective, p99.upper / objective)
    return shown


def _cells(look: Look, model: str) -> dict[str, Any]:
    found = look.requests(NUMBERS).where(model=model)
    ended, told = len(found.values(gateway.TTFT)), _told(found)
    answered = found.where(status_code="200").count + found.where(status_code="0").count
    in_pace = _in_pace(found)
    cells = {
        "A": about(ended / NUMBERS),
        "B": about(min(1, answered / ended)),
        "E": about(_in_time(found) if in_pace is None else min(_in_time(found), in_pace)),
    }
    if told:
        cells["C"] = quantile(0.99, told, gateway.TTFT.buckets)
    if paces := found.values(gateway.TPOT):
        cells["D"] = quantile(0.99, paces, gateway.TPOT.buckets)
    return {f"{name} {model}": cell for name, cell in cells.items()}


def _models(look: Look) -> dict[str, Any]:
    return {name: cell for model in look.requests(NUMBERS).names("model") for name, cell in _cells(look, model).items()}


def _busiest(look: Look) -> dict[str, Any]:
    found = look.requests(NUMBERS)
    counts = {model: found.where(model=model).count for model in found.names("model")}
    return _cells(look, max(counts, key=lambda model: counts[model]))


def _share(key: str, name: str, look: Look) -> dict[str, Any]:
    found = look.requests(NUMBERS)
    share = _in_time(found) if key == "ttft" else _in_pace(found)
    return {} if share is None else {name: about(share)}


PANELS: dict[str, Truth] = {
    "goodput": _goodput,
    "goodput_now": _goodput_now,
    "time_spent": _time_spent,
    "longest_part": _longest_part,
    "objectives_taken": lambda look: dict(_taken(look.requests(LINES))),
    "models": _models,
    "ttft_within_objective_now": lambda look: _share("ttft", "TTFT OK", look),
    "tpot_within_objective_now": lambda look: _share("tpot", "TPOT OK", look),
}
# These say that the gateways are gone, and nothing else.
SAYING_SO = {"goodput_now", "longest_part", "ttft_within_objective_now", "tpot_within_objective_now"}


@pytest.mark.parametrize("scene", SCENES)
@each(PANELS)
def test_requests(world: World, key: str, scene: str) -> None:
    look = SCENES[scene]
    gone = look.number == GONE
    truth = (lambda look: GATEWAYS_GONE) if gone and key in SAYING_SO else PANELS[key]
    if not gone or key in {*SAYING_SO, "models"}:
        check(world, "overview", key, look, truth)


@pytest.mark.parametrize("scene", SCENES)
def test_the_tightest_objective(world: World, scene: str) -> None:
    """The highest of the P99s by their objectives; in one bucket any of two may be."""
    look = SCENES[scene]
    shown = world.lines("overview", "tightest_objective", look.chosen, before_end=SECONDS - look.age)
    if look.number == GONE:
        assert shown == GATEWAYS_GONE
        return
    taken = _taken(look.requests(NUMBERS))
    [(name, value)] = shown.items()
    assert value == taken[name]
    assert value >= max(one.lower for one in taken.values())


@pytest.mark.parametrize("scene", [name for name in SCENES if name.startswith("all")])
def test_the_model_with_most_requests(world: World, scene: str) -> None:
    check(world, "overview", "models", SCENES[scene], _busiest, top=["1"])


def _in_charge(scene: Scene, course: tuple[str, ...], where: Any) -> int:
    """Who assigns a fleet's requests; a scheduler is remembered for the ten minutes that are shown."""
    number = scene.number
    if not scene.but("model").requests(LINES).where(**where).but(model="o").values(gateway.TTFT):
        return IDLE
    if not course[number]:
        return DOWN if number and course[number - 1] else NONE
    codes = {"has no store": STORE_AWAY, "has no store any more": STORE_AWAY, "waits": NOT_ASKED}
    return codes.get(course[number], IN_CHARGE)


@pytest.mark.parametrize("scene", SCENES)
def test_who_assigns_requests(world: World, scene: str) -> None:
    look = SCENES[scene]
    codes = {
        f"{where['cluster']} {where['namespace']} by": _in_charge(look, course, _fleet(where))
        for where, course in zip(FLEETS, COURSES, strict=True)
        if where["cluster"] in look.chosen["cluster"] and where["namespace"] in look.chosen["namespace"]
    }
    check(world, "overview", "assigned_by", look, lambda look: codes, seconds=600)


def _fleet(where: Any) -> dict[str, str]:
    return {name: where[name] for name in ("cluster", "namespace")}


def _engines(scene: Look, **labels: str) -> list[Engine]:
    """Those of the chosen fleets."""
    wanted = {"cluster": scene.chosen["cluster"], "namespace": scene.chosen["namespace"]}
    wanted |= {name: [value] for name, value in labels.items()}
    return [one for one in engines.ENGINES if all(one.labels[name] in those for name, those in wanted.items())]


def _amount(scene: Look, seconds: float, metric: Any, own: Sequence[Engine]) -> float:
    streams = [stream for stream in engines.STREAMS if any(stream.labels is one.labels for one in own)]
    return of(streams, seconds=seconds, age=scene.age).amount(metric)


ROLES = ("decode", "neutral", "prefill")
SHOWN = 600


def _tells(scene: Look, role: str) -> bool:
    return _amount(scene, SHOWN, vllm.PROMPT_TOKENS_TOTAL, _engines(scene, infer_type=role)) > 0


def _instances(scene: Look, role: str) -> dict[tuple[str, ...], list[Engine]]:
    found: dict[tuple[str, ...], list[Engine]] = {}
    for one in _engines(scene, infer_type=role):
        found.setdefault(tuple(one.labels[name] for name in ("cluster", "pod", "instance", "namespace")), []).append(
            one
        )
    return found


def _idle(scene: Look) -> dict[str, Any]:
    return {
        role: sum(
            not _amount(scene, NUMBERS, vllm.GENERATION_TOKENS_TOTAL, own) for own in _instances(scene, role).values()
        )
        for role in ROLES
        if role != "prefill" or _tells(scene, role)
    }


def _running(scene: Look) -> dict[str, Any]:
    return {
        f"engines {role}": about(sum(one.running(scene.age) for one in _engines(scene, infer_type=role)))
        for role in ROLES
        if _tells(scene, role)
    }


def _slowness(scene: Look) -> dict[str, Any]:
    shown = {}
    for role in ROLES:
        paces = {}
        for name, own in _instances(scene, role).items():
            running = sum(fmean(one.running(scene.age - back) for back in range(0, NUMBERS, 15)) for one in own)
            tokens = _amount(scene, NUMBERS, vllm.GENERATION_TOKENS_TOTAL, own) / NUMBERS
            if running >= 0.5:
                paces[name] = running / max(tokens, 0.01)
        for (cluster, pod, instance, namespace), pace in paces.items():
            peers = [one for (east, _, _, space), one in paces.items() if (east, space) == (cluster, namespace)]
            name = f"{role} {cluster} {pod} {instance} {namespace} m"
            shown[name] = pytest.approx(min(99, pace / median(peers)), rel=0.03)
    return shown


def _hits(scene: Look, seconds: float) -> dict[str, float]:
    found = of(engines.LOOKUPS, seconds=seconds, age=scene.age, job="scheduler", **scene.chosen)
    chosen, most = (found.values(one) for one in HITS)
    own = [one for role in ("prefill", "neutral") for one in _engines(scene, infer_type=role)]
    hits, queries = (_amount(scene, seconds, one, own) for one in (vllm.PREFIX_CACHE_HITS, vllm.PREFIX_CACHE_QUERIES))
    shown = {"possible": fmean(most), "chosen": sum(chosen) / len(most)} if most else {}
    return shown | ({"got": 100 * min(1, hits / queries)} if queries else {})


def _gaps(scene: Look) -> dict[str, Any]:
    hits = _hits(scene, NUMBERS)
    pairs = {"lost by choice": ("possible", "chosen"), "not found": ("chosen", "got")}
    return {
        name: pytest.approx(hits[more] - hits[less], abs=0.1)
        for name, (more, less) in pairs.items()
        if {more, less} <= {*hits}
    }


OF_ENGINES: dict[str, Truth] = {
    "idle_instances": _idle,
    "slowest_instances": _slowness,
    "prefix_cache": lambda scene: {name: about(value) for name, value in _hits(scene, LINES).items()},
    "prefix_cache_gaps": _gaps,
}


@pytest.mark.parametrize("scene", SCENES)
@each(OF_ENGINES)
def test_engines(world: World, key: str, scene: str) -> None:
    check(world, "overview", key, SCENES[scene], OF_ENGINES[key], seconds=SHOWN, top=["50"])


@pytest.mark.parametrize("scene", SCENES)
def test_running(world: World, scene: str) -> None:
    check(world, "overview", "store_against_engines", SCENES[scene], _running, seconds=SHOWN)


@pytest.mark.parametrize("scene", SCENES)
def test_the_slowest(world: World, scene: str) -> None:
    every = _slowness(SCENES[scene])
    most = max(one.expected for one in every.values())
    for key in ("slowest_instance", "slowest_instances"):
        chosen = {**SCENES[scene].chosen, "top": ["1"]}
        age = SCENES[scene].age
        [(name, value)] = world.lines("overview", key, chosen, before_end=SECONDS - age, seconds=SHOWN).items()
        assert value == every[name]
        assert every[name].expected > 0.97 * most
