"""The API under ``/api``, which every Grafana from 10 on has, deprecated from 13."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from typing_extensions import override

from llumnix_dash.grafana.discovery import HISTORY
from llumnix_dash.grafana.failures import AnswerLostError, RevisionChangedError, explain, unseen_folder
from llumnix_dash.grafana.model import ROOT, About, Dashboards, Folder, Folders, Live, Saved, Version, Write
from llumnix_dash.grafana.ownership import UNREADABLE_V2, Ownership, live_of_native
from llumnix_dash.grafana.transport import Transport
from llumnix_dash.http.reply import Reply

PAGE = 1000


class LegacyDashboards(Dashboards):
    """Dashboards through ``/api/dashboards``.

    Args:
        transport: to the server.
        ownership: of what this API does not say.
        in_one: whether the server compares and writes in one transaction, as 10 and 11 do.
    """

    name = "legacy API"

    def __init__(self, transport: Transport, ownership: Ownership, *, in_one: bool) -> None:
        self._transport = transport
        self._ownership = ownership
        self._in_one = in_one

    @override
    def read(self, uid: str) -> Live | None:
        reply = self._transport.get(_path(uid))
        if reply.status == 404 and "dashboard not found" in reply.message.lower():
            return None
        if reply.status == 406:
            native = self._ownership.native(uid)
            if native is None:
                return Live(uid=uid, dashboard={}, version=0, revision="0", blocked=UNREADABLE_V2)
            return live_of_native(uid, native)
        dashboard, meta = reply.field("dashboard"), reply.field("meta")
        if reply.status != 200 or not isinstance(dashboard, dict) or not isinstance(meta, dict):
            raise explain(reply, f"read dashboard {uid}")
        version = int(dashboard.get("version") or meta.get("version") or 0)
        return Live(
            uid=uid,
            dashboard=dashboard,
            version=version,
            revision=str(version),
            folder_uid=meta.get("folderUid") or ROOT,
            folder_title=meta.get("folderTitle"),
            updated=meta.get("updated"),
            updated_by=meta.get("updatedBy"),
            writable=meta.get("canSave") is not False,
            blocked=_blocked(meta),
            id=int(dashboard.get("id") or 0),
        )

    @override
    def about(self, live: Live) -> About:
        return About(live.blocked) if live.blocked else self._ownership.of(live.uid)

    @override
    def native(self, uid: str, number: int | None = None) -> dict[str, Any] | None:
        return self._ownership.native(uid, number)

    @override
    def as_stored(self, write: Write) -> dict[str, Any]:
        return write.dashboard

    @override
    def save(self, write: Write) -> Saved:
        dashboard = {key: value for key, value in write.dashboard.items() if key not in {"id", "version"}}
        if write.over is not None:
            # With the id, a dashboard that was deleted and imported anew is not taken for the one that was seen.
            dashboard |= {"version": write.over.version, **({"id": write.over.id} if write.over.id else {})}
        reply = self._transport.send(
            "POST",
            "/api/dashboards/db",
            # A folderUid left out would move the dashboard to the root folder.
            {"dashboard": dashboard, "folderUid": write.folder_uid, "message": write.message, "overwrite": False},
        )
        if reply.status == 200:
            version, id_ = _version(reply, "version"), reply.field("id")
            return Saved(version, str(version), id_ if isinstance(id_, int) else 0)
        if write.over is not None and reply.status == 404 and reply.field("status") == "not-found":
            raise RevisionChangedError(f"dashboard {write.uid} was replaced by another of its uid in Grafana meanwhile")
        if reply.status == 409 or (reply.status == 412 and reply.field("status") in {"version-mismatch", None}):
            raise RevisionChangedError(f"dashboard {write.uid} was changed in Grafana meanwhile")
        raise explain(reply, f"save dashboard {write.uid}")

    @override
    def is_certain(self, saved: Saved) -> bool:
        return self._in_one

    @override
    def save_native(self, native: Mapping[str, Any], folder_uid: str, message: str, over: Live | None) -> Saved:
        return self._ownership.save_native(native, folder_uid, message, over)

    @override
    def delete(self, live: Live) -> None:
        reply = self._transport.send("DELETE", _path(live.uid))
        if reply.status not in {200, 404}:
            raise explain(reply, f"delete dashboard {live.uid}")

    @override
    def history(self, uid: str) -> Sequence[Version] | None:
        reply = self._transport.get(f"{_path(uid)}/versions", {"limit": HISTORY, "start": 0})
        versions = reply.field("versions") if isinstance(reply.body, dict) else reply.body
        if reply.status != 200 or not isinstance(versions, list):
            return None
        versions.sort(key=lambda item: int(item.get("version") or 0), reverse=True)
        return [
            Version(
                int(item.get("version") or 0),
                str(item.get("message") or ""),
                item.get("createdBy"),
                item.get("created"),
            )
            for item in versions
        ]

    @override
    def content(self, uid: str, number: int) -> dict[str, Any] | None:
        data = self._transport.get(f"{_path(uid)}/versions/{number}").field("data")
        return {**data, "uid": uid} if isinstance(data, dict) else None

    @override
    def tagged(self, tag: str) -> Sequence[str]:
        found: list[str] = []
        page = 1
        while True:
            params = {"tag": tag, "type": "dash-db", "limit": PAGE, "page": page}
            reply = self._transport.get("/api/search", params)
            if reply.status != 200 or not isinstance(reply.body, list):
                raise explain(reply, "search for the dashboards that were pushed earlier")
            found += [str(hit["uid"]) for hit in reply.body if tag in (hit.get("tags") or [])]
            if len(reply.body) < PAGE:
                return list(dict.fromkeys(found))
            page += 1


class LegacyFolders(Folders):
    """Folders through ``/api/folders``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @override
    def read(self, uid: str) -> Folder | None:
        reply = self._transport.get(f"/api/folders/{quote(uid, safe='')}")
        # 403 is also the answer for a folder that is not there, to a token without folders:read.
        if reply.status in {403, 404} and isinstance(reply.body, dict):
            return None
        if reply.status != 200 or not isinstance(reply.body, dict):
            raise explain(reply, f"read folder {uid}")
        return _folder(reply.body)

    @override
    def children(self, parent_uid: str) -> Sequence[Folder]:
        found: list[Folder] = []
        page = 1
        while True:
            params = {"limit": PAGE, "page": page, "parentUid": parent_uid or None}
            reply = self._transport.get("/api/folders", params)
            if reply.status != 200 or not isinstance(reply.body, list):
                raise explain(reply, "list the folders")
            # A Grafana 10 without nested folders does not know parentUid and lists the root.
            found += [folder for folder in map(_folder, reply.body) if folder.parent_uid == parent_uid]
            if len(reply.body) < PAGE:
                return found
            page += 1

    @override
    def create(self, folder: Folder) -> Folder:
        body = {"uid": folder.uid, "title": folder.title}
        if folder.parent_uid:
            body["parentUid"] = folder.parent_uid
        reply = self._transport.send("POST", "/api/folders", body)
        if reply.status == 200 and isinstance(reply.body, dict):
            return _folder(reply.body)
        if reply.status in {409, 412}:
            made = self.read(folder.uid) or self._of_title(folder)
            if made is not None:
                return made
            raise unseen_folder(folder.title, f"{reply.method} {reply.url}")
        raise explain(reply, f"create folder {folder.title}")

    def _of_title(self, folder: Folder) -> Folder | None:
        return next((other for other in self.children(folder.parent_uid) if other.title == folder.title), None)


def _path(uid: str) -> str:
    return f"/api/dashboards/uid/{quote(uid, safe='')}"


def _blocked(meta: dict[str, Any]) -> str | None:
    if meta.get("isFolder"):
        return "its uid belongs to a folder"
    if meta.get("provisioned"):
        source = meta.get("provisionedExternalId")
        return f"provisioned from the file {source}" if source else "provisioned from a file"
    return None


def _version(reply: Reply, name: str) -> int:
    version = reply.field(name)
    if not isinstance(version, int):
        raise AnswerLostError(
            "the answer to a save is not Grafana's",
            where=f"{reply.method} {reply.url}",
            hint="check what stands between here and Grafana (a proxy, a login page)",
        )
    return version


def _folder(body: dict[str, Any]) -> Folder:
    return Folder(
        uid=str(body["uid"]),
        title=str(body.get("title") or ""),
        parent_uid=body.get("parentUid") or ROOT,
        writable=body.get("canSave") is not False,
    )
