"""Dashboards that something else owns, or that the credentials may not write: seen in the plan, never written."""

import pytest

from llumnix_dash.grafana.apply import Outcome
from llumnix_dash.grafana.connect import connect
from llumnix_dash.grafana.plan import Action
from tests.grafana.conftest import transport_to
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.grafana.samples import dashboard, plan, push, with_query

UID = "llumnix-lrs-dashboard"
CHANGED = with_query(dashboard(), "sum(up)")
MANAGERS = {
    "repo": "managed by Git Sync (ops)",
    "terraform": "managed by Terraform (ops)",
    "kubectl": "managed by kubectl or grafanactl (ops)",
    "plugin": "owned by a plugin (ops)",
    "classic-file-provisioning": "provisioned from a file (ops)",
    "new-tool": "managed by new-tool (ops)",
}
WITH_K8S = ["g12", "g13.0", "g13new"]


def blocked(fake: FakeGrafana, grafana, reason: str) -> None:
    writes = len(fake.lines("POST", "PUT"))
    [step] = plan(grafana, CHANGED).steps
    assert (step.action, step.reason) == (Action.BLOCKED, reason)
    assert [result.outcome for result in push(grafana, CHANGED, overwrite=True)] == [Outcome.BLOCKED]
    assert len(fake.lines("POST", "PUT")) == writes


def test_provisioned_from_a_file(fake: FakeGrafana, grafana):
    push(grafana)
    fake.store.dashboards[UID].provisioned = "lrs.json"
    blocked(fake, grafana, "provisioned from the file lrs.json")


def test_a_provisioned_one_that_is_as_wanted_is_fine(fake: FakeGrafana, grafana):
    push(grafana)
    fake.store.dashboards[UID].provisioned = "lrs.json"
    assert plan(grafana).steps[0].action is Action.UNCHANGED


@pytest.mark.parametrize("name", WITH_K8S)
@pytest.mark.parametrize("api", ["legacy", "k8s"])
@pytest.mark.parametrize("manager", list(MANAGERS))
def test_managed_by_another_tool(name: str, api, manager: str):
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake), api)
        push(grafana)
        fake.store.dashboards[UID].annotations = {"grafana.app/managedBy": manager, "grafana.app/managerId": "ops"}
        blocked(fake, grafana, MANAGERS[manager])


@pytest.mark.parametrize("name", WITH_K8S)
def test_a_manager_that_allows_edits_does_not_block(name: str):
    with FakeGrafana(PROFILES[name].but(refuses_managed=False)) as fake:
        grafana = connect(transport_to(fake))
        push(grafana)
        annotations = {"grafana.app/managedBy": "terraform", "grafana.app/managerAllowsEdits": "true"}
        fake.store.dashboards[UID].annotations = annotations
        assert plan(grafana, CHANGED).steps[0].action is Action.UPDATE


@pytest.mark.parametrize("name", ["g10", "g11", "g12", "g13.0"])
def test_a_plugin_tells_only_when_it_is_written(name: str):
    with FakeGrafana(name) as fake:
        grafana = connect(transport_to(fake), "legacy")
        push(grafana)
        fake.store.dashboards[UID].plugin = "llm-app"
        [result] = push(grafana, CHANGED, overwrite=True)
        assert result.outcome is Outcome.BLOCKED
        assert "belongs to plugin llm-app" in str(result.reason)


def test_a_dashboard_that_may_not_be_written_is_forbidden(fake: FakeGrafana, grafana):
    push(grafana)
    fake.denied.add("dashboards:write")
    [step] = plan(grafana, CHANGED).steps
    assert step.action is Action.FORBIDDEN
    assert step.reason == f"permission needed: dashboards:write on dashboards:uid:{UID} or its folder"


def test_a_folder_that_may_not_be_written_is_forbidden(fake: FakeGrafana, grafana):
    fake.store.create_folder("Llumnix", None, "")
    folder = next(iter(fake.store.folders))
    fake.denied.add("dashboards:create")
    [step] = plan(grafana, folder_uid=folder).steps
    assert step.action is Action.FORBIDDEN
    assert step.reason == f"permission needed: dashboards:create on folders:uid:{folder}"


def test_a_dashboard_that_may_not_be_read_is_forbidden(fake: FakeGrafana, grafana):
    fake.denied.add("dashboards:read")
    [step] = plan(grafana).steps
    assert step.action is Action.FORBIDDEN
    assert step.reason == f"permission needed: dashboards:read on dashboards:uid:{UID}"


def test_what_the_plan_could_not_see_is_forbidden_when_it_is_written(fake: FakeGrafana, grafana):
    fake.denied.add("dashboards:create")
    [result] = push(grafana)
    assert result.outcome is Outcome.FORBIDDEN
    assert "dashboards:create" in result.error.detail


@pytest.mark.parametrize("name", ["g10", "g11", "g12", "g13.0"])
def test_a_gitops_listener_means_not_saved(name: str):
    with FakeGrafana(name) as fake:
        fake.store.gitops_listens = True
        [result] = push(connect(transport_to(fake)))
        assert result.outcome is Outcome.FAILED
        assert "GitOps" in result.error.summary


def test_the_quota(fake: FakeGrafana, grafana):
    fake.store.quota = 1
    results = push(grafana, dashboard("a"), dashboard("b"))
    assert sorted(result.outcome for result in results) == [Outcome.CREATED, Outcome.FAILED]
    assert any("quota is reached" in str(result.reason) for result in results)


def test_a_uid_that_belongs_to_a_folder_is_refused(fake: FakeGrafana, grafana):
    fake.store.create_folder("Something", UID, "")
    [result] = push(grafana)
    assert result.outcome is Outcome.FAILED
    assert "cannot be changed to a folder" in result.error.detail


def test_a_short_refresh_is_rewritten_or_refused(fake: FakeGrafana, grafana):
    results = push(grafana, dashboard(refresh="1s"))
    if fake.profile.refuses_short_refresh:
        assert "refresh interval" in results[0].error.summary
    else:
        assert fake.store.dashboards[UID].spec["refresh"] == "5s"
        assert plan(grafana, dashboard(refresh="1s")).steps[0].action is Action.UNCHANGED
        assert plan(grafana, {**CHANGED, "refresh": "1s"}).steps[0].action is Action.UPDATE, (
            "no conflict with the server"
        )


def test_a_server_with_a_longer_minimum():
    with FakeGrafana(PROFILES["g11"].but(minimum_refresh="1m")) as fake:
        grafana = connect(transport_to(fake))
        push(grafana)
        assert fake.store.dashboards[UID].spec["refresh"] == "1m"
        assert plan(grafana).steps[0].action is Action.UNCHANGED
        assert plan(grafana, CHANGED).steps[0].action is Action.UPDATE


def test_a_minimum_that_rose_since_our_push_is_nobodys_edit():
    """What is stored stays as it is until the next save: it is our last push, and a push may replace it."""
    with FakeGrafana("g11") as fake:
        push(connect(transport_to(fake)))
        fake.store.profile = fake.store.profile.but(minimum_refresh="1m")
        assert plan(connect(transport_to(fake)), CHANGED).steps[0].action is Action.UPDATE


def test_a_minimum_that_the_server_does_not_tell_is_nobodys_edit():
    """It is taken to be Grafana's default; where it is less in truth, a shorter refresh is stored, and is ours."""
    quick = {"refresh": "1s"}
    with FakeGrafana(PROFILES["g11"].but(minimum_refresh="1s")) as fake:
        fake.spoil("GET /api/frontend/settings", status=200, body={"buildInfo": {}})
        grafana = connect(transport_to(fake))
        push(grafana, dashboard(**quick))
        assert fake.store.dashboards[UID].spec["refresh"] == "1s"
        assert plan(grafana, {**CHANGED, **quick}).steps[0].action is Action.UPDATE


def test_the_same_title_in_a_folder_is_refused_on_10_only(fake: FakeGrafana, grafana):
    push(grafana)
    [result] = push(grafana, dashboard("twin", title=dashboard()["title"]))
    assert result.outcome is (Outcome.FAILED if fake.profile.name == "g10" else Outcome.CREATED)
