"""The fake's ``/api``."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.grafana.fake.store import Dashboard, Folder, Json, RefusalError, Store


class Call:
    """One request, as the routes see it."""

    def __init__(
        self, method: str, path: str, query: dict[str, list[str]], body: Any, login: str, denied: set[str]
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.login = login
        self.denied = denied

    def first(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def needs(self, permission: str, scope: str = "") -> None:
        if permission in self.denied:
            evaluator = f"{permission} on {scope}" if scope else permission
            raise RefusalError(
                403,
                f"You'll need additional permissions to perform this action. Permissions needed: {evaluator}",
                title="Access denied",
                accessErrorId="ACE0123456789",
            )


def respond(store: Store, call: Call, sub_path: str) -> tuple[int, Any]:
    """The status and JSON of a call to ``/api``."""
    if not store.profile.legacy and re.match(r"/api/(dashboards|folders|search)", call.path):
        raise RefusalError(404, "Not found")
    for method, pattern, handler in ROUTES:
        match = re.fullmatch(pattern, call.path)
        if match and method == call.method:
            return handler(store, call, *(unquote(part) for part in match.groups()), sub_path=sub_path)
    raise RefusalError(404, "Not found")


def save(store: Store, call: Call, *, sub_path: str) -> tuple[int, Any]:
    body = call.body
    if not isinstance(body, dict) or not isinstance(body.get("dashboard"), dict):
        raise RefusalError(400, "bad request data", traceID="")
    if body.get("isFolder"):
        raise RefusalError(400, "Use folders endpoint for saving folders.")
    dashboard = dict(body["dashboard"])
    folder = body.get("folderUid") or ""
    given_id, given_uid = dashboard.get("id") or 0, dashboard.get("uid")
    if given_id:
        of_id = next((live for live in store.dashboards.values() if live.id == given_id), None)
        if of_id is None and (store.profile.id_must_be_known or not given_uid):
            raise RefusalError(404, "Dashboard not found", status="not-found")
        if of_id is not None and given_uid and of_id.uid != given_uid and given_uid in store.dashboards:
            raise RefusalError(400, "A dashboard with the same uid already exists")
        if of_id is not None:
            dashboard["uid"] = of_id.uid
    exists = dashboard.get("uid") in store.dashboards
    call.needs("dashboards:write" if exists else "dashboards:create", f"folders:uid:{folder or 'general'}")
    version = int(dashboard.get("version") or 0) if given_id or given_uid else 0
    live = store.save(
        dashboard,
        folder=folder,
        message=body.get("message") or "",
        by=call.login,
        expected=None if body.get("overwrite") else version,
        annotations={},
    )
    slug = re.sub(r"[^a-z0-9]+", "-", live.title.lower()).strip("-")
    answer = {
        "id": live.id,
        "uid": live.uid,
        "url": f"{sub_path}/d/{live.uid}/{slug}",
        "status": "success",
        "version": live.version,
        "slug": slug,
    }
    if store.profile.says_folder_uid:
        answer["folderUid"] = live.folder
    return 200, answer


def read(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    call.needs("dashboards:read", f"dashboards:uid:{uid}")
    live = store.dashboards.get(uid)
    if live is None:
        raise RefusalError(404, "Dashboard not found", traceID="")
    if live.native is not None and store.profile.status_of_v2_read == 406:
        raise RefusalError(
            406,
            f"dashboard api version not supported, use /apis/dashboard.grafana.app/{live.schema}"
            f"/namespaces/default/dashboards/{uid} instead",
        )
    folder = store.folders.get(live.folder)
    meta = {
        "type": "db",
        "canSave": "dashboards:write" not in call.denied,
        "canEdit": True,
        "slug": "slug",
        "url": f"{sub_path}/d/{uid}/slug",
        "created": live.history[0].at,
        "createdBy": live.history[0].by,
        "updated": live.last.at,
        "updatedBy": live.last.by,
        "version": live.version,
        "isFolder": False,
        "folderUid": live.folder,
        "folderTitle": folder.title if folder else "General",
        "provisioned": live.provisioned is not None,
        "provisionedExternalId": live.provisioned or "",
    }
    if store.profile.dashboard_versions:
        meta["apiVersion"] = "v0alpha1"  # never v2, whatever it is stored as
    return 200, {"dashboard": {**live.spec, "id": live.id, "version": live.version}, "meta": meta}


def delete(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    call.needs("dashboards:delete", f"dashboards:uid:{uid}")
    live = store.delete(uid)
    key = store.profile.deletes_with
    return 200, {"title": live.title, "message": f"Dashboard {live.title} deleted", key: getattr(live, key)}


def versions(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    call.needs("dashboards:write", f"dashboards:uid:{uid}")
    live = _known(store, uid)
    found = [_version(store, live, number) for number in range(len(live.history) - 1, -1, -1)]
    start, limit = int(call.first("start", "0")), int(call.first("limit", "0")) or len(found)
    page = found[start : start + limit]
    return 200, {"continueToken": "", "versions": page} if store.profile.versions_as_object else page


def version(store: Store, call: Call, uid: str, number: str, *, sub_path: str) -> tuple[int, Any]:
    live = _known(store, uid)
    for index, entry in enumerate(live.history):
        if entry.number == int(number):
            return 200, {**_version(store, live, index), "data": {**entry.spec, "version": entry.number}}
    raise RefusalError(404, "Dashboard version not found")


def restore(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    live = store.restore(_known(store, uid).uid, int(call.body["version"]), call.login)
    return 200, {
        "id": live.id,
        "uid": uid,
        "url": f"{sub_path}/d/{uid}/slug",
        "status": "success",
        "version": live.version,
    }


def search(store: Store, call: Call, *, sub_path: str) -> tuple[int, Any]:
    limit, page = int(call.first("limit", "1000")), int(call.first("page", "1"))
    if limit > 5000:
        raise RefusalError(422, "Limit is above maximum allowed (5000), use page parameter to access hits beyond limit")
    kind, tags = call.first("type"), call.query.get("tag", [])
    if kind not in {"", "dash-db", "dash-folder"} and store.profile.dashboard_versions:
        raise RefusalError(500, "Search failed", traceID="")
    hits: list[Json] = []
    if kind != "dash-db" and not tags:
        hits += [
            {"id": folder.id, "uid": folder.uid, "title": folder.title, "type": "dash-folder", "tags": []}
            for folder in store.folders.values()
        ]
    if kind != "dash-folder":
        indexed = [_hit(live) for live in store.dashboards.values() if live.uid not in store.unsearchable]
        hits += [hit for hit in [*indexed, *store.still_searchable.values()] if set(tags) <= set(hit["tags"])]
    query = call.first("query").lower()
    hits = [hit for hit in hits if query in hit["title"].lower()]
    return 200, hits[(page - 1) * limit : page * limit]


def _hit(live: Dashboard) -> Json:
    return {
        "id": live.id,
        "uid": live.uid,
        "title": live.title,
        "uri": f"db/{live.uid}",
        "url": f"/d/{live.uid}/slug",
        "type": "dash-db",
        "tags": live.spec.get("tags") or [],
        "isStarred": False,
        "folderUid": live.folder,
    }


def folders(store: Store, call: Call, *, sub_path: str) -> tuple[int, Any]:
    parent = call.first("parentUid") if store.profile.nested_folders else ""
    found = [_folder(store, call, folder, short=True) for folder in store.folders.values() if folder.parent == parent]
    limit, page = int(call.first("limit", "1000")), int(call.first("page", "1"))
    return 200, found[(page - 1) * limit : page * limit]


def folder(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    call.needs("folders:read", f"folders:uid:{uid}")
    return 200, _folder(store, call, _known_folder(store, uid))


def create_folder(store: Store, call: Call, *, sub_path: str) -> tuple[int, Any]:
    call.needs("folders:create")
    body = call.body
    made = store.create_folder(body.get("title") or "", body.get("uid"), body.get("parentUid") or "")
    return 200, _folder(store, call, made)


def update_folder(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    live = _known_folder(store, uid)
    if not call.body.get("overwrite") and call.body.get("version") != live.version:
        raise RefusalError(412, "the folder has been changed by someone else", status="version-mismatch")
    live.title, live.version = call.body["title"], live.version + 1
    return 200, _folder(store, call, live)


def move_folder(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    if not store.profile.nested_folders:
        raise RefusalError(404, "Not found")
    live = _known_folder(store, uid)
    live.parent = call.body.get("parentUid") or ""
    return 200, _folder(store, call, live)


def delete_folder(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    _known_folder(store, uid)
    store.delete_folder(uid)
    return 200, {"message": "Folder deleted"}


def datasources(store: Store, call: Call, *, sub_path: str) -> tuple[int, Any]:
    call.needs("datasources:read")
    return 200, store.datasources


def datasource_by_uid(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    return 200, _known_source(store, "uid", uid)


def datasource_by_name(store: Store, call: Call, name: str, *, sub_path: str) -> tuple[int, Any]:
    return 200, _known_source(store, "name", name)


def library_element(store: Store, call: Call, uid: str, *, sub_path: str) -> tuple[int, Any]:
    call.needs("library.panels:read", f"library.panels:uid:{uid}")
    if uid not in store.library_panels:
        raise RefusalError(404, "library element could not be found")
    return 200, {"result": {"uid": uid, "name": uid, "kind": 1}}


def annotate(store: Store, call: Call, *, sub_path: str) -> tuple[int, Any]:
    call.needs("annotations:create", f"dashboards:uid:{call.body.get('dashboardUID')}")
    if not call.body.get("text"):  # the only field that must be there; times are in milliseconds
        raise RefusalError(400, "Failed to save annotation")
    store.annotations.append(call.body)
    return 200, {"message": "Annotation added", "id": len(store.annotations)}


def settings(store: Store, call: Call, *, sub_path: str) -> tuple[int, Any]:
    version = store.profile.version or "12.0.0"
    return 200, {"buildInfo": {"version": version}, "minRefreshInterval": store.profile.minimum_refresh}


def _known(store: Store, uid: str) -> Dashboard:
    if uid not in store.dashboards:
        raise RefusalError(404, "Dashboard not found", traceID="")
    return store.dashboards[uid]


def _known_folder(store: Store, uid: str) -> Folder:
    if uid not in store.folders:
        raise RefusalError(404, "folder not found", status="not-found")
    return store.folders[uid]


def _known_source(store: Store, key: str, value: str) -> Json:
    for source in store.datasources:
        if source[key] == value:
            return source
    raise RefusalError(404, "Data source not found")


def _folder(store: Store, call: Call, live: Folder, *, short: bool = False) -> Json:
    body: Json = {"id": live.id, "uid": live.uid, "title": live.title}
    if store.profile.nested_folders and live.parent:
        body["parentUid"] = live.parent
    if not short:
        can_save = "dashboards:create" not in call.denied
        body |= {
            "url": f"/dashboards/f/{live.uid}/slug",
            "canSave": can_save,
            "canEdit": can_save,
            "version": live.version,
        }
    return body


def _version(store: Store, live: Dashboard, index: int) -> Json:
    entry = live.history[index]
    hidden = store.profile.hides_first_message and index == 0
    return {
        "id": index + 1,
        "dashboardId": live.id,
        "uid": live.uid,
        "parentVersion": index,
        "restoredFrom": entry.restored_from,
        "version": entry.number,
        "created": entry.at,
        "createdBy": entry.by,
        "message": "Initial save" if hidden else entry.message,
    }


UID = r"([^/]+)"
ROUTES: list[tuple[str, str, Callable[..., tuple[int, Any]]]] = [
    ("POST", "/api/dashboards/db", save),
    ("GET", f"/api/dashboards/uid/{UID}", read),
    ("DELETE", f"/api/dashboards/uid/{UID}", delete),
    ("GET", f"/api/dashboards/uid/{UID}/versions", versions),
    ("GET", rf"/api/dashboards/uid/{UID}/versions/(\d+)", version),
    ("POST", f"/api/dashboards/uid/{UID}/restore", restore),
    ("GET", "/api/search/?", search),
    ("GET", "/api/folders", folders),
    ("POST", "/api/folders", create_folder),
    ("GET", f"/api/folders/{UID}", folder),
    ("PUT", f"/api/folders/{UID}", update_folder),
    ("POST", f"/api/folders/{UID}/move", move_folder),
    ("DELETE", f"/api/folders/{UID}", delete_folder),
    ("GET", "/api/datasources", datasources),
    ("GET", f"/api/datasources/uid/{UID}", datasource_by_uid),
    ("GET", f"/api/datasources/name/{UID}", datasource_by_name),
    ("GET", f"/api/library-elements/{UID}", library_element),
    ("POST", "/api/annotations", annotate),
    ("GET", "/api/frontend/settings", settings),
]
