"""What the ruler keeps of a metric, named by what is kept: of a counter, a histogram, a gauge of instances.

All is over the last five minutes, as the dashboards' single numbers are, or as it is at the moment.
"""

from dataclasses import replace

from llumnix_dash.catalog.metric import Counter, Gauge, Histogram
from llumnix_dash.promql import RECENT, Query, distribution, highest, instances, leaders, rate, sum_and_number, total
from llumnix_dash.rules.record import Record

Labels = tuple[str, ...]
# The highest choice of "Top instances".
MOST_SHOWN = 50


def rates(counter: Counter, *, by: Labels) -> tuple[Record, ...]:
    """Events a second; unlike a panel of a rare event it is nothing, and not 0, where there has been none."""
    return (_record(counter.name, "rate5m", by, rate(replace(counter, rare=False), by=by, window=RECENT)),)


def distributions(histogram: Histogram, *, by: Labels) -> tuple[Record, ...]:
    """Buckets, sum and count a second: quantiles, means and shares follow from them over any groups."""
    parts = distribution(histogram, by=by, window=RECENT)
    return tuple(_record(f"{histogram.name}{suffix}", "rate5m", by, query) for suffix, query in parts.items())


def heights(histogram: Histogram, *, by: Labels) -> tuple[Record, ...]:
    """Buckets and count a second, of a histogram that is only drawn as a heatmap."""
    return tuple(one for one in distributions(histogram, by=by) if "_sum:" not in one.name)


def sums(gauge: Gauge, *, by: Labels) -> tuple[Record, ...]:
    """The sum over instances at the moment, each counted once whatever number of schedulers tells of it."""
    return (_record(gauge.name, "sum", by, total(_itself(gauge), by=by)),)


def mean_sums(gauge: Gauge, *, by: Labels) -> tuple[Record, ...]:
    """The sum over instances of what each is in the mean over five minutes."""
    return (_record(gauge.name, "sum_avg5m", by, total(gauge, by=by, window=RECENT)),)


def peak_sums(gauge: Gauge, *, by: Labels) -> tuple[Record, ...]:
    """The sum over instances of what each is at most within five minutes."""
    return (_record(gauge.name, "sum_max5m", by, total(_itself(gauge), by=by, peak=True, window=RECENT)),)


def means(gauge: Gauge, *, by: Labels) -> tuple[Record, ...]:
    """What instances' values at the moment add up to, and how many they are: the two of which a mean is made."""
    values, number = sum_and_number(gauge, by=by)
    return _record(gauge.name, "sum", by, values), _record(gauge.name, "count", by, number)


def mean_means(gauge: Gauge, *, by: Labels) -> tuple[Record, ...]:
    """:func:`means`, of what each instance is in the mean over five minutes."""
    values, number = sum_and_number(gauge, by=by, window=RECENT)
    return _record(gauge.name, "sum_avg5m", by, values), _record(gauge.name, "count_avg5m", by, number)


def mean_peaks(gauge: Gauge, *, by: Labels) -> tuple[Record, ...]:
    """The highest over instances of what each is in the mean over five minutes."""
    return (_record(gauge.name, "max_avg5m", by, highest(gauge, by=by, window=RECENT)),)


def peaks(gauge: Gauge, *, by: Labels) -> tuple[Record, ...]:
    """The highest value of any instance within five minutes; a query floors it, where it drifts below 0."""
    return (
        _record(gauge.name, "max_max5m", by, highest(replace(gauge, drifts=False), by=by, peak=True, window=RECENT)),
    )


def numbers(gauge: Gauge, *, by: Labels) -> tuple[Record, ...]:
    """How many instances there are, each counted once."""
    return (_record(gauge.name, "count", by, instances(gauge, by=by)),)


def leading(query: Query, what: str, *, by: Labels) -> tuple[Record, ...]:
    """Of what a query says of single instances the highest, as many of each group as a page shows at most."""
    return (_record(query.metrics[0].name, f"{what}_top{MOST_SHOWN}", by, leaders(query, by=by, count=MOST_SHOWN)),)


def signals(query: Query, what: str, *, by: Labels) -> tuple[Record, ...]:
    """A query as it is, by its groups."""
    return (_record(query.metrics[0].name, what, by, query),)


def _itself(gauge: Gauge) -> Gauge:
    """The gauge alone: what stands in for one that is not exported is recorded of itself."""
    return replace(gauge, total=None, waiting=None)


def _record(metric: str, operations: str, by: Labels, query: Query) -> Record:
    """Named by the labels that tell its series apart; a colon of vLLM's names would pass for a part of the name."""
    return Record(name=f"{'_'.join(by)}:{metric.replace(':', '_')}:{operations}", query=query)
