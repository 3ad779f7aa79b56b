"""Live dashboards as files in canonical form, without our marker: what ``diff`` compares with code."""

from dataclasses import dataclass
from pathlib import Path

from llumnix_dash.document import canonical
from llumnix_dash.errors import UserError
from llumnix_dash.files import write_text
from llumnix_dash.grafana import marker
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.pushset import Wanted


@dataclass(frozen=True)
class Pulled:
    """What became of one dashboard: its file, or why there is none; ``told`` is for a person."""

    uid: str
    told: str
    path: Path | None = None
    exit_code: int = 0


def pull(grafana: Grafana, wanted: Wanted, directory: Path) -> Pulled:
    """Writes the live dashboard of this uid to the file name that ours has."""
    try:
        live = grafana.dashboards.read(wanted.uid)
        if live is None:
            return Pulled(wanted.uid, "it is not on the server", exit_code=1)
        if not live.dashboard:
            return Pulled(wanted.uid, live.blocked or "the server does not give its content", exit_code=1)
        path = directory / _file_of(wanted)
        write_text(path, canonical.dumps(canonical.canonical(marker.without(live.dashboard))))
    except UserError as error:
        return Pulled(wanted.uid, error.render(), exit_code=error.exit_code)
    except TypeError as error:
        return Pulled(wanted.uid, f"its JSON holds what a file of ours cannot: {error}", exit_code=1)
    by = f" by {live.updated_by}" if live.updated_by else ""
    return Pulled(wanted.uid, f"version {live.version}{by}", path)


def _file_of(wanted: Wanted) -> Path:
    """The path of our file; behind a colon stands the key in its ConfigMap, which leads to no other folder."""
    file, _, key = wanted.name.partition(":")
    path = Path(file)
    return (path.with_name(f"{path.name}-{key.replace('/', '-')}") if key else path).with_suffix(".json")
