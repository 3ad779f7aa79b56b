"""The API under /apis: chosen when there is no other, never in the version that has no panels."""

from collections.abc import Iterator

import pytest

from llumnix_dash.errors import ServerError
from llumnix_dash.grafana.apply import Outcome
from llumnix_dash.grafana.connect import Grafana, connect
from llumnix_dash.grafana.judge import EDITED, ROLLED_BACK
from llumnix_dash.grafana.plan import Action
from tests.grafana.conftest import transport_to
from tests.grafana.fake import PROFILES, FakeGrafana, Profile
from tests.grafana.samples import dashboard, edit, plan, push, push_planned, with_query

UID = "llumnix-lrs-dashboard"
CHANGED = with_query(dashboard(), "sum(up)")
NO_V0 = ("v2", "v1", "v1beta1")


@pytest.fixture(params=["g12", "g13.0", "g13new", "g13 without legacy", "g13 without v0alpha1"])
def profile(request: pytest.FixtureRequest) -> Profile:
    if request.param == "g13 without legacy":
        return PROFILES["g13new"].but(legacy=False)
    if request.param == "g13 without v0alpha1":
        return PROFILES["g13new"].but(dashboard_versions=NO_V0)
    return PROFILES[request.param]


@pytest.fixture
def fake(profile: Profile) -> Iterator[FakeGrafana]:
    with FakeGrafana(profile) as server:
        yield server


@pytest.fixture
def grafana(fake: FakeGrafana) -> Grafana:
    return connect(transport_to(fake), "k8s")


def test_the_whole_way(fake: FakeGrafana, grafana: Grafana):
    assert [result.outcome for result in push(grafana, folder="A / B")] == [Outcome.CREATED]
    assert [folder.title for folder in fake.store.folders.values()] == ["A", "B"]
    assert fake.store.dashboards[UID].spec["panels"] == dashboard()["panels"]
    fake.requests.clear()
    assert [result.outcome for result in push(grafana)] == [Outcome.UNCHANGED]
    assert [result.outcome for result in push(grafana, CHANGED)] == [Outcome.UPDATED]
    assert fake.store.dashboards[UID].version == 2
    assert not [line for line in fake.lines() if "/api/dashboards" in line or "/api/folders" in line]


def test_the_version_is_never_v2(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    push(grafana, CHANGED)
    used = {
        request.path.split("/")[3]
        for request in fake.requests
        if request.path.startswith("/apis/dashboard") and "labelSelector" not in request.query
    }
    assert used == ({"v1"} if "v0alpha1" not in fake.profile.dashboard_versions else {"v0alpha1"})


def test_the_history_is_asked_of_a_stable_version_where_there_is_one(fake: FakeGrafana, grafana: Grafana):
    """Others may answer, and have none: then the legacy API tells it, where the server has that."""
    push(grafana)
    fake.requests.clear()
    assert [version.number for version in grafana.dashboards.history(UID) or ()] == [1]
    content = grafana.dashboards.content(UID, 1)
    assert content is not None
    assert content["panels"] == dashboard()["panels"]
    assert fake.profile.history_versions or fake.lines() == [
        "GET /apis/dashboard.grafana.app/v0alpha1/namespaces/default/dashboards",
        f"GET /api/dashboards/uid/{UID}/versions",
        "GET /apis/dashboard.grafana.app/v0alpha1/namespaces/default/dashboards",
        f"GET /api/dashboards/uid/{UID}/versions/1",
    ]


def test_an_edit_is_a_conflict(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    edit(fake)
    [step] = plan(grafana, CHANGED).steps
    assert (step.action, step.reason) == (Action.CONFLICT, EDITED)
    assert step.live is not None
    assert (step.live.updated_by, step.live.updated) == ("alice", "2026-11-24T02:01:00Z")


def test_a_rollback_is_a_conflict(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    push(grafana, CHANGED)
    fake.store.restore(UID, 1, by="alice")
    [step] = plan(grafana, with_query(dashboard(), "sum(up) by (job)")).steps
    assert (step.action, step.reason) == (Action.CONFLICT, ROLLED_BACK)


def test_a_change_between_plan_and_apply_is_told(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    made = plan(grafana, CHANGED)
    edit(fake, description="between")
    [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.CONFLICT
    assert fake.store.dashboards[UID].spec["description"] == "between"


def test_a_dashboard_that_appears_is_not_overwritten(fake: FakeGrafana, grafana: Grafana):
    made = plan(grafana)
    fake.store.save(dashboard(description="first"), folder="", message="", by="bob", expected=None)
    [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.CONFLICT
    assert fake.store.dashboards[UID].spec["description"] == "first"


def test_a_dashboard_that_is_deleted_meanwhile_is_told(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    made = plan(grafana, CHANGED)
    fake.store.delete(UID)
    [result] = push_planned(grafana, made)
    assert result.outcome is Outcome.CONFLICT
    assert result.reason == "deleted in Grafana since the plan; nothing was written"


def test_what_the_server_migrates_is_compared_as_migrated():
    """Through v1 an old schema comes back newer: the server is asked what it would keep."""
    with FakeGrafana(PROFILES["g13.0"].but(dashboard_versions=NO_V0)) as fake:
        grafana = connect(transport_to(fake), "k8s")
        old = dashboard(schemaVersion=36)
        assert [result.outcome for result in push(grafana, old)] == [Outcome.CREATED]
        assert fake.store.dashboards[UID].spec["schemaVersion"] == 42
        assert plan(grafana, old).steps[0].action is Action.UNCHANGED
        assert plan(grafana, with_query(old, "sum(up)")).steps[0].action is Action.UPDATE
        assert fake.store.dashboards[UID].version == 1, "asking must not write"


def test_a_schema_that_v1_refuses_is_told_with_the_field():
    with FakeGrafana(PROFILES["g13.0"].but(dashboard_versions=NO_V0)) as fake:
        grafana = connect(transport_to(fake), "k8s")
        [step] = plan(grafana, dashboard(schemaVersion=7)).steps
        assert step.action is Action.FAILED
        assert "spec.schemaVersion: must be 9 or more" in str(step.error.detail)


def test_prune_finds_and_deletes(fake: FakeGrafana, grafana: Grafana, tmp_path):
    push(grafana)
    push(grafana, dashboard("other"))
    if "v0alpha1" not in fake.profile.dashboard_versions:
        with pytest.raises(ServerError, match="offers no search"):
            push(grafana, dashboard("other"), prune=True, backups=tmp_path)
        return
    results = push(grafana, dashboard("other"), prune=True, backups=tmp_path)
    assert [result.outcome for result in results] == [Outcome.UNCHANGED, Outcome.DELETED]


def test_the_search_is_asked_until_it_gives_all(monkeypatch):
    monkeypatch.setattr("llumnix_dash.grafana.k8s.SEARCH_LIMIT", 3)
    with FakeGrafana(PROFILES["g13new"].but(legacy=False)) as fake:
        grafana = connect(transport_to(fake))
        items = [dashboard(f"d{number}") for number in range(10)]
        push(grafana, *items)
        steps = plan(grafana, items[0], prune=True).steps
        assert [step.action for step in steps] == [Action.UNCHANGED, *[Action.DELETE] * 9]


def test_annotations_of_others_are_kept(fake: FakeGrafana, grafana: Grafana):
    push(grafana)
    push(grafana, CHANGED)
    put = next(request for request in fake.requests if request.method == "PUT")
    assert put.body["metadata"]["labels"] == {"grafana.app/deprecatedInternalID": "2"}
    assert "grafana.app/managedBy" not in put.body["metadata"]["annotations"]


@pytest.mark.parametrize("name", ["g10", "g11"])
def test_a_server_without_it_says_so(name: str):
    with FakeGrafana(name) as fake, pytest.raises(ServerError, match="has no /apis"):
        connect(transport_to(fake), "k8s")


def test_a_server_without_the_legacy_api_is_recognised():
    with FakeGrafana(PROFILES["g13new"].but(legacy=False)) as fake:
        assert connect(transport_to(fake)).dashboards.name == "k8s API v0alpha1"


@pytest.mark.parametrize("empty", [True, False])
@pytest.mark.parametrize("name", list(PROFILES))
def test_the_legacy_api_is_the_default_where_there_is_no_true_compare_and_swap(name: str, empty: bool):
    with FakeGrafana(name) as fake:
        if not empty:
            fake.store.save(dashboard(), folder="", message="", by="bob", expected=None)
        spoken = "k8s API v0alpha1" if fake.profile.unified else "legacy API"
        assert connect(transport_to(fake)).dashboards.name == spoken


@pytest.mark.parametrize(
    ("settings", "org_id", "namespace"),
    [({"namespace": "stacks-12"}, None, "stacks-12"), ({}, None, "default"), ({"namespace": "default"}, 7, "org-7")],
)
def test_the_namespace(settings, org_id, namespace: str):
    from llumnix_dash.grafana.discovery import Discovery

    with FakeGrafana("g13.0") as fake:
        fake.spoil("GET /bootdata", status=200, body={"settings": settings})
        transport = transport_to(fake)
        transport.org_id = org_id
        assert Discovery(transport).namespace == namespace
