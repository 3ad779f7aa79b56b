"""Gateways and schedulers in scenes made by hand, each of which has requests of other kinds.

A scene is long enough for the windows of all queries, and looked at when it ends. In its last minute there are more or
fewer requests than before, of all kinds alike: so a share is exact, and another window gives another number.
"""

from dataclasses import dataclass
from zlib import crc32

from llumnix_dash.catalog import gateway, scheduler
from tests.prometheus.stores import Samples
from tests.proof.gateways_by_hand import FIRST, PROCESSES, STRANGERS, Look
from tests.proof.hand_made import SECONDS, START
from tests.proof.streams import Happened, Stream, of, write

SCENE = 360
LAST_MINUTE = (2, 0.5, 2, 2, 0.5, 2, 2, 0.5, 0)
"""How many times as many requests the last minute of each scene has."""
GONE = len(LAST_MINUTE) - 1
"""The scene at whose end no gateway answers."""

# Of each kind of request: its status, TTFT and TPOT in milliseconds, E2E in seconds.
KINDS: dict[str, tuple[str, float, float | None, float | None]] = {
    "quick": ("200", 5, 12, 8),
    "usual": ("200", 1500, 40, 15),
    "slow": ("200", 7000, 120, 100),
    "choppy": ("200", 300, 90, 45),
    "refused": ("503", 0, None, None),
    "broken": ("503", 1500, 90, None),
    "external": ("0", 0, None, None),
}
# How much of each kind, in the order above, each scene has.
MIXTURES = (
    (0, 0, 0, 0, 3, 1, 1),
    (20, 9, 2, 1, 3, 1, 1),
    (1, 9, 3, 2, 1, 12, 0),
    (3, 9, 1, 30, 2, 3, 2),
    (9, 3, 1, 1, 0, 0, 3),
    (0.5, 2, 20, 2, 9, 2, 4),
    (60, 0, 0.2, 0.2, 40, 0, 2),
    (2, 0.5, 0, 0, 30, 0.5, 0),
    (3, 9, 2, 9, 2, 1, 1),
)
STAGES = (gateway.PREPROCESS_DURATION, gateway.QUEUE_DURATION, gateway.SCHEDULE_DURATION)
# The stage that is long in a scene, and how long, in milliseconds.
LONG = {2: (0, 4e5), 3: (1, 5e5), 4: (2, 6e5), 7: (1, 3000), 8: (2, 800)}
# In this scene no slow request comes in the last minute.
QUICK_AT_LAST = 1


def drawn(*what: object) -> float:
    """A number from 0.2 to 2, always the same of the same."""
    return (2 + crc32(" ".join(map(str, what)).encode()) % 19) / 10


def flows(rates: list[float], *, at_once: bool = False) -> list[tuple[float, float, float]]:
    """So many a second in each scene; a series that has none in the first begins in the second, or at once."""
    return [
        flow
        for scene, (rate, times) in enumerate(zip(rates, LAST_MINUTE, strict=True))
        for flow in (
            (scene * SCENE, scene * SCENE + SCENE - 60, rate),
            (scene * SCENE + SCENE - 60, (scene + 1) * SCENE, rate * times),
        )
        if scene or rate or at_once
    ]


def _requests(labels: dict[str, str], size: float) -> list[Stream]:
    """Of each kind as many a second as the mixture says, times a number drawn for this exporter."""
    streams = []
    for place, (kind, (status, ttft, tpot, e2e)) in enumerate(KINDS.items()):
        rates = [round(size * mixture[place] * drawn(kind, scene, labels), 1) for scene, mixture in enumerate(MIXTURES)]
        values = {gateway.TTFT: ttft, **dict(zip(STAGES, (1.5, 3, 0.7), strict=True))}
        values |= {gateway.TPOT: tpot} if tpot is not None else {}
        values |= {gateway.E2E_LATENCY: e2e} if e2e is not None else {}
        own = {"job": "gateway", **labels, "status_code": status}
        come = flows(rates)
        if kind == "slow":
            come = [one for one in come if one[:1] != ((QUICK_AT_LAST + 1) * SCENE - 60,)]
        streams.append(Stream(own, come, values, {gateway.REQUESTS: 1}))
    for scene, (stage, milliseconds) in LONG.items():
        rates = [size * drawn("long", scene, labels) * (one == scene) for one in range(len(MIXTURES))]
        streams.append(Stream({"job": "gateway", **labels}, flows(rates), {STAGES[stage]: milliseconds}))
    # In one scene more answers are counted than there are times to a first token.
    extra = [size * 6 * drawn("extra", labels) * (one == 4) for one in range(len(MIXTURES))]
    streams.append(
        Stream({"job": "gateway", **labels, "status_code": "200"}, flows(extra), amounts={gateway.REQUESTS: 1})
    )
    return streams


FLEETS = PROCESSES[:3]
ALWAYS = (0, SECONDS)
REQUESTS = [
    stream
    for labels, size in (
        *(({"model": "m", **where}, 1) for where in PROCESSES[:4]),
        *(({"model": "n", **where}, 1.3) for where in PROCESSES[:2]),
        *(({"model": model, **where}, 30) for where in STRANGERS[:3] for model in ("m", "n")),
        ({"model": "o", **FIRST}, 30),
    )
    for stream in _requests(labels, size)
]

# What a scheduler does in a scene: requests it schedules, as a whole and in the last minute; those for which it finds
# no instance; and those for which it cannot read its store.
DOES: dict[str, tuple[float, float, float, float]] = {
    "schedules": (3, 3, 0, 0),
    "scheduled": (3, 0, 0, 0),
    "finds none": (0, 0, 2, 0),
    "has no store": (0, 0, 0, 4),
    "had no store": (2, 2, 0, 4),
    "has no store any more": (3, 0, 0, 4),
    "waits": (0, 0, 0, 0),
}
# Of each fleet, scene by scene; "" where there is no scheduler.
COURSES = (
    ("waits", "schedules", "has no store", "scheduled", "finds none", "", "", "had no store", "schedules"),
    ("", "waits", "schedules", "has no store any more", "", "waits", "finds none", "has no store", "waits"),
    ("schedules", "had no store", "", "", "waits", "scheduled", "has no store", "", "waits"),
)
COUNTED = (
    ("", scheduler.SCHEDULINGS),
    ("no_available_endpoint", scheduler.FAILED_SCHEDULINGS),
    ("cms_not_available", scheduler.FAILED_SCHEDULINGS),
    ("another", scheduler.FAILED_SCHEDULINGS),
)


def _schedulings(labels: dict[str, str], course: tuple[str, ...]) -> list[Stream]:
    flows: dict[str, list[tuple[float, float, float]]] = {reason: [] for reason, _ in COUNTED}
    for scene, does in enumerate(course):
        begin, late, end = scene * SCENE, (scene + 1) * SCENE - 60, (scene + 1) * SCENE
        done, done_late, none, away = DOES.get(does, (0, 0, 0, 0))
        flows[""] += [(begin, late, done), (late, end, done_late)]
        flows["no_available_endpoint"].append((begin, late, none))
        flows["cms_not_available"].append((late, end, away))
        flows["another"].append((begin, end, 5 if does else 0))
    return [
        Stream(
            {"job": "scheduler", **labels} | ({"error_type": reason} if reason else {}),
            [flow for flow in flows[reason] if flow[2]] or [(0, SECONDS, 0)],
            amounts={metric: 1},
        )
        for reason, metric in COUNTED
    ]


@dataclass(frozen=True, eq=False)
class Scene(Look):
    """The end of a scene, and what is chosen on the page."""

    def requests(self, seconds: float, streams: list[Stream] = REQUESTS) -> Happened:  # type: ignore[override]
        """Of the gateways that are chosen."""
        return of(streams, seconds=seconds, age=self.age, job="gateway", **self.chosen)

    @property
    def number(self) -> int:
        """Which scene it is."""
        return self.age // SCENE - 1


EVERYTHING = {"cluster": ["east", "west"], "namespace": ["one", "two"], "model": ["m", "n"]}
ONE = {"cluster": ["east"], "namespace": ["one"], "model": ["m"]}
SCENES = {
    f"{name} {number}": Scene((number + 1) * SCENE, chosen)
    for number in range(len(MIXTURES))
    for name, chosen in (("all", EVERYTHING), *([("one", ONE)] if number % 3 == 0 else []))
}


def samples() -> Samples:
    """All of it."""
    made = Samples(START, SECONDS, 15)
    write(made, REQUESTS)
    for where in (*PROCESSES[:4], *STRANGERS[:3]):
        stranger = where in STRANGERS
        labels = {"job": "gateway", **where}
        end = SECONDS if stranger else (GONE + 1) * SCENE - 61
        made.add("up", lambda age, end=end: float(age <= end), ALWAYS, **labels)  # type: ignore[misc]
        made.add("gateway_pending_requests", lambda age: 0, ALWAYS, **labels)
    for where, course in zip(FLEETS, COURSES, strict=True):
        for scene, does in enumerate(course):
            if does:
                between = (scene * SCENE + 1, (scene + 1) * SCENE)
                made.add("uptime_seconds", lambda age: age + 5, between, job="scheduler", **where)
        write(made, _schedulings(dict(where), course))
    for where in STRANGERS[:3]:
        made.add("uptime_seconds", lambda age: age + 5, ALWAYS, **{"job": "scheduler", **where})
        write(made, _schedulings(dict(where), ("had no store", "finds none") * (len(MIXTURES) // 2 + 1)))
    return made
