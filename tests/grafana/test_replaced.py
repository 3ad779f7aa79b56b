"""A dashboard that was deleted and imported anew during the plan is another, even where its version is the same."""

import pytest

from llumnix_dash.grafana.apply import Outcome
from llumnix_dash.grafana.connect import connect
from llumnix_dash.grafana.plan import Action
from tests.grafana.conftest import transport_to
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.person import delete_and_import
from tests.grafana.samples import dashboard, plan, push, push_planned, with_query

UID = "llumnix-lrs-dashboard"


@pytest.mark.parametrize("name", ["g10", "g11", "g120", "g12", "g13.0"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_replaced_dashboard_is_left_alone(name: str, overwrite: bool, tmp_path):
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake), "legacy")
        push(grafana)
        made = plan(grafana, with_query(dashboard(), "sum(up)"))
        assert made.steps[0].action is Action.UPDATE
        before = fake.store.dashboards[UID].version
        delete_and_import(fake, UID)
        assert fake.store.dashboards[UID].version == before

        [result] = push_planned(grafana, made, overwrite=overwrite, backups=tmp_path)

        assert result.outcome is Outcome.CONFLICT
        assert fake.store.dashboards[UID].spec["description"] == "imported by hand"
        assert "changed in Grafana since the plan by alice; nothing was overwritten" in str(result.reason)


def test_pruning_leaves_a_replaced_dashboard_alone(fake: FakeGrafana, grafana, tmp_path):
    push(grafana, dashboard(), dashboard("other"))
    made = plan(grafana, dashboard("other"), prune=True)
    delete_and_import(fake, UID)
    results = push_planned(grafana, made, backups=tmp_path)
    assert results[1].outcome is Outcome.KEPT
    assert UID in fake.store.dashboards
