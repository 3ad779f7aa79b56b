"""Runs a dashboard's queries, several at a time, and says how each went."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from llumnix_dash.errors import QueryError, UserError
from llumnix_dash.interpolation.timerange import TimeRange, parse_time
from llumnix_dash.interpolation.variables import Variables, resolve, shown
from llumnix_dash.prometheus.client import Client, Series
from llumnix_dash.prometheus.find import find
from llumnix_dash.verify.dashboard import QueriedDashboard
from llumnix_dash.verify.page import PagePanel, StoreQuery, page
from llumnix_dash.verify.report import DashboardResult, PanelResult, QueryResult, Status, VariableResult


@dataclass(frozen=True)
class Settings:
    """How dashboards are looked at.

    Attributes:
        time_range: that of every dashboard.
        chosen: values for variables, by name, as in Grafana's URL.
        scrape_interval: the data source's setting.
        jobs: how many queries run at a time.
        own_range: whether a dashboard is looked at in the time range that it opens with, up to now.
    """

    time_range: TimeRange
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    scrape_interval: str = "15s"
    jobs: int = 4
    own_range: bool = False


def of_dashboard(settings: Settings, dashboard: QueriedDashboard) -> Settings:
    """The settings with the time range that the dashboard opens with, where its own is asked for and makes sense."""
    time = dashboard.json.get("time")
    if not settings.own_range or not isinstance(time, Mapping):
        return settings
    now = settings.time_range.end
    try:
        start, end = parse_time(str(time.get("from")), now), parse_time(str(time.get("to")), now, round_up=True)
    except UserError:
        return settings
    return replace(settings, time_range=TimeRange(start, end)) if start < end else settings


Progress = Callable[[int, int], None]
"""Told how many queries are done, of how many."""

Explain = Callable[[QueryResult], QueryResult]
"""Says of a query without data why that is, where it is known."""


def run(
    client: Client,
    dashboard: QueriedDashboard,
    settings: Settings,
    *,
    explain: Explain,
    progress: Progress | None = None,
) -> DashboardResult:
    """Every query of the dashboard, collapsed rows included.

    Raises:
        ServerError: the store cannot be reached or refuses the credentials.
    """
    variables = resolved(client, dashboard, settings)
    plans = page(dashboard, variables.scope, settings.time_range, settings.scrape_interval)
    queries = [query for panel in plans for query in panel.queries]
    results: list[QueryResult] = []
    with ThreadPoolExecutor(max_workers=settings.jobs) as pool:
        try:
            for result in pool.map(lambda query: measured(client, query), queries):
                results.append(result)
                if progress:
                    progress(len(results), len(queries))
        except BaseException:
            # What has not begun need not begin: the store is gone or the user has had enough.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    explained = iter([explain(result) if result.status is Status.NO_DATA else result for result in results])
    return DashboardResult(
        name=dashboard.name,
        title=dashboard.title,
        uid=str(dashboard.json.get("uid") or ""),
        variables=_variable_results(variables),
        variable_queries=variables.queries,
        panels=tuple(_panel_result(panel, [next(explained) for _ in panel.queries]) for panel in plans),
    )


def resolved(client: Client, dashboard: QueriedDashboard, settings: Settings) -> Variables:
    """The dashboard's variables, as its drop-downs would stand."""
    return resolve(
        dashboard.json,
        partial(find, client),
        settings.time_range,
        chosen=settings.chosen,
        scrape_interval=settings.scrape_interval,
        asked=dashboard.asked,
    )


def ask(client: Client, query: StoreQuery) -> list[Series]:
    """The query's result. Raises as :meth:`Client.query`."""
    if query.instant:
        return client.query(query.expr, query.end)
    return client.query_range(query.expr, query.start, query.end, query.step)


def measured(client: Client, query: StoreQuery) -> QueryResult:
    """How the query went; only a store that is out of reach raises."""
    begin = time.perf_counter()
    try:
        series = ask(client, query)
    except QueryError as error:
        elapsed = (time.perf_counter() - begin) * 1000
        # VictoriaMetrics repeats the query, which the report shows anyway.
        message = _PREAMBLE.sub("", str(error))
        return QueryResult(
            query,
            Status.ERROR,
            0,
            elapsed,
            message=message,
            hint=_hint(query, wrong=True),
            span=span(query.expr, message),
        )
    elapsed = (time.perf_counter() - begin) * 1000
    if any(one.has_value for one in series):
        return QueryResult(query, Status.OK, len(series), elapsed, hint="; ".join(query.doubts))
    message = "only NaN" if series else "no series"
    return QueryResult(query, Status.NO_DATA, len(series), elapsed, message=message, hint=_hint(query))


def _hint(query: StoreQuery, *, wrong: bool = False) -> str:
    """What the query's variables have to do with it; one without a value only where the query is refused."""
    told = list(query.doubts)
    if query.unknown:
        told.append(f"the dashboard has no variable {_named(query.unknown)}")
    if query.valueless and wrong:
        told.append(f"no value to choose from in {_named(query.valueless)}")
    return "; ".join(told)


def _named(variables: Sequence[str]) -> str:
    return ", ".join(f"${name}" for name in variables)


_POSITION = re.compile(r"(?P<line>\d+):(?P<column>\d+): parse error")
_UNPARSED = re.compile(r'unparsed data: "(?P<rest>(?:[^"\\]|\\.)*)"')
_WORD = re.compile(r"\[?[\w:.$]+|\S", re.ASCII)
_PREAMBLE = re.compile(
    r'error when executing query=".*" on the time range \(.*?\): (?:cannot execute query: )?', re.DOTALL
)


def span(expr: str, message: str) -> tuple[int, int] | None:
    """The part of a query that a message points at: Prometheus tells line and column, VictoriaMetrics what is left."""
    start = None
    if match := _POSITION.search(message):
        lines = expr.split("\n")
        line = min(int(match["line"]), len(lines)) - 1
        # The column counts bytes.
        before = lines[line].encode()[: int(match["column"]) - 1].decode(errors="ignore")
        start = sum(len(text) + 1 for text in lines[:line]) + len(before)
    elif match := _UNPARSED.search(message):
        rest = re.sub(r"\\(.)", r"\1", match["rest"])
        start = expr.rfind(rest) if rest in expr else None
    if start is None:
        return None
    word = _WORD.match(expr, start)
    return start, word.end() if word else start + 1


def _panel_result(panel: PagePanel, queries: Sequence[QueryResult]) -> PanelResult:
    return PanelResult(
        id=panel.panel.id,
        title=panel.title,
        row=panel.row,
        open=panel.panel.open,
        repeat=panel.repeat,
        queries=tuple(queries),
        skipped=panel.panel.skipped,
        problem=panel.problem,
    )


def _variable_results(variables: Variables) -> tuple[VariableResult, ...]:
    return tuple(
        VariableResult(
            name=name,
            value=shown(variables.scope[name]) if name in variables.scope else "",
            error=variables.errors.get(name, ""),
            note=variables.notes.get(name, ""),
        )
        for name in variables.names
    )


def page_without_store(dashboard: QueriedDashboard, settings: Settings) -> list[PagePanel]:
    """What would be asked where there is no store that could list the values of variables."""
    variables = resolve(
        dashboard.json,
        lambda query, time_range: [],
        settings.time_range,
        chosen=settings.chosen,
        scrape_interval=settings.scrape_interval,
        asked=dashboard.asked,
    )
    return page(dashboard, variables.scope, settings.time_range, settings.scrape_interval)
