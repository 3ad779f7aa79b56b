"""Panel descriptions, made of what the catalogue knows of the metrics.

A description says what is measured and from where to where, how to read the panel, and what it cannot show. Grafana
shows it as Markdown behind the panel's info icon, and without data in a few words of its own.
"""

from collections.abc import Mapping

from llumnix_dash.catalog.metric import Counter, Gauge, Histogram, Metric, Mode, Unit
from llumnix_dash.promql.query import number

_UNIT_NAMES = {
    Unit.COUNT: "",
    Unit.REQUESTS_PER_SECOND: "requests per second",
    Unit.OPERATIONS_PER_SECOND: "per second",
    Unit.MILLISECONDS: "ms",
    Unit.SECONDS: "s",
    Unit.TOKENS: "tokens",
    Unit.REQUESTS: "requests",
    Unit.PERCENT: "%",
    Unit.RATIO: "",
}

# Of a share within an objective, where the histogram holds failed requests.
OUTSIDE = (
    "A failed request counts as outside the TTFT objective. Where some fail late while others are slow it reads too"
    " high, by no more than the share that failed late."
)


# What a panel of recorded series says in place of "No data".
NOT_RECORDED = "No data: load deploy/observability/rules/recording.yaml, or no requests"

# What follows from :attr:`Gauge.spread`, for whoever reads a panel.
_SPREAD = {
    "copies": "Every scheduler replica tells of every instance; each is counted once.",
    "shares": "Every scheduler replica tells of its own requests alone; they are added up.",
    "either": "With scheduling by prefix cache (where the scheduler records prefix cache hits) every scheduler replica"
    " tells of its own requests alone, and they are added up; else each tells of all of them, and one is taken.",
}


def describe(metrics: Mapping[str, Metric], reading: str, *notes: str, measured: str = "") -> str:
    """A panel's description.

    Args:
        metrics: what the panel shows, by the names that its lines bear.
        reading: how to read the panel.
        notes: what this panel cannot show, beyond what follows from its metrics.
        measured: what it shows, where that is not what its metrics measure.
    """
    if len(set(metrics.values())) == 1:
        meaning = next(iter(metrics.values())).description
    else:
        meaning = "\n".join(f"- **{name}**: {metric.description}" for name, metric in metrics.items())
    parts = [measured or meaning, f"**How to read:** {reading}"]
    beware = dict.fromkeys([*notes, *(caveat for metric in metrics.values() for caveat in caveats(metric))])
    if beware:
        parts.append("**Beware:** " + " ".join(beware))
    return "\n\n".join(parts)


def caveats(metric: Metric) -> list[str]:
    """What any panel of the metric cannot show, each a sentence."""
    found = list(metric.caveats)
    if isinstance(metric, Counter) and metric.rare:
        found.append(
            "The series appears with its first event, which a rate cannot see: 0 may hide the first event of a kind."
        )
    if isinstance(metric, Gauge):
        found += [_SPREAD[metric.spread]] if metric.replicated else []
        found += ["The scheduler's books drift below 0 at times: that reads 0."] if metric.drifts else []
        found += ["An instance of which no capacity is known is left out."] if metric.unknown_from else []
    if metric.mode:
        found.append(f"Exists only {metric.mode.value}; blank otherwise.")
    if metric.vllm:
        found.append(f"Exported by vLLM {', '.join(metric.vllm)} only.")
    return found


def quantile_caveats(histogram: Histogram, *, lines: bool = True) -> list[str]:
    """What a quantile or mean of the histogram cannot show, each a sentence.

    Args:
        histogram: whose.
        lines: whether it is drawn as lines, of which some are left out, and not told as a number.
    """
    first, last = (quantity(bound, histogram.unit) for bound in (histogram.buckets[0], histogram.buckets[-1]))
    if not lines:
        bound = "" if histogram.grows else f" and cannot exceed the last one, {last}"
        found = [f"A quantile is estimated within its bucket{bound}."]
    else:
        found = ["A quantile is estimated within its bucket."]
        if histogram.buckets[0] > 0:
            found.append(f"None is drawn below {first}: there it is only known to be less.")
        if not histogram.grows:
            found.append(f"One at the dashed line, {last}, may be any value above it.")
    if histogram.whole and histogram.buckets[0] <= 1:
        found.append("Values are whole milliseconds, rounded down: a quantile below 1 ms is an artefact.")
    if histogram.failed:
        found.append(
            f"As many requests as failed are taken out of those below {first}, where failures lie that came at once;"
            " one that came late stays in, so with slow failures P99 is theirs."
        )
    if histogram.no_mean:
        found.append(histogram.no_mean)
    return found


def role_caveats(role: str | None) -> list[str]:
    """What a panel of one role says of fleets that lack it."""
    return [f"Blank where the fleet has no {role} instances."] if role else []


# Where to look instead, or what is missing, on a fleet that runs without the mode.
_WITHOUT = {
    Mode.FULL: "lite mode (see LRS)",
    Mode.LITE: "full mode (see CMS)",
    Mode.SLO_AWARE: "no SLO-aware scheduling",
    Mode.CACHE_AWARE: "no scheduling by prefix cache",
}


def no_data(metric: Metric, role: str | None = None, *others: str) -> str:
    """What a panel says in place of "No data": the likeliest reasons, in a few words, ``others`` first."""
    reasons = [*others, *absences(metric, role)]
    if isinstance(metric, Histogram):
        reasons.append("no requests in this time")
    return "No data: " + ", or ".join(reasons)


def first_bucket(histogram: Histogram) -> list[str]:
    """Why its quantiles may all be left out though there are requests, where no mean is drawn beside them."""
    first = histogram.buckets[0]
    return [f"all below {quantity(first, histogram.unit)}"] if histogram.no_mean and first > 0 else []


def absences(metric: Metric, role: str | None = None) -> list[str]:
    """Why a fleet may not have the metric at all, each in a few words."""
    reasons = [f"no {role} instances"] if role else []
    if metric.mode:
        reasons.append(_WITHOUT[metric.mode])
    if metric.vllm:
        reasons.append("a vLLM that lacks it")
    if not isinstance(metric, Histogram) and (not role or metric.mode):
        reasons.append(f"no {' or '.join(one.name for one in metric.exporters)}")
    return reasons


def quantity(value: float, unit: Unit) -> str:
    """A value with its unit, in words: ``5 s``, ``131072 tokens``, ``90 %``."""
    if unit is Unit.MILLISECONDS and value >= 1000:
        value, unit = value / 1000, Unit.SECONDS
    return f"{number(value)} {_UNIT_NAMES[unit]}".strip()
