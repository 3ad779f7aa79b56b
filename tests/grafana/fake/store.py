"""What the fake keeps, and how it judges a save, whichever API it came through."""

import hashlib
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.grafana.fake.profile import Profile

Json = dict[str, Any]
TAG_LIMIT = 50  # bytes
DURATIONS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


class RefusalError(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, message: str, /, **more: Any) -> None:
        super().__init__(message)
        self.status = code
        self.message = message
        self.body = {"message": message, **more}


@dataclass
class Version:
    number: int
    spec: Json
    message: str
    by: str
    at: str
    restored_from: int = 0
    native: Json | None = None


@dataclass
class Dashboard:
    uid: str
    id: int
    spec: Json
    folder: str
    version: int = 0
    resource_version: int = 0
    schema: str = "v0alpha1"
    native: Json | None = None  # its v2 spec, where it is stored so; ``spec`` is then what a classic reader sees
    annotations: dict[str, str] = field(default_factory=dict)
    provisioned: str | None = None
    plugin: str | None = None
    history: list[Version] = field(default_factory=list)

    @property
    def title(self) -> str:
        return str(self.spec.get("title"))

    @property
    def last(self) -> Version:
        return self.history[-1]


@dataclass
class Folder:
    uid: str
    id: int
    title: str
    parent: str = ""
    version: int = 1


class Store:
    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.dashboards: dict[str, Dashboard] = {}
        self.folders: dict[str, Folder] = {}
        self.datasources: list[Json] = [
            {"id": 1, "uid": "prom-uid", "orgId": 1, "name": "Prometheus", "type": "prometheus", "isDefault": True},
            {"id": 2, "uid": "loki-uid", "orgId": 1, "name": "Loki", "type": "loki", "isDefault": False},
        ]
        self.annotations: list[Json] = []
        self.library_panels: set[str] = set()
        self.quota: int | None = None
        self.gitops_listens = False
        self.unsearchable: set[str] = set()  # written, and not in the search index yet
        self.still_searchable: dict[str, Json] = {}  # deleted, and in the search index still
        self.window_of: set[str] | None = None  # whose saves have the window below; None for everybody's
        self.in_window: Callable[[], object] | None = None  # done once, between the server's own compare and write
        self._ids = itertools.count(1)
        self._ticks = itertools.count(1)

    # -- dashboards ------------------------------------------------------------------------------------------------

    def save(  # noqa: PLR0912, PLR0915 (one a rule of the server)
        self,
        spec: Json,
        *,
        folder: str,
        message: str,
        by: str,
        expected: int | None,
        restored_from: int = 0,
        dry_run: bool = False,
        schema: str = "v0alpha1",
        native: Json | None = None,
        annotations: dict[str, str] | None = None,
        revision: int | None = None,
    ) -> Dashboard:
        """Saves; ``expected`` is the version that a compare-and-swap names, None for a save that does not look.

        Args:
            spec: the classic form; of one that is saved as v2, what a classic reader sees of it.
            folder: its folder.
            message: for the history.
            by: who saves.
            expected: see above.
            restored_from: the version that this restores.
            dry_run: writes nothing.
            schema: the version in which it is stored.
            native: its v2 spec.
            annotations: in the place of those that it had.
            revision: the resourceVersion that a compare-and-swap names, checked already, and again by the storage.
        """
        profile = self.profile
        uid = str(spec.get("uid") or f"made-{next(self._ids)}").strip()
        self._check(spec, uid, message)
        live = self.dashboards.get(uid)
        if uid in self.folders:
            raise RefusalError(400, "Dashboard cannot be changed to a folder")
        if live is not None and (live.provisioned or (profile.refuses_managed and self._is_managed(live))):
            raise RefusalError(400, "Cannot save provisioned dashboard")
        if live is not None and live.annotations.get("grafana.app/managedBy") == "repo":
            raise RefusalError(403, "Can not remove resource manager from resource")
        if live is not None and live.plugin and profile.plugin_412 and expected is not None:
            raise RefusalError(412, f"The dashboard belongs to plugin {live.plugin}.", status="plugin-dashboard")
        if live is not None and expected is not None and expected != live.version:
            if profile.conflict_status == 409:
                raise RefusalError(409, "Dashboard already exists. Use overwrite flag to update.")
            raise RefusalError(412, "The dashboard has been changed by someone else", status="version-mismatch")
        if folder and folder not in self.folders:
            if profile.missing_folder_status == 404:
                raise RefusalError(404, f'folders.folder.grafana.app "{folder}" not found', traceID="")
            raise RefusalError(400, "folder not found")
        if profile.unique_titles and any(
            other.uid != uid and other.folder == folder and other.title == str(spec["title"]).strip()
            for other in self.dashboards.values()
        ):
            raise RefusalError(412, "A dashboard with the same name in the folder already exists", status="name-exists")
        if live is None and self.quota is not None and len(self.dashboards) >= self.quota:
            raise RefusalError(403, "Quota reached")
        if self.gitops_listens and profile.gitops:
            raise RefusalError(202, "changes were broadcast to the gitops listener", status="pending")
        stored = self._stored(spec, uid)
        if dry_run:
            return Dashboard(uid, 0, stored, folder)
        has_window = self.in_window is not None and (self.window_of is None or by in self.window_of)
        if profile.shim and expected is not None and self.in_window is not None and has_window:
            happens, self.in_window = self.in_window, None
            happens()
            live = self.dashboards.get(uid)
            if profile.unified and revision is not None and (live is None or live.resource_version != revision):
                raise RefusalError(
                    409,
                    "the object has been modified; please apply your changes to the latest version and try again",
                    reason="Conflict",
                )
        if live is None:
            live = self.dashboards[uid] = Dashboard(uid, next(self._ids), stored, folder)
            same = False
        else:
            as_before = live.native == native if native is not None and live.native is not None else live.spec == stored
            same = as_before and live.folder == folder and not profile.bumps_identical
        # Unified storage keeps what another schema made of the same spec, under the same number.
        is_entry = not same or (profile.unified and (live.schema, live.native) != (schema, native))
        live.spec, live.folder, live.schema, live.native = stored, folder, schema, native
        if annotations is not None:
            live.annotations = annotations
        live.version += not same
        live.resource_version = 1_700_000_000_000_000 + next(self._ticks) if profile.unified else live.version
        if is_entry:
            at = f"2026-11-24T02:{len(live.history) % 60:02d}:00Z"
            live.history.append(Version(live.version, stored, message, by, at, restored_from, native))
        return live

    def object_uid(self, live: Dashboard) -> str:
        """``metadata.uid``: on SQL storage it follows from the name, so a re-import has the same."""
        return f"k8s-{live.id}" if self.profile.unified else hashlib.sha256(live.uid.encode()).hexdigest()[:32]

    def _check(self, spec: Json, uid: str, message: str) -> None:
        profile = self.profile
        title = str(spec.get("title") or "").strip()
        if not title and profile.typed_title_errors:
            raise RefusalError(400, "Dashboard title cannot be empty", status="empty-name")
        if not title:
            raise RefusalError(400, "Dashboard spec is missing required title property")
        if profile.limits_title and len(title) > 5000:
            typed = {"status": "title-too-long"} if profile.typed_title_errors else {}
            raise RefusalError(400, "Dashboard title cannot contain more than 5 000 characters", **typed)
        if not re.fullmatch(r"[A-Za-z0-9_-]+", uid):
            raise RefusalError(400, "uid contains illegal characters")
        if len(uid) > 40:
            raise RefusalError(400, "uid too long, max 40 characters")
        if profile.limits_message and len(message) > 500:
            raise RefusalError(400, "message too long, max 500 characters")
        if any(len(str(tag).encode()) > TAG_LIMIT for tag in spec.get("tags") or ()):
            if profile.tag_too_long_status == 500:
                raise RefusalError(500, "Failed to save dashboard", traceID="")
            raise RefusalError(400, "dashboard tag too long, max 50 characters", status="tag-too-long")
        if profile.size_limit and len(json.dumps(spec)) > profile.size_limit:
            raise RefusalError(413, f"Dashboard is too large, max is {profile.size_limit >> 20} MB")
        if self._is_short(spec.get("refresh")) and profile.refuses_short_refresh:
            raise RefusalError(400, "Dashboard refresh interval is too low")

    def _stored(self, spec: Json, uid: str) -> Json:
        stored = {key: value for key, value in spec.items() if key not in {"id", "version"}}
        stored["uid"] = uid
        stored["title"] = str(stored["title"]).strip()
        if self._is_short(stored.get("refresh")):
            stored["refresh"] = self.profile.minimum_refresh
        if self.profile.rewrites:
            stored = {"preload": False, **stored, "schemaVersion": 42}
        if self.profile.dashboard_versions:
            stored = through_doubles(stored)
        return stored

    def _is_short(self, refresh: object) -> bool:
        return seconds(refresh) is not None and seconds(refresh) < seconds(self.profile.minimum_refresh)  # type: ignore[operator]

    @staticmethod
    def _is_managed(live: Dashboard) -> bool:
        return "grafana.app/managedBy" in live.annotations

    def restore(self, uid: str, number: int, by: str) -> Dashboard:
        live = self.dashboards[uid]
        old = next((version for version in live.history if version.number == number), None)
        if old is None:
            raise RefusalError(404, "Dashboard version not found")
        if old.spec == live.spec:
            raise RefusalError(400, "Current dashboard is identical to the specified version")
        return self.save(
            old.spec,
            folder=live.folder,
            message=f"Restored from version {number}",
            by=by,
            expected=None,
            restored_from=number,
            schema=live.schema if old.native is None else "v2",
            native=old.native,
        )

    def delete(self, uid: str) -> Dashboard:
        live = self.dashboards.get(uid)
        if live is None:
            raise RefusalError(404, "Dashboard not found", traceID="")
        if live.provisioned:
            raise RefusalError(400, "provisioned dashboard cannot be deleted", traceID="")
        return self.dashboards.pop(uid)

    # -- folders ---------------------------------------------------------------------------------------------------

    def create_folder(self, title: str, uid: str | None, parent: str) -> Folder:
        if not title:
            raise RefusalError(400, "folder title cannot be empty")
        if title.lower() == "general":
            raise RefusalError(400, "A folder with that name already exists")
        uid = uid or f"folder-{next(self._ids)}"
        if not re.fullmatch(r"[A-Za-z0-9_-]+", uid):
            raise RefusalError(400, "uid contains illegal characters")
        if len(uid) > 40:
            raise RefusalError(400, "uid too long, max 40 characters")
        if uid in self.folders or uid in self.dashboards:
            if self.profile.folder_taken_status == 409:
                raise RefusalError(409, "a folder/dashboard with the same uid already exists")
            raise RefusalError(412, "the folder has been changed by someone else", status="version-mismatch")
        if not self.profile.nested_folders:
            parent = ""
        if parent and parent not in self.folders:
            raise RefusalError(404, "folder not found", status="not-found")
        if self.profile.unique_titles and any(
            folder.title == title and folder.parent == parent for folder in self.folders.values()
        ):
            raise RefusalError(409, "a folder or dashboard in the general folder with the same name already exists")
        if self._depth(parent) >= 4:
            raise RefusalError(400, "maximum folder depth reached", messageId="folder.maximum-depth-reached")
        folder = self.folders[uid] = Folder(uid, next(self._ids), title, parent)
        return folder

    def _depth(self, uid: str) -> int:
        depth = 0
        while uid:
            depth, uid = depth + 1, self.folders[uid].parent
        return depth

    def delete_folder(self, uid: str) -> None:
        inside = {uid}
        while more := {folder.uid for folder in self.folders.values() if folder.parent in inside} - inside:
            inside |= more
        self.folders = {key: folder for key, folder in self.folders.items() if key not in inside}
        self.dashboards = {key: item for key, item in self.dashboards.items() if item.folder not in inside}


def seconds(refresh: object) -> float | None:
    match = re.fullmatch(r"(\d+)(ms|[smhd])", refresh) if isinstance(refresh, str) else None
    return int(match[1]) * DURATIONS[match[2]] if match else None


def through_doubles(value: Any) -> Any:
    """Numbers as a server keeps them that reads each as a 64-bit float."""
    if isinstance(value, dict):
        return {key: through_doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [through_doubles(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
        return int(number) if number.is_integer() else number
    return value
