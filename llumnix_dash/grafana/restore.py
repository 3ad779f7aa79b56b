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
from llumnix_dash.grafana.destination import Destination
from llumnix_dash.grafana.model import ROOT, Folder, Saved, Write
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


@dataclass(frozen=True)
class Restored:
    """What became of a copy: its version now, the copy of what was there, and its folder if that was made anew."""

    saved: Saved
    kept: Path | None = None
    made: str | None = None


def restore(grafana: Grafana, copy: Copy, backups: Backups) -> Restored:
    """Saves the copy over what is there now, of which a copy is kept.

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
    made = folder.label if folder.missing else None
    uid = destination.make(grafana.folders, folder, grafana.transport.sleep).uid
    message = f"llumnix-dash restore of version {copy.origin.get('version')}"
    if copy.native is not None:
        return Restored(grafana.dashboards.save_native(copy.native, uid, message, live), kept, made)
    write = Write({**copy.dashboard, "uid": copy.uid}, uid, message, live)
    saved = surely(lambda: grafana.dashboards.save(write), lambda: _found(grafana, write), grafana.transport.sleep)
    return Restored(saved, kept, made)


def _found(grafana: Grafana, write: Write) -> Saved | None:
    now = grafana.dashboards.read(write.uid)
    changed = now is not None and (write.over is None or now.revision != write.over.revision)
    return Saved(now.version) if now is not None and changed else None


def _folder(grafana: Grafana, copy: Copy) -> Destination:
    uid, title = str(copy.origin.get("folderUid") or ROOT), str(copy.origin.get("folderTitle") or "")
    if uid == ROOT or grafana.folders.read(uid) is not None:
        return Destination(uid, title)
    try:
        path = [Folder(**folder) for folder in copy.origin.get("folderPath") or ()]
    except TypeError as error:
        raise UserError("cannot read where the copy was", where=str(copy.path)) from error
    if path:
        return destination.again(grafana.folders, path)
    if not title:
        raise UserError(
            f"the folder of {copy.uid} (uid {uid}) is no longer there", hint="make it, or push the file elsewhere"
        )
    return destination.by_path(grafana.folders, title.replace("/", "\\/"))
