"""What a live dashboard holds that a push must not lose: told from its marker, its history and its own schema."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from llumnix_dash.grafana import marker, newschema
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.difference import NOTHING_TO_SEE, differences
from llumnix_dash.grafana.equality import comparable, digest
from llumnix_dash.grafana.model import About, Live, Version
from llumnix_dash.grafana.under import under_last_push

NOT_OURS = "it was not pushed by llumnix-dash, or its tag was removed"
EDITED = "edited in Grafana since our last push"
NEWER = "pushed by a newer llumnix-dash, whose marker this one cannot read"
ROLLED_BACK = "an older version was restored in Grafana since our last push"
STORED_AS_V2 = "it is now stored in Grafana's schema v2"


@dataclass(frozen=True)
class Judgement:
    """What is known of a live dashboard.

    Attributes:
        live: it; with its object in schema v2 where it is stored so.
        owner: what else owns it, so that nobody may save it through the API.
        edited: why overwriting it would lose something; None where it holds our last push and no more.
        note: what a person may want to know though nothing would be lost.
        edits: what was edited since our push, as lines for a person, where that can be told.
        losses: what a classic write would lose of schema v2.
        under: edits that went under our last push, which could not tell them.
    """

    live: Live
    owner: str | None = None
    edited: str | None = None
    note: str | None = None
    edits: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    under: tuple[Version, ...] = ()


def judge(grafana: Grafana, live: Live) -> Judgement:
    """What this live dashboard holds that our last push did not."""
    dashboards = grafana.dashboards
    about = dashboards.about(live)
    if about.owner is not None:
        return Judgement(live, owner=about.owner)
    # What another has saved since the dashboard was read is not to be judged by.
    history = [version for version in dashboards.history(live.uid) or () if version.number <= live.version]
    under = under_last_push(dashboards, live, history)
    return replace(_judged(grafana, live, about, history), under=under)


def _judged(grafana: Grafana, live: Live, about: About, history: Sequence[Version]) -> Judgement:
    dashboards = grafana.dashboards
    edited = _edited(grafana, live, history)
    native = live.native
    if native is None and (about.newer_schema or edited in {EDITED, NOT_OURS}):
        native = dashboards.native(live.uid)
        # The server gives a classic dashboard as v2, too: then it has nothing that only v2 can hold.
        if native is not None and not about.newer_schema and not newschema.losses(native):
            native = None
    if native is None:
        return Judgement(live, edited=edited)
    live = replace(live, native=native)
    lost = newschema.losses(native)
    mark = marker.read(live.dashboard)
    before = _pushed(grafana, live.uid, mark, history)
    edits = told_apart(grafana, before, live.dashboard) if before is not None else ()
    if edited == EDITED and before is not None and not edits and not lost:
        return Judgement(live, note=newschema.SAVED_UNCHANGED)
    return Judgement(live, edited=f"{edited or EDITED}; {STORED_AS_V2}", edits=edits, losses=lost)


def told_apart(grafana: Grafana, before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """What differs between two states once the way to schema v2 and back is levelled; nothing where nothing does."""
    minimum = grafana.minimum_refresh
    lines = differences(*(newschema.levelled(comparable(item, minimum)) for item in (before, after)))
    return () if lines == [NOTHING_TO_SEE] else tuple(lines)


def is_untouched(grafana: Grafana, live: Live, mark: marker.Mark) -> bool:
    """Whether the live content is to the letter what the marker says that the server kept."""
    return mark.kept in {digest(live.dashboard), digest(live.dashboard, grafana.minimum_refresh)}


def _edited(grafana: Grafana, live: Live, history: Sequence[Version]) -> str | None:
    mark = marker.read(live.dashboard)
    if mark is None:
        return NOT_OURS
    if mark.is_newer:
        return NEWER
    if not is_untouched(grafana, live, mark) and not _is_unsigned_rewrite(mark, history):
        return EDITED
    signed = marker.last_signed(version.message for version in history)
    return ROLLED_BACK if signed is not None and signed != mark.sent else None


def _is_unsigned_rewrite(mark: marker.Mark, history: Sequence[Version]) -> bool:
    """Whether the newest version is our own save, which the server rewrote and we did not come to sign as kept.

    Two versions in a row with our signature are not: a tool that sends back what it has read keeps our message.
    """
    signatures = [marker.signature(version.message) for version in history[:2]]
    return mark.sent == mark.kept and signatures[:1] == [mark.sent] and signatures[1:] != [mark.sent]


def _pushed(grafana: Grafana, uid: str, mark: marker.Mark | None, history: Sequence[Version]) -> dict[str, Any] | None:
    """The content of the push that the marker names, out of the history."""
    for version in history:
        if mark is not None and mark.sent and marker.signature(version.message) == mark.sent:
            return grafana.dashboards.content(uid, version.number)
    return None
