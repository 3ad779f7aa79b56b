"""Copies of live dashboards that are about to be replaced or deleted.

No copy ever takes the place of another: the folder names the server with its port, sub-path and organisation, each run
makes a folder of its own there, and a file that is there already is left as it is.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote, urlsplit

from llumnix_dash.errors import UserError
from llumnix_dash.files import write_text
from llumnix_dash.grafana import destination
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.model import Folders, Live

ORIGIN = "llumnixDashCopy"  # the key of a copy's file under which it stands where the dashboard was


def default_folder(url: str, org_id: int | None = None) -> Path:
    """Where backups of this server go if nothing else is said: in the user's state folder, one folder per server.

    Args:
        url: the server's address; its port and sub-path tell it from another on the same host.
        org_id: the organisation, where one was asked for.
    """
    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    parts = urlsplit(url)
    host = (parts.hostname or "grafana") + (f":{parts.port}" if parts.port else "")
    words = [host, *filter(None, parts.path.split("/")), *([f"org-{org_id}"] if org_id is not None else [])]
    return state / "llumnix-dash" / "backups" / "_".join(re.sub(r"[^A-Za-z0-9.-]+", "_", word) for word in words)


class Backups:
    """The backups of one run, in a folder of its own, named by the time in UTC.

    Args:
        parent: where the run's folder is made.
        server: the server's address, kept in each copy.
        org_id: the organisation, where one was asked for, kept in each copy.
        folders: those of the server, asked for the path of a dashboard's folder, which is kept in each copy.
    """

    def __init__(
        self, parent: Path, server: str = "", org_id: int | None = None, folders: Folders | None = None
    ) -> None:
        self._parent = parent
        self._server = server
        self._org_id = org_id
        self._folders = folders
        self._paths: dict[str, list[dict[str, Any]]] = {}
        self._folder: Path | None = None
        self._lock = Lock()

    @property
    def folder(self) -> Path:
        """The run's folder, which no other run has: made when it is first asked for.

        Raises:
            UserError: it cannot be made.
        """
        with self._lock:
            if self._folder is None:
                self._folder = _made(self._parent, datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))
            return self._folder

    def save(self, live: Live, native: Mapping[str, Any] | None = None) -> Path:
        """Writes the live dashboard, whole and as it is, so that ``restore FILE`` brings it back to where it was.

        Args:
            live: the dashboard.
            native: its object in schema v2, where it is stored so: that is then what the copy holds.

        Raises:
            UserError: it cannot be written; then it must not be replaced.
        """
        origin = {
            "server": self._server,
            "organisation": self._org_id,
            "uid": live.uid,
            "folderUid": live.folder_uid,
            "folderTitle": live.folder_title,
            "folderPath": self._path(live.folder_uid),
            "version": live.version,
            "updated": live.updated,
            "updatedBy": live.updated_by,
        }
        body = dict(native) if native is not None else {"dashboard": live.dashboard}
        path = _free(self.folder, quote(live.uid, safe=""), ".v2.json" if native is not None else ".json")
        write_text(path, json.dumps({**body, ORIGIN: origin}, indent=2, ensure_ascii=False) + "\n")
        return path

    def _path(self, uid: str) -> list[dict[str, Any]]:
        """The folder and those that it is in; nothing where the server does not tell: that must not hinder a copy."""
        if self._folders is None:
            return []
        with self._lock:
            if uid not in self._paths:
                try:
                    self._paths[uid] = [asdict(folder) for folder in destination.path_of(self._folders, uid)]
                except UserError:
                    self._paths[uid] = []
            return self._paths[uid]


def _made(parent: Path, name: str) -> Path:
    try:
        for number in count(1):
            path = parent / (name if number == 1 else f"{name}-{number}")
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                if not parent.is_dir():
                    raise
            else:
                return path
    except OSError as error:
        raise UserError(
            f"cannot make a folder for copies in {parent}: {error.strerror or error}; nothing was replaced",
            hint="name a folder that you may write to with --backup-dir",
        ) from error
    raise AssertionError("count never ends")


def _free(folder: Path, name: str, suffix: str) -> Path:
    """A file that this process alone has made, empty as yet."""
    for number in count(1):
        path = folder / f"{name}{'' if number == 1 else f'-{number}'}{suffix}"
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        except OSError as error:
            raise UserError(
                f"cannot write {path}: {error.strerror or error}; nothing was replaced",
                hint="name a folder that you may write to with --backup-dir",
            ) from error
        return path
    raise AssertionError("count never ends")


def backups_of(grafana: Grafana, parent: Path | None) -> Backups:
    """The backups of a run against this server, below ``parent`` or else the server's default folder."""
    server, org_id = grafana.transport.base, grafana.transport.org_id
    return Backups(parent or default_folder(server, org_id), server, org_id, grafana.folders)
