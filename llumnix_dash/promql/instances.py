"""Queries of gauges and of single instances.

A scheduler tells of every engine instance, and so does each of its replicas: :attr:`Gauge.spread` says what that makes
of a sum. Over the fleet it is cheap to add up inside each replica first and to take the highest replica then: to group
by instance, as a value of each instance must, costs 16 times as much at 510 instances.
"""

from typing import NamedTuple

from llumnix_dash.catalog.labels import COMPONENT, FLEET, INSTANCE, ROLE
from llumnix_dash.catalog.metric import CatalogError, Counter, Gauge, Histogram, Metric, Unit, require
from llumnix_dash.catalog.scheduler import PREFIX_CACHE_HIT_PERCENT
from llumnix_dash.promql.counters import before, rate, rate_text
from llumnix_dash.promql.histograms import quantile, quantile_text
from llumnix_dash.promql.query import RANGE, RATE_INTERVAL, RECENT, Query, Scope, Where, grouped, number, selector

_AT_END = " @ end()"
# Seconds within which a new process is scraped for the first time.
_SEEN_WITHIN = 300


class _Over(NamedTuple):
    """What a series comes to over a window, by a function such as ``max_over_time``; without one, as it is."""

    function: str = ""
    window: str = ""


_AS_IT_IS = _Over()
_HIGHEST = _Over("max_over_time", RANGE)


def total(
    gauge: Metric,
    *,
    by: tuple[str, ...] = (),
    where: Where | None = None,
    peak: bool = False,
    window: str = "",
    scrapes: bool = False,
) -> Query:
    """The sum over instances, each once.

    Args:
        gauge: the metric.
        by: labels that the sum keeps.
        where: matchers.
        peak: whether each series counts with the highest value since the point before, or over the window, and not with
            that of the moment: a spike then shows at any zoom, and the sum may be above that of any one moment.
        window: over which each series counts with its mean; empty: as it is.
        scrapes: whether it counts with the sum over the window's scrapes instead.

    Raises:
        CatalogError: the gauge is a ratio, whose sum means nothing.
    """
    gauge = require(gauge, Gauge, "a sum over instances")
    if not gauge.unit.has_a_sum:
        raise CatalogError(f"a sum of {gauge.name} means nothing: it is a ratio", hint="average(…) or highest(…)")
    gauge.check_labels(*by, *(where or {}))
    over = _peak(window) if peak else _Over("sum_over_time" if scrapes else "avg_over_time", window)
    return Query(lambda scope: _total(gauge, scope, by, where, over), gauge.unit, (gauge,))


def average(gauge: Metric, *, by: tuple[str, ...] = (), where: Where | None = None, window: str = "") -> Query:
    """The mean over instances, each once, and over a window if there is one.

    Raises:
        CatalogError: replicas tell of their shares, so that no series is an instance's value.
    """
    gauge = require(gauge, Gauge, "a mean over instances")
    gauge.check_labels(*by, *(where or {}))
    if gauge.spread not in {"own", "copies"}:
        raise CatalogError(f"a mean of {gauge.name} means nothing: each replica tells of its share", hint="total(…)")

    if gauge.spread == "own":
        over = _Over("avg_over_time", window)
        return Query(
            lambda scope: f"avg{grouped(by)}({_floored(gauge, _known(gauge, scope, where, over))})",
            gauge.unit,
            (gauge,),
        )
    values, number = sum_and_number(gauge, by=by, where=where, window=window)
    return Query(lambda scope: f"{values.text(scope)} / {number.text(scope)}", gauge.unit, (gauge,))


def sum_and_number(
    gauge: Gauge, *, by: tuple[str, ...], where: Where | None = None, window: str = ""
) -> tuple[Query, Query]:
    """The two of which :func:`average` is the quotient: all instances' values added up, and how many they are."""

    def added(aggregate: str, scope: Scope) -> str:
        known = _known(gauge, scope, where, _Over("avg_over_time", window))
        values = _floored(gauge, known) if aggregate == "sum" else known
        if gauge.spread == "own":
            return f"{aggregate}{grouped(by)}({values})"
        return _highest_replica(aggregate, gauge, values, by)

    return (
        Query(lambda scope: added("sum", scope), gauge.unit, (gauge,)),
        Query(lambda scope: added("count", scope), Unit.COUNT, (gauge,)),
    )


def highest(
    gauge: Metric,
    *,
    by: tuple[str, ...] = (),
    where: Where | None = None,
    peak: bool = False,
    window: str = "",
) -> Query:
    """The highest value of any instance, or of any since the point before or over the window (``peak``).

    Without ``peak``, an instance's value is its mean over the window if there is one. See :func:`average`.
    """
    gauge = require(gauge, Gauge, "the highest over instances")
    gauge.check_labels(*by, *(where or {}))
    if gauge.spread not in {"own", "copies"}:
        raise CatalogError(f"the highest of {gauge.name} means nothing: each replica tells of its share")
    over = _peak(window) if peak else _Over("avg_over_time", window)
    return Query(
        lambda scope: _floored(gauge, f"max{grouped(by)}({_known(gauge, scope, where, over)})"), gauge.unit, (gauge,)
    )


def instances(gauge: Metric, *, by: tuple[str, ...] = (), where: Where | None = None) -> Query:
    """How many instances there are, each counted once; of a replicated gauge, as the replica has it that has most."""
    gauge = require(gauge, Gauge, "a count of instances")
    gauge.check_labels(*by, *(where or {}))

    def text(scope: Scope) -> str:
        series = selector(gauge, scope, where=where)
        if gauge.replicated:
            return _highest_replica("count", gauge, series, by)
        return f"count{grouped(by)}(count{grouped(gauge.identity)}({series}))"

    return Query(text, Unit.COUNT, (gauge,))


def of_instance(
    metric: Metric, *, where: Where | None = None, window: str = RATE_INTERVAL, beside: tuple[str, ...] = ()
) -> Query:
    """A value for each instance, by :attr:`Metric.identity`: of a gauge, the rate of a counter, a histogram's median.

    An instance's several series (engines of one pod, models) are added up; of a ratio the highest is taken. A median,
    for one request that moved between hosts poisons a mean of vLLM's. ``beside`` are
    labels that it keeps though they tell no instances apart, such as the pod's name.
    """
    metric.check_labels(*beside)
    if isinstance(metric, Counter):
        return rate(metric, by=(*metric.identity, *beside), where=where, window=window)
    if isinstance(metric, Histogram):
        return quantile(0.5, metric, by=(*metric.identity, *beside), where=where, window=window)
    gauge = require(metric, Gauge, "a value of each instance")
    gauge.check_labels(*(where or {}))
    return Query(lambda scope: _of_instance(gauge, scope, where, window, beside=beside), gauge.unit, (gauge,))


def peak_of_instance(gauge: Metric) -> Query:
    """The highest value of each instance in the time range shown."""
    gauge = require(gauge, Gauge, "a peak")
    return Query(
        lambda scope: _floored(gauge, f"max{grouped(gauge.identity)}({_known(gauge, scope, None, _HIGHEST)})"),
        gauge.unit,
        (gauge,),
    )


def staleness(changing: Metric, busy: Metric) -> Query:
    """Of each instance 0 where the first gauge changed in the last 10 minutes, else 1; and 2 where it seems busy.

    A scheduler keeps the last value of an instance that is gone or hangs. One that holds requests changes all the time;
    one that is idle does not, and cannot be told from one that left idle.
    """
    changing, busy = (require(one, Gauge, "staleness") for one in (changing, busy))
    by = grouped(changing.identity)

    def text(scope: Scope) -> str:
        unchanged = f"max{by}(changes({selector(changing, scope)}[10m])) == bool 0"
        return f"({unchanged}) * (1 + (max{by}({selector(busy, scope)}) > bool 0))"

    return Query(text, Unit.COUNT, (changing, busy))


def top_instances(
    query: Query,
    rank: Metric,
    *,
    where: Where | None = None,
    lowest: bool = False,
    q: float = 0.5,
    in_range: bool = False,
) -> Query:
    """The query, of the ``$top`` instances that rank first: the same ones in every query with this rank.

    Instances rank by what they are at the end of the time range, and so stay the same along it: by a gauge's value, a
    counter's rate or a histogram's quantile ``q`` over the last minutes. ``lowest`` ranks from below. With ``in_range``
    they rank by the whole range, a gauge by its highest value there; those that are 0 all along it are left out.

    Raises:
        CatalogError: the query's metric does not bear the labels that tell the rank's instances apart; or the highest
            value of a rank in the range is not known, for it is a difference.
    """
    query.metrics[0].check_labels(*rank.identity)
    if in_range and isinstance(rank, Gauge) and rank.total:
        raise CatalogError(f"the highest {rank.name} is no difference of highest values", hint=f"{rank.total.name}")

    def text(scope: Scope) -> str:
        window = RANGE if in_range else RECENT
        values = _of_instance(rank, scope, where, window, at=_AT_END, q=q, floored=False)
        first = f"{'bottomk' if lowest else 'topk'}($top, {f'({values}) > 0' if in_range else values})"
        return f"({query.text(scope)}) and on ({', '.join(rank.identity)}) {first}"

    return Query(text, query.unit, query.metrics)


def leading_instances(rank: Metric, *, beside: tuple[str, ...] = ()) -> Query:
    """The rank itself of the ``$top`` instances that :func:`top_instances` leaves, as it is at the end of the range.

    ``beside``: see :func:`of_instance`.
    """
    unit = of_instance(rank, window=RECENT, beside=beside).unit

    def text(scope: Scope) -> str:
        values = _of_instance(rank, scope, None, RECENT, at=_AT_END, beside=beside, floored=False)
        leading = f"topk($top, {values})"
        return _floored(rank, leading) if isinstance(rank, Gauge) and _highest_counts(rank) else leading

    return Query(text, unit, (rank,))


def started(uptime: Metric) -> Query:
    """Per instance 1 at the first point at which a process that has newly begun is seen, and at no other.

    Its uptime is less than at the point before, or it was not there in the minutes until then and is young: one that
    scraping lost for a while is not.
    """
    by = grouped((*FLEET, COMPONENT, INSTANCE))
    uptime.check_labels(*FLEET, COMPONENT, INSTANCE)

    def text(scope: Scope) -> str:
        now, then = f"min{by}({selector(uptime, scope)})", f"min{by}({before(uptime, scope)})"
        return f"count{by}({now} < {then} or {now} < $__interval_ms / 1000 + {_SEEN_WITHIN} unless {then})"

    return Query(text, Unit.COUNT, (uptime,))


def _peak(window: str) -> _Over:
    return _Over("max_over_time", window or RATE_INTERVAL)


def _fleet(metric: Metric) -> tuple[str, ...]:
    """The labels that tell fleets apart."""
    return tuple(label for label in metric.identity if label not in (ROLE, *metric.instance_name))


def _known(gauge: Gauge, scope: Scope, where: Where | None, over: _Over = _AS_IT_IS, *, at: str = "") -> str:
    """The gauge's series, or what they come to over a window, without those that stand for "not known"."""
    series = f"{selector(gauge, scope, where=where)}{f'[{over.window}]' if over.window else ''}{at}"
    text = f"{over.function}({series})" if over.window else series
    return text if gauge.unknown_from is None else f"{text} < {number(gauge.unknown_from)}"


def _floored(gauge: Gauge, values: str) -> str:
    """The values, 0 where they have drifted below it: before they are added up, after the highest is taken."""
    return f"clamp_min({values}, 0)" if gauge.drifts else values


def _highest_replica(aggregate: str, gauge: Gauge, values: str, by: tuple[str, ...]) -> str:
    """The aggregate inside each replica, of which the highest counts; then the sum over fleets."""
    fleet = tuple(dict.fromkeys((*by, *_fleet(gauge))))
    replica = f"{aggregate}{grouped((*fleet, INSTANCE))}({values})"
    return f"sum{grouped(by)}(max{grouped(fleet)}({replica}))"


def _total(gauge: Gauge, scope: Scope, by: tuple[str, ...], where: Where | None, over: _Over) -> str:
    values = _floored(gauge, _known(gauge, scope, where, over))
    added = f"sum{grouped(by)}({values})"
    if gauge.spread == "copies":
        return _highest_replica("sum", gauge, values, by)
    if gauge.spread == "either":
        # Where fleets differ in it, each counts as it is.
        fleet = tuple(dict.fromkeys((*by, *_fleet(gauge))))
        shares = f"sum{grouped(fleet)}({values}){_where_shared(gauge, scope)}"
        copies = f"max{grouped(fleet)}(sum{grouped((*fleet, INSTANCE))}({values}))"
        return f"sum{grouped(by)}({shares} or {copies})"
    if gauge.total and gauge.waiting:
        whole, part = (_total(one, scope, by, where, over) for one in (gauge.total, gauge.waiting))
        return f"({whole} - {part}) or {added}"
    return added


def _of_instance(
    metric: Metric,
    scope: Scope,
    where: Where | None,
    window: str,
    *,
    at: str = "",
    q: float = 0.5,
    beside: tuple[str, ...] = (),
    floored: bool = True,
) -> str:
    """The value of each instance over a window; of a gauge the one at the moment, or its highest in the range.

    For a rank the highest of an instance's series need not be ``floored``: it costs, and changes no order.
    """
    labels = (*metric.identity, *beside)
    if isinstance(metric, Counter):
        return rate_text(metric, scope, labels, where, window, at=at)
    if isinstance(metric, Histogram):
        return quantile_text(metric, scope, labels, where, window, at=at, q=q)
    gauge = require(metric, Gauge, "a value of each instance")
    by = grouped(labels)
    values = _known(gauge, scope, where, _HIGHEST if window == RANGE else _AS_IT_IS, at=at)
    if _highest_counts(gauge):
        highest = f"max{by}({values})"
        return _floored(gauge, highest) if floored else highest
    values = _floored(gauge, values)
    added = f"sum{by}({values})"
    if gauge.spread == "either":
        return f"{added}{_where_shared(gauge, scope)} or max{by}({values})"
    if gauge.total and gauge.waiting:
        whole, part = (
            _of_instance(one, scope, where, window, at=at, beside=beside) for one in (gauge.total, gauge.waiting)
        )
        return f"({whole} - {part}) or {added}"
    return added


def _highest_counts(gauge: Gauge) -> bool:
    """Whether of an instance's series the highest is its value; else they add up, or may."""
    return gauge.spread == "copies" or not gauge.unit.has_a_sum


def _where_shared(gauge: Gauge, scope: Scope) -> str:
    """What leaves the fleets that schedule by prefix cache, where a replica tells of its share: they record hits."""
    fleet = _fleet(gauge)
    hits = selector(PREFIX_CACHE_HIT_PERCENT, scope, suffix="_count")
    return f" and on ({', '.join(fleet)}) count{grouped(fleet)}({hits})"
