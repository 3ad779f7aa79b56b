"""Copies of live dashboards that are about to be replaced or deleted."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from llumnix_dash.files import write_text
from llumnix_dash.grafana.model import Live


def default_folder(url: str) -> Path:
    """Where backups of this server go if nothing else is said: in the user's state folder, one folder a server."""
    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    return state / "llumnix-dash" / "backups" / (urlsplit(url).hostname or "grafana")


class Backups:
    """The backups of one run, in a folder of its own, named by the time in UTC.

    Args:
        folder: where the run's folder is made, with the first backup.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")

    def save(self, live: Live) -> Path:
        """Writes the live dashboard, whole and as it is, so that ``push FILE --overwrite`` brings it back.

        Raises:
            UserError: it cannot be written; then it must not be replaced.
        """
        path = self.folder / f"{quote(live.uid, safe='')}.json"
        write_text(path, json.dumps(live.dashboard, indent=2, ensure_ascii=False) + "\n")
        return path
