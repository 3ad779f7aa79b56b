"""Queries of gauges and of single instances.

Every scheduler replica tells of every engine instance, so an instance is taken once before anything is added up.
"""

from llumnix_dash.catalog.labels import COMPONENT, FLEET, INSTANCE
from llumnix_dash.catalog.metric import CatalogError, Counter, Gauge, Histogram, Metric, Unit, require
from llumnix_dash.promql.counters import rate
from llumnix_dash.promql.histograms import mean
from llumnix_dash.promql.query import RANGE, RATE_INTERVAL, Query, Scope, Where, grouped, selector


def each_instance_once(gauge: Metric, *, where: Where | None = None) -> Query:
    """The gauge's series, each once however many replicas tell of it; made up from others where it is not exported."""
    gauge = require(gauge, Gauge, "a value of each instance")
    return Query(lambda scope: _once(gauge, scope, where), gauge.unit, (gauge,))


def total(gauge: Metric, *, by: tuple[str, ...] = (), where: Where | None = None) -> Query:
    """The sum over instances, each once.

    Raises:
        CatalogError: the gauge is a ratio, whose sum means nothing.
    """
    if not require(gauge, Gauge, "a sum over instances").unit.has_a_sum:
        raise CatalogError(f"a sum of {gauge.name} means nothing: it is a ratio", hint="average(…) or highest(…)")
    return _over_instances("sum", gauge, by, where)


def average(gauge: Metric, *, by: tuple[str, ...] = (), where: Where | None = None) -> Query:
    """The mean over instances, each once."""
    return _over_instances("avg", gauge, by, where)


def highest(gauge: Metric, *, by: tuple[str, ...] = (), where: Where | None = None) -> Query:
    """The highest value of any instance."""
    return _over_instances("max", gauge, by, where)


def instances(gauge: Metric, *, by: tuple[str, ...] = (), where: Where | None = None) -> Query:
    """How many instances there are, each counted once."""
    query = of_instance(gauge, where=where)
    gauge.check_labels(*by)
    return Query(lambda scope: f"count{grouped(by)}({query.text(scope)})", Unit.COUNT, query.metrics)


def of_instance(metric: Metric, *, where: Where | None = None, window: str = RATE_INTERVAL) -> Query:
    """A value for each instance, by :attr:`Metric.identity`: of a gauge, the rate of a counter, a histogram's mean.

    An instance's several series (engines of one pod, models) are added up; of a ratio the highest is taken.
    """
    if isinstance(metric, Counter):
        return rate(metric, by=metric.identity, where=where, window=window)
    if isinstance(metric, Histogram):
        return mean(metric, by=metric.identity, where=where, window=window)
    gauge = require(metric, Gauge, "a value of each instance")
    if set(_once_labels(gauge)) == set(gauge.identity):
        return each_instance_once(gauge, where=where)
    return _over_instances("sum" if gauge.unit.has_a_sum else "max", gauge, gauge.identity, where)


def top_instances(query: Query, rank: Metric, *, where: Where | None = None, lowest: bool = False) -> Query:
    """The query, of the ``$top`` instances that rank first: the same ones in every query with this rank.

    Instances rank by the whole time range shown and so stay the same along it: by a gauge's peak, a counter's
    increase, a histogram's mean. ``lowest`` ranks from below, by a gauge's lowest value.

    Raises:
        CatalogError: the query's metric does not bear the labels that tell the rank's instances apart.
    """
    query.metrics[0].check_labels(*rank.identity)

    def text(scope: Scope) -> str:
        first = f"{'bottomk' if lowest else 'topk'}($top, {_rank(rank, scope, where, lowest=lowest)})"
        return f"({query.text(scope)}) and on ({', '.join(rank.identity)}) {first}"

    return Query(text, query.unit, query.metrics)


def started(uptime: Metric, seconds: int = 60) -> Query:
    """Per instance, where a gauge of uptime shows that a process began less than so many seconds ago."""
    by = (*FLEET, COMPONENT, INSTANCE)
    uptime.check_labels(*by)
    return Query(
        lambda scope: f"min{grouped(by)}(min_over_time({selector(uptime, scope)}[{RATE_INTERVAL}])) < {seconds}",
        uptime.unit,
        (uptime,),
    )


def _once_labels(gauge: Gauge) -> tuple[str, ...]:
    return (*FLEET, *gauge.labels) if gauge.replicated else gauge.all_labels


def _once(gauge: Gauge, scope: Scope, where: Where | None) -> str:
    exported = selector(gauge, scope, where=where)
    if gauge.replicated:
        exported = f"max{grouped(_once_labels(gauge))}({exported})"
    if gauge.total and gauge.waiting:
        return f"{exported} or ({_once(gauge.total, scope, where)} - {_once(gauge.waiting, scope, where)})"
    return exported


def _over_instances(aggregate: str, gauge: Metric, by: tuple[str, ...], where: Where | None) -> Query:
    gauge = require(gauge, Gauge, "a value over instances")
    gauge.check_labels(*by, *(where or {}))
    return Query(lambda scope: f"{aggregate}{grouped(by)}({_once(gauge, scope, where)})", gauge.unit, (gauge,))


def _rank(rank: Metric, scope: Scope, where: Where | None, *, lowest: bool) -> str:
    over_range = f"[{RANGE}] @ end()"
    by = grouped(rank.identity)
    if isinstance(rank, Histogram):
        sums, counts = (
            f"sum{by}(rate({selector(rank, scope, suffix=suffix, where=where)}{over_range}))"
            for suffix in ("_sum", "_count")
        )
        return f"{sums} / ({counts} > 0)"
    series = f"{selector(rank, scope, where=where)}{over_range}"
    if isinstance(rank, Counter):
        return f"sum{by}(increase({series}))"
    extreme = "min" if lowest else "max"
    values = f"{extreme}_over_time({series})"
    if isinstance(rank, Gauge) and rank.replicated:
        once = _once_labels(rank)
        values = f"{extreme}{grouped(once)}({values})"
        if set(once) == set(rank.identity):
            return values
    return f"{'sum' if rank.unit.has_a_sum else extreme}{by}({values})"
