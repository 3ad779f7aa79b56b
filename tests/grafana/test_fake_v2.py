"""The fake's schema v2, windows and resource versions, as ``section 11`` of the contract tells them of real servers."""

import pytest
import requests

from llumnix_dash.document import canonical
from llumnix_dash.grafana.difference import NOTHING_TO_SEE, differences
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.person import delete_and_import, save_in_editor
from tests.grafana.fake.server import TOKEN
from tests.grafana.samples import dashboard, edit, with_query

UID = "llumnix-lrs-dashboard"
LEGACY = f"/api/dashboards/uid/{UID}"
ITEM = "/apis/dashboard.grafana.app/{}/namespaces/default/dashboards/" + UID
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def ask(fake: FakeGrafana, path: str, method: str = "GET", body: object = None) -> requests.Response:
    return requests.request(method, fake.url + path, json=body, headers=HEADERS, timeout=30)


def stored(fake: FakeGrafana) -> None:
    row = {"type": "row", "title": "Row", "id": 3, "panels": [], "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}}
    place = {**dashboard()["panels"][0]["gridPos"], "y": 1}
    spec = dashboard(timezone="browser", panels=[row, {**dashboard()["panels"][0], "gridPos": place}])
    fake.store.save(spec, folder="", message="first", by="bob", expected=None)


@pytest.mark.parametrize("name", ["g13.0", "g13new"])
def test_the_editor_of_13_stores_v2_and_nothing_tells_so(name: str):
    with FakeGrafana(name) as fake:
        stored(fake)
        before = ask(fake, LEGACY).json()["dashboard"]
        save_in_editor(fake, UID)
        legacy, item = ask(fake, LEGACY).json(), ask(fake, ITEM.format("v0alpha1")).json()
        assert legacy["meta"]["apiVersion"] == "v0alpha1"
        assert legacy["dashboard"] != before, "defaults are spelt out, rows are numbered anew"
        assert legacy["dashboard"]["preload"] is False
        assert item.get("status") in ({}, {"conversion": {"failed": False, "storedVersion": "v0alpha1"}})
        assert item["metadata"]["annotations"]["grafana.app/saved-from-ui"].startswith("Grafana v13.")
        assert "elements" in ask(fake, ITEM.format("v2")).json()["spec"]
        told = differences(canonical.canonical(before), canonical.canonical(legacy["dashboard"]))
        assert told == [NOTHING_TO_SEE]


@pytest.mark.parametrize(("name", "status"), [("g120", 406), ("g12", 200)])
def test_a_v2_dashboard_on_12(name: str, status: int):
    with FakeGrafana(name) as fake:
        stored(fake)
        save_in_editor(fake, UID, layout="tabs")
        item = ask(fake, ITEM.format("v0alpha1")).json()
        assert ask(fake, LEGACY).status_code == status
        assert item["status"]["conversion"]["storedVersion"] == "v2beta1"
        assert item["status"]["conversion"]["failed"] == (status == 406) == (item["spec"] == {})


def put(fake: FakeGrafana, **changes: object) -> requests.Response:
    item = ask(fake, ITEM.format("v0alpha1")).json()
    return ask(fake, ITEM.format("v0alpha1"), "PUT", {**item, "spec": {**item["spec"], **changes}})


@pytest.mark.parametrize("name", ["g12", "g13.0", "g13new"])
def test_an_edit_in_the_servers_own_window(name: str):
    with FakeGrafana(name) as fake:
        stored(fake)
        for method, status in (("POST", 200), ("PUT", 200 if name == "g12" else 409)):
            version = fake.store.dashboards[UID].version
            fake.store.in_window = lambda: edit(fake, description="in the window")
            if method == "POST":
                body = {"dashboard": with_query({**dashboard(), "version": version}, "up > 1"), "overwrite": False}
                answer = ask(fake, "/api/dashboards/db", "POST", body)
            else:
                answer = put(fake, title="ours")
            assert answer.status_code == status
            lost = fake.store.dashboards[UID].spec.get("description") != "in the window"
            assert lost == (status == 200)
            assert fake.store.dashboards[UID].version == version + (2 if lost else 1)
            edit(fake, description=method)


@pytest.mark.parametrize(("name", "status"), [("g12", 200), ("g13.0", 409), ("g13new", 409)])
def test_delete_and_import_under_a_true_compare_and_swap(name: str, status: int):
    with FakeGrafana(name) as fake:
        stored(fake)
        seen = ask(fake, ITEM.format("v0alpha1")).json()
        delete_and_import(fake, UID)
        answer = ask(fake, ITEM.format("v0alpha1"), "PUT", {**seen, "spec": {**seen["spec"], "title": "ours"}})
        assert answer.status_code == status


def test_classic_over_v2_with_the_same_content_is_no_new_generation():
    with FakeGrafana("g13.0") as fake:
        stored(fake)
        save_in_editor(fake, UID)
        before = ask(fake, ITEM.format("v0alpha1")).json()["metadata"]
        after = put(fake).json()["metadata"]
        assert after["generation"] == before["generation"]
        assert after["resourceVersion"] != before["resourceVersion"]
        assert fake.store.dashboards[UID].schema == "v0alpha1"


def test_a_delete_with_a_stale_precondition():
    with FakeGrafana("g13new") as fake:
        stored(fake)
        seen = ask(fake, ITEM.format("v0alpha1")).json()["metadata"]
        edit(fake)
        asked = {"uid": seen["uid"], "resourceVersion": seen["resourceVersion"]}
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": asked}
        assert ask(fake, ITEM.format("v0alpha1"), "DELETE", body).status_code == 409
        assert UID in fake.store.dashboards
