"""What came of it: a dashboard's panels with their queries, and how each went. Renderers only read these."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.verify.page import StoreQuery


class Status(Enum):
    """How a query or a panel went; the value is the word that people read."""

    OK = "ok"
    EXPLAINED = "explained"
    ALLOWED = "allowed"
    NO_DATA = "no data"
    ERROR = "error"
    SKIPPED = "skipped"

    @property
    def is_bad(self) -> bool:
        """Whether a person should look at it."""
        return self in {Status.NO_DATA, Status.ERROR}


class FailOn(Enum):
    """What makes ``verify`` exit with 1; the value is what ``--fail-on`` takes."""

    ERROR = "error"
    NO_DATA = "no-data"
    REGRESSION = "regression"


@dataclass(frozen=True)
class QueryResult:
    """How one query went.

    Attributes:
        query: what was asked.
        status: no data also where every sample is NaN.
        series: how many series came back.
        milliseconds: how long the answer took.
        message: the store's message of an error, or why there is no data.
        hint: what to do about it, where that is known.
        span: the part of the query, from and to (excluded), that the message is about, where the store tells.
    """

    query: StoreQuery
    status: Status
    series: int
    milliseconds: float
    message: str = ""
    hint: str = ""
    span: tuple[int, int] | None = None


@dataclass(frozen=True)
class PanelResult:
    """How a panel went, with its queries in their order.

    ``skipped`` says why its queries are not run, ``problem`` why they cannot be; ``allowed`` why it may be blank, where
    somebody said so, and ``lost`` that it had data, or no error, on the base.
    """

    id: int
    title: str
    row: str
    open: bool
    repeat: Mapping[str, str]
    queries: tuple[QueryResult, ...]
    skipped: str = ""
    problem: str = ""
    allowed: str = ""
    lost: bool = False

    @property
    def status(self) -> Status:
        """An error of any query is the panel's; no data only where no query has any."""
        if self.problem:
            return Status.ERROR
        statuses = {result.status for result in self.queries}
        if self.allowed and Status.NO_DATA in statuses and not statuses & {Status.ERROR, Status.OK}:
            return Status.ALLOWED
        for status in (Status.ERROR, Status.OK, Status.NO_DATA, Status.EXPLAINED):
            if status in statuses:
                return status
        return Status.SKIPPED

    @property
    def series(self) -> int:
        """How many series it shows."""
        return sum(result.series for result in self.queries)

    @property
    def milliseconds(self) -> float:
        """The time that its queries took, added."""
        return sum(result.milliseconds for result in self.queries)

    @property
    def blank(self) -> tuple[QueryResult, ...]:
        """Its queries without data."""
        return tuple(result for result in self.queries if result.status in {Status.NO_DATA, Status.EXPLAINED})


@dataclass(frozen=True)
class Totals:
    """The cost of a set of panels."""

    panels: int
    queries: int
    series: int
    milliseconds: float
    statuses: Mapping[Status, int]


def totals(panels: Iterable[PanelResult]) -> Totals:
    """The sums over these panels."""
    panels = list(panels)
    return Totals(
        panels=len(panels),
        queries=sum(len(panel.queries) for panel in panels),
        series=sum(panel.series for panel in panels),
        milliseconds=sum(panel.milliseconds for panel in panels),
        statuses={status: count for status in Status if (count := sum(panel.status is status for panel in panels))},
    )


@dataclass(frozen=True)
class VariableResult:
    """A variable's value; an error of its query, or a note such as "lists no value"."""

    name: str
    value: str
    error: str = ""
    note: str = ""


@dataclass(frozen=True)
class DashboardResult:
    """How a dashboard's variables and panels went; ``variable_queries`` is how many its drop-downs cost."""

    name: str
    title: str
    uid: str
    variables: tuple[VariableResult, ...]
    variable_queries: int
    panels: tuple[PanelResult, ...]

    def fails(self, fail_on: "FailOn") -> bool:
        """Whether a panel is in a state that counts as a failure, or a drop-down's query is refused."""
        if fail_on is FailOn.REGRESSION:
            return any(panel.lost for panel in self.panels)
        failing = {Status.ERROR} if fail_on is FailOn.ERROR else {Status.ERROR, Status.NO_DATA}
        return any(panel.status in failing for panel in self.panels) or any(one.error for one in self.variables)

    @property
    def open(self) -> Totals:
        """The cost of opening it: collapsed rows query nothing."""
        return totals(panel for panel in self.panels if panel.open)

    @property
    def all(self) -> Totals:
        """The cost with every row open."""
        return totals(self.panels)


@dataclass(frozen=True)
class Gap:
    """A metric on one side only, with the reason from the catalogue where there is one."""

    metric: str
    reason: str = ""
    shown_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """Which metrics meet.

    Attributes:
        source: where the exported metrics were read.
        exported: how many metrics the fleet exports.
        asked: how many metrics the panels ask for.
        unshown: exported, and no panel shows them.
        missing: panels ask for them, and the fleet does not export them.
        unlisted: how many more there are of each of the two, of which there is nothing to say.
    """

    source: str
    exported: int
    asked: int
    unshown: tuple[Gap, ...]
    missing: tuple[Gap, ...]
    unlisted: tuple[int, int] = (0, 0)


@dataclass
class Summary:
    """All that ``verify`` found beyond single dashboards, which are told one by one.

    Attributes:
        time_range: that of dashboards that do not open with their own.
        fail_on: what counts as a failure.
        url: of the Prometheus; empty without one.
        dashboards: how many there were.
        statuses: how many panels went how.
        coverage: which metrics meet.
        failed: whether any dashboard fails.
    """

    time_range: TimeRange
    fail_on: FailOn = FailOn.NO_DATA
    url: str = ""
    dashboards: int = 0
    statuses: Counter[Status] = field(default_factory=Counter)
    coverage: Coverage | None = None
    failed: bool = False

    def add(self, result: DashboardResult) -> None:
        """Counts a dashboard."""
        self.dashboards += 1
        self.statuses.update(result.all.statuses)
        self.failed = self.failed or result.fails(self.fail_on)

    @property
    def fails(self) -> bool:
        """Whether any dashboard does; without a Prometheus, whether a missing metric has no reason."""
        if not self.dashboards and self.coverage:
            return any(not gap.reason for gap in self.coverage.missing)
        return self.failed
