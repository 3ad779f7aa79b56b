"""Goodput: how many requests a second met their objectives of TTFT and of TPOT.

Two histograms do not tell which requests met both, only between which bounds their number lies: at least those that met
the one less those that missed the other, at most those that met the rarer. A request of one token has no TPOT, and
misses none.
"""

from llumnix_dash.catalog import gateway
from llumnix_dash.catalog.labels import MODEL
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.promql.counters import rate
from llumnix_dash.promql.histograms import Objective, observations, share_below
from llumnix_dash.promql.query import RATE_INTERVAL, Query, Scope


def goodput(ttft: Objective, tpot: Objective, *, window: str = RATE_INTERVAL) -> tuple[Query, Query]:
    """The least and the most that the goodput may be, in requests a second; nothing where no request ended.

    Whoever failed met nothing. A failed request has a TTFT, too, and may have a TPOT, and no label tells which: for the
    least, all of them are taken to be among those that seem to have met TTFT, and none among those that missed TPOT.
    For the most it is the other way round, but for those that failed at once, which are taken out of the first bucket
    as in :func:`share_below`.
    """
    ended = observations(gateway.TTFT, window=window)
    in_time = observations(gateway.TTFT, below=ttft, window=window)
    at_once = observations(gateway.TTFT, below=gateway.TTFT.buckets[0], window=window)
    good = rate(gateway.REQUESTS, where={"status_code": "200"}, window=window)
    paced = observations(gateway.TPOT, window=window)
    in_pace = observations(gateway.TPOT, below=tpot, window=window)

    def failed(scope: Scope) -> str:
        return f"clamp_min({ended.text(scope)} - ({good.text(scope)} or vector(0)), 0)"

    def missed(scope: Scope) -> str:
        return f"(clamp_min({paced.text(scope)} - {in_pace.text(scope)}, 0) or vector(0))"

    def least(scope: Scope) -> str:
        return f"clamp_min({in_time.text(scope)} - {failed(scope)} - {missed(scope)}, 0)"

    def most(scope: Scope) -> str:
        answered = f"({good.text(scope)} or vector(0))"
        quick = f"clamp_max({failed(scope)}, scalar({at_once.text(scope)}))"
        kept = f"clamp({in_time.text(scope)} - {quick}, 0, scalar({answered}))"
        return f"clamp_max({kept}, scalar({answered} - clamp_min({missed(scope)} - {failed(scope)}, 0)))"

    metrics = (gateway.TTFT, gateway.TPOT, gateway.REQUESTS)
    unit = Unit.REQUESTS_PER_SECOND
    return Query(least, unit, metrics), Query(most, unit, metrics)


def success(*, by: tuple[str, ...] = (MODEL,), window: str) -> Query:
    """The share of each group's requests that were answered: with a 2xx status, or with 0 by others."""
    ended = observations(gateway.TTFT, by=by, window=window)
    answered = rate(gateway.REQUESTS, by=by, where={"status_code": ("2..", "0")}, window=window)

    def text(scope: Scope) -> str:
        every = ended.text(scope)
        return f"clamp_max(({answered.text(scope)} or 0 * {every}) / ({every} > 0), 1)"

    return Query(text, Unit.RATIO, (gateway.REQUESTS, gateway.TTFT))


def share_within(ttft: Objective, tpot: Objective, *, by: tuple[str, ...] = (MODEL,), window: str) -> Query:
    """Of each group, the lesser of the shares within TTFT and within TPOT: the most that can have met both."""
    first, second = (share_below(one.histogram, one, by=by, window=window) for one in (ttft, tpot))

    def text(scope: Scope) -> str:
        one, other = first.text(scope), second.text(scope)
        return f"({one} <= {other} or {other} or {one})"

    return Query(text, Unit.RATIO, first.metrics + second.metrics)
