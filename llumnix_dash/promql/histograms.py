"""Queries of histograms: quantiles, means, the share within a bound, buckets over time.

Buckets, sums and counts are added up over the fleet before anything is worked out from them. Where a histogram holds
failed requests, those that failed at once are taken out: they would make a fleet that fails look quick. Which of its
observations these are no label tells, so as many are taken out of the first bucket as have failed, and no more than it
holds; a failure that came late stays in, at the time that it took.
"""

from dataclasses import dataclass

from llumnix_dash.catalog.metric import CatalogError, Histogram, Metric, Unit, require
from llumnix_dash.promql.kept import Kept
from llumnix_dash.promql.query import RANGE, RATE_INTERVAL, Query, Scope, Where, grouped, number, selector

# An objective is drawn where it is at most so many times what is measured.
IN_SIGHT = 3


@dataclass(frozen=True)
class Objective:
    """A variable that holds the bound which a latency should keep to: one of the histogram's bucket bounds.

    Attributes:
        name: the variable's name.
        label: what people see beside it, without the unit.
        histogram: whose bounds are on offer.
        default: the bound chosen at first, in the histogram's unit.

    Raises:
        CatalogError: the default is no bucket bound.
    """

    name: str
    label: str
    histogram: Histogram
    default: float

    def __post_init__(self) -> None:
        self.histogram.check_bound(self.default)

    @property
    def options(self) -> tuple[str, ...]:
        """The bounds on offer, rising, in the histogram's unit."""
        return tuple(number(bound) for bound in self.histogram.buckets)


# The quantile that people choose on the page.
CHOSEN_QUANTILE = "$quantile"


def quantile(
    q: float | str,
    histogram: Metric,
    *,
    by: tuple[str, ...] = (),
    where: Where | None = None,
    window: str = RATE_INTERVAL,
    resolved: bool = False,
) -> Query:
    """The quantile over all observations in the window, in the histogram's unit; nothing where there was none.

    Args:
        q: which quantile, 0 to 1, or :data:`CHOSEN_QUANTILE`.
        histogram: the metric.
        by: labels that it keeps.
        where: matchers.
        window: of the rates.
        resolved: whether to give nothing within the first bucket, too: there no more is known than "below its bound".

    Raises:
        CatalogError: the metric is no histogram, or does not bear a label.
    """
    histogram = _histogram(histogram, "a quantile", by, where)

    def text(scope: Scope) -> str:
        return quantile_text(histogram, scope, by, where, window, q=q, resolved=resolved)

    return Query(text, histogram.unit, (histogram,))


def quantile_text(
    histogram: Histogram,
    scope: Scope,
    by: tuple[str, ...],
    where: Where | None,
    window: str,
    *,
    at: str = "",
    q: float | str = 0.5,
    resolved: bool = False,
) -> str:
    """The text of :func:`quantile`, of the median unless ``q`` is another; ``at`` is a modifier of the moment."""
    buckets = _rates(histogram, scope, "_bucket", (*by, "le"), where, window=window, at=at)
    if histogram.failed:
        if at:
            raise CatalogError(f"{histogram.name} cannot rank: failed requests are taken out of the moment shown")
        failed = _failed_at_once(histogram, scope, by, where, window)
        buckets += f" - on ({', '.join(by)}) group_left () {failed}" if by else f" - scalar({failed})"
    # Where nothing was observed it is NaN, which keeps to no bound: it leads no ranking.
    first = histogram.buckets[0]
    above = f"> {number(first)}" if resolved and first > 0 else ">= 0"
    return f"histogram_quantile({q if isinstance(q, str) else number(q)}, {buckets}) {above}"


def mean(
    histogram: Metric, *, by: tuple[str, ...] = (), where: Where | None = None, window: str = RATE_INTERVAL
) -> Query:
    """The mean over all observations in the window, sum over sums by sum over counts; nothing where there was none.

    Nothing where it is below 0, either: vLLM observes the difference of two hosts' clocks for a request that moved, and
    one of them is enough for a mean of minus minutes.

    Raises:
        CatalogError: the metric is no histogram or does not bear a label, or it has no mean
            (:attr:`Histogram.no_mean`).
    """
    histogram = _histogram(histogram, "a mean", by, where)
    if histogram.no_mean:
        raise CatalogError(
            f"a mean of {histogram.name} means nothing",
            detail=histogram.no_mean,
            hint="its median, quantile(0.5, …)",
        )

    def text(scope: Scope) -> str:
        count = _rates(histogram, scope, "_count", by, where, window=window)
        if histogram.failed:
            count += f" - {_failed_at_once(histogram, scope, by, where, window)}"
        return f"{_rates(histogram, scope, '_sum', by, where, window=window)} / ({count} > 0) >= 0"

    return Query(text, histogram.unit, (histogram,))


def share_below(
    histogram: Metric,
    bound: float | Objective,
    *,
    by: tuple[str, ...] = (),
    where: Where | None = None,
    window: str = RATE_INTERVAL,
) -> Query:
    """The share of observations at or below a bucket's bound, 0 to 1; nothing where there was none in the window.

    Failed requests, where the histogram holds them, count as above it: nobody got what was promised. Those that failed
    at once are taken out, and no more count as below than ended well, so that engines which refuse every request after
    a tenth of a second give 0. What both bounds leave open, at most the share that failed late, reads too high. Those
    that ended well without an observation worth the name (see :attr:`Histogram.failed`) count as neither.

    Raises:
        CatalogError: the bound is not one of the histogram's, or see :func:`quantile`.
    """
    return kept_below(histogram, bound, by=by, where=where, window=window).share


def kept_below(
    histogram: Metric,
    bound: float | Objective,
    *,
    by: tuple[str, ...] = (),
    where: Where | None = None,
    window: str = RATE_INTERVAL,
) -> Kept:
    """The two rates of which :func:`share_below` is the share.

    Raises:
        CatalogError: see :func:`share_below`.
    """
    histogram = _histogram(histogram, "a share below a bound", by, where)
    below = {**(where or {}), "le": _bound(histogram, bound)}

    def part(scope: Scope) -> str:
        within = _rates(histogram, scope, "_bucket", by, below, window=window)
        if not histogram.failed:
            return within
        failed = _failed_at_once(histogram, scope, by, where, window)
        return _at_most(f"{within} - {failed}", _answered(histogram, scope, by, where, window, status="200"), by)

    def whole(scope: Scope) -> str:
        every = _rates(histogram, scope, "_count", by, where, window=window)
        if not histogram.failed:
            return every
        return f"{every} - {_answered(histogram, scope, by, where, window, status='0')}"

    return Kept(*(Query(text, Unit.REQUESTS_PER_SECOND, (histogram,)) for text in (part, whole)))


def share_above(histogram: Metric, bound: float, *, by: tuple[str, ...] = (), window: str = RATE_INTERVAL) -> Query:
    """The share of observations above a bucket's bound, 0 to 1: what :func:`share_below` leaves."""
    below = share_below(histogram, bound, by=by, window=window)
    return Query(lambda scope: f"1 - {below.text(scope)}", below.unit, below.metrics)


def observations(
    histogram: Metric,
    *,
    below: float | Objective | None = None,
    by: tuple[str, ...] = (),
    where: Where | None = None,
    window: str = RATE_INTERVAL,
) -> Query:
    """Observations per second. Of requests, unlike a counter by status, it has those of a status never seen before.

    Args:
        histogram: the metric.
        below: a bucket's bound: only what is at or below it counts.
        by: labels that it keeps.
        where: matchers.
        window: of the rate.

    Raises:
        CatalogError: see :func:`quantile`, and :func:`share_below` for the bound.
    """
    histogram = _histogram(histogram, "a rate of observations", by, where)
    suffix = "_count" if below is None else "_bucket"
    matchers = where if below is None else {**(where or {}), "le": _bound(histogram, below)}
    return Query(
        lambda scope: _rates(histogram, scope, suffix, by, matchers, window=window),
        Unit.REQUESTS_PER_SECOND,
        (histogram,),
    )


def distribution(histogram: Metric, *, by: tuple[str, ...] = (), window: str = RATE_INTERVAL) -> dict[str, Query]:
    """What all of a histogram's queries rest on, by the suffix of its series: per second, added up over the fleet.

    Raises:
        CatalogError: see :func:`quantile`.
    """
    histogram = _histogram(histogram, "a distribution", by, None)

    def of(suffix: str, labels: tuple[str, ...]) -> Query:
        return Query(
            lambda scope: _rates(histogram, scope, suffix, labels, None, window=window),
            histogram.unit if suffix == "_sum" else Unit.REQUESTS_PER_SECOND,
            (histogram,),
        )

    return {"_bucket": of("_bucket", (*by, "le")), "_sum": of("_sum", by), "_count": of("_count", by)}


def bucket_rates(histogram: Metric, *, where: Where | None = None) -> Query:
    """Observations per second in each bucket, for a heatmap; unlike counts, rates do not change with zoom.

    There are none where the whole time range has no observation: a heatmap of zeros is a bare frame that says nothing.

    Raises:
        CatalogError: see :func:`quantile`.
    """
    histogram = _histogram(histogram, "a heatmap", (), where)

    def text(scope: Scope) -> str:
        ever = _rates(histogram, scope, "_count", (), where, window=RANGE, at=" @ end()")
        return f"{_rates(histogram, scope, '_bucket', ('le',), where)} and on () {ever} > 0"

    return Query(text, Unit.REQUESTS_PER_SECOND, (histogram,))


def in_sight(objective: Objective) -> Query:
    """The objective's bound all along the time range, where P99 comes to a third of it anywhere; else nothing.

    A line far above all others would press them to the floor, and says no more than that it is far.
    """

    def text(scope: Scope) -> str:
        p99 = quantile_text(objective.histogram, scope, (), None, RATE_INTERVAL, q=0.99)
        highest = f"max_over_time(({p99})[{RANGE}:$__interval] @ end())"
        return f"vector(${objective.name}) and on () {highest} > ${objective.name} / {IN_SIGHT}"

    return Query(text, objective.histogram.unit, (objective.histogram,))


def _histogram(metric: Metric, what: str, by: tuple[str, ...], where: Where | None) -> Histogram:
    histogram = require(metric, Histogram, what)
    histogram.check_labels(*by, *(where or {}))
    if histogram.failed:
        histogram.failed.check_labels(*by)
    return histogram


def _rates(
    histogram: Histogram,
    scope: Scope,
    suffix: str,
    by: tuple[str, ...],
    where: Where | None,
    *,
    window: str = RATE_INTERVAL,
    at: str = "",
) -> str:
    return f"sum{grouped(by)}(rate({selector(histogram, scope, suffix=suffix, where=where)}[{window}]{at}))"


def _bound(histogram: Histogram, bound: float | Objective) -> tuple[str]:
    """The matcher of a bucket by its bound, which must be one of the histogram's."""
    if isinstance(bound, Objective):
        if bound.histogram.name != histogram.name:
            raise CatalogError(f"${bound.name} has the bounds of {bound.histogram.name}, not of {histogram.name}")
        return _le(f"${bound.name}")
    histogram.check_bound(bound)
    return _le(_escaped(bound))


def _le(bound: str) -> tuple[str]:
    """The matcher of a bucket's bound: Prometheus 3 writes le="1000.0" where earlier ones write le="1000"."""
    return (rf"{bound}(\\.0)?",)


def _escaped(bound: float) -> str:
    return number(bound).replace(".", r"\\.")


def _failed_at_once(histogram: Histogram, scope: Scope, by: tuple[str, ...], where: Where | None, window: str) -> str:
    """Failed requests per second: all that were observed but those of status 200, at most as many as were quick.

    Their own series would not do: that of a status begins with its first failures, which a rate cannot see, and an
    outage comes as many of them at once.
    """
    count = _rates(histogram, scope, "_count", by, where, window=window)
    first = {**(where or {}), "le": _bound(histogram, histogram.buckets[0])}
    quick = _rates(histogram, scope, "_bucket", by, first, window=window)
    failed = f"clamp_min({count} - {_answered(histogram, scope, by, where, window, status='200')}, 0)"
    return _at_most(failed, quick, by)


def _answered(
    histogram: Histogram, scope: Scope, by: tuple[str, ...], where: Where | None, window: str, *, status: str
) -> str:
    """Of the requests that a histogram observes those of a status, per second; 0 where it has never been."""
    assert histogram.failed
    matchers = {**(where or {}), "status_code": status}
    found = f"sum{grouped(by)}(rate({selector(histogram.failed, scope, where=matchers)}[{window}]))"
    never = f"0 * {_rates(histogram, scope, '_count', by, where, window=window)}" if by else "vector(0)"
    return f"({found} or {never})"


def _at_most(value: str, most: str, by: tuple[str, ...]) -> str:
    """The lesser of the two; of groups, in each."""
    return f"(({value}) < {most} or {most})" if by else f"clamp_max({value}, scalar({most}))"
