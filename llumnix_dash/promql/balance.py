"""Is the load spread evenly over instances, and is one of them sick: each instance beside its peers.

Peers are the engines of one role, model and fleet: others have another work to do.
"""

from llumnix_dash.catalog import vllm
from llumnix_dash.catalog.labels import FLEET, INSTANCE, POD, ROLE
from llumnix_dash.catalog.metric import Gauge, Histogram, Metric, Unit
from llumnix_dash.promql.instances import leading_instances, of_instance
from llumnix_dash.promql.query import RECENT, Query, Scope, grouped, number, of_whole_fleet, selector

PEERS = (*FLEET, ROLE, "model_name")
OF_INSTANCE = (*PEERS, POD, INSTANCE)
# Below so many requests at once, in the mean, what an instance does is chance.
LEAST_RUNNING = 0.5
# An instance that gives less, in tokens a second, stands still: so slow it is then taken to be.
LEAST_TOKENS = 0.01
# Below this mean usage a fleet is idle, and one request would make it uneven.
LEAST_USAGE = 0.05
# From here on an instance gives next to nothing; how much less, is no matter.
STANDS_STILL = 99


def unevenness(usage: Gauge, *, by: tuple[str, ...], window: str = RECENT) -> Query:
    """The fullest instance's usage by the mean of its group, each over the window: 1 is even.

    By :data:`LEAST_USAGE` where the mean is less, so that an idle group is below 1.
    """
    usage.check_labels(*by)

    def text(scope: Scope) -> str:
        values = f"avg_over_time({selector(usage, scope)}[{window}])"
        return f"max{grouped(by)}({values}) / clamp_min(avg{grouped(by)}({values}), {LEAST_USAGE})"

    return Query(text, Unit.COUNT, (usage,))


def by_median(metric: Metric, *, beside: tuple[str, ...] = ()) -> Query:
    """What each of the ``$top`` instances has by what the middle one of its role and fleet has: 1 is even.

    By :data:`LEAST_USAGE`, or by one of what is counted, where the middle one has less. Peers are all instances,
    whichever is chosen, so that one alone is still held against them. ``beside``: see :func:`of_instance`.
    """
    peers = tuple(label for label in metric.identity if label not in metric.instance_name)
    leading, all_of_them = (
        leading_instances(metric, beside=beside),
        of_whole_fleet(of_instance(metric, window=RECENT)),
    )
    least = LEAST_USAGE if metric.unit is Unit.RATIO else 1

    def text(scope: Scope) -> str:
        middle = f"quantile{grouped(peers)}(0.5, {all_of_them.text(scope)})"
        if not isinstance(metric, Histogram):
            middle = f"clamp_min({middle}, {number(least)})"
        return f"clamp_max({leading.text(scope)} / on ({', '.join(peers)}) group_left () {middle}, {STANDS_STILL})"

    return Query(text, Unit.COUNT, (metric,))


def slowness(*, window: str = RECENT) -> Query:
    """How long a request of each busy instance takes for a token, by what the middle one of its peers takes: 1 is even.

    By Little's law: requests that run, by tokens that come a second. Unlike the engines' histograms it costs one series
    an instance, is not spoiled by requests that move, and sees an instance that stands still.
    """

    def text(scope: Scope) -> str:
        running = f"sum{grouped(OF_INSTANCE)}(avg_over_time({selector(vllm.RUNNING_REQUESTS, scope)}[{window}]))"
        tokens = f"sum{grouped(OF_INSTANCE)}(rate({selector(vllm.GENERATION_TOKENS_TOTAL, scope)}[{window}]))"
        pace = f"({running} >= {LEAST_RUNNING}) / clamp_min({tokens}, {number(LEAST_TOKENS)})"
        peers = f"quantile{grouped(PEERS)}(0.5, {pace})"
        return f"clamp_max(({pace}) / on ({', '.join(PEERS)}) group_left () {peers}, {STANDS_STILL})"

    return Query(text, Unit.COUNT, (vllm.RUNNING_REQUESTS, vllm.GENERATION_TOKENS_TOTAL))
