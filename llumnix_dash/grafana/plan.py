"""What a push would do, dashboard by dashboard, told from the live state; nothing is written here."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from llumnix_dash.errors import ServerError, UserError
from llumnix_dash.grafana import destination, marker
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.destination import Destination
from llumnix_dash.grafana.difference import differences
from llumnix_dash.grafana.equality import are_equal, comparable, digest
from llumnix_dash.grafana.failures import ForbiddenError
from llumnix_dash.grafana.judge import Judgement, is_untouched, judge, told_apart
from llumnix_dash.grafana.model import Live, Version, Write
from llumnix_dash.grafana.pushset import Wanted
from llumnix_dash.report.text import visible

Found = TypeVar("Found")

NO_SET = "pushed by an older llumnix-dash, which named no set: delete it by hand, or push it once with its set"
MOVED = "moved to another folder in Grafana since our last push"


class Action(StrEnum):
    """What is to be done with one dashboard, or why nothing can be."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"  # a person's edit would be lost
    BLOCKED = "blocked"  # something else owns it
    FORBIDDEN = "forbidden"  # the credentials lack a permission
    FAILED = "failed"  # its live state could not be read
    DELETE = "delete"  # --prune: ours, and no longer in the set
    KEEP = "keep"  # --prune: no longer in the set, but not plainly ours any more


REPLACING = frozenset({Action.UPDATE, Action.CONFLICT})  # what --overwrite writes over a live state


@dataclass(frozen=True)
class Step:
    """One dashboard of a plan.

    Attributes:
        uid: the dashboard's uid.
        title: its title.
        action: what is to be done.
        wanted: what it shall be, with our marker on it; None for one that is to be deleted or kept.
        stored: what the server would keep of that, without our marker.
        content: the digest of it.
        live: what it is; None where it is not there or could not be read.
        folder: where it shall be; None where that is not known or does not matter.
        changes: the lines that tell a person what an update changes.
        edits: what was edited in Grafana since our push, where that can be told.
        losses: what a write would lose of a dashboard that is stored in schema v2.
        under: edits that went under our last push, which could not tell them.
        reason: why it is a conflict, blocked, kept; or what is worth to know.
        error: for forbidden and failed: what the server said.
    """

    uid: str
    title: str
    action: Action
    wanted: dict[str, Any] | None = None
    stored: dict[str, Any] | None = None
    content: str = ""
    live: Live | None = None
    folder: Destination | None = None
    changes: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    under: tuple[Version, ...] = ()
    reason: str | None = None
    error: UserError | None = None


@dataclass(frozen=True)
class Plan:
    """The steps of a push, in the order of the set, then what is to be pruned."""

    steps: tuple[Step, ...]

    def count(self, action: Action) -> int:
        """How many steps have this action."""
        return sum(step.action is action for step in self.steps)

    @property
    def exit_code(self) -> int:
        """0 where the server is as it shall be; 3 where it could not be asked; else 1."""
        if any(isinstance(step.error, ServerError) for step in self.steps):
            return ServerError.exit_code
        return 0 if self.is_clean else 1

    @property
    def is_clean(self) -> bool:
        """Whether the server is as it shall be."""
        return self.count(Action.UNCHANGED) == len(self.steps)


class Targets:
    """Where dashboards go: the one place that was asked for, else where each is, and new ones to the default folder.

    Args:
        grafana: the server.
        folder: the place, by its path.
        folder_uid: the place, by its uid.
        mirror: whether the folders of the files become folders below the place.
    """

    def __init__(
        self, grafana: Grafana, *, folder: str | None = None, folder_uid: str | None = None, mirror: bool = False
    ) -> None:
        self._base = folder or destination.DEFAULT_FOLDER
        self._mirrored: dict[str, Destination] | None = {} if mirror else None
        self._folders = grafana.folders
        self._lock = Lock()
        self._asked: Destination | None = None
        self._default: Destination | None = None
        self._titles: dict[str, str] = {}
        if folder_uid is not None:
            self._asked = destination.by_uid(self._folders, folder_uid)
        elif folder is not None:
            self._asked = destination.by_path(self._folders, folder)

    def of(self, live: Live | None, within: Sequence[str] = ()) -> Destination:
        """The destination of a dashboard with this live state (None: it is new), whose file is in these folders."""
        if self._mirrored is not None:
            return self._mirror(" / ".join([self._base, *within]))
        if self._asked is not None:
            return self._asked
        if live is not None:
            return Destination(live.folder_uid, self.label(live))
        with self._lock:
            if self._default is None:
                self._default = destination.default(self._folders)
            return self._default

    def _mirror(self, path: str) -> Destination:
        assert self._mirrored is not None
        with self._lock:
            if path not in self._mirrored:
                self._mirrored[path] = destination.by_path(self._folders, path)
            return self._mirrored[path]

    def label(self, live: Live) -> str:
        """How the folder of a live dashboard is called; asks the server where the dashboard does not tell."""
        if live.folder_title or not live.folder_uid:
            return live.folder_title or destination.ROOT_NAME
        with self._lock:
            if live.folder_uid not in self._titles:
                folder = self._folders.read(live.folder_uid)
                self._titles[live.folder_uid] = folder.title if folder is not None else live.folder_uid
            return self._titles[live.folder_uid]


def make_plan(
    grafana: Grafana,
    wanted: Sequence[Wanted],
    targets: Targets,
    *,
    set_name: str = marker.DEFAULT_SET,
    prune: bool = False,
    jobs: int = 4,
    progress: Callable[[], None] = lambda: None,
) -> Plan:
    """The plan for these dashboards, read from the live state by several threads at once.

    Args:
        grafana: the server.
        wanted: the dashboards.
        targets: where they go.
        set_name: the set that they make up together.
        prune: whether what was pushed with that set and is no longer in it is to be deleted.
        jobs: how many requests at once.
        progress: told of each dashboard.

    Raises:
        ServerError: the search for what is to be pruned failed. A dashboard that cannot be read is a step of its own.
    """
    steps = in_parallel([partial(_step, grafana, item, targets, set_name) for item in wanted], grafana, jobs, progress)
    if prune:
        kept = {item.uid for item in wanted}
        others = sorted(uid for uid in grafana.dashboards.tagged(marker.TAG) if uid not in kept)
        found = in_parallel(
            [partial(_prune_step, grafana, uid, targets, set_name) for uid in others], grafana, jobs, progress
        )
        steps += [step for step in found if step is not None]
    return Plan(tuple(steps))


def in_parallel(
    tasks: Iterable[Callable[[], Found]], grafana: Grafana, jobs: int, progress: Callable[[], None]
) -> list[Found]:
    """What the tasks give, in their order; Ctrl-C drops those that have not begun."""
    with ThreadPoolExecutor(max_workers=threads_for(jobs)) as pool:
        futures = [pool.submit(task) for task in tasks]
        for future in futures:
            future.add_done_callback(lambda _: progress())
        try:
            return [future.result() for future in futures]
        except BaseException:
            grafana.transport.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def threads_for(jobs: int) -> int:
    """How many threads keep so many requests under way: two more prepare while the others wait for answers."""
    return jobs + 2 if jobs > 1 else 1


def is_as_wanted(grafana: Grafana, live: Live, wanted: dict[str, Any], folder_uid: str) -> bool:
    """Whether the live dashboard is what it shall be, and where."""
    return live.folder_uid == folder_uid and are_equal(live.dashboard, wanted, grafana.minimum_refresh)


def live_differences(grafana: Grafana, before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """What changed from one state of a dashboard to another, as lines for a person."""
    minimum = grafana.minimum_refresh
    return tuple(differences(comparable(before, minimum), comparable(after, minimum)))


def _step(grafana: Grafana, wanted: Wanted, targets: Targets, set_name: str) -> Step:
    try:
        return _compare(grafana, wanted, targets, set_name)
    except ForbiddenError as error:
        return Step(wanted.uid, wanted.title, Action.FORBIDDEN, reason=error.detail, error=error)
    except UserError as error:
        return Step(wanted.uid, wanted.title, Action.FAILED, reason=error.summary, error=error)


def _compare(grafana: Grafana, wanted: Wanted, targets: Targets, set_name: str) -> Step:
    live = grafana.dashboards.read(wanted.uid)
    if live is not None and live.blocked and not live.dashboard:
        return Step(wanted.uid, wanted.title, Action.BLOCKED, live=live, reason=live.blocked)
    folder = targets.of(live, wanted.folders)
    stored = grafana.dashboards.as_stored(Write(wanted.dashboard, folder.uid if not folder.missing else "", "", live))
    content = digest(stored, grafana.minimum_refresh)
    step = Step(
        uid=wanted.uid,
        title=wanted.title,
        action=Action.CREATE,
        wanted=marker.put_on(wanted.dashboard, content, folder.uid, set_name, seen=live),
        stored=stored,
        content=content,
        live=live,
        folder=folder,
    )
    if live is None:
        lacking = None if folder.writable else f"permission needed: dashboards:create on folders:uid:{folder.uid}"
        return replace(step, action=Action.FORBIDDEN, reason=lacking) if lacking else step
    other_set = _other_set(live, set_name)
    stays = live.folder_uid == folder.uid and other_set is None
    is_equal = are_equal(live.dashboard, stored, grafana.minimum_refresh)
    is_wanted = stays and (is_equal or _is_kept(grafana, live, content))
    mark = marker.read(live.dashboard)
    if is_wanted and (mark is None or mark.follows(live)):
        return _unchanged(replace(step, reason=_moved(live, live.folder_uid)))
    judged = judge(grafana, live)
    if is_wanted and not judged.under:
        return _unchanged(replace(step, reason=_moved(live, live.folder_uid)))
    if judged.live.native is None:
        changes = () if is_equal else live_differences(grafana, live.dashboard, stored)
    else:
        changes = told_apart(grafana, live.dashboard, stored)
        if stays and not changes and judged.note is not None and not judged.under:
            return _unchanged(replace(step, reason=judged.note))
    moved = _moved(live, folder.uid)
    if folder.uid != live.folder_uid:
        changes = (visible(f"folder: {targets.label(live)} -> {folder.label}"), *changes)
    action, reason = _for_a_difference(judged)
    if action is Action.UPDATE and other_set is not None:
        action, reason = Action.CONFLICT, f"pushed with the set {other_set}: push it with --set {other_set}"
    if action is Action.UPDATE and moved is not None and folder.uid != live.folder_uid:
        action, reason = Action.CONFLICT, moved
    return replace(
        step,
        action=action,
        reason=reason or moved,
        live=replace(judged.live, folder_title=targets.label(live)),
        changes=changes,
        edits=judged.edits,
        losses=judged.losses,
        under=judged.under,
    )


def _unchanged(step: Step) -> Step:
    """The step for a dashboard that is as it shall be; what it holds is not needed, and a hundred of them are large."""
    assert step.live is not None
    live = replace(step.live, dashboard={})
    return replace(step, action=Action.UNCHANGED, wanted=None, stored=None, content="", live=live)


def _is_kept(grafana: Grafana, live: Live, content: str) -> bool:
    """Whether this content was pushed last, and the server still has what it made of it."""
    mark = marker.read(live.dashboard)
    return mark is not None and mark.sent == content and is_untouched(grafana, live, mark)


def _moved(live: Live, folder_uid: str) -> str | None:
    """That somebody moved the dashboard since our last push, which was to this folder or, if it stays, to another."""
    mark = marker.read(live.dashboard)
    if mark is None or mark.folder in {None, marker.short(live.folder_uid)}:
        return None
    return MOVED if folder_uid == live.folder_uid or mark.folder == marker.short(folder_uid) else None


def _other_set(live: Live | None, set_name: str) -> str | None:
    """The other set that a live dashboard was pushed with, if it was."""
    mark = marker.read(live.dashboard) if live is not None else None
    return mark.set_name if mark is not None and mark.set_name not in {None, set_name} else None


def _for_a_difference(judged: Judgement) -> tuple[Action, str | None]:
    live = judged.live
    if judged.owner:
        return Action.BLOCKED, judged.owner
    if not live.writable:
        return Action.FORBIDDEN, f"permission needed: dashboards:write on dashboards:uid:{live.uid} or its folder"
    return (Action.CONFLICT, judged.edited) if judged.edited else (Action.UPDATE, judged.note)


def _prune_step(grafana: Grafana, uid: str, targets: Targets, set_name: str) -> Step | None:
    try:
        live = grafana.dashboards.read(uid)
        # The search lags behind: what is gone, or bears no marker of ours any more, is not ours to delete.
        mark = marker.read(live.dashboard) if live is not None else None
        if live is None or mark is None or _other_set(live, set_name) is not None:
            return None
        judged = judge(grafana, live)
        reason = judged.owner or judged.edited or (NO_SET if mark.set_name is None else None)
        folder = Destination(live.folder_uid, targets.label(live))
    except UserError as error:
        return Step(uid, uid, Action.FAILED, reason=error.summary, error=error)
    action = Action.KEEP if reason or judged.under else Action.DELETE
    kept = replace(judged.live, folder_title=folder.label)
    return Step(uid, live.title, action, live=kept, folder=folder, under=judged.under, reason=reason)
