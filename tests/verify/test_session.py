"""The session gives a panel's values, as tests of the dashboards' truth need them."""

from typing import Any

import pytest

from llumnix_dash.errors import UserError
from llumnix_dash.verify.session import PanelReader
from tests.prometheus.fleet import Store

DASHBOARD: dict[str, Any] = {
    "uid": "x",
    "panels": [
        {
            "id": 7,
            "title": "Rate",
            "targets": [
                {
                    "refId": "A",
                    "instant": True,
                    "expr": 'sum(rate(request_total{status_code=~"$status"}[$__rate_interval]))',
                },
                {"refId": "B", "expr": "gateway_pending_requests", "interval": "10m"},
            ],
        },
        {"id": 8, "title": "Twice", "targets": [{"refId": "A", "expr": "up"}]},
        {"id": 9, "title": "Twice", "targets": [{"refId": "A", "expr": "up"}]},
    ],
    "templating": {
        "list": [
            {"name": "status", "type": "query", "query": "label_values(request_total, status_code)", "multi": True}
        ]
    },
}


@pytest.fixture
def session(store: Store) -> PanelReader:
    return PanelReader(store.url, at=store.end)


def test_a_panels_values_come_by_title_or_id_with_the_chosen_variables(session: PanelReader) -> None:
    opened = session.panel(DASHBOARD, "Rate")
    chosen = session.panel(DASHBOARD, 7, variables={"status": ["200", "500"]})
    assert opened["A"][0].points[0][1] == pytest.approx(9)
    assert chosen["A"][0].points[0][1] == pytest.approx(10)


def test_a_range_query_gives_every_point_of_the_range(session: PanelReader, store: Store) -> None:
    [series] = session.panel(DASHBOARD, "Rate")["B"]
    assert [moment for moment, _ in series.points] == list(range(1_750_000_200, store.end + 1, 600))


def test_an_unknown_panel_and_an_ambiguous_title_are_told(session: PanelReader) -> None:
    with pytest.raises(UserError, match="there is no panel 'Rates'") as caught:
        session.panel(DASHBOARD, "Rates")
    assert caught.value.hint == "'Rate'"
    with pytest.raises(UserError, match="2 panels have the title"):
        session.panel(DASHBOARD, "Twice")
