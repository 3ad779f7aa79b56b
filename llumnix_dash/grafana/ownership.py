"""Who else owns a dashboard, so that a push must leave it alone."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from llumnix_dash.grafana.discovery import Discovery

STORED_AS_V2 = "stored in Grafana's new schema v2, which a classic dashboard would destroy"
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
    told = _MANAGERS.get(kind, f"managed by {kind}")
    name = annotations.get("grafana.app/managerId")
    return f"{told} ({name})" if name else told


class Ownership:
    """What the legacy API does not say from Grafana 12 on: asked of the k8s API, where the server has it."""

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery

    def of(self, uid: str) -> str | None:
        """Who owns the dashboard; None where nobody does or the server cannot say."""
        path = self._discovery.dashboards_path()
        if path is None:
            return None
        reply = self._discovery.transport.get(f"{path}/{quote(uid, safe='')}")
        metadata = reply.field("metadata")
        return owner_in(metadata) if reply.status == 200 and isinstance(metadata, dict) else None
