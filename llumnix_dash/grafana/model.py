"""What a Grafana holds, and what can be asked of it, whichever of its two APIs is spoken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

ROOT = ""  # the uid of the root folder, which is shown as "General" or "Dashboards"


@dataclass(frozen=True)
class Live:
    """A dashboard as it is on the server.

    Attributes:
        uid: its uid.
        dashboard: its classic JSON; empty where the server cannot give it (see ``blocked``).
        version: the number that the server shows for it.
        revision: what a compare-and-swap names: the version (legacy API) or the resourceVersion (k8s API).
        folder_uid: the folder that it is in, :data:`ROOT` for none.
        folder_title: that folder's title, where the server says it.
        updated: time of the last change, RFC 3339, where the server says it.
        updated_by: who made it, where the server says it.
        writable: whether these credentials may save it, as far as the server says so.
        blocked: why nobody may save it through the API, such as "file-provisioned"; None where one may.
        id: the server's own number for this very dashboard, which another of the same uid does not have; 0 if unknown.
        native: its object in schema v2, where it is known to be stored so; ``dashboard`` is then its classic form.
        status: the k8s object's own; empty for the legacy API.
        metadata: the k8s object's own metadata, which an update sends back; empty for the legacy API.
    """

    uid: str
    dashboard: dict[str, Any]
    version: int
    revision: str
    folder_uid: str = ROOT
    folder_title: str | None = None
    updated: str | None = None
    updated_by: str | None = None
    writable: bool = True
    blocked: str | None = None
    id: int = 0
    native: Mapping[str, Any] | None = field(default=None, repr=False)
    status: Mapping[str, Any] = field(default_factory=dict, repr=False)
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def title(self) -> str:
        """Its title, or its uid where it has none."""
        return str(self.dashboard.get("title") or self.uid)


@dataclass(frozen=True)
class Write:
    """One dashboard to be saved: created where ``over`` is None, else put over exactly that live state."""

    dashboard: dict[str, Any]
    folder_uid: str
    message: str
    over: Live | None = None

    @property
    def uid(self) -> str:
        """The dashboard's uid."""
        return str(self.dashboard["uid"])


@dataclass(frozen=True)
class Saved:
    """What the server says of a save: the version that it has now, and what names just this state.

    ``revision`` and ``id`` are those of :class:`Live`; empty where it is not sure that the state is what was sent.
    """

    version: int
    revision: str = ""
    id: int = 0


@dataclass(frozen=True)
class Version:
    """One entry of a dashboard's history; ``created`` is a time, where the server says it."""

    number: int
    message: str = ""
    by: str | None = None
    created: str | None = None


@dataclass(frozen=True)
class About:
    """What a dashboard's content does not say.

    Attributes:
        owner: why the API must not save it (managed by Git Sync, Terraform, a plugin ...); None if it may.
        newer_schema: whether there are signs that it is stored in schema v2.
    """

    owner: str | None = None
    newer_schema: bool = False


@dataclass(frozen=True)
class Folder:
    """A folder; ``parent_uid`` is :data:`ROOT` for one at the top."""

    uid: str
    title: str
    parent_uid: str = ROOT
    writable: bool = True


class Dashboards(Protocol):
    """The dashboards of one organisation."""

    name: str

    def read(self, uid: str) -> Live | None:
        """The live dashboard of this uid; None where there is none."""

    def about(self, live: Live) -> About:
        """What the content of this dashboard does not say."""

    def native(self, uid: str, number: int | None = None) -> dict[str, Any] | None:
        """The dashboard's object in schema v2, whatever it is stored as, or that of one of its versions.

        None where the server cannot give it.
        """

    def as_stored(self, write: Write) -> dict[str, Any]:
        """The JSON that the server would keep of this write; asks the server only where it migrates what it is sent."""

    def save(self, write: Write) -> Saved:
        """Saves it, as a compare-and-swap.

        Raises:
            RevisionChangedError: the live state is no longer the one the write names.
        """

    def is_certain(self, saved: Saved) -> bool:
        """Whether the server made sure, as it saved this, that nobody had come between.

        Grafana 12, and 13 without unified storage, compare first and write afterwards.
        """

    def save_native(self, native: Mapping[str, Any], folder_uid: str, message: str, over: Live | None) -> Saved:
        """Saves an object of schema v2 as it is, over exactly that live state, or anew.

        Raises:
            UserError: the server does not know its schema.
            RevisionChangedError: the live state is no longer that.
        """

    def delete(self, live: Live) -> None:
        """Deletes it; one that is gone already is no error."""

    def history(self, uid: str) -> Sequence[Version] | None:
        """Its versions, newest first; None where these credentials cannot read them."""

    def content(self, uid: str, number: int) -> dict[str, Any] | None:
        """The classic JSON of one of its versions; None where the server cannot give it."""

    def tagged(self, tag: str) -> Sequence[str]:
        """The uids of the dashboards that bear this tag, as far as the server's search index knows."""


class Folders(Protocol):
    """The folders of one organisation."""

    def read(self, uid: str) -> Folder | None:
        """The folder of this uid; None where there is none, or none that these credentials may see."""

    def children(self, parent_uid: str) -> Sequence[Folder]:
        """The folders right under this one."""

    def create(self, folder: Folder) -> Folder:
        """Makes the folder; if it is there already, or made by another meanwhile, that one is given back."""
