"""Edits that went under: Grafana 12, and 13 without unified storage, compares first and writes afterwards.

What a push saved over, its history shows. The push that did it tells; where it was killed before it could, the next one
does, for the marker names the state that was to be replaced.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from llumnix_dash.grafana import marker
from llumnix_dash.grafana.backup import Backups
from llumnix_dash.grafana.model import Dashboards, Live, Saved, Version
from llumnix_dash.grafana.newschema import losses


def under_save(dashboards: Dashboards, before: Live | None, saved: Saved, sent: str, now: Live) -> tuple[Version, ...]:
    """The versions between a live state and our save of the content with this digest, which was to replace just that.

    Args:
        dashboards: of the server.
        before: the state that was to be replaced.
        saved: what the server said of the save.
        sent: the digest of what was sent.
        now: what is there now.
    """
    if dashboards.is_certain(saved):
        return ()
    seen, seen_id = (before.version, before.id) if before is not None else (0, 0)
    saved_id = saved.id or now.id
    if now.id != saved_id:
        return ()  # ours was deleted and another imported since: this history is of the other
    # An import in that instant began to count anew, so that all of its versions are later than what the push saw.
    is_another = 0 not in {seen_id, saved_id} and seen_id != saved_id
    after = 0 if is_another else seen
    history = dashboards.history(now.uid)
    if history is None:
        return (Version(saved.version - 1),) if is_another or saved.version > seen + 1 else ()
    ours = [place for place, version in enumerate(history) if marker.signature(version.message) == sent]
    # A version's number can come twice: what counts is what stands behind our save.
    exact = [place for place in ours if history[place].number == saved.version]
    older = history[min(exact or ours) + 1 :] if ours else [item for item in history if item.number < saved.version]
    return _unsigned(older, after, sent)


def under_last_push(dashboards: Dashboards, live: Live, history: Sequence[Version]) -> tuple[Version, ...]:
    """The versions between our newest push in the history and the state that it was to replace: nobody has told them.

    A push that went on to its end has signed anew what it told.
    """
    place = next((place for place, version in enumerate(history) if marker.signature(version.message)), None)
    if place is None:
        return ()
    newest, older = history[place], history[place + 1 :]
    # What somebody saved after it bears whatever marker they found: that of an older version, if they restored one.
    pushed = live.dashboard if place == 0 else dashboards.content(live.uid, newest.number) or {}
    mark = marker.read(pushed)
    if mark is None or mark.seen is None:
        return ()
    seen = (version.number for version in older if marker.state(version.number, live.id) == mark.seen)
    # Where numbers jumped (an upgrade) or the object is another, an earlier push of ours is as good a bound.
    signed = (version.number for version in older if marker.signature(version.message) not in {None, mark.sent})
    return _unsigned(older, next(seen, next(signed, 0)), mark.sent)


def _unsigned(older: Sequence[Version], after: int, sent: str) -> tuple[Version, ...]:
    return tuple(item for item in older if item.number > after and marker.signature(item.message) != sent)


def copies_of(dashboards: Dashboards, live: Live, under: Sequence[Version], backups: Backups) -> tuple[Path, ...]:
    """A copy of each of these versions that the history still gives, newest first.

    Raises:
        UserError: one cannot be written.
    """
    copies = []
    for version in under:
        content = dashboards.content(live.uid, version.number)
        native = dashboards.native(live.uid, version.number)
        if native is not None and not losses(native):
            native = None  # the server gives a classic one as v2, too
        if content is not None or native is not None:
            edit = replace(live, dashboard=content or {}, version=version.number, updated_by=version.by)
            copies.append(backups.save(replace(edit, updated=version.created), native))
    return tuple(copies)


def told(under: Sequence[Version], how: str) -> str:
    """These versions in words: "an edit by alice ``how``: version 2 in the history"."""
    who = " and ".join(dict.fromkeys(version.by or "somebody" for version in under))
    return f"an edit by {who} {how}: version {', '.join(str(version.number) for version in under)} in the history"


def told_late(under: Sequence[Version]) -> str:
    """The same of what went under an earlier push."""
    return told(under, "went under our last push, which was stopped before it could tell")
