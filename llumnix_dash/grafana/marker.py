"""The marker that a push leaves, by which a later push tells a person's edit from our own content.

It has two halves, because neither alone is enough on every Grafana from 10 to 13:

* **Two tags in the dashboard**, ``llumnix-dash`` and ``llumnix-dash:2:<set>:<place>:<sent>[:<kept>]``. Tags are
  readable wherever the dashboard is, on both APIs, without rights to the history; they survive a person's save; and a
  search finds them. Where the content no longer has its digest, somebody edited it. (The version message could not do
  this: Grafana 11 replaces the first one by "Initial save".) A copy that somebody saved under another uid is not taken
  for ours, for the tag names the uid.
* **The digest at the end of the version message.** When somebody restores an older version that we pushed, its content
  and its tags agree; only the history shows that this content is not the one pushed last.

``<place>`` names the uid and the folder, each in short. ``<sent>`` is the digest of what we sent, ``<kept>`` of what
the server made of it, where it rewrites what it is given.
Before the way of signing had a number, the tag was ``llumnix-dash:<digest>``; that is read as well.

Neither half counts as content: comparing, diffing and pulling leave the tags out.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TAG = "llumnix-dash"
DEFAULT_SET = "llumnix"
SET_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")
WAY = 2  # of signing; one more whenever the same content gets another digest, or the tag another form
MESSAGE_LIMIT = 500  # characters, the server's limit from Grafana 11 on
_DIGEST = "[0-9a-f]{16}"
_NUMBERED = re.compile(rf"{TAG}:(\d{{1,3}}):.*")
_TAGGED = re.compile(
    rf"{TAG}:{WAY}:(?P<set>{SET_NAME.pattern}):(?P<uid>[0-9a-f]{{6}})(?P<folder>[0-9a-f]{{6}}):(?P<sent>{_DIGEST})(?::(?P<kept>{_DIGEST}))?"
)
_UNNUMBERED = re.compile(rf"{TAG}:({_DIGEST})")
_IN_MESSAGE = re.compile(rf"\[{TAG}:({_DIGEST})\]\s*$")
MESSAGE_ROOM = MESSAGE_LIMIT - len(f" [{TAG}:{'0' * 16}]")


@dataclass(frozen=True)
class Mark:
    """What our tag says.

    Attributes:
        sent: the digest of what we sent.
        kept: the digest of what the server made of that.
        folder: the folder that it was pushed to, in short (see :func:`short`); None in a marker of the older form.
        set_name: the set that it was pushed with; None in a marker from before sets had names.
        is_newer: whether a later version of this program signed in a way that this one does not know.
    """

    sent: str = ""
    kept: str = ""
    folder: str | None = None
    set_name: str | None = None
    is_newer: bool = False


def put_on(
    dashboard: Mapping[str, Any], sent: str, folder_uid: str, set_name: str = DEFAULT_SET, kept: str | None = None
) -> dict[str, Any]:
    """The dashboard with our tags for the given digests and place, instead of older ones."""
    bare = without(dashboard)
    place = short(_uid(bare)) + short(folder_uid)
    tag = f"{TAG}:{WAY}:{set_name}:{place}:{sent}" + (f":{kept}" if kept not in {None, sent} else "")
    return {**bare, "tags": [*(bare.get("tags") or []), TAG, tag]}


def without(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """The dashboard without our tags."""
    bare = dict(dashboard)
    if isinstance(bare.get("tags"), list):
        bare["tags"] = [tag for tag in bare["tags"] if not _is_ours(tag)]
    return bare


def read(dashboard: Mapping[str, Any]) -> Mark | None:
    """What our tag says; None where the dashboard bears no marker of ours, or the one of another dashboard."""
    tags = dashboard.get("tags")
    for tag in tags if isinstance(tags, list) else []:
        if not isinstance(tag, str):
            continue
        if found := _TAGGED.fullmatch(tag):
            if found["uid"] != short(_uid(dashboard)):
                return None
            return Mark(found["sent"], found["kept"] or found["sent"], found["folder"], found["set"])
        if found := _UNNUMBERED.fullmatch(tag):
            return Mark(found[1], found[1])
        if (found := _NUMBERED.fullmatch(tag)) and int(found[1]) > WAY:
            return Mark(is_newer=True)
    return None


def sign(message: str, sent: str) -> str:
    """The version message with the content's digest at its end."""
    return f"{message} [{TAG}:{sent}]"


def signature(message: str) -> str | None:
    """The digest at the end of a version message; None where it is not signed."""
    match = _IN_MESSAGE.search(message)
    return match[1] if match else None


def last_signed(messages: Iterable[str]) -> str | None:
    """The digest of our newest push, from version messages, newest first; None where none is signed."""
    return next(filter(None, map(signature, messages)), None)


def short(name: str) -> str:
    """A uid in six letters, enough to tell that two are not the same."""
    return hashlib.sha256(name.encode()).hexdigest()[:6]


def _uid(dashboard: Mapping[str, Any]) -> str:
    return str(dashboard.get("uid", "")).strip()


def _is_ours(tag: object) -> bool:
    return isinstance(tag, str) and (
        tag == TAG or _UNNUMBERED.fullmatch(tag) is not None or _NUMBERED.fullmatch(tag) is not None
    )
