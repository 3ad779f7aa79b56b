"""Who else owns a dashboard, so that a push must leave it alone; and in which schema it is stored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from llumnix_dash.grafana import newschema
from llumnix_dash.grafana.discovery import Discovery
from llumnix_dash.grafana.model import ROOT, About, Live, Saved

UNREADABLE_V2 = "stored in Grafana's schema v2, and the server does not give it"
_MANAGERS = {
    "repo": "managed by Git Sync",
    "terraform": "managed by Terraform",
    "kubectl": "managed by kubectl or grafanactl",
    "plugin": "owned by a plugin",
    "classic-file-provisioning": "provisioned from a file",
}


def owner_in(metadata: Mapping[str, Any]) -> str | None:
    """Why the API must not save an object with this k8s metadata ("managed by Terraform (ops)"); None if it may."""
    annotations = metadata.get("annotations") or {}
    kind = annotations.get("grafana.app/managedBy")
    if not kind or str(annotations.get("grafana.app/managerAllowsEdits", "")).lower() == "true":
        return None
    path = annotations.get("grafana.app/sourcePath")
    if kind == "classic-file-provisioning" and path:
        return f"provisioned from the file {path}"
    told = _MANAGERS.get(kind, f"managed by {kind}")
    name = annotations.get("grafana.app/managerId")
    return f"{told} ({name})" if name else told


def live_of_object(uid: str, body: Mapping[str, Any]) -> Live:
    """A live dashboard from its object of the k8s API."""
    metadata = body.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    access = body.get("access") or {}
    return Live(
        uid=uid,
        dashboard={**body["spec"], "uid": uid},
        version=int(metadata.get("generation") or 0),
        revision=str(metadata.get("resourceVersion") or ""),
        folder_uid=annotations.get(newschema.FOLDER) or ROOT,
        updated=annotations.get("grafana.app/updatedTimestamp") or metadata.get("creationTimestamp"),
        updated_by=annotations.get("grafana.app/updatedBy") or annotations.get("grafana.app/createdBy"),
        writable=access.get("canSave") is not False,
        blocked=owner_in(metadata),
        id=int((metadata.get("labels") or {}).get("grafana.app/deprecatedInternalID") or 0),
        status=body.get("status") or {},
        metadata=metadata,
    )


def live_of_native(uid: str, native: Mapping[str, Any]) -> Live:
    """A live dashboard that only schema v2 can tell of, for a legacy API that does not give it."""
    read = live_of_object(uid, native)
    return replace(
        read,
        dashboard=newschema.classic_form(native, uid),
        revision=str(read.version),
        native=native,
        metadata={},
        status={},
    )


class Ownership:
    """What the legacy API does not say from Grafana 12 on: asked of the k8s API, where the server has it."""

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery

    def of(self, uid: str) -> About:
        """What the object of this dashboard says; nothing where the server cannot say."""
        path = self._discovery.dashboards_path()
        if path is None:
            return About()
        reply = self._discovery.transport.get(f"{path}/{quote(uid, safe='')}")
        metadata = reply.field("metadata")
        if reply.status != 200 or not isinstance(metadata, dict):
            return About()
        return About(owner_in(metadata), newschema.is_hinted(reply.body))

    def native(self, uid: str, number: int | None = None) -> dict[str, Any] | None:
        """The dashboard's object in schema v2; see :func:`llumnix_dash.grafana.newschema.read_native`."""
        return newschema.read_native(self._discovery, uid, number)

    def save_native(self, native: Mapping[str, Any], folder_uid: str, message: str, over: Live | None) -> Saved:
        """Saves an object of schema v2; see :func:`llumnix_dash.grafana.newschema.save_native`."""
        return newschema.save_native(self._discovery, native, folder_uid, message, over)
