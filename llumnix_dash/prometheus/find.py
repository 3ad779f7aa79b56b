"""The queries of variables: ``label_values(…)``, ``label_names()``, ``metrics(…)``, ``query_result(…)``, a selector."""

import math
import re
from collections.abc import Callable, Mapping

from llumnix_dash.errors import QueryError
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client


def find(client: Client, query: str, time_range: TimeRange) -> list[str]:
    """What a variable's query finds, before the variable's regex and sort.

    Raises:
        QueryError: the store refuses the query.
        ServerError: it cannot be reached or refuses the credentials.
    """
    if not query.strip():
        return []
    for pattern, answer in _FORMS:
        if match := pattern.fullmatch(query):
            return answer(client, match, time_range.start, time_range.end)
    return [_metric_name(labels) for labels in client.series(query, time_range.start, time_range.end)]


def _label_names(client: Client, match: re.Match[str], start: float, end: float) -> list[str]:
    return client.label_names(start, end, f'{{__name__=~".*{match[1]}.*"}}' if match[1] else None)


def _label_values(client: Client, match: re.Match[str], start: float, end: float) -> list[str]:
    selector = (match[1] or "").strip()
    return client.label_values(match[2], start, end, selector if selector.replace(" ", "") != "{}" else None)


def _metrics(client: Client, match: re.Match[str], start: float, end: float) -> list[str]:
    return _matching(match[1], client.label_values("__name__", start, end))


def _query_result(client: Client, match: re.Match[str], start: float, end: float) -> list[str]:
    return [
        f"{_selector(series.labels)} {_number(value)} {moment * 1000:.0f}"
        for series in client.query(match[1], end)
        for moment, value in series.points[-1:]
    ]


Answer = Callable[[Client, re.Match[str], float, float], list[str]]

_FORMS: tuple[tuple[re.Pattern[str], Answer], ...] = (
    (re.compile(r"label_names\((.+)?\)\s*", re.DOTALL), _label_names),
    (re.compile(r"label_values\((?:(.+),\s*)?([a-zA-Z_][a-zA-Z0-9_]*)\)\s*", re.DOTALL), _label_values),
    (re.compile(r"metrics\((.+)\)\s*", re.DOTALL), _metrics),
    (re.compile(r"query_result\((.+)\)\s*", re.DOTALL), _query_result),
)


def _matching(pattern: str, names: list[str]) -> list[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise QueryError(f"metrics({pattern}): not a regular expression: {error}") from error
    return [name for name in names if compiled.search(name)]


def _number(value: float) -> str:
    """A value as Prometheus writes it."""
    if math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    return "NaN" if math.isnan(value) else f"{value:+}".replace("inf", "Inf")


def _selector(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{value}"' for name, value in labels.items() if name != "__name__")
    return f"{labels.get('__name__', '')}{{{pairs}}}"


def _metric_name(labels: Mapping[str, str]) -> str:
    """A series as Grafana names it: ``up{instance="a", job="b"}``."""
    pairs = ", ".join(sorted(f'{name}="{value}"' for name, value in labels.items() if name != "__name__"))
    name = labels.get("__name__", "")
    return name if name and not pairs else f"{name}{{{pairs}}}"
