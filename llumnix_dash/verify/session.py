"""A panel's values, for a test: the same interpolation, steps and requests as the command's.

Example::

    session = PanelReader("http://127.0.0.1:9090", at=1_700_000_000, seconds=3600)
    [p99] = session.panel(dashboard, "TTFT", variables={"model": ["qwen"]})["P99"]
    assert p99.points[-1][1] == pytest.approx(0.84, rel=0.02)
"""

from collections.abc import Mapping, Sequence
from typing import Any

from llumnix_dash.errors import UserError, nearest
from llumnix_dash.http.session import Connection
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client, Series
from llumnix_dash.verify.dashboard import parse
from llumnix_dash.verify.page import PagePanel, page
from llumnix_dash.verify.run import Settings, ask, resolved


class PanelReader:
    """A store and a time range.

    Args:
        url: of the Prometheus.
        at: the end of the time range, in seconds since the epoch.
        seconds: its length.
        scrape_interval: the data source's setting.
    """

    def __init__(self, url: str, *, at: float, seconds: float = 3600.0, scrape_interval: str = "15s") -> None:
        self.client = Client(Connection(url))
        self.time_range = TimeRange(at - seconds, at)
        self._scrape_interval = scrape_interval

    def panels(
        self, dashboard: Mapping[str, Any], variables: Mapping[str, Sequence[str]] | None = None
    ) -> list[PagePanel]:
        """What each panel of a dashboard's JSON asks, with these values of its variables, else those it opens with."""
        parsed = parse(dashboard, str(dashboard.get("uid") or "dashboard"))
        settings = Settings(self.time_range, chosen=variables or {}, scrape_interval=self._scrape_interval)
        scope = resolved(self.client, parsed, settings).scope
        return page(parsed, scope, self.time_range, self._scrape_interval)

    def panel(
        self,
        dashboard: Mapping[str, Any],
        panel: str | int,
        *,
        variables: Mapping[str, Sequence[str]] | None = None,
    ) -> dict[str, list[Series]]:
        """The series that a panel shows, by the ``refId`` of its queries; of a repeated panel the first's.

        Args:
            dashboard: its JSON.
            panel: the title, or the id.
            variables: values by name; ``["All"]`` chooses all.

        Raises:
            UserError: there is no such panel, or more than one of that title.
            QueryError: Prometheus refuses a query.
        """
        plans = self.panels(dashboard, variables)
        found = [one for one in plans if panel in {one.panel.id, one.title}]
        if not found:
            likely = nearest(str(panel), [one.title for one in plans])
            raise UserError(f"there is no panel {panel!r}", hint=f"{likely!r}" if likely else None)
        if len({one.panel.id for one in found}) > 1:
            raise UserError(f"{len(found)} panels have the title {panel!r}", hint="name it by its id")
        return self.ask(found[0])

    def ask(self, panel: PagePanel) -> dict[str, list[Series]]:
        """The series of each query of a panel, by ``refId``. Raises as :meth:`panel`."""
        series: dict[str, list[Series]] = {}
        for query in panel.queries:
            series.setdefault(query.ref_id, []).extend(ask(self.client, query))
        return series
