"""The marker that a push leaves, by which a later push tells a person's edit from our own content.

It has two halves, because neither alone is enough on every Grafana from 10 to 13:

* **Two tags in the dashboard**, ``llumnix-dash`` and ``llumnix-dash:<digest of the content>``. Tags are readable
  wherever the dashboard is, on both APIs, without rights to the history; they survive a person's save; and a search
  finds them. Where the content no longer has its digest, somebody edited it. (The version message could not do this:
  Grafana 11 replaces the first one by "Initial save".) The digest covers the uid, so a copy that somebody saved is not
  taken for ours.
* **The digest at the end of the version message.** When somebody restores an older version that we pushed, its content
  and its tags agree; only the history shows that this content is not the one pushed last.

Neither half counts as content: comparing, diffing and pulling leave the tags out.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

TAG = "llumnix-dash"
MESSAGE_LIMIT = 500  # characters, the server's limit from Grafana 11 on
_TAGGED = re.compile(rf"{TAG}:([0-9a-f]{{16}})")
_IN_MESSAGE = re.compile(rf"\[{TAG}:([0-9a-f]{{16}})\]\s*$")
MESSAGE_ROOM = MESSAGE_LIMIT - len(f" [{TAG}:{'0' * 16}]")


def put_on(dashboard: Mapping[str, Any], content: str) -> dict[str, Any]:
    """The dashboard with our tags for the given content digest, in the place of older ones."""
    bare = without(dashboard)
    return {**bare, "tags": [*(bare.get("tags") or []), TAG, f"{TAG}:{content}"]}


def without(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """The dashboard without our tags."""
    bare = dict(dashboard)
    if isinstance(bare.get("tags"), list):
        bare["tags"] = [tag for tag in bare["tags"] if not _is_ours(tag)]
    return bare


def read(dashboard: Mapping[str, Any]) -> str | None:
    """The content digest that our tag names; None where the dashboard bears no marker of ours."""
    tags = dashboard.get("tags")
    for tag in tags if isinstance(tags, list) else []:
        match = _TAGGED.fullmatch(tag) if isinstance(tag, str) else None
        if match:
            return match[1]
    return None


def sign(message: str, content: str) -> str:
    """The version message with the content's digest at its end."""
    return f"{message} [{TAG}:{content}]"


def last_signed(messages: Iterable[str]) -> str | None:
    """The digest of our newest push, from version messages, newest first; None where none is signed."""
    for message in messages:
        match = _IN_MESSAGE.search(message)
        if match:
            return match[1]
    return None


def _is_ours(tag: object) -> bool:
    return isinstance(tag, str) and (tag == TAG or _TAGGED.fullmatch(tag) is not None)
