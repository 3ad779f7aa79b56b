"""Why a query has no data: tells a blank that the fleet's roles or mode explain from one that needs looking into."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from llumnix_dash.catalog import METRICS
from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.catalog.labels import ROLE
from llumnix_dash.catalog.metric import Gauge, Histogram
from llumnix_dash.errors import QueryError
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.prometheus.selectors import Selector, compares, selectors
from llumnix_dash.verify.reasons import BY_SERIES, Reason, is_recorded, is_recorded_rate, why_absent
from llumnix_dash.verify.report import QueryResult, Status

# One series an instance and role: enough to know which roles there are, and cheap on a big fleet.
_ROLE_METRICS = tuple(
    metric.name for metric in METRICS if isinstance(metric, Gauge) and "infer_type" in metric.all_labels
)


# A quantile that is drawn only above its first bucket, within which no more is known of it.
_BOUNDED = re.compile(r"(histogram_quantile\(.*\)) > ([\d.]+)", re.DOTALL)

# Of a label that has other values than a query asks for, so many are named.
_MOST_VALUES = 5


class Explainer:
    """Explains blanks by what a store has in a time range; it asks the store only when there is a blank."""

    def __init__(self, client: Client, time_range: TimeRange, engines_role: str = ROLE) -> None:
        self._client = client
        self._range = time_range
        self._answers: dict[str, bool] = {}
        # Schedulers set the role themselves; on engines' series it has the site's own name.
        self._role_labels = tuple(dict.fromkeys((ROLE, engines_role)))

    def __call__(self, result: QueryResult) -> QueryResult:
        """The result with the reason of its blank, where one is found; EXPLAINED where the reason excuses it."""
        try:
            return self._no_number(result) if result.series else self._no_series(result)
        except QueryError:
            # A store that cannot say why leaves the blank as it is.
            return result

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all series in the store at that time."""
        return frozenset(self._client.label_values("__name__", self._range.start, self._range.end))

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles that engines of this fleet play."""
        known = self.names.intersection(_ROLE_METRICS)
        if not known:
            return frozenset()
        found = self._client.query(
            f"count by ({', '.join(self._role_labels)})"
            f' (last_over_time({{__name__=~"{"|".join(sorted(known))}"}}[{self._window}]))',
            self._range.end,
        )
        return frozenset(series.labels.get(label, "") for series in found for label in self._role_labels) - {""}

    @property
    def _window(self) -> str:
        return f"{max(1, round(self._range.end - self._range.start))}s"

    def _no_number(self, result: QueryResult) -> QueryResult:
        """0 divided by 0, such as a quantile of nothing: no fault where no counter of the query moved."""
        counters = [selector for selector in selectors(result.query.expr) if _counts(selector.metric)]
        if not counters:
            return result
        if not any(self._moved(selector) for selector in counters):
            return replace(result, status=Status.EXPLAINED, message="no such event in this time (0 divided by 0)")
        if compares(result.query.expr):
            return result
        # The commonest cause: the window of a rate is too short for how often the store has samples.
        return replace(
            result, hint=result.hint or "a rate needs two samples in its window: is --scrape-interval right?"
        )

    def _moved(self, selector: Selector) -> bool:
        if is_recorded_rate(selector.metric):
            return self._is_true(f"max(max_over_time({selector}[{self._window}])) > 0")
        return self._is_true(f"sum(increase({selector}[{self._window}])) > 0")

    def _is_above_0(self, selector: Selector) -> bool:
        """Whether a gauge has been above 0, or a counter has moved."""
        if _counts(selector.metric):
            return self._moved(selector)
        return self._is_true(f"max(max_over_time({selector}[{self._window}])) > 0")

    def _no_series(self, result: QueryResult) -> QueryResult:
        asked = selectors(result.query.expr)
        missing = [selector for selector in asked if not self._is_there(selector)]
        if ended := list(dict.fromkeys(one.metric for one in asked if self._is_there(one) and not self._is_now(one))):
            message = f"the series of {_words(ended)} ended before the end of the time range"
            return replace(result, message=message, hint="are its targets gone, or no longer scraped?")
        if asked and not missing:
            if nothing := self._nothing_to_draw(result.query.expr, asked):
                return replace(result, status=Status.EXPLAINED, message=nothing)
            # VictoriaMetrics leaves series out that are NaN all along; Prometheus gives them.
            message = "its metrics are there, but their comparison or join leaves no series"
            return self._no_number(replace(result, message=message))
        if not missing:
            return result
        at_rest = [selector for selector in asked if selector not in missing and _counts(selector.metric)]
        if at_rest and all(_counts(selector.metric) for selector in missing) and not any(map(self._moved, at_rest)):
            return replace(result, status=Status.EXPLAINED, message="no such event in this time")
        reasons = [self._reason(selector) for selector in missing]
        excused = all(reason.known for reason in reasons) and any(reason.excuses for reason in reasons)
        return replace(
            result,
            status=Status.EXPLAINED if excused else result.status,
            message="; ".join(dict.fromkeys(reason.text for reason in reasons)),
            # A hint helps where it is all that is wrong.
            hint=result.hint or (reasons[0].hint if len({reason.text for reason in reasons}) == 1 else ""),
        )

    def _nothing_to_draw(self, expr: str, asked: Sequence[Selector]) -> str:
        """Why a comparison leaves nothing, where it is meant to; else empty."""
        # What stands first is what the query is about; others may only say where it counts.
        about = [one for one in asked if one.metric == asked[0].metric]
        if compares(expr) and not any(map(self._is_above_0, about)):
            return "0 all along this time"
        bounded = _BOUNDED.fullmatch(expr)
        if bounded and self._is_true(f"{bounded[1]} <= {bounded[2]}"):
            return f"not above {bounded[2]}: there the query draws nothing"
        return ""

    def _is_there(self, selector: Selector) -> bool:
        if selector.metric and selector.metric not in self.names:
            return False
        return self._is_true(f"count(last_over_time({selector}[{self._window}]))")

    def _is_now(self, selector: Selector) -> bool:
        """Whether there are samples as late as a store looks back from the end of the range."""
        return self._is_true(f"count({selector})")

    def _is_true(self, condition: str) -> bool:
        """Whether a query has a result at the end of the range; each is asked once, as panels share metrics."""
        if condition not in self._answers:
            self._answers[condition] = bool(self._client.query(condition, self._range.end))
        return self._answers[condition]

    def _reason(self, selector: Selector) -> Reason:
        if reason := self._role_reason(selector):
            return reason
        if selector.metric in self.names:
            return Reason(self._emptied(selector), known=False)
        metric = BY_SERIES[selector.metric].name if selector.metric in BY_SERIES else selector.metric
        if reason := why_absent(selector.metric, self.names):
            return reason if reason.excuses else replace(reason, text=f"{metric}: {reason.text}")
        return Reason(f"{metric or selector}: no such metric in the store", known=False)

    def _emptied(self, selector: Selector) -> str:
        """Which matcher leaves no series of a metric that is there."""
        for label, operator, value in selector.matchers:
            alone = Selector(selector.metric, ((label, operator, value),))
            if self._is_there(alone):
                continue
            there = self._client.label_values(label, self._range.start, self._range.end, selector.metric)
            if not there:
                return f"no series of {selector.metric} has a label {label}"
            if any(alone.allows(label, one) for one in there):
                # A store lists values a while longer than it has samples.
                return f"the series of {selector.metric} ended before the time range"
            listed = ", ".join(there[:_MOST_VALUES]) + (", …" if len(there) > _MOST_VALUES else "")
            verb = "is" if len(there) == 1 else "are"
            return f"{selector.metric} has no {alone.matchers_text}; there {verb} {listed}"
        return f"no series matches {selector}"

    def _role_reason(self, selector: Selector) -> Reason | None:
        wanted = [role for role in ROLES if all(selector.allows(label, role) for label in self._role_labels)]
        there = self.roles
        metric = BY_SERIES.get(selector.metric)
        if isinstance(metric, Histogram) and metric.predicted_for and wanted and metric.predicted_for not in wanted:
            return Reason(f"exists for {_words(wanted)} only with adaptive prefill/decode", excuses=True)
        if "neutral" in there and selector.metric.startswith("selected_instance_"):
            # A decision for a neutral instance is recorded as one for prefill and as one for decode.
            there = there | {"prefill", "decode"}
        restricted = any(map(selector.restricts, self._role_labels))
        if not restricted or not wanted or not there or there.intersection(wanted):
            return None
        return Reason(f"no {_words(wanted)} engines in this fleet", excuses=True)


def _counts(series: str) -> bool:
    if is_recorded(series):
        return is_recorded_rate(series)
    metric = BY_SERIES.get(series)
    return not isinstance(metric, Gauge) if metric else series.endswith(("_total", "_bucket", "_count", "_sum"))


def _words(roles: Sequence[str]) -> str:
    return roles[0] if len(roles) == 1 else f"{', '.join(roles[:-1])} or {roles[-1]}"
