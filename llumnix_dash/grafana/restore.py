"""Brings a copy that a push kept back to where it was: its content whole, its own tags, its folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llumnix_dash.document.v2 import is_v2
from llumnix_dash.errors import UserError
from llumnix_dash.grafana import destination
from llumnix_dash.grafana.backup import ORIGIN, Backups
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.model import ROOT, Saved, Write
from llumnix_dash.grafana.surely import surely


@dataclass(frozen=True)
class Copy:
    """A copy as it was read: the dashboard's classic JSON, or its object in schema v2, and where it was."""

    path: Path
    uid: str
    dashboard: dict[str, Any]
    native: dict[str, Any] | None
    origin: Mapping[str, Any]

    @property
    def server(self) -> str:
        """The address of the server that it was taken from."""
        return str(self.origin.get("server") or "")


def read(path: Path) -> Copy:
    """The copy in this file.

    Raises:
        UserError: it cannot be read, or is no copy that a push kept.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no JSON"
        raise UserError(f"cannot read the copy: {why}", where=str(path)) from error
    origin = body.pop(ORIGIN, None) if isinstance(body, dict) else None
    is_whole = isinstance(body, dict) and (is_v2(body) or isinstance(body.get("dashboard"), dict))
    if not isinstance(origin, dict) or not origin.get("uid") or not is_whole:
        raise UserError(
            "this is no copy that a push kept",
            where=str(path),
            hint="llumnix-dash push FILE --overwrite pushes any dashboard's file",
        )
    native = body if is_v2(body) else None
    return Copy(path, str(origin["uid"]), {} if native else body["dashboard"], native, origin)


def restore(grafana: Grafana, copy: Copy, backups: Backups) -> tuple[Saved, Path | None]:
    """Saves the copy over what is there now, of which a copy is kept; the version, and that copy.

    Raises:
        UserError: it comes from another server, the server refuses it, or somebody else saved meanwhile.
    """
    if copy.server and copy.server != grafana.transport.base:
        raise UserError(
            f"this copy comes from {copy.server}, not from {grafana.transport.base}",
            where=str(copy.path),
            hint=f"export GRAFANA_URL={copy.server}; or llumnix-dash push FILE --overwrite, to push it elsewhere",
        )
    live = grafana.dashboards.read(copy.uid)
    kept = None
    if live is not None:
        about = grafana.dashboards.about(live)
        if about.owner is not None:
            raise UserError(f"cannot restore {copy.uid}: {about.owner}", where=str(copy.path))
        native = live.native or (grafana.dashboards.native(copy.uid) if about.newer_schema else None)
        kept = backups.save(live, native)
    folder = _folder(grafana, copy)
    message = f"llumnix-dash restore of version {copy.origin.get('version')}"
    if copy.native is not None:
        return grafana.dashboards.save_native(copy.native, folder, message, live), kept
    write = Write({**copy.dashboard, "uid": copy.uid}, folder, message, live)
    return surely(lambda: grafana.dashboards.save(write), lambda: _found(grafana, write), grafana.transport.sleep), kept


def _found(grafana: Grafana, write: Write) -> Saved | None:
    now = grafana.dashboards.read(write.uid)
    changed = now is not None and (write.over is None or now.revision != write.over.revision)
    return Saved(now.version) if now is not None and changed else None


def _folder(grafana: Grafana, copy: Copy) -> str:
    uid, title = str(copy.origin.get("folderUid") or ROOT), str(copy.origin.get("folderTitle") or "")
    if uid == ROOT or grafana.folders.read(uid) is not None:
        return uid
    if not title:
        raise UserError(
            f"the folder of {copy.uid} (uid {uid}) is no longer there", hint="make it, or push the file elsewhere"
        )
    found = destination.by_path(grafana.folders, title.replace("/", "\\/"))
    return destination.make(grafana.folders, found, grafana.transport.sleep).uid
