"""Which k8s-style APIs a server has, and in which version a classic dashboard may be spoken of.

Never the version that the server prefers: on Grafana 13 that is v2, which has no panels.
"""

import threading
from collections.abc import Sequence
from typing import Any

from llumnix_dash.grafana.transport import Transport

DASHBOARD_GROUP, FOLDER_GROUP = "dashboard.grafana.app", "folder.grafana.app"
# v0alpha1 keeps the JSON as it is; v1 and v1beta1 migrate it.
CLASSIC_VERSIONS = ("v0alpha1", "v1", "v1beta1")
NEWER_VERSIONS = ("v2", "v2beta1", "v2alpha1")
FOLDER_VERSIONS = ("v1", "v1beta1")
HISTORY = 100  # versions that are looked through
# On unified storage a resourceVersion is a number of this size; on SQL storage it is the dashboard's small version.
_SMALLEST_OF_UNIFIED = 10**12


def is_of_unified(revision: object) -> bool:
    """Whether this resourceVersion is one of unified storage, where none repeats: a save by it is truly conditional."""
    text = str(revision or "")
    return text.isdigit() and int(text) > _SMALLEST_OF_UNIFIED


class Discovery:
    """The k8s-style APIs of a server, looked up when they are first needed, and once."""

    def __init__(self, transport: Transport, *, possible: bool = True) -> None:
        self.transport = transport
        self._possible = possible
        # Not functools.cached_property, whose lock on Python 3.11 is one for all servers.
        self._lock = threading.Lock()
        self._versions: dict[str, frozenset[str]] | None = None
        self._namespace: str | None = None

    def dashboards_version(self) -> str | None:
        """The API version for classic dashboards; None where the server has none."""
        return self._first(DASHBOARD_GROUP, CLASSIC_VERSIONS)

    def dashboards_path(self) -> str | None:
        """The collection of dashboards; None where the server has none."""
        return self._path(DASHBOARD_GROUP, self.dashboards_version(), "dashboards")

    def newer_path(self, version: str | None = None) -> str | None:
        """The collection of dashboards in schema v2, or in this version of it; None where the server has none."""
        wanted = NEWER_VERSIONS if version is None else (version,)
        return self._path(DASHBOARD_GROUP, self._first(DASHBOARD_GROUP, wanted), "dashboards")

    def is_unified(self) -> bool:
        """Whether dashboards are in unified storage, where a resourceVersion never repeats: a true compare-and-swap."""
        path = self.dashboards_path()
        if path is None:
            return False
        reply = self.transport.get(path, {"limit": 1})
        items = reply.field("items")
        if reply.status != 200 or not isinstance(items, list):
            return False
        return is_of_unified(((items[0] if items else reply.body).get("metadata") or {}).get("resourceVersion"))

    def history_path(self) -> str | None:
        """The collection of dashboards whose history is asked for.

        "Resource history is available on all stable (GA) API versions", and others may answer with none, says Grafana's
        documentation (developer-resources/api-reference/http-api/resource-history).
        """
        return self._path(DASHBOARD_GROUP, self._first(DASHBOARD_GROUP, ("v1", *CLASSIC_VERSIONS)), "dashboards")

    def history(self, path: str, uid: str) -> list[dict[str, Any]] | None:
        """The versions of a dashboard as objects of this collection, newest first; None where it does not serve any."""
        params = {
            "labelSelector": "grafana.app/get-history=true",
            "fieldSelector": f"metadata.name={uid}",
            "limit": HISTORY,
        }
        reply = self.transport.get(path, params)
        items = reply.field("items")
        # A dashboard that is there has one version at least.
        return items or None if reply.status == 200 and isinstance(items, list) else None

    def folders_version(self) -> str | None:
        """The API version for folders; None where the server has none."""
        return self._first(FOLDER_GROUP, FOLDER_VERSIONS)

    def folders_path(self) -> str | None:
        """The collection of folders; None where the server has none."""
        return self._path(FOLDER_GROUP, self.folders_version(), "folders")

    def search_path(self) -> str | None:
        """The search, which only v0alpha1 has."""
        return self._path(DASHBOARD_GROUP, self._first(DASHBOARD_GROUP, ("v0alpha1",)), "search")

    @property
    def namespace(self) -> str:
        """The organisation's name in paths: ``default``, ``org-2``, ``stacks-123``."""
        with self._lock:
            if self._namespace is None:
                self._namespace = self._ask_namespace()
            return self._namespace

    def _path(self, group: str, version: str | None, plural: str) -> str | None:
        return None if version is None else f"/apis/{group}/{version}/namespaces/{self.namespace}/{plural}"

    def _first(self, group: str, wanted: Sequence[str]) -> str | None:
        with self._lock:
            if self._versions is None:
                self._versions = self._ask_versions()
            offered = self._versions.get(group, frozenset())
        return next((version for version in wanted if version in offered), None)

    def _ask_versions(self) -> dict[str, frozenset[str]]:
        if not self._possible:
            return {}
        reply = self.transport.get("/apis")
        groups = reply.field("groups") if reply.status == 200 else None
        return {
            str(group.get("name")): frozenset(str(version.get("version")) for version in group.get("versions") or [])
            for group in groups or []
        }

    def _ask_namespace(self) -> str:
        reply = self.transport.get("/bootdata")
        settings = reply.field("settings")
        found = settings.get("namespace") if isinstance(settings, dict) else None
        org_id = self.transport.org_id
        if found and (org_id is None or str(found).startswith("stacks-")):
            return str(found)
        return "default" if org_id in {None, 1} else f"org-{org_id}"
