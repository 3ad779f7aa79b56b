"""One run over many dashboards: what they share, such as the reasons of blanks, and the coverage that all make."""

from collections.abc import Iterable, Sequence

from llumnix_dash.http.session import Connection
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.prometheus.exposition import exported_by
from llumnix_dash.verify.coverage import Shown, coverage, exported_by_store
from llumnix_dash.verify.dashboard import QueriedDashboard
from llumnix_dash.verify.explain import Explainer
from llumnix_dash.verify.gate import against_base
from llumnix_dash.verify.report import Coverage, DashboardResult
from llumnix_dash.verify.run import Progress, Settings, of_dashboard, page_without_store, run


class Check:
    """Runs dashboards on a store, one after the other; of each it keeps the names of metrics alone.

    Args:
        connection: to the store.
        settings: how dashboards are looked at.
        timeout: seconds for each query.
        base: dashboards as they were before, for regressions.
        exporters: URLs that say what is exported, instead of the store.
        jobs: whose metrics count, of those in the store; all if empty.
        role: the label of engines that has their role.

    Raises:
        ServerError: the store or an exporter cannot be reached, or refuses the credentials.
    """

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        timeout: float,
        *,
        base: Sequence[QueriedDashboard],
        exporters: Sequence[str],
        jobs: Sequence[str],
        role: str,
    ) -> None:
        self._client = Client(connection, timeout=timeout)
        self._client.check()
        self._settings = settings
        self._base = base
        self._role = role
        self._source = ", ".join(exporters) or self._client.url
        self._exported = (
            exported_by(exporters) if exporters else exported_by_store(self._client, settings.time_range, jobs)
        )
        self._listed = bool(jobs or exporters)
        self._shown = Shown(self._exported)
        self._explainers: dict[TimeRange, Explainer] = {}

    def result(self, dashboard: QueriedDashboard, progress: Progress) -> DashboardResult:
        """How a dashboard went. Raises as :func:`~llumnix_dash.verify.run.run`."""
        result = self._run(dashboard, progress)
        for panel in result.panels:
            self._shown.add(result.title, panel.title, (one.query.expr for one in panel.queries))
        if not self._base:
            return result
        return against_base(result, self._base, lambda before: self._run(before, progress))

    def coverage(self) -> Coverage:
        """Which metrics meet, after all dashboards."""
        return coverage(self._source, self._exported, self._shown, listed=self._listed)

    def _run(self, dashboard: QueriedDashboard, progress: Progress) -> DashboardResult:
        settings = of_dashboard(self._settings, dashboard)
        time_range = settings.time_range
        explainer = self._explainers.setdefault(time_range, Explainer(self._client, time_range, self._role))
        return run(self._client, dashboard, settings, explain=explainer, progress=progress)


def coverage_without_store(
    dashboards: Iterable[QueriedDashboard], settings: Settings, exporters: Sequence[str]
) -> Coverage:
    """Which metrics meet of what exporters say and what dashboards would ask.

    Raises:
        ServerError: an exporter cannot be reached.
    """
    shown = Shown(exported := exported_by(exporters))
    for dashboard in dashboards:
        for panel in page_without_store(dashboard, settings):
            shown.add(dashboard.title, panel.title, (query.expr for query in panel.queries))
    return coverage(", ".join(exporters), exported, shown)
