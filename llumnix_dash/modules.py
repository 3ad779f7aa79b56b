"""Modules of dashboards, ours and other people's: which they are, running one, and the line to mend where it fails."""

import ast
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from llumnix_dash import dashboards
from llumnix_dash.errors import UserError
from llumnix_dash.rules import declared

Made = TypeVar("Made")


class Read(NamedTuple):
    """What other people's modules gave.

    Attributes:
        dashboards: file -> its ``dashboard``.
        failures: an error for each module that failed.
    """

    dashboards: dict[Path, Any]
    failures: list[UserError]


def own(name: str) -> Any:
    """The ``dashboard`` of one of our modules.

    Raises:
        UserError: the module fails; it names the file and line.
    """
    # In a checkout the package is a link: people know the folder that it leads to.
    root = Path(dashboards.__file__).resolve().parent
    beside = Path(declared.__file__).resolve().parent
    return _told(lambda: import_module(f"{dashboards.__name__}.{name}").dashboard, root, root / f"{name}.py", beside)


def foreign(source: Path) -> Read:
    """The dashboards of a Python file or of a folder's modules; one that fails does not stop the others.

    Of a folder, the modules that assign to ``dashboard`` or are named ``*.dashboard.py`` are run, those in subfolders
    too; no other file is. Hidden folders and virtual environments are left out.

    Raises:
        UserError: there is no such file or folder, or nothing in it has a dashboard.
    """
    if not source.exists():
        raise UserError(
            f"there is no file or folder {source}",
            hint="a Python file, or a folder of them, with a variable `dashboard`",
        )
    root = source if source.is_dir() else source.parent
    read = Read({}, [])
    for path in _python_files(source) if source.is_dir() else [source]:
        try:
            dashboard = _dashboard_of(path, root) if path == source or _has_dashboard(path) else None
        except UserError as error:
            read.failures.append(error)
        else:
            if dashboard is not None:
                read.dashboards[path] = dashboard
    if not read.dashboards and not read.failures:
        raise UserError(f"nothing in {source} has a variable `dashboard`", hint="dashboard = Dashboard(…)")
    return read


def stem(path: Path) -> str:
    """The name by which the command line knows a module: ``mine`` of ``mine.py`` and of ``mine.dashboard.py``."""
    return path.name.removesuffix(".py").removesuffix(".dashboard")


def _python_files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not _left_out(Path(place, one)))
        yield from (Path(place, name) for name in sorted(files) if name.endswith(".py"))


def _left_out(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name == "__pycache__" or (folder / "pyvenv.cfg").exists()


def _has_dashboard(path: Path) -> bool:
    """Whether the module is named for it, or assigns to ``dashboard``, told without running it."""
    if path.name.endswith(".dashboard.py"):
        return True
    try:
        source = path.read_bytes()
        return any(_binds(statement) for statement in ast.parse(source).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Nobody can tell what it would have been: where it speaks of a dashboard, running it tells what is wrong.
        return b"dashboard" in source
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def _binds(statement: ast.stmt) -> bool:
    """Whether a statement at the top of a module, or within its ``if``, ``try`` or ``with``, binds ``dashboard``."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return any((one.asname or one.name) == "dashboard" for one in statement.names)
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    below = [one for one in ast.iter_child_nodes(statement) if isinstance(one, (ast.stmt, ast.ExceptHandler))]
    if below:
        return any(
            _binds(one) if isinstance(one, ast.stmt) else any(_binds(inner) for inner in one.body) for one in below
        )
    return any(
        isinstance(node, ast.Name) and node.id == "dashboard" and isinstance(node.ctx, ast.Store)
        for node in ast.walk(statement)
    )


def _dashboard_of(path: Path, root: Path) -> Any:
    # Modules may import one another: as siblings, from the folder, or as members of a package, also by relative names.
    outside = root.resolve().parent
    package = ".".join(path.resolve().parent.relative_to(outside).parts)
    specification = importlib.util.spec_from_file_location(f"{package}.{stem(path)}", path)
    if specification is None or specification.loader is None:
        raise UserError(f"{path} is no Python file", hint="a file whose name ends in .py")
    module, loader = importlib.util.module_from_spec(specification), specification.loader
    search_path, imported = list(sys.path), set(sys.modules)
    sys.path[:0] = dict.fromkeys(str(one) for one in (path.resolve().parent, root.resolve(), outside))
    try:
        _told(lambda: loader.exec_module(module), root, path)
    finally:
        sys.path[:] = search_path
        # Another folder's module may have a sibling of the same name.
        new = [name for name in set(sys.modules) - imported if not name.startswith("llumnix_dash.")]
        for name in [name for name in new if _is_below(_file_of(sys.modules[name]), root)]:
            del sys.modules[name]
    return getattr(module, "dashboard", None)


def _file_of(module: ModuleType) -> Path:
    folders = list(getattr(module, "__path__", ()))
    return Path(getattr(module, "__file__", None) or (folders[0] if folders else "built-in"))


def _told(run: Callable[[], Made], root: Path, path: Path, *beside: Path) -> Made:
    """Runs a module of dashboards; what it raises becomes an error that names the file and line.

    ``beside`` are folders of what the dashboards are made of, such as the alerts.
    """
    try:
        return run()
    except UserError as error:
        where = error.where or _place(error, path, root, *beside)
        raise type(error)(error.summary, where=where, detail=error.detail, hint=error.hint) from error
    except (Exception, SystemExit) as error:
        raise UserError(
            f"the dashboard cannot be built: {type(error).__name__}: {error}", where=_place(error, path, root, *beside)
        ) from error


def _place(error: BaseException, path: Path, *roots: Path) -> str:
    """The line to mend: the innermost one of the dashboards' own modules; of a syntax error in them its own."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno))
    inside = [
        f"{_seen_from(root, file)}:{line}" for file, line in frames for root in roots if _is_below(Path(file), root)
    ]
    return inside[-1] if inside else str(path)


def _seen_from(root: Path, file: str) -> Path:
    return root / Path(file).resolve().relative_to(root.resolve())


def _is_below(file: Path, root: Path) -> bool:
    """Whether a file or folder is the dashboards' own: below their folder, and not installed there."""
    file, root = file.resolve(), root.resolve()
    if not file.is_relative_to(root) or not file.exists():
        return False
    between = file.relative_to(root).parents[:-1]
    return not any(
        one.name in {"site-packages", "dist-packages"} or (root / one / "pyvenv.cfg").exists() for one in between
    )
