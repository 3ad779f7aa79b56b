"""What each panel asks: its queries after interpolation, with the times and the step that Grafana would send."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from llumnix_dash.errors import UserError
from llumnix_dash.interpolation.doubts import doubts, valueless
from llumnix_dash.interpolation.interpolate import (
    VariableValue,
    VariableValues,
    interpolate,
    interpolate_query,
    references,
)
from llumnix_dash.interpolation.intervals import query_intervals
from llumnix_dash.interpolation.timerange import TimeRange, parse_duration, parse_time
from llumnix_dash.verify.dashboard import GRID_COLUMNS, PanelQuery, QueriedDashboard, QueriedPanel

PAGE_WIDTH = 1600
"""The width of a dashboard in pixels that panels without ``maxDataPoints`` are taken to share."""


@dataclass(frozen=True)
class StoreQuery:
    """One request to Prometheus.

    Attributes:
        ref_id: its letter in the panel.
        expr: the query as Prometheus gets it.
        start, end, step: in seconds; a step of 0 is that of an instant query, made at ``end``.
        unknown: variables that it names and the dashboard lacks.
        doubts: what its variables make of it that its author hardly meant.
        valueless: variables that it names and that have no value.
    """

    ref_id: str
    expr: str
    start: float
    end: float
    step: float = 0.0
    unknown: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    valueless: tuple[str, ...] = ()

    @property
    def instant(self) -> bool:
        """Whether it asks for one moment."""
        return self.step == 0.0


@dataclass(frozen=True)
class PagePanel:
    """A panel as it stands on the page: a panel that repeats is there once for each value.

    Attributes:
        panel: what the JSON says.
        title: after interpolation.
        row: the title of its row, after interpolation.
        repeat: the value of each variable that it repeats over.
        queries: what it asks.
        problem: why it cannot ask, such as an interval that is none; it then has no queries.
    """

    panel: QueriedPanel
    title: str
    row: str
    repeat: Mapping[str, str]
    queries: tuple[StoreQuery, ...] = ()
    problem: str = ""


def page(
    dashboard: QueriedDashboard, scope: VariableValues, time_range: TimeRange, scrape_interval: str
) -> list[PagePanel]:
    """What Grafana would ask for every panel of the dashboard, in the order of the page.

    Args:
        dashboard: the dashboard.
        scope: its variables, resolved.
        time_range: the dashboard's.
        scrape_interval: the data source's setting, such as ``15s``.
    """
    return [
        _page_panel(panel, {**scope, **repeated}, repeated, time_range, scrape_interval)
        for panel in dashboard.panels
        for repeated in _repetitions(panel, scope)
    ]


def _repetitions(panel: QueriedPanel, scope: VariableValues) -> Iterator[dict[str, VariableValue]]:
    """One scope for each value, or combination of values, over which the panel or its row repeats."""
    repeated = [scope[name] for name in panel.repeats if name in scope and scope[name].chosen]
    for values in product(*(variable.chosen for variable in repeated)):
        yield {
            variable.name: replace(variable, value=value, text=value, all_value=None)
            for variable, value in zip(repeated, values, strict=True)
        }


def _page_panel(
    panel: QueriedPanel,
    scope: VariableValues,
    repeated: Mapping[str, VariableValue],
    time_range: TimeRange,
    scrape_interval: str,
) -> PagePanel:
    shown = PagePanel(
        panel=panel,
        title=interpolate(panel.title, scope, default="text"),
        row=interpolate(panel.row, scope, default="text"),
        repeat={name: variable.text for name, variable in repeated.items()},
    )
    try:
        own_range = _own_range(panel, scope, time_range)
        queries = [
            query for target in panel.targets for query in _queries(target, panel, scope, own_range, scrape_interval)
        ]
    except UserError as error:
        return replace(shown, problem=error.summary)
    return replace(shown, queries=tuple(queries))


def _own_range(panel: QueriedPanel, scope: VariableValues, time_range: TimeRange) -> TimeRange:
    """The dashboard's range, or the panel's own where it has a relative time or a time shift."""
    if panel.time_from:
        start = interpolate(panel.time_from, scope)
        now = time_range.end
        time_range = TimeRange(parse_time(start if start.startswith("now") else f"now-{start}", now), now)
    if panel.time_shift:
        time_range = time_range.shifted(-parse_duration(interpolate(panel.time_shift, scope).removeprefix("now-")))
    return time_range


def _queries(
    target: PanelQuery, panel: QueriedPanel, scope: VariableValues, time_range: TimeRange, scrape_interval: str
) -> Iterator[StoreQuery]:
    intervals = query_intervals(
        time_range,
        max_data_points=panel.max_data_points or max(1, PAGE_WIDTH * panel.width // GRID_COLUMNS),
        scrape_interval=scrape_interval,
        panel_minimum=interpolate(panel.minimum_interval, scope).removeprefix(">"),
        query_minimum=interpolate(target.minimum_interval, scope).removeprefix(">"),
        factor=target.interval_factor,
    )
    expr = interpolate_query(target.expr, scope, intervals, time_range, target.source)
    # A dollar sign may end a regular expression; a name after it is a variable that the dashboard lacks.
    unknown = tuple(name for name in references(expr) if not name.isdecimal())
    instant = StoreQuery(
        target.ref_id,
        expr,
        time_range.start,
        time_range.end,
        unknown=unknown,
        doubts=doubts(target.expr, scope),
        valueless=valueless(target.expr, scope),
    )
    if target.instant:
        yield instant
    if target.range:
        step = intervals.step / 1000
        start, end = (math.floor(time / step) * step for time in (time_range.start, time_range.end))
        yield replace(instant, start=start, end=end, step=step)
