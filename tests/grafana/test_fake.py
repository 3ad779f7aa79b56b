"""The fake, asked by a client that is not ours: grafana-client, for every call that both have.

So the fake is not merely what our own client expects.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from grafana_client import GrafanaApi, TokenAuth
from grafana_client.client import GrafanaBadInputError, GrafanaClientError, GrafanaUnauthorizedError

from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.server import PASSWORD, TOKEN
from tests.grafana.samples import dashboard

UID = "llumnix-lrs-dashboard"


def client_of(fake: FakeGrafana, auth=None) -> GrafanaApi:
    parts = urlsplit(fake.url)
    return GrafanaApi(auth or TokenAuth(TOKEN), host=parts.hostname, port=parts.port, protocol="http")


@pytest.fixture
def client(fake: FakeGrafana) -> GrafanaApi:
    return client_of(fake)


@contextmanager
def refused(status: int, message: str = "") -> Iterator[None]:
    with pytest.raises(GrafanaClientError) as caught:
        yield
    assert caught.value.status_code == status
    assert message.lower() in str(caught.value).lower()


def saved(client: GrafanaApi, overwrite: bool = False, folder: str = "", **changes) -> dict:
    body = {"dashboard": dashboard(**changes), "folderUid": folder, "message": "m", "overwrite": overwrite}
    return client.dashboard.update_dashboard(body)


def test_health(fake: FakeGrafana, client: GrafanaApi):
    assert client.health.check()["version"] == fake.profile.version


def test_save_and_read(fake: FakeGrafana, client: GrafanaApi):
    answer = saved(client)
    assert (answer["status"], answer["version"], answer["uid"]) == ("success", 1, UID)
    live = client.dashboard.get_dashboard(UID)
    assert live["dashboard"]["version"] == 1
    assert live["dashboard"]["panels"] == dashboard()["panels"]
    assert live["meta"]["folderTitle"] == "General"
    assert live["meta"]["updatedBy"] == "llumnix-dash"
    assert ("apiVersion" in live["meta"]) == bool(fake.profile.dashboard_versions)


def test_a_save_over_another_version(fake: FakeGrafana, client: GrafanaApi):
    saved(client)
    with refused(fake.profile.conflict_status):
        saved(client, title="new")
    with refused(fake.profile.conflict_status):
        saved(client, title="new", version=7)
    assert saved(client, title="new", version=1)["version"] == 2
    assert saved(client, title="newer", overwrite=True)["version"] == 3


def test_an_identical_save(fake: FakeGrafana, client: GrafanaApi):
    saved(client)
    assert saved(client, version=1)["version"] == (2 if fake.profile.bumps_identical else 1)


def test_what_is_refused(fake: FakeGrafana, client: GrafanaApi):
    with pytest.raises(GrafanaBadInputError, match="title"):
        saved(client, title="")
    with pytest.raises(GrafanaBadInputError, match="illegal characters"):
        saved(client, uid="a b")
    with pytest.raises(GrafanaBadInputError, match="too long"):
        saved(client, uid="u" * 41)
    with pytest.raises(GrafanaBadInputError, match="bad request data"):
        client.dashboard.update_dashboard({"dashboard": None})
    with pytest.raises(GrafanaBadInputError, match="Use folders endpoint"):
        client.dashboard.update_dashboard({"dashboard": dashboard(), "isFolder": True, "folderUid": "", "folderId": 0})


def test_an_unknown_id(fake: FakeGrafana, client: GrafanaApi):
    if fake.profile.id_must_be_known:
        with refused(404, "Dashboard not found"):
            saved(client, id=99)
    else:
        assert saved(client, id=99)["status"] == "success"


def test_a_missing_folder(fake: FakeGrafana, client: GrafanaApi):
    with pytest.raises((GrafanaBadInputError, GrafanaClientError)) as caught:
        saved(client, folder="nowhere")
    assert caught.value.status_code == fake.profile.missing_folder_status


def test_an_omitted_folder_is_the_root(fake: FakeGrafana, client: GrafanaApi):
    client.folder.create_folder("A", uid="a")
    saved(client, folder="a")
    client.dashboard.update_dashboard({"dashboard": dashboard(), "overwrite": True})
    assert fake.store.dashboards[UID].folder == ""


def test_delete(fake: FakeGrafana, client: GrafanaApi):
    saved(client)
    answer = client.dashboard.delete_dashboard(UID)
    assert answer["message"].endswith("deleted")
    assert fake.profile.deletes_with in answer
    with refused(404, "Dashboard not found"):
        client.dashboard.get_dashboard(UID)
    with refused(404):
        client.dashboard.delete_dashboard(UID)


def test_search(fake: FakeGrafana, client: GrafanaApi):
    saved(client)
    saved(client, uid="other", tags=["x"], title="Other")
    client.folder.create_folder("A", uid="a")
    assert [hit["uid"] for hit in client.search.search_dashboards(tag=["x"])] == ["other"]
    assert [hit["uid"] for hit in client.search.search_dashboards(type_="dash-folder")] == ["a"]
    assert [hit["uid"] for hit in client.search.search_dashboards(query="other")] == ["other"]
    assert len(client.search.search_dashboards(type_="dash-db", limit=1)) == 1
    with refused(422, "above maximum"):
        client.search.search_dashboards(limit=5001)


def test_history(fake: FakeGrafana, client: GrafanaApi):
    saved(client)
    saved(client, title="new", version=1)
    versions = client.dashboard_versions.get_dashboard_versions_by_uid(UID)
    entries = versions["versions"] if fake.profile.versions_as_object else versions
    assert [entry["version"] for entry in entries] == [2, 1]
    assert entries[1]["message"] == ("Initial save" if fake.profile.hides_first_message else "m")
    assert client.dashboard_versions.get_dashboard_version_by_uid(UID, 1)["data"]["title"] == dashboard()["title"]
    assert client.dashboard_versions.restore_dashboard_by_uid(UID, 1)["version"] == 3
    with pytest.raises(GrafanaBadInputError):
        client.dashboard_versions.restore_dashboard_by_uid(UID, 1)
    with refused(404, "version not found"):
        client.dashboard_versions.restore_dashboard_by_uid(UID, 9)


def test_folders(fake: FakeGrafana, client: GrafanaApi):
    outer = client.folder.create_folder("Outer", uid="outer")
    inner = client.folder.create_folder("Inner", uid="inner", parent_uid="outer")
    assert (outer["title"], inner["parentUid"]) == ("Outer", "outer")
    assert [folder["uid"] for folder in client.folder.get_all_folders()] == ["outer"]
    assert [folder["uid"] for folder in client.folder.get_all_folders(parent_uid="outer")] == ["inner"]
    with pytest.raises(GrafanaClientError) as caught:
        client.folder.create_folder("Again", uid="outer")
    assert caught.value.status_code == fake.profile.folder_taken_status
    with refused(412, "changed by someone else"):
        client.folder.update_folder("outer", title="New", version=9)
    assert client.folder.update_folder("outer", title="New", version=1)["title"] == "New"
    assert "parentUid" not in client.folder.move_folder("inner", "")
    client.folder.delete_folder("outer")
    with refused(404, "folder not found"):
        client.folder.get_folder("outer")


def test_datasources(client: GrafanaApi):
    assert [source["uid"] for source in client.datasource.list_datasources()] == ["prom-uid", "loki-uid"]
    assert client.datasource.get_datasource_by_uid("prom-uid")["name"] == "Prometheus"
    assert client.datasource.get_datasource_by_name("Loki")["uid"] == "loki-uid"
    with refused(404, "Data source not found"):
        client.datasource.get_datasource_by_uid("nowhere")


def test_credentials(fake: FakeGrafana):
    assert client_of(fake, ("admin", PASSWORD)).search.search_dashboards() == []
    assert client_of(fake, ("api_key", TOKEN)).search.search_dashboards() == []
    tokens = {"t1": "expired", "t2": "revoked", "t3": "other-org", "t4": "invalid"}
    fake.refused_tokens.update(tokens)
    for auth, says in [
        (("admin", "wrong"), "Invalid username or password"),
        (TokenAuth("t1"), "Expired API key"),
        (TokenAuth("t2"), "Revoked API key"),
        (TokenAuth("t3"), "API key does not belong to the requested organization"),
        (TokenAuth("t4"), "Invalid API key"),
    ]:
        with pytest.raises(GrafanaUnauthorizedError) as caught:
            client_of(fake, auth).search.search_dashboards()
        assert caught.value.response["message"] == says


def test_a_missing_permission(fake: FakeGrafana, client: GrafanaApi):
    fake.denied = {"dashboards:create", "datasources:read"}
    with refused(403, "Permissions needed: dashboards:create"):
        saved(client)
    with refused(403, "Permissions needed: datasources:read"):
        client.datasource.list_datasources()


def test_an_unknown_route(client: GrafanaApi):
    with refused(404, "Not found"):
        client.dashboard.get_home_dashboard()
