"""The API under ``/apis``, for servers that have no other any more and for ``--api k8s``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from typing_extensions import override

from llumnix_dash.errors import ServerError
from llumnix_dash.grafana import newschema
from llumnix_dash.grafana.discovery import DASHBOARD_GROUP, FOLDER_GROUP, Discovery, is_of_unified
from llumnix_dash.grafana.failures import (
    AnswerLostError,
    RefusedAsChangedError,
    RevisionChangedError,
    explain,
    unseen_folder,
)
from llumnix_dash.grafana.model import ROOT, About, Dashboards, Folder, Folders, Live, Saved, Version, Write
from llumnix_dash.grafana.ownership import UNREADABLE_V2, live_of_object
from llumnix_dash.http.reply import Reply

FOLDER, MESSAGE = newschema.FOLDER, newschema.MESSAGE
PAGE = 500
SEARCH_LIMIT = 1000
# What the server or its editor writes beside a dashboard, and nobody else may.
_NOT_OURS_TO_SEND = frozenset(
    {newschema.SAVED_FROM_UI} | {f"grafana.app/{name}" for name in ("folderTitle", "folderUrl", "grant-permissions")}
)
_NOT_SPEC = frozenset({"id", "uid", "version"})


class K8sDashboards(Dashboards):
    """Dashboards through ``/apis/dashboard.grafana.app``, in a version that has the classic schema.

    Args:
        discovery: of the server.
        legacy: where the history is read if this API does not serve it.
        tagged: the search, if not this API's own.
    """

    def __init__(
        self, discovery: Discovery, legacy: Dashboards, tagged: Callable[[str], Sequence[str]] | None = None
    ) -> None:
        version, path = discovery.dashboards_version(), discovery.dashboards_path()
        if version is None or path is None:
            raise ServerError(
                "this Grafana has no /apis/dashboard.grafana.app for classic dashboards",
                where=discovery.transport.base,
                hint="leave --api out: the legacy API is there from Grafana 10 on, the other from 12 on",
            )
        self.name = f"k8s API {version}"
        self._discovery = discovery
        self._legacy = legacy
        self._tagged = tagged
        self._version = version
        self._path = path
        self._search = discovery.search_path()
        self._namespace = discovery.namespace
        self._transport = discovery.transport

    @override
    def read(self, uid: str) -> Live | None:
        reply = self._transport.get(f"{self._path}/{_quoted(uid)}/dto")
        if reply.status == 404 and reply.field("reason") == "NotFound":
            return None
        if reply.status != 200 or not isinstance(reply.field("spec"), dict):
            raise explain(reply, f"read dashboard {uid}")
        conversion = (reply.field("status") or {}).get("conversion") or {}
        if not conversion.get("failed"):
            return live_of_object(uid, reply.body)
        native = self.native(uid)
        if native is None:
            return replace(live_of_object(uid, reply.body), dashboard={}, blocked=UNREADABLE_V2)
        read = live_of_object(uid, reply.body)
        return replace(read, dashboard=newschema.classic_form(native, uid), native=native)

    @override
    def about(self, live: Live) -> About:
        item = {"metadata": live.metadata, "status": live.status}
        return About(live.blocked, newschema.is_hinted(item))

    @override
    def native(self, uid: str, number: int | None = None) -> dict[str, Any] | None:
        return newschema.read_native(self._discovery, uid, number)

    @override
    def as_stored(self, write: Write) -> dict[str, Any]:
        if self._version == "v0alpha1":
            return write.dashboard
        reply = self._send(write, {"dryRun": "All"})
        spec = reply.field("spec")
        return {**spec, "uid": write.uid} if isinstance(spec, dict) else write.dashboard

    @override
    def save(self, write: Write) -> Saved:
        metadata = self._send(write, {}).field("metadata")
        if not isinstance(metadata, dict):
            raise AnswerLostError(
                "the answer to a save is not Grafana's",
                where=f"{self._transport.base}{self._path}",
                hint="check what stands between here and Grafana (a proxy, a login page)",
            )
        saved = live_of_object(write.uid, {"metadata": metadata, "spec": {}})
        return Saved(saved.version, saved.revision, saved.id)

    def _send(self, write: Write, params: Mapping[str, str]) -> Reply:
        live = write.over
        metadata: dict[str, Any] = dict(live.metadata) if live else {"name": write.uid, "namespace": self._namespace}
        held = {
            key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _NOT_OURS_TO_SEND
        }
        annotations = {**held, MESSAGE: write.message}
        annotations.pop(FOLDER, None)
        if write.folder_uid:
            annotations[FOLDER] = write.folder_uid
        metadata["annotations"] = annotations
        if live:
            metadata["resourceVersion"] = live.revision
        body = {
            "apiVersion": f"{DASHBOARD_GROUP}/{self._version}",
            "kind": "Dashboard",
            "metadata": metadata,
            "spec": {key: value for key, value in write.dashboard.items() if key not in _NOT_SPEC},
        }
        if live:
            reply = self._transport.send("PUT", f"{self._path}/{_quoted(write.uid)}", body, params)
        else:
            reply = self._transport.send("POST", self._path, body, params)
        if reply.status in {200, 201}:
            return reply
        if reply.status == 409 and reply.field("reason") == "Conflict" and live:
            raise RefusedAsChangedError(
                f"dashboard {write.uid} was changed in Grafana meanwhile", where=f"{reply.method} {reply.url}"
            )
        if reply.status == 409 or (live and reply.status == 404 and _is_dashboard(reply)):
            raise RevisionChangedError(f"dashboard {write.uid} was changed in Grafana meanwhile")
        raise explain(reply, f"save dashboard {write.uid}")

    @override
    def is_certain(self, saved: Saved) -> bool:
        return is_of_unified(saved.revision)

    @override
    def save_native(self, native: Mapping[str, Any], folder_uid: str, message: str, over: Live | None) -> Saved:
        return newschema.save_native(self._discovery, native, folder_uid, message, over)

    @override
    def delete(self, live: Live) -> None:
        held = {"uid": live.metadata.get("uid"), "resourceVersion": live.revision}
        preconditions = {key: value for key, value in held.items() if value}
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions}
        reply = self._transport.send("DELETE", f"{self._path}/{_quoted(live.uid)}", body)
        if reply.status == 409:
            raise RefusedAsChangedError(f"dashboard {live.uid} was changed in Grafana meanwhile")
        if reply.status not in {200, 404}:
            raise explain(reply, f"delete dashboard {live.uid}")

    @override
    def history(self, uid: str) -> Sequence[Version] | None:
        items = self._history(uid)
        if items is None:
            return self._legacy.history(uid)
        found = []
        for item in items:
            metadata = item["metadata"]
            notes = metadata.get("annotations") or {}
            found.append(
                Version(
                    int(metadata.get("generation") or 0),
                    str(notes.get(MESSAGE) or ""),
                    notes.get("grafana.app/updatedBy") or notes.get("grafana.app/createdBy"),
                    notes.get("grafana.app/updatedTimestamp") or metadata.get("creationTimestamp"),
                )
            )
        return sorted(found, key=lambda version: version.number, reverse=True)

    @override
    def content(self, uid: str, number: int) -> dict[str, Any] | None:
        for item in self._history(uid) or ():
            spec = item.get("spec")
            if item["metadata"].get("generation") == number and isinstance(spec, dict) and "elements" not in spec:
                return {**spec, "uid": uid}
        return self._legacy.content(uid, number)

    def _history(self, uid: str) -> list[dict[str, Any]] | None:
        path = self._discovery.history_path()
        return self._discovery.history(path, uid) if path is not None else None

    @override
    def tagged(self, tag: str) -> Sequence[str]:
        if self._tagged is not None:
            return self._tagged(tag)
        doing = "search for the dashboards that were pushed earlier"
        if self._search is None:
            raise ServerError(
                f"cannot {doing}: this Grafana offers no search (v0alpha1)", hint="delete them by hand, without --prune"
            )
        limit = SEARCH_LIMIT
        while True:
            reply = self._transport.get(self._search, {"tag": tag, "type": "dashboard", "limit": limit})
            hits, total = reply.field("hits"), reply.field("totalHits")
            if reply.status != 200 or not isinstance(hits, list):
                raise explain(reply, doing)
            if not isinstance(total, int) or len(hits) >= total:
                return [str(hit["name"]) for hit in hits]
            if total <= limit:
                raise ServerError(
                    f"cannot {doing}: the search gives {len(hits)} of {total}", hint="delete by hand, without --prune"
                )
            limit = total


class K8sFolders(Folders):
    """Folders through ``/apis/folder.grafana.app``."""

    def __init__(self, discovery: Discovery) -> None:
        version, path = discovery.folders_version(), discovery.folders_path()
        if version is None or path is None:
            raise ServerError(
                "this Grafana has no /apis/folder.grafana.app",
                where=discovery.transport.base,
                hint="leave --api out: the legacy API is there from Grafana 10 on",
            )
        self._api_version = f"{FOLDER_GROUP}/{version}"
        self._path = path
        self._namespace = discovery.namespace
        self._transport = discovery.transport

    @override
    def read(self, uid: str) -> Folder | None:
        reply = self._transport.get(f"{self._path}/{_quoted(uid)}")
        if reply.status in {403, 404} and isinstance(reply.body, dict):
            return None
        if reply.status != 200 or not isinstance(reply.field("metadata"), dict):
            raise explain(reply, f"read folder {uid}")
        return _folder(reply.body)

    @override
    def children(self, parent_uid: str) -> Sequence[Folder]:
        found: list[Folder] = []
        params: dict[str, Any] = {"limit": PAGE}
        while True:
            reply = self._transport.get(self._path, params)
            items = reply.field("items")
            if reply.status != 200 or not isinstance(items, list):
                raise explain(reply, "list the folders")
            found += map(_folder, items)
            following = (reply.field("metadata") or {}).get("continue")
            if not following:
                return [folder for folder in found if folder.parent_uid == parent_uid]
            params["continue"] = following

    @override
    def create(self, folder: Folder) -> Folder:
        metadata: dict[str, Any] = {"name": folder.uid, "namespace": self._namespace}
        if folder.parent_uid:
            metadata["annotations"] = {FOLDER: folder.parent_uid}
        body = {
            "apiVersion": self._api_version,
            "kind": "Folder",
            "metadata": metadata,
            "spec": {"title": folder.title},
        }
        reply = self._transport.send("POST", self._path, body)
        if reply.status in {200, 201} and isinstance(reply.field("metadata"), dict):
            return _folder(reply.body)
        if reply.status != 409:
            raise explain(reply, f"create folder {folder.title}")
        made = self.read(folder.uid)
        if made is None:
            raise unseen_folder(folder.title, f"{reply.method} {reply.url}")
        return made


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _is_dashboard(reply: Reply) -> bool:
    details = reply.field("details")
    return isinstance(details, dict) and details.get("kind") == "dashboards"


def _folder(item: Mapping[str, Any]) -> Folder:
    metadata = item["metadata"]
    return Folder(
        uid=str(metadata["name"]),
        title=str((item.get("spec") or {}).get("title") or ""),
        parent_uid=(metadata.get("annotations") or {}).get(FOLDER) or ROOT,
    )
