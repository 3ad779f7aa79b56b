"""From dashboards in Python to canonical JSON, and to files."""

import re
from collections.abc import Iterable, Sequence
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from llumnix_dash import modules
from llumnix_dash.dashboards import DASHBOARDS
from llumnix_dash.document.canonical import canonical, dumps
from llumnix_dash.errors import UserError, nearest
from llumnix_dash.files import write_text
from llumnix_dash.recorded.dashboards import over_recorded
from llumnix_dash.rulefiles import PROMETHEUS_RULE_FILE, recorded_series
from llumnix_dash.settings.localize import localized

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

DEFAULT_OUTPUT_DIR = Path("deploy/observability")
# The Operator's rules belong to the base of every deployment; beside other folders nobody wants files of ours.
_IN_THE_BASE = "../base/rules.yaml"

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class File(Protocol):
    """What is written: a dashboard, rules or a page."""

    @property
    def file_name(self) -> str:
        """Where it belongs, below the folder of the dashboards' files."""

    @property
    def text(self) -> str:
        """Its content."""


class Generated(NamedTuple):
    """A dashboard as the code makes it.

    Attributes:
        name: by which the command line knows it: its module's.
        file_name: of its JSON file: its uid, or its name where it has none.
        dashboard: the canonical form.
        text: the file's content.
    """

    name: str
    file_name: str
    dashboard: dict[str, Any]
    text: str


class FileState(NamedTuple):
    """How a file stands to what the code makes."""

    path: Path
    state: Literal["unchanged", "written", "stale", "missing", "unexpected"]


def load_dashboards(names: Sequence[str] = (), site: "Site | None" = None) -> dict[str, dict[str, Any]]:
    """File name -> canonical dashboard, of the project's own dashboards.

    Args:
        names: which; all where empty. A name is a module's, a uid or a file's.
        site: the settings of the site, if it has its own.

    Raises:
        UserError: a name is unknown, or a module fails.
    """
    return {one.file_name: one.dashboard for one in generate(names, site)}


def generate(names: Sequence[str] = (), site: "Site | None" = None) -> list[Generated]:
    """The project's own dashboards, each in canonical form.

    Args:
        names: which; all where empty. A name is a module's, a uid or a file's.
        site: the settings of the site, if it has its own.

    Raises:
        UserError: a name is unknown, or a module fails (the message names its file and line).
    """
    known = [one.module for one in DASHBOARDS]
    # Where only modules are named, the others need not be imported.
    wanted = names if names and set(names) <= set(known) else known
    return _choose([_generated(name, modules.own(name), site) for name in known if name in wanted], names)


def generate_from(source: Path, names: Sequence[str] = ()) -> tuple[list[Generated], list[UserError]]:
    """Other people's dashboards, each in canonical form, and an error for each that cannot be made.

    Args:
        source: a Python file, or a folder of modules, with a ``dashboard`` in grafanalib's manner.
        names: which; all where empty. A name is a module's, a uid or a file's.

    Raises:
        UserError: there is no such file or folder, it has no dashboard, or a name is unknown.
    """
    read = modules.foreign(source)
    made, failures = [], read.failures
    for path, value in read.dashboards.items():
        try:
            made.append(_generated(modules.stem(path), value))
        except UserError as error:
            failures.append(error)
    made = _with_files_of_their_own(made, failures)
    # What is asked for may be what failed.
    return (made if failures and not made else _choose(made, names)), failures


def write(made: Iterable[File], output_dir: Path) -> list[FileState]:
    """Writes the files that differ from what the code makes, each replaced whole.

    Raises:
        UserError: a file cannot be read or written.
    """
    states = []
    for one in made:
        path = path_of(one, output_dir)
        unchanged = _read(path) == one.text
        if not unchanged:
            write_text(path, one.text)
        states.append(FileState(path, "unchanged" if unchanged else "written"))
    return states


def path_of(one: File, output_dir: Path) -> Path:
    """Where a file belongs: below the folder of the output, or the Operator's rules beside it in ``deploy/base``."""
    usual = output_dir.absolute().parts[-2:] == DEFAULT_OUTPUT_DIR.parts
    in_the_base = usual and one.file_name == PROMETHEUS_RULE_FILE
    return Path(normpath(output_dir / (_IN_THE_BASE if in_the_base else one.file_name)))


def check(made: Sequence[File], output_dir: Path, *, complete: bool) -> list[FileState]:
    """How the files stand to what the code makes; nothing is written.

    Args:
        made: the dashboards, the rules and the pages.
        output_dir: the folder of the files.
        complete: whether ``made`` is all that belongs into the folder, so that any other such file is unexpected.

    Raises:
        UserError: a file cannot be read.
    """
    states = []
    for one in made:
        path = path_of(one, output_dir)
        text = _read(path)
        states.append(FileState(path, "missing" if text is None else "unchanged" if text == one.text else "stale"))
    if complete:
        expected = {path_of(one, output_dir) for one in made}
        there = [*output_dir.glob("*.json"), *output_dir.glob("rules/*.yaml")]
        others = sorted(path for path in there if path not in expected)
        states += [FileState(path, "unexpected") for path in others]
    return states


def _generated(name: str, value: Any, site: "Site | None" = None) -> Generated:
    if not hasattr(value, "to_json_data"):
        raise UserError(
            f"`dashboard` of {name} is a {type(value).__name__}, not a grafanalib dashboard",
            hint="dashboard = Dashboard(…)",
        )
    try:
        made = value.to_json_data()
        if site:
            made = localized(made, site)
            if site.dashboards.recorded:
                made = over_recorded(made, recorded_series(site))
        dashboard = canonical(made)
        # Not all that Python can hold is JSON: keys that are no strings, half of a surrogate pair.
        text = dumps(dashboard)
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(f"the dashboard of {name} does not turn into JSON: {error}") from error
    uid = dashboard.get("uid")
    if uid and not _UID.fullmatch(str(uid)):
        raise UserError(
            f"Grafana does not take the uid {uid!r} of {name}", hint="1 to 40 of the letters a to z, digits, - and _"
        )
    return Generated(name, f"{uid or name}.json", dashboard, text)


def _with_files_of_their_own(made: Sequence[Generated], failures: list[UserError]) -> list[Generated]:
    """Those that share their file with no other; of the others, failures tell."""
    owners: dict[str, list[Generated]] = {}
    for one in made:
        owners.setdefault(one.file_name, []).append(one)
    for file_name, sharing in owners.items():
        if len(sharing) > 1:
            names = " and ".join(one.name for one in sharing)
            failures.append(UserError(f"{names} would share the file {file_name}", hint="a uid of its own for each"))
    return [sharing[0] for sharing in owners.values() if len(sharing) == 1]


def _choose(made: list[Generated], names: Sequence[str]) -> list[Generated]:
    if not names:
        return made
    by_name = {alias: one for one in made for alias in (one.file_name, one.file_name.removesuffix(".json"), one.name)}
    for name in names:
        if name not in by_name:
            known = [one.name for one in made]
            likely = nearest(name, by_name)
            raise UserError(
                f"there is no dashboard {name!r}",
                detail=f"there are: {', '.join(known)}",
                hint=likely and by_name[likely].name,
            )
    chosen = {by_name[name].name for name in names}
    return [one for one in made if one.name in chosen]


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
