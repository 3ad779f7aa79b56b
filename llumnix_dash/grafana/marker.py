"""The marker that a push leaves, by which a later push tells a person's edit from our own content.

It has two halves, because neither alone is enough on every Grafana from 10 to 13:

* **Tags in the dashboard**, ``llumnix-dash`` and ``llumnix-dash:3:<place>:<sent>``. Tags are readable wherever the
  dashboard is, on both APIs, without rights to the history; they survive a person's save; and a search finds them.
  Where the content no longer has its digest, somebody edited it. (The version message could not do this: Grafana 11
  replaces the first one by "Initial save".) A copy that somebody saved under another uid is not taken for ours, for the
  tag names the uid.
* **The digest at the end of the version message.** When somebody restores an older version that we pushed, its content
  and its tags agree; only the history shows that this content is not the one pushed last.

``<place>`` names the uid, the folder and the state that the push saw, each in short: what came between that state and
ours went under. ``<sent>`` is the digest of what we sent. Where they are not the usual ones, a tag of its own,
``llumnix-dash:3:kept:<digest>``, has the digest of what the server made of that, and ``llumnix-dash:3:set:<name>`` the
set. They are several because Grafana takes no tag of more than 50 bytes (grafana/grafana#116047; before that, its
column on PostgreSQL and MySQL did not).

The way of signing has a number. Tags of the way 2, ``llumnix-dash:2:<set>:<place>:<sent>[:<kept>]``, and those from
before the number, ``llumnix-dash:<digest>``, are read as well.

Neither half counts as content: comparing, diffing and pulling leave the tags out.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from llumnix_dash.grafana.model import Live

TAG = "llumnix-dash"
DEFAULT_SET = "llumnix"
SET_NAME = re.compile(r"[A-Za-z0-9._-]{1,30}")
WAY = 3  # of signing; one more whenever the same content gets another digest, or the tags another form
MESSAGE_LIMIT = 500  # characters, the server's limit from Grafana 11 on
_DIGEST = "[0-9a-f]{16}"
_SHORT = "[0-9a-f]{6}"
_PLACE = rf"(?P<uid>{_SHORT})(?P<folder>{_SHORT})"
_NUMBERED = re.compile(rf"{TAG}:(\d{{1,3}}):.*")
_TAGGED = re.compile(rf"{TAG}:{WAY}:{_PLACE}(?P<seen>{_SHORT}):(?P<sent>{_DIGEST})")
_KEPT = re.compile(rf"{TAG}:{WAY}:kept:({_DIGEST})")
_SET = re.compile(rf"{TAG}:{WAY}:set:({SET_NAME.pattern})")
_TAGGED_2 = re.compile(
    rf"{TAG}:2:(?P<set>[A-Za-z0-9._-]{{1,40}}):{_PLACE}:(?P<sent>{_DIGEST})(?::(?P<kept>{_DIGEST}))?"
)
_UNNUMBERED = re.compile(rf"{TAG}:({_DIGEST})")
_IN_MESSAGE = re.compile(rf"\[{TAG}:({_DIGEST})\]\s*$")
MESSAGE_ROOM = MESSAGE_LIMIT - len(f" [{TAG}:{'0' * 16}]")


@dataclass(frozen=True)
class Mark:
    """What our tags say.

    Attributes:
        sent: the digest of what we sent.
        kept: the digest of what the server made of that.
        folder: the folder that it was pushed to, in short (see :func:`short`); None in an older marker.
        set_name: the set that it was pushed with; None in an older marker.
        seen: the state that the push saw, see :func:`state`; None in an older marker.
        is_newer: whether a later version of this program signed in a way that this one does not know.
    """

    sent: str = ""
    kept: str = ""
    folder: str | None = None
    set_name: str | None = None
    seen: str | None = None
    is_newer: bool = False

    def follows(self, live: Live) -> bool:
        """Whether this live state, which bears the mark, came right after the one that the push saw."""
        return self.seen in {None, state(live.version - 1, live.id)}


def state(version: int, id_: int) -> str:
    """A state of a dashboard in short: the version of the object with this id; the same for all that are not there."""
    return short(f"{version}.{id_}" if version > 0 else "nothing")


def put_on(
    dashboard: Mapping[str, Any],
    sent: str,
    folder_uid: str,
    set_name: str = DEFAULT_SET,
    *,
    kept: str | None = None,
    seen: Live | None = None,
) -> dict[str, Any]:
    """The dashboard with our tags instead of older ones.

    Args:
        dashboard: it.
        sent: the digest of what is sent.
        folder_uid: where it goes.
        set_name: the set that it is pushed with.
        kept: the digest of what the server makes of it, where that is known.
        seen: the live state that is to be replaced; None where there is none.
    """
    bare = without(dashboard)
    place = short(_uid(bare)) + short(folder_uid) + (state(seen.version, seen.id) if seen else state(0, 0))
    ours = [TAG, f"{TAG}:{WAY}:{place}:{sent}"]
    if kept not in {None, sent}:
        ours.append(f"{TAG}:{WAY}:kept:{kept}")
    if set_name != DEFAULT_SET:
        ours.append(f"{TAG}:{WAY}:set:{set_name}")
    return {**bare, "tags": [*(bare.get("tags") or []), *ours]}


def without(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """The dashboard without our tags."""
    bare = dict(dashboard)
    if isinstance(bare.get("tags"), list):
        bare["tags"] = [tag for tag in bare["tags"] if not _is_ours(tag)]
    return bare


def read(dashboard: Mapping[str, Any]) -> Mark | None:
    """What our tags say; None where the dashboard bears no marker of ours, or the one of another dashboard."""
    tags = dashboard.get("tags")
    ours = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    kept, set_name = (
        next((found[1] for tag in ours if (found := is_it.fullmatch(tag))), None) for is_it in (_KEPT, _SET)
    )
    for tag in ours:
        if found := _TAGGED.fullmatch(tag) or _TAGGED_2.fullmatch(tag):
            if found["uid"] != short(_uid(dashboard)):
                return None
            says = found.groupdict()
            return Mark(
                sent=found["sent"],
                kept=says.get("kept") or kept or found["sent"],
                folder=found["folder"],
                set_name=says.get("set") or set_name or DEFAULT_SET,
                seen=says.get("seen"),
            )
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
