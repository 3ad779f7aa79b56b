"""From dashboards in Python to canonical JSON, and to files."""

import importlib.util
import re
import sys
import traceback
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

from llumnix_dash.document.canonical import canonical, dumps
from llumnix_dash.errors import UserError, nearest
from llumnix_dash.files import write_text

DEFAULT_OUTPUT_DIR = Path("deploy/observability")
# The modules of the package `dashboards`, in the order in which people look at them.
NAMES = ("request", "component", "cms", "lrs", "vllm")

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


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


def load_dashboards(names: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """File name -> canonical dashboard, of the project's own dashboards.

    Args:
        names: which; all where empty. A name is a module's, a uid or a file's.

    Raises:
        UserError: a name is unknown, or a module fails.
    """
    return {one.file_name: one.dashboard for one in generate(names)}


def generate(names: Sequence[str] = (), source: Path | None = None) -> list[Generated]:
    """The dashboards, each in canonical form.

    Args:
        names: which; all where empty. A name is a module's, a uid or a file's.
        source: a Python file or a folder of modules with a ``dashboard`` in grafanalib's manner, instead of ours.

    Raises:
        UserError: a name is unknown; a module fails (the message names its file and line) or gives no dashboard; two
            dashboards would share a file.
    """
    if source is None:
        # Where only modules are named, the others need not be imported.
        wanted = names if names and set(names) <= set(NAMES) else NAMES
        made = [_generated(name, _own(name)) for name in NAMES if name in wanted]
    else:
        made = [_generated(_stem(path), value) for path, value in _foreign(source)]
    _refuse_shared_files(made)
    return _choose(made, names)


def write(made: Iterable[Generated], output_dir: Path) -> list[FileState]:
    """Writes the files that differ from what the code makes, each replaced whole.

    Raises:
        UserError: a file cannot be read or written.
    """
    states = []
    for one in made:
        path = output_dir / one.file_name
        unchanged = _read(path) == one.text
        if not unchanged:
            write_text(path, one.text)
        states.append(FileState(path, "unchanged" if unchanged else "written"))
    return states


def check(made: Sequence[Generated], output_dir: Path, *, complete: bool) -> list[FileState]:
    """How the files stand to what the code makes; nothing is written.

    Args:
        made: the dashboards.
        output_dir: the folder of the files.
        complete: whether ``made`` is all that belongs into the folder, so that any other JSON file is unexpected.

    Raises:
        UserError: a file cannot be read.
    """
    states = []
    for one in made:
        path = output_dir / one.file_name
        text = _read(path)
        states.append(FileState(path, "missing" if text is None else "unchanged" if text == one.text else "stale"))
    if complete:
        expected = {one.file_name for one in made}
        others = sorted(path for path in output_dir.glob("*.json") if path.name not in expected)
        states += [FileState(path, "unexpected") for path in others]
    return states


def _own(name: str) -> Any:
    module = f"dashboards.{name}"
    root = Path(__file__).parent.parent / "dashboards"
    return _run(lambda: import_module(module), root, root / f"{name}.py").dashboard


def _foreign(source: Path) -> list[tuple[Path, Any]]:
    if not source.exists():
        raise UserError(
            f"there is no file or folder {source}",
            hint="a Python file, or a folder of them, with a variable `dashboard`",
        )
    folder = source if source.is_dir() else source.parent
    paths = sorted(source.glob("*.py")) if source.is_dir() else [source]
    # Modules may import one another, as siblings or as members of a package.
    sys.path[:0] = [str(folder.resolve()), str(folder.resolve().parent)]
    try:
        found = [(path, value) for path in paths if (value := _dashboard_of(path, folder)) is not None]
    finally:
        del sys.path[:2]
    if not found:
        raise UserError(f"nothing in {source} has a variable `dashboard`", hint="dashboard = Dashboard(…)")
    return found


def _dashboard_of(path: Path, folder: Path) -> Any:
    name = _stem(path)
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise UserError(f"{path} is no Python file", hint="a file whose name ends in .py")
    module = importlib.util.module_from_spec(specification)
    _run(lambda: specification.loader.exec_module(module), folder, path)
    return getattr(module, "dashboard", None)


def _run(import_it: Any, root: Path, path: Path) -> Any:
    """Runs a module of dashboards; what it raises becomes an error that names the file and line."""
    try:
        return import_it()
    except UserError as error:
        where = error.where or _place(error, root, path)
        raise type(error)(error.summary, where=where, detail=error.detail, hint=error.hint) from error
    except (Exception, SystemExit) as error:
        raise UserError(
            f"the dashboard cannot be built: {type(error).__name__}: {error}", where=_place(error, root, path)
        ) from error


def _place(error: BaseException, root: Path, path: Path) -> str:
    """The line to mend: the innermost one in the folder of dashboards; of a syntax error its own."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if Path(frame.filename).resolve().is_relative_to(root.resolve())]
    return f"{inside[-1].filename}:{inside[-1].lineno}" if inside else str(path)


def _generated(name: str, value: Any) -> Generated:
    if not hasattr(value, "to_json_data"):
        raise UserError(
            f"`dashboard` of {name} is a {type(value).__name__}, not a grafanalib dashboard",
            hint="dashboard = Dashboard(…)",
        )
    try:
        dashboard = canonical(value.to_json_data())
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


def _refuse_shared_files(made: Sequence[Generated]) -> None:
    owners: dict[str, str] = {}
    for one in made:
        other = owners.setdefault(one.file_name, one.name)
        if other != one.name:
            raise UserError(
                f"{other} and {one.name} would both be written to {one.file_name}", hint="a uid of its own for each"
            )


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


def _stem(path: Path) -> str:
    return path.name.removesuffix(".py").removesuffix(".dashboard")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
