"""What the overview's rows on what to do show: who waits for what, who assigns requests, what tokens cost."""

from collections.abc import Iterable
from typing import Any

from llumnix_dash.catalog import vllm
from llumnix_dash.fleet.deployment import RunningDeployment
from llumnix_dash.fleet.engine import CAPACITY_TOKENS
from llumnix_dash.fleet.leg import Leg
from llumnix_dash.promql.charge import DOWN, IDLE, IN_CHARGE, NOT_ASKED, STORE_AWAY
from tests.proof import truth_cms
from tests.proof.events import Events
from tests.proof.expected import Between, about, quantile
from tests.proof.truth_request import Truth

# With the default objectives: half of 2 s, and 50 ms.
LONGEST_WAIT = 1.0
LONGEST_GAP = 0.05
MOST_USAGE = 0.9

Interval = tuple[float, float]


class Shortage:
    """What waits in a deployment, and how much of it is done, within the window.

    Args:
        events: what happened.
        deployment: whose.
    """

    def __init__(self, events: Events, deployment: RunningDeployment) -> None:
        self._events = events
        own = {id(engine) for engine in deployment.engines}
        self._legs = [leg for request in events.requests for leg in request.legs if id(leg.engine) in own]
        self.roles = {engine.pool.role for engine in deployment.engines}
        self.instances = {role: sum(one.pool.role == role for one in deployment.engines) for role in self.roles}

    def of(self, role: str) -> list[Leg]:
        """All that engines of the role ever had."""
        return [leg for leg in self._legs if leg.engine.pool.role == role]

    def share_of_time(self, interval: Interval) -> float:
        """The share of the window that lies in the interval."""
        since, until = self._events.now - self._events.seconds, self._events.now
        return max(0.0, min(until, interval[1]) - max(since, interval[0])) / self._events.seconds

    def end(self, leg: Leg, time: float | None) -> float:
        """When it was over on its engine, or the moment itself came, or now."""
        return min(one for one in (time, leg.finished, self._events.now) if one is not None)

    def wait_for_prefill(self, role: str, *, with_cached: bool = False, as_expected: bool = False) -> float:
        """Tokens that wait, in the mean over the window, by those that are computed a second.

        Args:
            role: whose.
            with_cached: whether cached tokens count as computed, where nobody tells of them.
            as_expected: whether those count as waiting that the scheduler expects to be computed.
        """
        legs = [leg for leg in self.of(role) if leg.prefills]
        tokens = _expected if as_expected else _uncached
        waiting = sum(tokens(leg) * self.share_of_time((leg.arrived, self.end(leg, leg.started))) for leg in legs)
        done = [leg for leg in legs if self._events.recent(leg.first_token)]
        computed = sum(leg.request.prompt_tokens if with_cached else _uncached(leg) for leg in done)
        return waiting * self._events.seconds / computed

    def wait_for_decode(self) -> float:
        """Requests whose KV cache is there, or whose way there is not told, by those that begin a second."""
        waiting, begun = 0.0, 0
        for leg in self.of("decode"):
            there = leg.arrived if not leg.engine.hybrid else leg.loading_until or leg.arrived
            waiting += self.share_of_time((there, self.end(leg, leg.started)))
            begun += self._events.recent(leg.first_token)
        return waiting * self._events.seconds / begun

    def used(self, role: str) -> float:
        """The share of the role's KV caches that is taken by what they compute, in the mean over the window."""
        tokens = 0.0
        for leg in self.of(role):
            if leg.started is not None:
                until = self.end(leg, None)
                middle = leg.tokens_at((max(leg.started, self._events.now - self._events.seconds) + until) / 2)
                tokens += middle * self.share_of_time((leg.started, until))
        return tokens / CAPACITY_TOKENS / self.instances[role]

    def gaps(self, role: str) -> list[float]:
        """All gaps between tokens on the role's engines."""
        return [gap for leg in self.of(role) if leg.server is not None for gap in self._events.gaps(leg)]

    def gap_is_long(self, role: str) -> bool:
        """Whether more than a quarter of the gaps are beyond the objective."""
        gaps = self.gaps(role)
        return sum(gap > LONGEST_GAP for gap in gaps) > len(gaps) / 4


def _uncached(leg: Leg) -> int:
    return leg.request.prompt_tokens - leg.request.cached_tokens


def _expected(leg: Leg) -> int:
    return leg.request.prompt_tokens - leg.request.expected_tokens


def _name(deployment: RunningDeployment, part: str) -> str:
    """The line's legend: cluster, namespace and part."""
    return f"{deployment.deployment.cluster or ''} {deployment.deployment.namespace or ''} {part}"


def near(*values: float) -> Between:
    """As near to these waits as twenty scrapes tell them: a fifth, or a twentieth of a second where nothing waits."""
    return Between(0.8 * min(values) - 0.05, 1.2 * max(values) + 0.05)


def _prefill(true: Shortage, role: str, *, silent: bool = False) -> Between:
    """What it is, or with what the scheduler expects of short prompts; or less, where nobody tells what was cached."""
    values = [true.wait_for_prefill(role, as_expected=one) for one in (False, True)]
    return near(*values, *([true.wait_for_prefill(role, with_cached=True)] if silent else []))


def waits(events: Events) -> dict[str, Any]:
    """How long requests wait."""
    shown: dict[str, Any] = {"  too long": LONGEST_WAIT}
    for deployment in events.deployments:
        true = Shortage(events, deployment)
        if "prefill" in true.roles:
            silent = deployment.deployment.transfer == "kvt-batch"
            shown[_name(deployment, "for prefill")] = _prefill(true, "prefill", silent=silent)
            shown[_name(deployment, "for decode")] = near(true.wait_for_decode())
        if "neutral" in true.roles:
            shown[_name(deployment, "for neutral")] = _prefill(true, "neutral")
    return shown


def what_to_add(events: Events) -> dict[str, float]:
    """The verdict that the true waits, usages and gaps come to."""
    shown: dict[str, float] = {}
    for deployment in events.deployments:
        true = Shortage(events, deployment)
        if "prefill" in true.roles:
            prefill = true.wait_for_prefill("prefill") > LONGEST_WAIT
            decode = true.wait_for_decode() > LONGEST_WAIT or true.used("decode") > MOST_USAGE
            shown[_name(deployment, "prefill/decode")] = prefill + 2.0 * (decode or true.gap_is_long("decode"))
        if "neutral" in true.roles:
            short = true.wait_for_prefill("neutral") > LONGEST_WAIT or true.used("neutral") > MOST_USAGE
            shown[_name(deployment, "neutral")] = 4.0 * (short or true.gap_is_long("neutral"))
    return shown


def decode_usage(events: Events) -> dict[str, Any]:
    """At least what is held, or nearly so; above it only by what waits, of which a fleet at ease has next to none."""
    shown: dict[str, Any] = {}
    for deployment in events.deployments:
        true = Shortage(events, deployment)
        for role in sorted({"decode", "neutral"} & true.roles):
            used = true.used(role)
            shown[_name(deployment, role)] = Between(0.8 * used, 1.3 * used + 0.02)
    return shown


def token_gaps(events: Events) -> dict[str, Any]:
    """The gap that three in four keep to."""
    shown: dict[str, Any] = {"  objective": LONGEST_GAP}
    for deployment in events.deployments:
        true = Shortage(events, deployment)
        for role in sorted({"decode", "neutral"} & true.roles):
            shown[_name(deployment, role)] = quantile(0.75, true.gaps(role), vllm.ITL.buckets)
    return shown


def assigned_by(events: Events, *, window: float, before_end: float = 0) -> dict[str, float]:
    """Who assigned requests at a moment: as what happened within the window, and the last 5 minutes, says."""
    now = events.now
    shown: dict[str, float] = {}
    for deployment in events.deployments:
        if not any(one.process.is_up(now) for one in deployment.gateways):
            continue
        requests = deployment.frontend.requests

        def happened(times: Iterable[float | None], seconds: float) -> bool:
            return any(time is not None and now - seconds < time <= now for time in times)

        up = any(one.process.is_up(now) for one in deployment.schedulers)
        errors = [(time, error) for one in requests for time, error in one.failed_schedulings]
        scheduled = [time for one in requests for time in one.schedulings]
        if not happened((one.finished for one in requests), window):
            code = IDLE
        elif not up:
            code = DOWN
        elif happened((time for time, error in errors if error == "cms_not_available"), window) and not happened(
            scheduled, window
        ):
            code = STORE_AWAY
        elif happened([*scheduled, *(time for time, error in errors if error != "cms_not_available")], 300):
            code = IN_CHARGE
        else:
            code = NOT_ASKED
        shown[_name(deployment, "by")] = float(code)
    return shown


def loading_time(events: Events) -> dict[str, Any]:
    """How long decode instances had requests whose KV cache was on its way, by those that began, within the window."""
    shown: dict[str, Any] = {}
    for deployment in events.deployments:
        true = Shortage(events, deployment)
        legs = true.of("decode")
        loading = sum(true.share_of_time((leg.arrived, true.end(leg, leg.loading_until))) for leg in legs)
        begun = sum(events.recent(leg.first_token) for leg in legs)
        value = loading * events.seconds / begun
        part = "prefill and transfer" if deployment.deployment.transfer == "kvt-batch" else "transfer"
        shown[_name(deployment, part)] = Between(0.65 * value, 1.35 * value)
    return shown


def tokens_per_dollar(events: Events, prices: dict[str, float]) -> dict[str, Any]:
    """Output tokens by what the engines cost."""
    dollars = sum(prices[role] * len(engines) for role, engines in events.roles().items())
    tokens = sum(one.output_tokens for one in events.answered)
    return {"Output Tokens per $": about(tokens / events.seconds * 3600 / dollars)}


PANELS: dict[str, Truth] = {
    "what_to_add": what_to_add,
    "waits": waits,
    "token_gaps": token_gaps,
    "requests_and_schedulings": lambda events: {
        "requests": events.a_second(1 for _ in events.answered),
        "schedulings": events.a_second(1 for _ in events.scheduled),
    },
    "instances_known": truth_cms.PANELS["instances"],
}
