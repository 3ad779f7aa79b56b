"""Where dashboards come from: a file, a folder, a git revision, or what the code generates now."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from llumnix_dash.document.documents import Document, Reading, read
from llumnix_dash.errors import UserError

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

DASHBOARD_FOLDER = "deploy/observability"
GENERATED = "what the code generates"

_SUFFIXES = (".json", ".yaml", ".yml")
# Hidden, and never somebody's dashboards: git's own, and what Kubernetes makes where it mounts a ConfigMap, whose files
# the links beside it lead to.
_OTHERS_OWN = re.compile(r"\.git|\.\..+")


@dataclass(frozen=True, slots=True)
class Source:
    """What one argument names.

    Args:
        label: what it is called in messages.
        reading: its dashboards and what could not be read.
        single: whether it is a single file, so that a comparison is about its dashboards only.
    """

    label: str
    reading: Reading
    single: bool


def load(argument: str) -> Source:
    """Reads what the argument names.

    Args:
        argument: a file, a folder, ``git:REV`` or ``git:REV:path``.

    Raises:
        UserError: the file, folder, revision or path does not exist.
    """
    files = _files(argument)
    whole = Reading()
    for reading in files.readings:
        whole.add(reading)
    return Source(argument, whole, single=files.single)


def one_by_one(arguments: Iterable[str]) -> Iterator[Reading]:
    """As :func:`load_all`, a file at a time, read when its turn comes: of any number there is only one in memory.

    Raises:
        UserError: one of them does not exist, or has no dashboard at all.
    """
    for argument in arguments:
        left_out, some = Reading(), False
        for reading in _files(argument).readings:
            some = some or bool(reading.documents or reading.problems)
            left_out.add_notes(reading)
            yield replace(reading, problems={f"{argument}:{name}": one for name, one in reading.problems.items()})
        if not some:
            raise UserError(
                f"no dashboard in {argument}",
                detail=left_out.note() or None,
                hint="name a folder of dashboards, or a file",
            )


def load_all(arguments: Iterable[str]) -> Reading:
    """Reads all of these, each as :func:`load` does, into one.

    Raises:
        UserError: one of them does not exist, or has no dashboard at all.
    """
    whole = Reading()
    for reading in one_by_one(arguments):
        whole.add(reading)
    return whole


def generated(site: "Site | None" = None) -> Source:
    """What the code generates now.

    Raises:
        UserError: the dashboards cannot be generated.
    """
    from llumnix_dash.generate import load_dashboards  # noqa: PLC0415  # imports every dashboard

    documents = [Document(name, name, dashboard) for name, dashboard in load_dashboards(site=site).items()]
    return Source(GENERATED, Reading(documents), single=False)


class _Files(NamedTuple):
    """The files that an argument names, each read when its turn comes, and whether it names a single one."""

    readings: Iterator[Reading]
    single: bool


def _files(argument: str) -> _Files:
    if argument.startswith("git:"):
        return _files_of_git(argument)
    path = Path(argument)
    if path.is_dir():
        return _Files(_readings_of(path), False)
    if not path.exists():
        raise UserError(
            f"there is no file or folder {argument}",
            hint="give a file, a folder, or a git revision such as git:main",
        )
    return _Files(iter([_read_file(path.name, path, optional=False)]), True)


def _readings_of(folder: Path) -> Iterator[Reading]:
    beside = Reading()
    for file in _files_in(folder, beside, (folder.resolve(),)):
        yield _read_file(file.relative_to(folder).as_posix(), file, optional=True)
    yield beside


def _files_in(folder: Path, beside: Reading, above: tuple[Path, ...]) -> Iterator[Path]:
    """The files to read, also in folders that a link leads to; ``above`` are the folders that it is in, without links.

    What is not opened, and a folder that cannot be read, is told in ``beside``.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        problem = UserError(f"cannot read the folder: {error.strerror or error}", where=str(folder))
        beside.problems[str(folder)] = problem
        return
    for path in paths:
        is_file = _is_read(path.name) and path.is_file()
        if path.name.startswith("."):
            if (is_file or path.is_dir()) and not _OTHERS_OWN.fullmatch(path.name):
                beside.not_opened.append(str(path))
        elif is_file:
            yield path
        elif path.is_dir():
            real = path.resolve()
            if real in above:
                beside.not_opened.append(str(path))
            else:
                yield from _files_in(path, beside, (*above, real))


def _is_read(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES)


def _read_file(name: str, path: Path, *, optional: bool) -> Reading:
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = UserError(f"cannot read the file: {error.strerror or error}", where=str(path))
        return Reading(problems={name: problem})
    reading = Reading()
    read(reading, name, str(path), data, optional=optional)
    return reading


# -- git --------------------------------------------------------------------------------------------------------------


def _files_of_git(argument: str) -> _Files:
    revision, _, path = argument.removeprefix("git:").partition(":")
    root = _root(argument)
    tree = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{tree}}")
    if tree is None or not revision:
        raise UserError(
            f"git knows no revision {revision!r}",
            where=argument,
            hint="name a branch, tag or commit that `git rev-parse` knows; fetch it first if it is only on the remote\n"
            "(in CI: check out with the full history, fetch-depth: 0)",
        )
    wanted = _inside(root, path) if path else DASHBOARD_FOLDER
    beside = Reading()
    entries = _entries(root, tree.strip().decode(), wanted, beside, f"git:{revision}:")
    single = [name for name, _ in entries] == [wanted]
    if not entries and _git(root, "cat-file", "-e", f"{tree.strip().decode()}:{wanted}") is None:
        raise UserError(
            f"there is no {wanted} at the revision {revision}",
            where=argument,
            hint=f"give its path in the repository: git:{revision}:path/to/dashboards",
        )

    def readings() -> Iterator[Reading]:
        for (name, _), data in zip(entries, _contents(root, [blob for _, blob in entries]), strict=True):
            inner = PurePosixPath(name).name if single else str(PurePosixPath(name).relative_to(wanted or "."))
            reading = Reading()
            read(reading, inner, f"git:{revision}:{name}", data, optional=not single)
            yield reading
        yield beside

    return _Files(readings(), single)


def _root(argument: str) -> Path:
    top = _git(Path.cwd(), "rev-parse", "--show-toplevel")
    if top is None:
        raise UserError(
            "this is not the working tree of a git repository", where=argument, hint="run it inside the repository"
        )
    return Path(top.decode().rstrip("\n"))


def _inside(root: Path, path: str) -> str:
    """A path as git takes it: from the repository's top, or from the current folder if it starts with a dot."""
    if path.startswith("./") or path.startswith("../") or path in (".", ".."):
        here = Path.cwd().resolve()
        try:
            path = ((here / path).resolve()).relative_to(root.resolve()).as_posix()
        except ValueError as error:
            raise UserError(f"{path} is outside the repository", hint="give a path inside it") from error
    return "" if path in ("", ".", "/") else path.strip("/")


def _entries(root: Path, tree: str, wanted: str, beside: Reading, label: str) -> list[tuple[str, str]]:
    """The (path, blob id) of each file to read: the wanted one, or those in the wanted folder.

    What is not opened is told in ``beside``, as a place after ``label``.
    """
    listing = _git(
        root, "--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", tree, "--", *([wanted] * bool(wanted))
    )
    entries = []
    not_opened: dict[str, None] = {}
    for line in (listing or b"").split(b"\0"):
        if not line:
            continue
        description, _, name_bytes = line.partition(b"\t")
        mode, kind, blob = description.split()
        name = name_bytes.decode("utf-8", "replace")
        inner = PurePosixPath(name).relative_to(wanted or ".").parts
        hidden = next((number for number, part in enumerate(inner) if part.startswith(".")), None)
        if hidden is not None and (hidden < len(inner) - 1 or _is_read(name)):
            not_opened[str(PurePosixPath(wanted or ".", *inner[: hidden + 1]))] = None
        elif mode == b"120000" and hidden is None:
            # A symbolic link's blob is its target's path, no dashboard.
            not_opened[name] = None
        elif kind == b"blob" and (name == wanted or (_is_read(name) and hidden is None)):
            entries.append((name, blob.decode()))
    beside.not_opened += [label + name for name in not_opened]
    return entries


def _contents(root: Path, blobs: list[str]) -> Iterator[bytes]:
    """The content of each blob, all from one git process."""
    output = _git(root, "cat-file", "--batch", input_text="".join(f"{blob}\n" for blob in blobs)) if blobs else b""
    if output is None:
        raise UserError("git cannot read the objects of this revision", hint="git fsck")
    position = 0
    for _ in blobs:
        end = output.index(b"\n", position)
        size = int(output[position:end].split()[2])
        yield output[end + 1 : end + 1 + size]
        position = end + 1 + size + 1


def _git(folder: Path, *arguments: str, input_text: str | None = None) -> bytes | None:
    """The output of a git command; None where it failed.

    Raises:
        UserError: there is no git on this machine.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            input=(input_text or "").encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except FileNotFoundError as error:
        raise UserError("git is not installed here", hint="install git, or give a file or a folder") from error
    return done.stdout if done.returncode == 0 else None
