"""What a query must keep to, so that its number is right on any fleet: a rule gives the faults that it finds."""

import re
from collections.abc import Callable
from itertools import combinations

import promql_parser

from llumnix_dash.catalog.labels import FLEET
from llumnix_dash.catalog.metric import Counter, Gauge, Histogram
from tests.reading import Selected, nodes, parse, selectors, selectors_within

Rule = Callable[[str], list[str]]

_OVER_RANGES = {"rate", "increase", "resets"}
# A histogram that is a part of another, or has zeros that the other leaves out: by whose count it is divided.
_PARTS_OF = {
    **dict.fromkeys(
        (
            "request_preprocess_duration_milliseconds",
            "request_queue_duration_milliseconds",
            "request_schedule_duration_milliseconds",
            "request_ttft_milliseconds",
        ),
        "request_e2e_latency_seconds_count",
    ),
    "request_prefix_cache_hit_percent": "request_max_prefix_cache_hit_percent_count",
}
_ONE_ENGINE_A_REQUEST = ({"prefill", "neutral"}, {"decode", "neutral"}, {"prefill"}, {"decode"}, {"neutral"})


def held_to_its_jobs(text: str) -> list[str]:
    """Names such as uptime_seconds are anybody's: each selector names the jobs of its exporters, and no others."""
    return [
        f"{one.series} is not held to the jobs of {', '.join(exporter.name for exporter in one.metric.exporters)}"
        for one in selectors(text)
        if one.matchers.get("job") not in _matchers_of_jobs([exporter.job for exporter in one.metric.exporters])
    ]


def held_to_the_fleet(text: str) -> list[str]:
    """Each selector bears the dashboard's cluster and namespace, by =~ since the variables may be many or all."""
    return [
        f"{one.series} has no {label}=~${label}"
        for one in selectors(text)
        for label in FLEET
        if one.matchers.get(label) != ("=~", f"${label}")
    ]


def labels_that_exist(text: str) -> list[str]:
    """A matcher on a label that a series does not bear selects nothing."""
    return [
        f"{one.series} bears no {label}"
        for one in selectors(text)
        for label in one.matchers
        if label not in (*one.metric.all_labels, *(("le",) if one.series.endswith("_bucket") else ()))
    ]


def no_sum_of_a_ratio(text: str) -> list[str]:
    """Usage ratios are averaged or the highest is taken: two instances half full are not one full instance."""
    return [
        f"{one.series} is summed, and is a ratio"
        for one in selectors(text)
        if isinstance(one.metric, Gauge) and not one.metric.unit.has_a_sum
        if any(operation == "sum" for operation, _ in one.aggregations()) and not _in_a_mean(one)
    ]


def each_instance_once(text: str) -> list[str]:
    """Every scheduler replica tells of every instance: a copy counts once, a replica's own share counts in full."""
    return [
        f"{one.series} may count an instance once for each scheduler"
        for one in selectors(text)
        if isinstance(one.metric, Gauge) and one.metric.spread == "copies"
        if not _taken_once(one)
    ] + [
        f"{one.series} may leave out what other schedulers hold"
        for one in selectors(text)
        if isinstance(one.metric, Gauge) and one.metric.spread in {"shares", "either"}
        if not (_added_up(one) or (one.metric.spread == "either" and _taken_once(one)) or _counted_once(one))
    ]


def knows_who_shares(text: str) -> list[str]:
    """What is a replica's share in some fleets and a copy in others is added up only where prefix cache hits are."""
    marker = "request_prefix_cache_hit_percent_count"
    return [
        f"{one.series} is added up in every fleet, or in none"
        for one in selectors(text)
        if isinstance(one.metric, Gauge) and one.metric.spread == "either"
        if not any(
            isinstance(node, promql_parser.BinaryExpr) and marker in {other.series for other in selectors_within(node)}
            for node in one.around
        )
    ]


def unknown_is_left_out(text: str) -> list[str]:
    """A value that stands for "not known" is no usage: it would be the fullest, and poison every mean."""
    return [
        f"{one.series} may be unknown, and count"
        for one in selectors(text)
        if isinstance(one.metric, Gauge) and one.metric.unknown_from is not None
        if not any(
            isinstance(node, promql_parser.BinaryExpr)
            and str(node.op) == "<"
            and getattr(node.rhs, "val", None) == one.metric.unknown_from
            for node in one.around
        )
    ]


def not_below_zero(text: str) -> list[str]:
    """The scheduler's books drift below 0, each replica's by itself: each series is clamped before any is added.

    It changes neither how many there are nor which are the highest.
    """
    return [
        f"{one.series} may be below 0"
        for one in selectors(text)
        if isinstance(one.metric, Gauge) and one.metric.drifts and "clamp_min" not in one.functions()
        if not (_counted(one) or [name for name, _ in one.aggregations()] == ["max", "topk"])
    ]


def shares_lie_between_0_and_1(text: str) -> list[str]:
    """Counters are scraped at different moments, so that a part may seem more than the whole: it is clamped."""
    return [
        f"a share of {parts[0].series} may leave 0 to 1"
        for node, around in nodes(parse(text))
        if isinstance(node, promql_parser.BinaryExpr) and str(node.op) == "/"
        # By a number it is no share, such as a quantile by its objective.
        for parts in [selectors_within(node.lhs) if selectors_within(node.rhs) else []]
        if parts and (parts[0].series.endswith(("_bucket", "_hits_total")) or parts[0].metric.name == "request_total")
        if not any(
            isinstance(other, promql_parser.Call) and other.func.name in {"clamp", "clamp_max"} for other in around
        )
    ]


def rated_before_summed(text: str) -> list[str]:
    """A counter is rated before it is summed, or an instance's restart shows as a fall of the whole fleet."""
    faults = []
    for one in selectors(text):
        # To count series of a histogram is to ask whether there are any.
        if not isinstance(one.metric, Counter | Histogram) or _counted(one):
            continue
        within = [type(node) for node in one.around[-2:]]
        if within != [promql_parser.Call, promql_parser.MatrixSelector] or one.functions()[0] not in _OVER_RANGES:
            faults.append(f"{one.series} is not rated")
        elif not one.aggregations() or one.aggregations()[0][0] != "sum":
            faults.append(f"{one.series} is rated and not summed")
    return faults


def quantile_of_the_sum(text: str) -> list[str]:
    """Buckets are added up by le before the quantile; quantiles of instances cannot be averaged."""
    faults = []
    for node, _ in nodes(parse(text)):
        if not isinstance(node, promql_parser.Call) or node.func.name != "histogram_quantile":
            continue
        # A single bucket is how many there are to take out.
        buckets = [
            one for one in selectors_within(node.args[1]) if one.series.endswith("_bucket") and "le" not in one.matchers
        ]
        if not buckets:
            faults.append("a quantile of no buckets")
        faults += [
            f"the quantile of {one.series} is not of a sum by le"
            for one in buckets
            if not (one.aggregations() and one.aggregations()[0][0] == "sum" and "le" in one.aggregations()[0][1])
        ]
    # One of several may be picked, such as the middle instance.
    if any(
        isinstance(inner, promql_parser.Call) and inner.func.name == "histogram_quantile"
        for node, _ in nodes(parse(text))
        if isinstance(node, promql_parser.AggregateExpr) and str(node.op) not in {"topk", "bottomk", "quantile"}
        for inner, _ in nodes(node.expr)
    ):
        faults.append("quantiles are aggregated")
    return faults


def mean_is_sum_by_count(text: str) -> list[str]:
    """A mean is the sum of sums by the sum of counts, of one histogram, grouped alike.

    Where a histogram holds failed requests, too, as many are taken off the count as failed at once. But where a request
    passes several stages their sums are parts of another histogram's mean, and are divided by its count.
    """
    faults = []
    for one in selectors(text):
        if not one.series.endswith("_sum") or not isinstance(one.metric, Histogram):
            continue
        division = next(
            (
                node
                for node in reversed(one.around)
                if isinstance(node, promql_parser.BinaryExpr) and str(node.op) == "/"
            ),
            None,
        )
        below = () if division is None else selectors_within(division.rhs)
        if _PARTS_OF.get(one.metric.name, "-") in {count.series for count in below}:
            continue
        counts = [count for count in below if count.series == f"{one.metric.name}_count"]
        if not counts or counts[0].matchers != one.matchers or counts[0].aggregations()[:1] != one.aggregations()[:1]:
            faults.append(f"{one.series} is not divided by the like sum of its count")
        elif one.metric.failed and one.metric.failed.name not in {count.series for count in below}:
            faults.append(f"{one.series} is divided by requests that failed, too")
    return faults


def no_request_counted_twice(text: str) -> list[str]:
    """A request passes a prefill and a decode engine: engines are summed by role or instance, or roles are chosen."""
    return [
        f"{one.series} is summed over roles"
        for one in selectors(text)
        if any(exporter.name == "engine" for exporter in one.metric.exporters)
        for operation, by in one.aggregations()
        if operation == "sum" and not {"infer_type", "instance"} & set(by)
        if set(one.matchers.get("infer_type", ("", ""))[1].split("|")) not in _ONE_ENGINE_A_REQUEST
    ]


def no_decision_counted_twice(text: str) -> list[str]:
    """A neutral instance's choice is recorded as prefill and as decode: one of the two is chosen."""
    return [
        f"{one.series} adds up the two records of a decision"
        for one in selectors(text)
        if one.metric.name.startswith("selected_instance_")
        if one.matchers.get("infer_type") not in {("=", "prefill"), ("=", "decode")}
    ]


def low_quantiles_of_hits(text: str) -> list[str]:
    """Of a hit ratio the low quantiles are to be watched: P99 says that somebody hit."""
    return [
        f"P{node.args[0].val * 100:g} of a hit ratio"
        for node, _ in nodes(parse(text))
        if isinstance(node, promql_parser.Call) and node.func.name == "histogram_quantile" and node.args[0].val > 0.5
        if any("cache_hit_percent" in one.series for one in selectors_within(node.args[1]))
    ]


def rare_is_zero(text: str) -> list[str]:
    """A counter of rare events has no series until the first: `or` a 0, of whatever is there."""
    return [
        f"{one.series} reads No data until its first event"
        for one in selectors(text)
        if isinstance(one.metric, Counter) and one.metric.rare
        if not _has_a_zero(one)
    ]


def running_is_derived(text: str) -> list[str]:
    """Schedulers may export total and waiting alone: running is their difference, or else what is exported.

    Not the other way round: where one fleet of two exports it, a sum of what is exported would leave the other out.
    """
    return [
        f"{one.series} does not stand behind total - waiting"
        for one in selectors(text)
        if one.series.startswith("instance_lrs_running_")
        if not any(
            {other.series for other in selectors_within(node.lhs)}
            == {one.series.replace("running", "total"), one.series.replace("running", "waiting")}
            for node in one.around
            if isinstance(node, promql_parser.BinaryExpr) and str(node.op) == "or"
        )
    ]


def failures_by_attempts(text: str) -> list[str]:
    """The scheduler's counter holds successes alone: attempts are it and the failures."""
    pair = {"scheduler_scheduling_total", "scheduler_scheduling_failed_total"}
    return [
        "failures are divided by something else than all attempts"
        for node, _ in nodes(parse(text))
        if isinstance(node, promql_parser.BinaryExpr) and str(node.op) == "/"
        if any(one.series in pair for one in selectors_within(node.lhs))
        if {one.series for one in selectors_within(node.rhs)} != pair
    ]


def any_prometheus_writes_le(text: str) -> list[str]:
    """Prometheus 3 writes le="1000.0", earlier ones le="1000": a matcher on le takes both."""
    return [
        f"{one.series} has le{operator}{value}"
        for one in selectors(text)
        for operator, value in [one.matchers.get("le", ("=~", r"x(\.0)?"))]
        if operator != "=~" or not value.endswith(r"(\.0)?")
    ]


def zoom_changes_no_number(text: str) -> list[str]:
    """The window is one that Grafana fits to the resolution, the whole range shown, or the last minutes of a stat.

    Those of recorded series are an alert's, or the period of a budget.
    """
    exported = re.sub(r"\w+:\w+:\w+(\{[^}]*\})?\[\w+\]", "", re.sub(r'"[^"]*"', '""', text))
    return [
        f"a window of {window}"
        for window in re.findall(r"\[(.*?)\]", exported)
        if window not in {"$__rate_interval", "$__range", "5m", "10m", "30m", "1d", "$__range:$__interval"}
    ] + [
        f"counts of {one.series} grow with the time range"
        for one in selectors(text)
        if "increase" in one.functions()
        if not any(operation in {"topk", "bottomk"} for operation, _ in one.aggregations())
    ]


RULES: tuple[Rule, ...] = (
    held_to_its_jobs,
    held_to_the_fleet,
    labels_that_exist,
    no_sum_of_a_ratio,
    each_instance_once,
    knows_who_shares,
    unknown_is_left_out,
    not_below_zero,
    shares_lie_between_0_and_1,
    rated_before_summed,
    quantile_of_the_sum,
    mean_is_sum_by_count,
    no_request_counted_twice,
    no_decision_counted_twice,
    low_quantiles_of_hits,
    rare_is_zero,
    running_is_derived,
    failures_by_attempts,
    any_prometheus_writes_le,
    zoom_changes_no_number,
)


def _matchers_of_jobs(jobs: list[str]) -> set[tuple[str, str]]:
    some = ("|".join(chosen) for number in range(1, len(jobs) + 1) for chosen in combinations(jobs, number))
    return {("=" if job.isalpha() else "=~", job) for job in some}


def _taken_once(one: Selected) -> bool:
    """Whether each instance counts once: by itself, or inside each replica, of which the highest is taken then."""
    (inner, by), (outer, then) = ([*one.aggregations(), ("", ()), ("", ())])[:2]
    if inner in {"max", "min"}:
        # The highest of all is the highest of each instance, too.
        return {*FLEET, "instance_id", "infer_type"} <= set(by) or (inner == "max" and outer == "")
    return inner in {"sum", "count"} and {*FLEET, "instance"} <= set(by) and outer == "max" and set(FLEET) <= set(then)


def _counted_once(one: Selected) -> bool:
    return _counted(one) and _taken_once(one)


def _added_up(one: Selected) -> bool:
    return bool(one.aggregations()) and one.aggregations()[0][0] == "sum"


def _counted(one: Selected) -> bool:
    return bool(one.aggregations()) and one.aggregations()[0][0] == "count"


def _in_a_mean(one: Selected) -> bool:
    """Whether its sum is divided by the count of the same."""
    return any(
        isinstance(node, promql_parser.BinaryExpr)
        and str(node.op) == "/"
        and {(other.series, other.aggregations()[0][0]) for other in selectors_within(node.rhs)}
        == {(one.series, "count")}
        for node in one.around
    )


def _has_a_zero(one: Selected) -> bool:
    return any(
        str(node.op) == "or" and re.search(r"\bvector\(0\)|\b0\s+\*", str(node.rhs.prettify()))
        for node in one.around
        if isinstance(node, promql_parser.BinaryExpr)
    )
