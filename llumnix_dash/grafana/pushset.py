"""What shall be on the server: our own dashboards by name, and any classic dashboard's JSON by path."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from llumnix_dash.document import sources
from llumnix_dash.document.documents import Document
from llumnix_dash.errors import UserError
from llumnix_dash.grafana.settings import HOW_TO_GIVE_A_SECRET

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

_LOOKS_LIKE_A_SECRET = re.compile(r"^(glsa_|glc_|eyJrIjoi)")


@dataclass(frozen=True)
class Wanted:
    """One dashboard to be there; ``name`` is its file name, for pull and messages."""

    name: str
    dashboard: dict[str, Any]

    @property
    def uid(self) -> str:
        """The dashboard's uid."""
        return str(self.dashboard["uid"])

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that its file lies in, below the folder that was named, outermost first."""
        return PurePosixPath(self.name.partition(":")[0]).parts[:-1]

    @property
    def title(self) -> str:
        """The dashboard's title."""
        return str(self.dashboard["title"]).strip()


@dataclass(frozen=True)
class PushSet:
    """The dashboards of a command's inputs.

    Attributes:
        wanted: those that were read.
        problems: what should be a dashboard and cannot be read.
        note: which files of a folder are no dashboards, for a person; empty if there are none.
    """

    wanted: list[Wanted]
    problems: list[UserError]
    note: str = ""


def load(inputs: Sequence[str] = (), site: "Site | None" = None) -> PushSet:
    """The dashboards of these names and paths; all of our own for none.

    Raises:
        UserError: a name is unknown, a file or folder is not there, or two dashboards have one uid.
    """
    for text in inputs:
        if _LOOKS_LIKE_A_SECRET.match(text):
            raise UserError(
                "an argument looks like a secret; arguments are seen by everybody", hint=HOW_TO_GIVE_A_SECRET
            )
    names = [text for text in inputs if not _is_path(text)]
    documents: list[Document] = []
    if names or not inputs:
        from llumnix_dash.generate import load_dashboards  # noqa: PLC0415 (builds every dashboard: only if one is asked for)

        documents += [Document(name, name, dashboard) for name, dashboard in load_dashboards(names, site).items()]
    reading = sources.load_all(text for text in inputs if _is_path(text))
    found, problems = [], list(reading.problems.values())
    for document in [*documents, *reading.documents]:
        try:
            found.append(_checked(document))
        except UserError as error:
            problems.append(error)
    _refuse_twins(found)
    return PushSet(found, problems, reading.note())


def refuse_subfolders(wanted: Sequence[Wanted]) -> None:
    """Raises where files lie in folders of a folder: one place for all of them may not be what is meant.

    Raises:
        UserError: some do.
    """
    deeper = [item.name for item in wanted if item.folders]
    if deeper:
        raise UserError(
            "what are the folders within the folder to become in Grafana?",
            detail="\n".join(deeper),
            hint="--mirror makes these folders in Grafana, --flat puts all into one folder",
        )


def is_whole_set(inputs: Sequence[str]) -> bool:
    """Whether the inputs name whole sets, all of our own or folders, so that "no longer in the set" means something.

    A revision of git is not one: what it holds as a link is not read, and would be deleted.
    """
    return all(Path(text).is_dir() for text in inputs)


def _is_path(text: str) -> bool:
    return text.endswith(".json") or text.startswith("git:") or "/" in text or Path(text).exists()


def _checked(document: Document) -> Wanted:
    document.must_be_classic()
    uid, title = document.dashboard.get("uid"), document.dashboard.get("title")
    if not isinstance(uid, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid.strip()):
        raise UserError(
            "the dashboard needs a uid of at most 40 letters, digits, _ or -",
            where=document.label,
            hint="give it one that stays: it is how the next push finds the dashboard",
        )
    if not isinstance(title, str) or not title.strip() or len(title) > 5000:
        raise UserError("the dashboard needs a title of at most 5000 characters", where=document.label)
    return Wanted(name=document.name, dashboard={**document.dashboard, "uid": uid.strip()})


def _refuse_twins(found: Sequence[Wanted]) -> None:
    seen: dict[str, Wanted] = {}
    for wanted in found:
        twin = seen.setdefault(wanted.uid, wanted)
        if twin is not wanted:
            raise UserError(
                f"two dashboards have the uid {wanted.uid}",
                where=f"{twin.name} and {wanted.name}",
                hint="push one of them",
            )
