"""Signals that somebody is told of: one value per fleet, role or instance, over windows that do not follow the zoom.

A signal that only counts in a certain case, such as requests that stand still while none ends, is 0 in every other: its
line is there on quiet days, too, and shows that somebody looks.
"""

from llumnix_dash.catalog import cms, gateway, kubernetes, process, scheduler, vllm
from llumnix_dash.catalog.labels import COMPONENT, FLEET, INSTANCE, POD, ROLE
from llumnix_dash.catalog.metric import Counter, Exporter, Metric, Unit, require
from llumnix_dash.promql.balance import OF_INSTANCE, PEERS, slowness
from llumnix_dash.promql.combined import reaching
from llumnix_dash.promql.counters import attempts, rate
from llumnix_dash.promql.histograms import observations
from llumnix_dash.promql.instances import staleness
from llumnix_dash.promql.kept import Kept
from llumnix_dash.promql.query import RECENT, Query, Scope, Where, grouped, number, selector

# What was there within so long is missed; what has been gone for longer was taken away.
_MISSED = "15m"
# A fleet that has had a scheduler, or long prompts, within so long is one that has them.
_KNOWN = "1d"
_IN_FLEET = f"on ({', '.join(FLEET)})"
_OF_ENGINE = (*FLEET, ROLE, POD, INSTANCE)
_OF_PROCESS = (*FLEET, COMPONENT, INSTANCE)
# Statuses of requests that were answered, or whose failing is the client's own; and that of which no more is known.
NOT_FAILED = ("2..", "0", "404", "499", gateway.OVERFLOW)
# Of the engines of one role and model, so many have a middle one to be held against.
LEAST_PEERS = 3


def requests_that_hang() -> Query:
    """Requests under way at the gateways throughout the last 5 minutes, in which no engine made a token; else 0.

    All metrics of a request are written when it ends, so that one that hangs is in no other; a stream that stands still
    ends after 5 minutes, as a success. What an external route or the fallback answers (status 0) needs no engine.
    """
    tokens = rate(vllm.GENERATION_TOKENS_TOTAL, by=(*FLEET, ROLE), window=RECENT)

    def text(scope: Scope) -> str:
        standing = f"sum{grouped(FLEET)}(min_over_time({selector(gateway.CURRENT_REQUESTS, scope)}[{RECENT}]))"
        still = f"max{grouped(FLEET)}({tokens.text(scope)}) == 0"
        elsewhere = selector(gateway.REQUESTS, scope, where={"status_code": "0"})
        others = f"sum{grouped(FLEET)}(rate({elsewhere}[{RECENT}])) > 0"
        return _only(standing, f"and {_IN_FLEET} ({still}) unless {_IN_FLEET} ({others})")

    return Query(text, Unit.REQUESTS, (gateway.CURRENT_REQUESTS, vllm.GENERATION_TOKENS_TOTAL, gateway.REQUESTS))


def gone(exporter: Exporter, *, by: tuple[str, ...] = FLEET) -> Query:
    """How many targets of a component there should be, where none answers; else 0.

    Those that scraping still knows, or knew and reached 15 minutes ago, or that kube-state-metrics says are wanted; but
    none where it says that none is wanted. Without it, a component that is scaled to zero reads as gone for 15 minutes.
    """
    answers = process.ANSWERS[exporter]
    answers.check_labels(*by)
    within = f"on ({', '.join(by)})"

    def text(scope: Scope) -> str:
        series, wanted = selector(answers, scope), _wanted(exporter, by, scope)
        known = f"count{grouped(by)}(last_over_time({series}[{_KNOWN}]))"
        there = f"count{grouped(by)}({series})"
        before = f"count{grouped(by)}({series} offset {_MISSED} == 1)"
        missed = f"{there} or {before} or ({wanted} > 0 and {within} {known})"
        now = f"count{grouped(by)}({series} == 1)"
        return f"(({missed}) unless {within} {now} unless {within} ({wanted} == 0)) or 0 * {known}"

    return Query(text, Unit.COUNT, (answers,))


def unassigned_requests() -> Query:
    """Requests a second that end while no scheduler is asked for an instance, where there has been one; else 0.

    Gateways go round-robin then and answer 200: it is the only sign of a scheduler, or of a cluster meta store, that is
    down.
    """
    ended = observations(gateway.TTFT, by=FLEET, window=RECENT)
    asked = rate(scheduler.SCHEDULINGS, by=FLEET, window=RECENT)
    answers = process.ANSWERS[scheduler.SCHEDULINGS.exporters[0]]

    def text(scope: Scope) -> str:
        failed = selector(scheduler.FAILED_SCHEDULINGS, scope, where={"error_type": "no_available_endpoint"})
        # One that finds no instance has been asked, too.
        fruitless = f"sum{grouped(FLEET)}(rate({failed}[{RECENT}])) or 0 * {asked.text(scope)}"
        known = f"count{grouped(FLEET)}(last_over_time({selector(answers, scope)}[{_KNOWN}]))"
        unasked = f"unless {_IN_FLEET} ({asked.text(scope)} > 0) unless {_IN_FLEET} (({fruitless}) > 0)"
        return _only(ended.text(scope), f"and {_IN_FLEET} {known} {unasked}")

    return Query(text, Unit.REQUESTS_PER_SECOND, (gateway.TTFT, scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS))


def slowest_refresh() -> Query:
    """How often the scheduler replica that refreshes least reads the instances' status, in times a second."""
    refreshes = observations(scheduler.CMS_REFRESH_STATUS_DURATION, by=(*FLEET, INSTANCE), window=RECENT)
    return Query(
        lambda scope: f"min{grouped(FLEET)}({refreshes.text(scope)})",
        Unit.OPERATIONS_PER_SECOND,
        refreshes.metrics,
    )


def stuck_requests() -> Query:
    """Requests that an engine has run throughout the last 5 minutes, in which it made no token; else 0.

    Only while the fleet's gateways have requests under way: an engine's gauge may stay high after its last client left.
    """
    tokens = rate(vllm.GENERATION_TOKENS_TOTAL, by=_OF_ENGINE, window=RECENT)

    def text(scope: Scope) -> str:
        running = f"sum{grouped(_OF_ENGINE)}(min_over_time({selector(vllm.RUNNING_REQUESTS, scope)}[{RECENT}]))"
        current = f"sum{grouped(FLEET)}(min_over_time({selector(gateway.CURRENT_REQUESTS, scope)}[{RECENT}]))"
        stuck = f"unless on ({', '.join(_OF_ENGINE)}) ({tokens.text(scope)} > 0)"
        return _only(running, f"{stuck} and {_IN_FLEET} ({current} > 0)")

    return Query(text, Unit.REQUESTS, (vllm.RUNNING_REQUESTS, vllm.GENERATION_TOKENS_TOTAL, gateway.CURRENT_REQUESTS))


def slowness_among_peers() -> Query:
    """:func:`slowness` of the instances that have peers enough for one to be in the middle; of others 0."""
    slow = slowness()

    def text(scope: Scope) -> str:
        among = f"count{grouped(PEERS)}({slow.text(scope)}) >= {number(LEAST_PEERS)}"
        every = f"sum{grouped(OF_INSTANCE)}(avg_over_time({selector(vllm.RUNNING_REQUESTS, scope)}[{RECENT}]))"
        return f"(({slow.text(scope)}) and on ({', '.join(PEERS)}) ({among})) or 0 * {every}"

    return Query(text, slow.unit, slow.metrics)


def restarts() -> Query:
    """How many times each gateway and scheduler process has begun anew within 30 minutes."""

    def text(scope: Scope) -> str:
        return f"max{grouped(_OF_PROCESS)}(resets({selector(process.UPTIME, scope)}[30m]))"

    return Query(text, Unit.COUNT, (process.UPTIME,))


def overflowing() -> Query:
    """Requests a second whose labels were beyond those that a gateway keeps apart; else 0."""

    def text(scope: Scope) -> str:
        every, lost = (
            f"sum{grouped(FLEET)}(rate({selector(gateway.REQUESTS, scope, where=where)}[{RECENT}]))"
            for where in (None, {"model": gateway.OVERFLOW})
        )
        return f"{lost} or 0 * {every}"

    return Query(text, Unit.REQUESTS_PER_SECOND, (gateway.REQUESTS,))


def ghosts() -> Query:
    """How many instances the cluster meta store tells of that seem busy and have not changed for 10 minutes."""
    stale = staleness(cms.USED_GPU_TOKENS, cms.RUNNING_REQUESTS)
    return Query(lambda scope: f"sum{grouped(FLEET)}({stale.text(scope)} > bool 1)", Unit.COUNT, stale.metrics)


def silent_targets() -> Query:
    """How many targets of each job do not answer when they are scraped."""
    by = (*FLEET, COMPONENT)

    def text(scope: Scope) -> str:
        of_each = [
            f"count{grouped(by)}({series} == 0) or 0 * count{grouped(by)}({series})"
            for series in (selector(answers, scope) for answers in process.ANSWERS.values())
        ]
        return " or ".join(of_each)

    return Query(text, Unit.COUNT, tuple(process.ANSWERS.values()))


def unanswered_index() -> Query:
    """Prompts a second for which the scheduler notes a hit of 0, since the cache index answers for none; else 0.

    A hit is noted for every prompt, the best hit of any instance only where the index has answered for a long one. So
    long prompts must have been there within a day.
    """
    noted = observations(scheduler.PREFIX_CACHE_HIT_PERCENT, by=FLEET, window=RECENT)
    answered = observations(scheduler.MAX_PREFIX_CACHE_HIT_PERCENT, by=FLEET, window=RECENT)

    def text(scope: Scope) -> str:
        series = selector(scheduler.MAX_PREFIX_CACHE_HIT_PERCENT, scope, suffix="_count")
        known = f"count{grouped(FLEET)}(last_over_time({series}[{_KNOWN}]))"
        silent = f"and {_IN_FLEET} {known} unless {_IN_FLEET} ({answered.text(scope)} > 0)"
        return _only(noted.text(scope), silent)

    return Query(
        text,
        Unit.REQUESTS_PER_SECOND,
        (scheduler.PREFIX_CACHE_HIT_PERCENT, scheduler.MAX_PREFIX_CACHE_HIT_PERCENT),
    )


def share_of(part: Metric, whole: Query, *, by: tuple[str, ...], window: str) -> Query:
    """A counter's share of what a query counts a second, by labels: 0 where the counter has no series yet, at most 1.

    Raises:
        CatalogError: the part is no counter, or does not bear a label.
    """
    part = require(part, Counter, "a share")
    part.check_labels(*by)

    def text(scope: Scope) -> str:
        every = whole.text(scope)
        some = f"sum{grouped(by)}(rate({selector(part, scope)}[{window}]))"
        return f"clamp_max(({some} or 0 * {every}) / ({every} > 0), 1)"

    return Query(text, Unit.RATIO, (part, *whole.metrics))


def answered(*, by: tuple[str, ...] = FLEET, where: Where | None = None, window: str) -> Kept:
    """Requests that were answered, of all that ended.

    A client that left (499) and a name of a model that nobody serves (404) are no failures of the fleet.
    """
    ended = observations(gateway.TTFT, by=by, where=where, window=window)
    well = rate(gateway.REQUESTS, by=by, where={**(where or {}), "status_code": NOT_FAILED}, window=window)
    part = Query(lambda scope: f"({well.text(scope)} or 0 * {ended.text(scope)})", ended.unit, well.metrics)
    return Kept(part, ended)


def failed_share(*, by: tuple[str, ...] = FLEET, window: str) -> Query:
    """The share of requests that nobody answered, 0 to 1; see :func:`answered`."""
    return answered(by=by, window=window).lost_share


def failed_requests(*, window: str, seconds: float, at_least: float) -> Query:
    """How many requests of each fleet nobody answered within the window, of so many seconds, where it is enough."""
    share, ended = failed_share(window=window), observations(gateway.TTFT, by=FLEET, window=window)
    return Query(
        lambda scope: f"{share.text(scope)} * {ended.text(scope)} * {number(seconds)} >= {number(at_least)}",
        Unit.REQUESTS,
        share.metrics,
    )


def flowing(at_least: float, *, window: str = RECENT) -> Query:
    """Requests a second that end, of the fleets where it is so many or more."""
    return reaching(observations(gateway.TTFT, by=FLEET, window=window), at_least)


def attempted(at_least: float) -> Query:
    """Schedulings a second that were tried, of the fleets where it is so many or more."""
    return reaching(attempts(scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS, by=FLEET, window=RECENT), at_least)


def _only(value: str, case: str) -> str:
    """The value in the case, which is given as a set operator and what stands to its right; else 0."""
    return f"({value} {case}) or 0 * {value}"


def _wanted(exporter: Exporter, by: tuple[str, ...], scope: Scope) -> str:
    """How many replicas are wanted: nothing where no kube-state-metrics tells."""
    wanted, workload = kubernetes.WANTED[exporter], kubernetes.WORKLOAD[exporter]
    if ROLE in by:
        series = f'label_join({selector(wanted, scope)}, "{ROLE}", "", "{workload}")'
    else:
        series = selector(wanted, scope, where={workload: exporter.name})
    return f"sum{grouped(by)}({series})"
