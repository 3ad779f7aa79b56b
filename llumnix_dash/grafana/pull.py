"""Live dashboards as files in canonical form, without our marker: what ``diff`` compares with code."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llumnix_dash.document import canonical
from llumnix_dash.errors import UserError
from llumnix_dash.files import write_text
from llumnix_dash.grafana import marker, newschema
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.model import Live
from llumnix_dash.grafana.pushset import Wanted


@dataclass(frozen=True)
class Pulled:
    """What became of one dashboard: its file, or why there is none; ``told`` is for a person."""

    uid: str
    told: str
    path: Path | None = None
    exit_code: int = 0


def files_of(wanted: Sequence[Wanted]) -> list[Path]:
    """The file of each, none twice: those that would have one name (in whatever case) have their uid in it."""
    plain = [_file_of(item) for item in wanted]
    counts = Counter(str(path).lower() for path in plain)
    return [
        path if counts[str(path).lower()] == 1 else path.with_name(f"{path.stem}-{item.uid}.json")
        for item, path in zip(wanted, plain, strict=True)
    ]


def pull(grafana: Grafana, wanted: Wanted, file: Path, *, native: bool = False) -> Pulled:
    """Writes the live dashboard of this uid to the file.

    Args:
        grafana: the server.
        wanted: the dashboard's uid.
        file: where it goes.
        native: whether one that is stored in schema v2 is written so, rather than in the classic form.
    """
    try:
        live = grafana.dashboards.read(wanted.uid)
        if live is None:
            return Pulled(wanted.uid, "it is not on the server", exit_code=1)
        if not live.dashboard:
            return Pulled(wanted.uid, live.blocked or "the server does not give its content", exit_code=1)
        stored = live.native
        if stored is None and grafana.dashboards.about(live).newer_schema:
            stored = grafana.dashboards.native(live.uid)
        if native and stored is not None:
            write_text(file, canonical.dumps(canonical.canonical(_without_bookkeeping(stored))))
            return Pulled(wanted.uid, f"{_version(live)}, in schema v2", file)
        write_text(file, canonical.dumps(canonical.canonical(marker.without(live.dashboard))))
    except UserError as error:
        return Pulled(wanted.uid, error.render(), exit_code=error.exit_code)
    except TypeError as error:
        return Pulled(wanted.uid, f"its JSON holds what a file of ours cannot: {error}", exit_code=1)
    told = _version(live)
    if stored is not None:
        lost = ", ".join(newschema.losses(stored))
        told += ", stored in schema v2: " + (f"this classic form has lost {lost}" if lost else "nothing is lost")
    return Pulled(wanted.uid, told, file)


def _version(live: Live) -> str:
    return f"version {live.version}" + (f" by {live.updated_by}" if live.updated_by else "")


def _without_bookkeeping(native: Mapping[str, Any]) -> dict[str, Any]:
    """The object of schema v2 without what the server notes beside it, and without our marker."""
    name = {"name": native["metadata"]["name"]}
    spec = marker.without(native["spec"])
    return {"apiVersion": native["apiVersion"], "kind": "Dashboard", "metadata": name, "spec": spec}


def _file_of(wanted: Wanted) -> Path:
    """The path of our file; behind a colon stands the key in its ConfigMap, which leads to no other folder."""
    file, _, key = wanted.name.partition(":")
    path = Path(file)
    return (path.with_name(f"{path.name}-{key.replace('/', '-')}") if key else path).with_suffix(".json")
