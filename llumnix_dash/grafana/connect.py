"""From settings to a Grafana that is known to be one, and which API to speak with it."""

import re
from dataclasses import dataclass
from typing import Literal

from llumnix_dash.errors import ServerError
from llumnix_dash.grafana.discovery import Discovery
from llumnix_dash.grafana.equality import DEFAULT_MINIMUM_REFRESH
from llumnix_dash.grafana.failures import explain, not_grafana
from llumnix_dash.grafana.k8s import K8sDashboards, K8sFolders
from llumnix_dash.grafana.legacy import LegacyDashboards, LegacyFolders
from llumnix_dash.grafana.model import Dashboards, Folders
from llumnix_dash.grafana.ownership import Ownership
from llumnix_dash.grafana.transport import Transport

Api = Literal["auto", "legacy", "k8s"]
OLDEST = 10
FIRST_WITH_K8S = 12
FIRST_WITH_LEGACY_DEPRECATED = 13


@dataclass(frozen=True)
class Grafana:
    """A server, its version (None where it hides that) and the API that is spoken with it."""

    transport: Transport
    version: str | None
    minimum_refresh: str
    dashboards: Dashboards
    folders: Folders

    @property
    def description(self) -> str:
        """One line for a person: version, address, organisation, API."""
        organisation = f"organisation {self.transport.org_id}, " if self.transport.org_id else ""
        version = self.version or "(version hidden)"
        return f"Grafana {version} at {self.transport.base} ({organisation}{self.dashboards.name})"


def connect(transport: Transport, api: Api = "auto") -> Grafana:
    """Asks the server for its version, checks the credentials and chooses the API.

    Raises:
        ServerError: it cannot be reached, is no Grafana, is too old, or refuses the credentials.
    """
    health = transport.get("/api/health")
    if health.status != 200:
        raise explain(health, "reach Grafana")
    if health.field("database") is None:
        raise not_grafana(health, "reach Grafana")
    settings = transport.get("/api/frontend/settings")
    if settings.status == 401:
        raise explain(settings, "sign in")
    build = settings.field("buildInfo")
    version = health.field("version") or (build.get("version") if isinstance(build, dict) else None)
    major = _major(version)
    if major is not None and major < OLDEST:
        raise ServerError(
            f"Grafana {version} is too old: versions {OLDEST} to 13 are supported",
            where=transport.base,
            hint="upgrade Grafana, or import the JSON files by hand",
        )
    discovery = Discovery(transport, possible=api == "k8s" or major is None or major >= FIRST_WITH_K8S)
    legacy = LegacyDashboards(transport, Ownership(discovery), in_one=major is not None and major < FIRST_WITH_K8S)
    dashboards: Dashboards = legacy
    folders: Folders = LegacyFolders(transport)
    if api == "k8s" or (api == "auto" and _legacy_is_gone(transport, major) and discovery.dashboards_version()):
        dashboards, folders = K8sDashboards(discovery, legacy), K8sFolders(discovery)
    elif api == "auto" and discovery.dashboards_version() == "v0alpha1" and discovery.is_unified():
        # Only there can a save name the very state that it replaces; the legacy search has pages, the other has none.
        dashboards = K8sDashboards(discovery, legacy, tagged=legacy.tagged)
    return Grafana(
        transport=transport,
        version=str(version) if version else None,
        minimum_refresh=str(settings.field("minRefreshInterval") or DEFAULT_MINIMUM_REFRESH),
        dashboards=dashboards,
        folders=folders,
    )


def _major(version: object) -> int | None:
    match = re.match(r"v?(\d+)\.", str(version or ""))
    return int(match[1]) if match else None


def _legacy_is_gone(transport: Transport, major: int | None) -> bool:
    if major is not None and major < FIRST_WITH_LEGACY_DEPRECATED:
        return False
    reply = transport.get("/api/dashboards/uid/llumnix-dash")
    # A dashboard that is not there answers "Dashboard not found"; a route that is not there "Not found".
    return reply.status == 410 or (reply.status == 404 and reply.message.lower() == "not found")
