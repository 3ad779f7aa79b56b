"""The fake's ``/apis``."""

import re
from typing import Any
from urllib.parse import unquote

from tests.grafana.fake import newschema
from tests.grafana.fake.legacy import Call
from tests.grafana.fake.store import Dashboard, Folder, Json, RefusalError, Store

GROUPS = {"dashboard.grafana.app": "dashboard_versions", "folder.grafana.app": "folder_versions"}
REASONS = {
    400: "BadRequest",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    413: "RequestEntityTooLarge",
    422: "Invalid",
}
ITEM = re.compile(r"/apis/([^/]+)/([^/]+)/namespaces/([^/]+)/([^/]+)(?:/([^/]+))?(?:/([^/]+))?")
MIGRATED_TO = 42
SERVERS_OWN = {f"grafana.app/{name}" for name in ("folder", "message", "createdBy", "updatedBy", "updatedTimestamp")}


def respond(store: Store, call: Call) -> tuple[int, Any]:
    """The status and JSON of a call to ``/apis``."""
    offered = {group: getattr(store.profile, knob) for group, knob in GROUPS.items() if getattr(store.profile, knob)}
    if call.path == "/apis":
        groups = [
            {
                "name": group,
                "versions": [{"groupVersion": f"{group}/{version}", "version": version} for version in versions],
                "preferredVersion": {"groupVersion": f"{group}/{versions[0]}", "version": versions[0]},
            }
            for group, versions in offered.items()
        ]
        return 200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    match = ITEM.fullmatch(call.path)
    if not match or match[2] not in offered.get(match[1], ()):
        raise RefusalError(404, "Not found")
    group, version, _, plural, name, sub = (part and unquote(part) for part in match.groups())
    try:
        if plural == "search":
            return 200, _search(store, call)
        if plural == "folders":
            return _folders(store, call, f"{group}/{version}", name)
        return _dashboards(store, call, version, name, sub)
    except RefusalError as refusal:
        return refusal.status if refusal.status != 412 else 409, status(refusal, plural, name)


def status(refusal: RefusalError, kind: str, name: str | None) -> Json:
    """An error in the k8s form."""
    code = refusal.status if refusal.status != 412 else 409
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": refusal.message,
        "reason": refusal.body.get("reason") or REASONS.get(code, "InternalError"),
        "details": {"name": name, "group": "dashboard.grafana.app", "kind": kind, **refusal.body.get("details", {})},
        "code": code,
    }


def _dashboards(store: Store, call: Call, version: str, name: str | None, sub: str | None) -> tuple[int, Any]:
    if name is None and call.method == "GET":
        return 200, _list(store, call, version)
    if name is None:
        return 201, _write(store, call, version, None)
    call.needs("dashboards:read", f"dashboards:uid:{name}")
    live = store.dashboards.get(name)
    if live is None:
        raise RefusalError(404, f'dashboards.dashboard.grafana.app "{name}" not found')
    if call.method == "GET":
        body = _object(store, live, version)
        if sub == "dto":
            body["kind"] = "DashboardWithAccessInfo"
            body["access"] = {
                "canSave": "dashboards:write" not in call.denied,
                "slug": "slug",
                "url": f"/d/{name}/slug",
            }
        return 200, body
    if call.method == "PUT":
        return 200, _write(store, call, version, live)
    if call.method == "DELETE":
        call.needs("dashboards:delete", f"dashboards:uid:{name}")
        asked = (call.body or {}).get("preconditions") or {}
        held = {"uid": store.object_uid(live), "resourceVersion": str(live.resource_version)}
        if any(value != held[key] for key, value in asked.items()):
            raise RefusalError(409, "Precondition failed: the object in storage is another", reason="Conflict")
        store.delete(name)
        details = {"name": name, "group": "dashboard.grafana.app", "kind": "dashboards", "uid": held["uid"]}
        return 200, {"kind": "Status", "status": "Success", "details": details}
    raise RefusalError(405, "the server does not allow this method on the requested resource")


def _write(store: Store, call: Call, version: str, live: Dashboard | None) -> Json:
    body = call.body
    metadata, annotations = body["metadata"], body["metadata"].get("annotations") or {}
    spec, name = dict(body["spec"]), metadata["name"]
    folder = annotations.get("grafana.app/folder", "")
    call.needs("dashboards:write" if live else "dashboards:create", f"folders:uid:{folder or 'general'}")
    if live is None and metadata.get("resourceVersion"):
        raise RefusalError(400, "resourceVersion should not be set on objects to be created")
    if live is None and name in store.dashboards:
        raise RefusalError(409, f'dashboards.dashboard.grafana.app "{name}" already exists', reason="AlreadyExists")
    if live is not None and metadata.get("resourceVersion") not in {None, "", str(live.resource_version)}:
        raise RefusalError(
            409,
            "the object has been modified; please apply your changes to the latest version and try again",
            reason="Conflict",
        )
    if live is not None and metadata.get("uid") not in {None, "", store.object_uid(live)}:
        raise RefusalError(409, "Precondition failed: UID in precondition is another", reason="Conflict")
    if live is not None and annotations.get("grafana.app/managedBy") != live.annotations.get("grafana.app/managedBy"):
        raise RefusalError(403, "Can not remove resource manager from resource")
    if {"id", "uid", "version"} & set(spec):
        raise AssertionError("a spec must not hold id, uid or version")
    if version in {"v1", "v1beta1"}:
        spec = _migrated(spec)
    native = spec if version.startswith("v2") else None
    if native is None and "elements" in spec:
        raise RefusalError(400, "the spec is of schema v2")
    if folder and folder not in store.folders:
        raise RefusalError(404, f'folders.folder.grafana.app "{folder}" not found')
    saved = store.save(
        {**(newschema.down(native) if native else spec), "uid": name},
        folder=folder,
        message=annotations.get("grafana.app/message", ""),
        by=call.login,
        expected=live.version if live and metadata.get("resourceVersion") else None,
        dry_run=call.first("dryRun") == "All",
        schema=version,
        native=native,
        annotations={key: value for key, value in annotations.items() if key not in SERVERS_OWN},
        revision=live.resource_version if live and metadata.get("resourceVersion") else None,
    )
    return _object(store, saved, version)


def _migrated(spec: Json) -> Json:
    """As v1 does on a write: an old schema is brought to the newest, which changes what comes back."""
    if spec.get("schemaVersion", 0) >= MIGRATED_TO:
        return spec
    if spec.get("schemaVersion", 0) < 9:
        raise RefusalError(
            422,
            "dashboard is invalid",
            details={
                "causes": [
                    {"reason": "FieldValueInvalid", "message": "must be 9 or more", "field": "spec.schemaVersion"}
                ]
            },
        )
    return {**spec, "schemaVersion": MIGRATED_TO, "preload": False}


def _object(store: Store, live: Dashboard, version: str) -> Json:
    failed = live.native is not None and not version.startswith("v2") and store.profile.status_of_v2_read == 406
    spec = {key: value for key, value in live.spec.items() if key not in {"id", "uid", "version"}}
    if version.startswith("v2"):
        spec = live.native or newschema.up(spec)
    annotations = dict(live.annotations)
    if live.provisioned:
        annotations |= {
            "grafana.app/managedBy": "classic-file-provisioning",
            "grafana.app/sourcePath": live.provisioned,
        }
    if live.folder:
        annotations["grafana.app/folder"] = live.folder
    if live.history:
        annotations |= {
            "grafana.app/createdBy": live.history[0].by,
            "grafana.app/updatedBy": live.last.by,
            "grafana.app/updatedTimestamp": live.last.at,
            "grafana.app/message": live.last.message,
        }
    body: Json = {
        "apiVersion": f"dashboard.grafana.app/{version}",
        "kind": "Dashboard",
        "metadata": {
            "name": live.uid,
            "namespace": "default",
            "uid": store.object_uid(live),
            "resourceVersion": str(live.resource_version),
            "generation": live.version,
            "creationTimestamp": "2026-11-24T01:00:00Z",
            "labels": {"grafana.app/deprecatedInternalID": str(live.id)},
            "annotations": annotations,
        },
        "spec": {} if failed else spec,
        "status": {},
    }
    if live.schema != version:
        stored = live.schema if store.profile.tells_stored_version else "v0alpha1"
        body["status"] = {"conversion": {"failed": failed, "storedVersion": stored}}
        if failed:
            body["status"]["conversion"]["error"] = "conversion not implemented"
    return body


def _list(store: Store, call: Call, version: str) -> Json:
    history = "grafana.app/get-history=true" in call.first("labelSelector")
    if history:
        call.needs("dashboards:write")
        live = store.dashboards.get(call.first("fieldSelector").removeprefix("metadata.name="))
        items = []
        # Other versions than those answer, and have none.
        served = store.profile.history_versions
        for entry in reversed(live.history) if live is not None and version in served else ():
            item = _object(store, live, version)
            item["metadata"]["generation"] = entry.number
            item["metadata"]["annotations"] |= {
                "grafana.app/message": entry.message,
                "grafana.app/updatedBy": entry.by,
                "grafana.app/updatedTimestamp": entry.at,
            }
            newer = entry.native or newschema.up(entry.spec) if version.startswith("v2") else None
            # What is stored in v0alpha1 is migrated on the way out of v1.
            old = version in {"v1", "v1beta1"} and 9 <= entry.spec.get("schemaVersion", 0) < MIGRATED_TO
            items.append({**item, "spec": newer or (_migrated(entry.spec) if old else entry.spec)})
    else:
        limit = int(call.first("limit", "500"))
        items = [_object(store, live, version) for live in list(store.dashboards.values())[:limit]]
    revision = str(1_700_000_000_000_000 if store.profile.unified else 1)
    return {"kind": "DashboardList", "metadata": {"continue": "", "resourceVersion": revision}, "items": items}


def _search(store: Store, call: Call) -> Json:
    tags = set(call.query.get("tag", []))
    hits = [
        {"resource": "dashboards", "name": live.uid, "title": live.title, "folder": live.folder}
        for live in store.dashboards.values()
        if tags <= set(live.spec.get("tags") or []) and live.uid not in store.unsearchable
    ]
    return {"totalHits": len(hits), "hits": hits[: int(call.first("limit", "50"))]}


def _folders(store: Store, call: Call, api_version: str, name: str | None) -> tuple[int, Any]:
    if name is None and call.method == "GET":
        return 200, {"metadata": {}, "items": [_folder(folder, api_version) for folder in store.folders.values()]}
    if call.method == "GET":
        call.needs("folders:read", f"folders:uid:{name}")
        if name not in store.folders:
            raise RefusalError(404, f'folders.folder.grafana.app "{name}" not found')
        return 200, _folder(store.folders[name], api_version)
    if name is None and call.method == "POST":
        call.needs("folders:create")
        metadata = call.body["metadata"]
        if metadata["name"] in store.folders:
            raise RefusalError(
                409, f'folders.folder.grafana.app "{metadata["name"]}" already exists', reason="AlreadyExists"
            )
        parent = (metadata.get("annotations") or {}).get("grafana.app/folder", "")
        return 201, _folder(store.create_folder(call.body["spec"]["title"], metadata["name"], parent), api_version)
    raise RefusalError(405, "the server does not allow this method on the requested resource")


def _folder(folder: Folder, api_version: str) -> Json:
    annotations = {"grafana.app/folder": folder.parent} if folder.parent else {}
    metadata = {
        "name": folder.uid,
        "namespace": "default",
        "resourceVersion": str(folder.version),
        "annotations": annotations,
    }
    return {"apiVersion": api_version, "kind": "Folder", "metadata": metadata, "spec": {"title": folder.title}}
