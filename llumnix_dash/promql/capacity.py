"""What is short, prefill or decode: how long requests wait for each, and the verdict that follows.

All is by fleet, since an instance is added to one, and over the last minutes: a verdict that flickers is none. A wait
is not measured but follows from Little's law: what waits, in the mean, by what is done a second.
"""

from llumnix_dash.catalog import cms, scheduler, vllm
from llumnix_dash.catalog.labels import FLEET, ROLE
from llumnix_dash.catalog.metric import Metric, Unit
from llumnix_dash.promql.charge import RARE_BY_FLEET, STORE_IS_AWAY
from llumnix_dash.promql.combined import named
from llumnix_dash.promql.counters import rate
from llumnix_dash.promql.histograms import Objective, observations, quantile
from llumnix_dash.promql.instances import average, instances, total
from llumnix_dash.promql.query import RANGE, RECENT, Query, Scope, Where

# Where a request waits for one thing for more than this share of the TTFT objective, the rest of its way has too little
# left: queue, schedule, the prompt itself and the transfer are to fit in as well.
WAIT_SHARE = 0.5
# Of the KV cache, projected, in the mean over a role's instances: beyond it vLLM soon puts running requests back. The
# fullest instance alone would tell of uneven load, not of too few instances.
MOST_USAGE = 0.9
# Of the gaps between tokens. A sick instance among few gives few tokens, fewer than a quarter of all; where more than a
# quarter come late, the role as a whole is slow.
GAP_QUANTILE = 0.75
# A transfer is over in an instant, and seen only where a scrape falls into it: fewer are chance.
LEAST_SEEN = 10
# In place of a verdict on what is no longer told.
UNKNOWN = 5
# In place of a time that too few tell.
UNSEEN = -1

_PROMPTS_COMPUTED = {"source": "local_compute"}
_IN_FLEET = f"on ({', '.join(FLEET)})"


def wait_for_prefill(role: str) -> Query:
    """Seconds of work that wait for the role's engines: tokens of waiting prompts, by tokens computed a second.

    Nothing while nothing is computed: no wait follows from it.
    """
    waiting = total(cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS, by=FLEET, where={ROLE: role}, window=RECENT)
    return _by(waiting, _computed(role), Unit.SECONDS)


def wait_for_decode() -> Query:
    """Seconds that a computed prompt waits for a decode engine: requests that wait there, by those begun a second."""
    waiting = total(cms.WAITING_REQUESTS, by=FLEET, where={ROLE: "decode"}, window=RECENT)
    return _by(waiting, _decodes_begun(RECENT), Unit.SECONDS)


def usage_without_loading(role: str) -> Query:
    """The mean KV cache usage of the role's instances, less the share of what is still on its way to them.

    With batch KVT a request is booked on its decode instance while it waits for prefill: too little prefill would look
    like too little decode. What the scheduler projects sinks by all that its books have drifted, for good; so it is no
    less than what the engines say they hold.
    """
    where = {ROLE: role}
    projected, held = (
        average(metric, by=FLEET, where=where, window=RECENT) for metric in (cms.KV_CACHE_USAGE, vllm.KV_CACHE_USAGE)
    )
    loading, all_tokens, used_tokens = (
        total(metric, by=FLEET, where=where, window=RECENT)
        for metric in (cms.TOKENS_LOADING_REQUESTS, cms.ALL_DECODES_TOKENS, cms.USED_GPU_TOKENS)
    )

    def booked(scope: Scope) -> str:
        on_its_way = f"{loading.text(scope)} / clamp_min({all_tokens.text(scope)}, 1)"
        return f"{projected.text(scope)} * (1 - clamp_max({on_its_way}, 1))"

    def taken(scope: Scope) -> str:
        used = used_tokens.text(scope)
        return f"{held.text(scope)} * {_IN_FLEET} {used} / clamp_min({used} + {loading.text(scope)}, 1)"

    metrics = (cms.KV_CACHE_USAGE, vllm.KV_CACHE_USAGE)
    both = named({"booked": Query(booked, Unit.RATIO, metrics), "taken": Query(taken, Unit.RATIO, metrics)})
    return Query(lambda scope: f"max by ({', '.join(FLEET)}) ({both.text(scope)})", Unit.RATIO, metrics)


def token_gap(role: str) -> Query:
    """The gap between a request's tokens that three in four keep to, on the role's engines, in seconds."""
    return quantile(GAP_QUANTILE, vllm.ITL, by=FLEET, where={ROLE: role}, window=RECENT)


def longest_wait(ttft: Objective) -> Query:
    """The wait, in seconds, beyond which something is short, where the store tells of any; see :data:`WAIT_SHARE`."""
    return _constant(_longest_wait(ttft), ttft, instances(cms.RUNNING_REQUESTS))


def longest_gap(tpot: Objective) -> Query:
    """The objective of time per output token, in the engines' unit, where there are gaps to hold against it."""
    gaps = observations(vllm.ITL, by=(ROLE,), window=RECENT)
    return _constant(_longest_gap(tpot), tpot, Query(lambda scope: f"{gaps.text(scope)} > 0", gaps.unit, gaps.metrics))


def shortage(ttft: Objective, tpot: Objective) -> Query:
    """What each fleet's prefill and decode engines, and its neutral ones, are short of: a number by fleet and part.

    0 is nothing, 1 prefill, 2 decode, 3 both; of neutral engines, which do both, 4 is instances. A fleet without a
    role has no such line; without a cluster meta store it has none at all, and while the scheduler cannot read it all
    is :data:`UNKNOWN`.
    """
    waits, gap = _longest_wait(ttft), _longest_gap(tpot)

    def decode(role: str, scope: Scope, *more: str) -> str:
        crowded = f"{usage_without_loading(role).text(scope)} > {MOST_USAGE:g}"
        slow = f"{token_gap(role).text(scope)} > {gap}"
        return " or ".join([*more, crowded, slow])

    def pair(scope: Scope) -> str:
        late = f"{wait_for_prefill('prefill').text(scope)} > {waits}"
        late_to_decode = f"{wait_for_decode().text(scope)} > {waits}"
        prefill = _code(late, 1, "prefill", scope)
        return f"({prefill}) + {_IN_FLEET} ({_code(decode('decode', scope, late_to_decode), 2, 'decode', scope)})"

    def neutral(scope: Scope) -> str:
        late = f"{wait_for_prefill('neutral').text(scope)} > {waits}"
        return _code(decode("neutral", scope, late), 4, "neutral", scope)

    metrics = (
        cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS,
        cms.WAITING_REQUESTS,
        cms.KV_CACHE_USAGE,
        vllm.ITL,
        vllm.PROMPT_TOKENS_BY_SOURCE,
    )
    parts = named({"prefill/decode": Query(pair, Unit.COUNT, metrics), "neutral": Query(neutral, Unit.COUNT, metrics)})
    away = rate(scheduler.FAILED_SCHEDULINGS, by=RARE_BY_FLEET, where=STORE_IS_AWAY)
    prefill, decodes, neutrals = (
        instances(cms.RUNNING_REQUESTS, by=FLEET, where={ROLE: role}) for role in ("prefill", "decode", "neutral")
    )
    unknown = named(
        {
            "prefill/decode": Query(
                lambda scope: f"({prefill.text(scope)} and {_IN_FLEET} {decodes.text(scope)}) * 0 + {UNKNOWN}",
                Unit.COUNT,
                metrics,
            ),
            "neutral": Query(lambda scope: f"{neutrals.text(scope)} * 0 + {UNKNOWN}", Unit.COUNT, metrics),
        }
    )
    return Query(
        lambda scope: f"({parts.text(scope)}) unless {_IN_FLEET} (({away.text(scope)}) > 0) or {unknown.text(scope)}",
        Unit.COUNT,
        metrics,
    )


def loading_time() -> Query:
    """Seconds for which a request's KV cache is on its way to the decode engine, over the time range shown, by fleet.

    In the part "prefill and transfer", of fleets with batch KVT, prefill is in it: their prefill engines tell nothing,
    and the decode engine has a request from the beginning. :data:`UNSEEN` where fewer than :data:`LEAST_SEEN` requests
    were seen on their way.
    """
    where = {ROLE: "decode"}
    loading = total(cms.LOADING_REQUESTS, by=FLEET, where=where, window=RANGE)
    # As many as the scrapes of the time range have met.
    seen = total(cms.LOADING_REQUESTS, by=FLEET, where=where, window=RANGE, scrapes=True)
    there = instances(cms.LOADING_REQUESTS, by=FLEET, where=where)
    time = _by(loading, _decodes_begun(RANGE), Unit.SECONDS)
    tells = rate(vllm.PROMPT_TOKENS_TOTAL, by=FLEET, where={ROLE: "prefill"}, window=RANGE)
    metrics = (cms.LOADING_REQUESTS, vllm.TTFT)

    def told(scope: Scope) -> str:
        enough = f"{seen.text(scope)} >= {LEAST_SEEN}"
        return f"({time.text(scope)} and {_IN_FLEET} ({enough}) or {there.text(scope)} * 0 + {UNSEEN})"

    def those(operator: str) -> Query:
        return Query(
            lambda scope: f"{told(scope)} {operator} {_IN_FLEET} ({tells.text(scope)} > 0)", Unit.SECONDS, metrics
        )

    return named({"transfer": those("and"), "prefill and transfer": those("unless")})


def _computed(role: str) -> Query:
    """Prompt tokens that the role's engines compute a second, by fleet.

    vLLM 0.18 tells them; before, they are the prompt's tokens less the share that the prefix cache has. That share is
    of all attempts to schedule, which count again and again where the cache is full: so it is no difference of tokens.
    Prefill engines that tell nothing, with batch KVT, compute what the decode engines got; what of it came from their
    prefix caches nobody tells.
    """
    where: Where = {ROLE: role}
    by_source = rate(vllm.PROMPT_TOKENS_BY_SOURCE, by=FLEET, where={**where, **_PROMPTS_COMPUTED}, window=RECENT)
    prompts, hits, queries = (
        rate(metric, by=FLEET, where=where, window=RECENT)
        for metric in (vllm.PROMPT_TOKENS_TOTAL, vllm.PREFIX_CACHE_HITS, vllm.PREFIX_CACHE_QUERIES)
    )
    passed_on = rate(vllm.PROMPT_TOKENS_TOTAL, by=FLEET, where={ROLE: "decode"}, window=RECENT)

    def text(scope: Scope) -> str:
        cached = f"clamp_max({hits.text(scope)} / clamp_min({queries.text(scope)}, 1), 1)"
        own = f"({by_source.text(scope)} or {prompts.text(scope)} * (1 - {cached})) > 0"
        return f"({own} or {passed_on.text(scope)})" if role == "prefill" else f"({own})"

    return Query(text, Unit.TOKENS_PER_SECOND, (vllm.PROMPT_TOKENS_BY_SOURCE,))


def _decodes_begun(window: str) -> Query:
    return observations(vllm.TTFT, by=FLEET, where={ROLE: "decode"}, window=window)


def _by(what: Query, speed: Query, unit: Unit) -> Query:
    """What waits by how much of it is done a second; nothing where nothing is."""
    return Query(
        lambda scope: f"{what.text(scope)} / ({speed.text(scope)} > 0)", unit, _unique(what.metrics + speed.metrics)
    )


def _code(short: str, code: int, role: str, scope: Scope) -> str:
    """The code where any of the comparisons holds, and 0 elsewhere, of each fleet with such instances."""
    there = instances(cms.RUNNING_REQUESTS, by=FLEET, where={ROLE: role}).text(scope)
    return f"({short}) * 0 + {code} or {there} * 0"


def _longest_wait(ttft: Objective) -> str:
    return f"${ttft.name} * {WAIT_SHARE:g} / 1000"


def _longest_gap(tpot: Objective) -> str:
    return f"${tpot.name} / 1000"


def _constant(text: str, objective: Objective, there: Query) -> Query:
    """A bound, while there is something that it bounds: alone in a panel it would pass for an answer."""
    metrics = (objective.histogram, *there.metrics)
    return Query(lambda scope: f"vector({text}) and on () {there.text(scope)}", Unit.SECONDS, _unique(metrics))


def _unique(metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
    return tuple(dict.fromkeys(metrics))
