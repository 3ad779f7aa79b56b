"""Engines of before vLLM 0.18 in the scenes of ``scenes_by_hand``, and the cache index that schedulers ask."""

from collections.abc import Mapping
from dataclasses import dataclass

from llumnix_dash.catalog import vllm
from tests.prometheus.stores import Samples
from tests.proof.gateways_by_hand import FIRST, HITS, STRANGERS
from tests.proof.scenes_by_hand import ALWAYS, FLEETS, LAST_MINUTE, MIXTURES, SCENE, drawn, flows
from tests.proof.streams import Stream, write

NUMBER = len(MIXTURES)
# In this scene no prompt is looked up; in this one more hits are counted than what they are hits of.
NOTHING_LOOKED_UP, TOO_MANY_HITS = 3, 4
# Until this scene prefill engines tell nothing.
SILENT = 5


@dataclass(frozen=True, eq=False)
class Engine:
    """One engine."""

    labels: Mapping[str, str]
    size: float = 1

    def rates(self, what: str) -> list[float]:
        """How many a second in each scene; none where an engine of that instance is idle."""
        rates = [round(self.size * drawn(what, scene, self.labels), 1) for scene in range(NUMBER)]
        return [rate * (self.size > 1 or not self.idle(scene)) for scene, rate in enumerate(rates)]

    def idle(self, scene: int) -> bool:
        """Whether it gives no token in a scene."""
        return drawn("idle", scene, self.labels) < 1

    def running(self, age: int) -> float:
        """Requests that it runs: others in the last minute of a scene; now and then next to none."""
        scene = min(NUMBER - 1, max(0, age - 1) // SCENE)
        usual = drawn("running", scene, self.labels) * self.size
        usual = usual if usual > 0.6 else 0.1
        return usual * (3 if age > (scene + 1) * SCENE - 60 and LAST_MINUTE[scene] > 1 else 1)


def _engine(where: Mapping[str, str], role: str, name: str, size: float = 1) -> Engine:
    labels = {"job": f"one/llumnix-engine-{role}", **where, "infer_type": role, "model_name": "m"}
    return Engine({**labels, "instance": name, "pod": f"p{name}", "engine": "0"}, size)


def _all_of(where: Mapping[str, str], size: float = 1) -> list[Engine]:
    fleet = {name: where[name] for name in ("cluster", "namespace")}
    engines = [
        _engine(fleet, role, name, size) for role in ("prefill", "decode", "neutral") for name in ("i", "j", "k")
    ]
    twins = [Engine({**one.labels, "engine": "1"}, size) for one in engines if one.labels["instance"] == "i"]
    if "job" in where:
        return [Engine({**one.labels, "job": where["job"]}, size) for one in (*engines, *twins)]
    return [*engines, *twins]


ENGINES = [one for where in FLEETS for one in _all_of(where)]
OTHERS = [one for where in STRANGERS[:3] for one in _all_of(where, 20)]


def _streams(one: Engine) -> list[Stream]:
    looked_up = [rate * (scene != NOTHING_LOOKED_UP or one.size > 1) for scene, rate in enumerate(one.rates("queries"))]
    hits = [
        rate * (1.3 if scene == TOO_MANY_HITS else 0.1 + 0.2 * drawn("share", one.labels))
        for scene, rate in enumerate(looked_up)
    ]
    tells = [
        rate * (scene >= SILENT or one.labels["infer_type"] != "prefill") for scene, rate in enumerate(one.rates("p"))
    ]
    prompts = one.rates("p") if one.size > 1 else tells
    return [
        Stream(one.labels, flows(rates, at_once=True), amounts={metric: 1})
        for metric, rates in (
            (vllm.GENERATION_TOKENS_TOTAL, one.rates("tokens")),
            (vllm.PREFIX_CACHE_QUERIES, looked_up),
            (vllm.PREFIX_CACHE_HITS, hits),
            (vllm.PROMPT_TOKENS_TOTAL, prompts),
        )
    ]


STREAMS = [stream for one in (*ENGINES, *OTHERS) for stream in _streams(one)]


def _lookups(where: Mapping[str, str], size: float) -> Stream:
    rates = [size * drawn("lookups", scene, where) * (0 < scene != NOTHING_LOOKED_UP) for scene in range(NUMBER)]
    best = 40 + 20 * drawn("best", where)
    return Stream({"job": "scheduler", **where}, flows(rates), {HITS[0]: best / 2, HITS[1]: best})


LOOKUPS = [
    *(_lookups({**FIRST, **where}, 3) for where in FLEETS),
    *(_lookups(where, 60) for where in STRANGERS[:3]),
]


def add_to(made: Samples) -> Samples:
    """Adds all of it to a store."""
    write(made, [*STREAMS, *LOOKUPS])
    for one in (*ENGINES, *OTHERS):
        made.add("vllm:num_requests_running", one.running, ALWAYS, **one.labels)
    return made
