"""The folder that a dashboard goes to, found by path or uid, or to be made."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from llumnix_dash.errors import UserError
from llumnix_dash.grafana.model import ROOT, Folder, Folders
from llumnix_dash.grafana.surely import surely

DEFAULT_FOLDER = "Llumnix"
ROOT_NAME = "the root folder"


@dataclass(frozen=True)
class Destination:
    """A folder, with those of its path that are to be made first, outermost first (itself the last of them)."""

    uid: str
    label: str
    missing: tuple[Folder, ...] = ()
    writable: bool = True


def by_uid(folders: Folders, uid: str) -> Destination:
    """The existing folder of this uid; ``general`` is the root.

    Raises:
        UserError: there is none.
    """
    if uid.lower() in {"", "general"}:
        return Destination(ROOT, ROOT_NAME)
    folder = folders.read(uid)
    if folder is None:
        raise UserError(
            f"Grafana has no folder of the uid {uid!r}, or these credentials may not see it",
            hint='the uid stands in the folder\'s URL: /dashboards/f/<uid>; --folder "A / B" makes a folder',
        )
    return Destination(folder.uid, folder.title, writable=folder.writable)


def by_path(folders: Folders, path: str) -> Destination:
    r"""The folder of a path such as ``A / B``; what is missing of it is to be made.

    A slash within a title is written ``\/``.

    Raises:
        UserError: the path is empty or reserved, or two folders have that title.
    """
    titles = [title.strip().replace("\\/", "/") for title in re.split(r"(?<!\\)/", path)]
    if not all(titles):
        raise UserError(f"--folder {path!r} names a folder without a title", hint='write it as --folder "A / B"')
    if titles[0].lower() in {"general", "dashboards"}:
        raise UserError(f"{titles[0]} is Grafana's own name for the root folder", hint="--folder-uid general")
    here = Folder(ROOT, "")
    missing: list[Folder] = []
    for depth, title in enumerate(titles, start=1):
        new = Folder(_uid_for(titles[:depth]), title, here.uid)
        found = None if missing else _child(folders, here, title) or folders.read(new.uid)
        if found is None:
            missing.append(new)
        here = found or new
    # The folder that was made for this path may have another title by now.
    return Destination(here.uid, " / ".join([*titles[:-1], here.title]), tuple(missing), here.writable)


def default(folders: Folders) -> Destination:
    """Where a dashboard goes that is new to the server."""
    return by_path(folders, DEFAULT_FOLDER)


def path_of(folders: Folders, uid: str) -> tuple[Folder, ...]:
    """The folder of this uid after those that it is in, outermost first, as far as these credentials may see them."""
    path: list[Folder] = []
    while uid != ROOT and uid not in {folder.uid for folder in path}:
        folder = folders.read(uid)
        if folder is None:
            break
        path.insert(0, folder)
        uid = folder.parent_uid
    return tuple(path)


def again(folders: Folders, path: Sequence[Folder]) -> Destination:
    """The folder at the end of a path that was there once; what is missing of it is to be made, with its uid."""
    here = Folder(path[0].parent_uid, "")
    missing: list[Folder] = []
    for old in path:
        found = None if missing else folders.read(old.uid) or _child(folders, here, old.title)
        if found is None:
            missing.append(replace(old, parent_uid=here.uid))
        here = found or old
    return Destination(here.uid, " / ".join(folder.title for folder in path), tuple(missing), here.writable)


def make(folders: Folders, destination: Destination, wait: Callable[[float], bool]) -> Destination:
    """Makes what is missing and gives the destination as it is now; another pusher's folder is taken for ours.

    Args:
        folders: of the server.
        destination: as planned.
        wait: see :func:`llumnix_dash.grafana.surely.surely`.

    Raises:
        UserError: a folder cannot be made, or the server has no nested folders.
    """
    if not destination.missing:
        return destination
    parent = destination.missing[0].parent_uid
    for planned in destination.missing:
        folder = replace(planned, parent_uid=parent)
        made = surely(partial(folders.create, folder), partial(folders.read, folder.uid), wait)
        if made.parent_uid != parent:
            raise UserError(
                f"the folder {made.title} (uid {made.uid}) is not where it shall be",
                detail="It was moved meanwhile, or this Grafana has no nested folders and made it at the top.",
                hint="name a folder at the top with --folder, or switch nested folders on (Grafana 10: nestedFolders)",
            )
        parent = made.uid
    return Destination(parent, destination.label)


def _child(folders: Folders, parent: Folder, title: str) -> Folder | None:
    matches = [folder for folder in folders.children(parent.uid) if folder.title == title]
    if len(matches) > 1:
        uids = ", ".join(folder.uid for folder in matches)
        raise UserError(f"more than one folder has the title {title!r}", hint=f"--folder-uid with one of: {uids}")
    return matches[0] if matches else None


def _uid_for(titles: list[str]) -> str:
    """A uid that follows from the path: two pushers that make the folder at once make one folder."""
    path = " / ".join(titles)
    words = re.sub(r"[^a-z0-9]+", "-", titles[-1].lower()).strip("-")[:27] or "folder"
    return f"{words}-{hashlib.sha256(path.encode()).hexdigest()[:12]}"
