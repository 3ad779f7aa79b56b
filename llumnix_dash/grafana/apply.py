"""Makes a plan so: several writes at once, each a compare-and-swap on the state that the plan saw."""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from threading import Lock

from llumnix_dash.errors import ServerError, UserError
from llumnix_dash.grafana import destination, marker, under
from llumnix_dash.grafana.backup import Backups
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.destination import Destination
from llumnix_dash.grafana.equality import digest
from llumnix_dash.grafana.failures import BlockedError, ForbiddenError, RevisionChangedError, StoppedError
from llumnix_dash.grafana.judge import is_untouched
from llumnix_dash.grafana.model import Live, Saved, Version, Write
from llumnix_dash.grafana.plan import (
    Action,
    Plan,
    Step,
    is_as_wanted,
    live_differences,
    threads_for,
)
from llumnix_dash.grafana.surely import surely


class Outcome(StrEnum):
    """What became of one dashboard."""

    CREATED = "created"
    UPDATED = "updated"
    OVERWROTE = "overwrote"  # saved, but the server let it go over an edit that came between
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    BLOCKED = "blocked"
    FORBIDDEN = "forbidden"
    KEPT = "kept"
    FAILED = "failed"
    NOT_STARTED = "not started"


FINE = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.DELETED, Outcome.UNCHANGED})
_LEFT_ALONE = {
    Action.UNCHANGED: Outcome.UNCHANGED,
    Action.CONFLICT: Outcome.CONFLICT,
    Action.BLOCKED: Outcome.BLOCKED,
    Action.FORBIDDEN: Outcome.FORBIDDEN,
    Action.FAILED: Outcome.FAILED,
    Action.KEEP: Outcome.KEPT,
}


@dataclass(frozen=True)
class Result:
    """What became of a step: the version that it has now, the backup of what was there, or the error.

    ``copies`` are of edits that went under, because the server compared before them and wrote after them. ``sign`` is
    to be saved by :func:`settle` once they are told.
    """

    step: Step
    outcome: Outcome
    version: int | None = None
    backup: Path | None = None
    copies: tuple[Path, ...] = ()
    reason: str | None = None
    changes: tuple[str, ...] = ()
    error: UserError | None = None
    sign: Write | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Orders:
    """How a plan is to be applied.

    Attributes:
        message: the text for the version history.
        overwrite: the uids of conflicts in which our side is taken.
        keep: the uids of dashboards that are not to be deleted although the plan says so.
        backups: where what is replaced is kept.
        back_up_all: whether plain updates are kept there too.
        jobs: how many writes at once.
    """

    message: str
    backups: Backups
    overwrite: Collection[str] = frozenset()
    keep: Collection[str] = frozenset()
    back_up_all: bool = False
    jobs: int = 4


def apply(
    grafana: Grafana,
    plan: Plan,
    orders: Orders,
    *,
    report: Callable[[Result], None] = lambda _: None,
    stopping: Callable[[], None] = lambda: None,
) -> tuple[list[Result], bool]:
    """The results, in the order of the plan, and whether the user stopped it.

    One failure does not stop the rest. Ctrl-C lets the writes under way finish and begins no other.

    Args:
        grafana: the server.
        plan: what to do.
        orders: how.
        report: told each result, in the order of the plan.
        stopping: told that Ctrl-C was seen.
    """
    work = _Work(grafana, orders)
    stop = grafana.transport.stop
    pending: list[Future[Result]] = []
    told = 0
    with ThreadPoolExecutor(max_workers=threads_for(orders.jobs)) as pool:
        try:
            pending = [pool.submit(work.do, step) for step in plan.steps]
            for future in pending:
                result = future.result()
                told += 1
                report(result)
        except KeyboardInterrupt:
            stop.set()
            stopping()
            pending += [pool.submit(work.do, step) for step in plan.steps[len(pending) :]]
            for future in pending[told:]:
                report(future.result())
    return [future.result() for future in pending], stop.is_set()


def settle(grafana: Grafana, results: Iterable[Result]) -> None:
    """Signs what stands over edits that went under, now that these were told: else the next push tells them again.

    What cannot be signed, such as what somebody has edited since, is left as it is.
    """
    for result in results:
        if result.sign is not None:
            with suppress(UserError):
                grafana.dashboards.save(result.sign)


class _Work:
    """The writes of one run; folders are made once, by the first dashboard that needs one."""

    def __init__(self, grafana: Grafana, orders: Orders) -> None:
        self._grafana = grafana
        self._dashboards = grafana.dashboards
        self._orders = orders
        self._wait = grafana.transport.sleep
        self._folders: dict[str, Destination | UserError] = {}
        self._lock = Lock()

    def do(self, step: Step) -> Result:
        """Carries out one step; an error becomes its result."""
        accepted = step.action is Action.CONFLICT and step.uid in self._orders.overwrite
        if step.action in _LEFT_ALONE and not accepted:
            return Result(step, _LEFT_ALONE[step.action], reason=step.reason, error=step.error)
        if step.action is Action.DELETE and step.uid in self._orders.keep:
            return Result(step, Outcome.KEPT, reason="you kept it")
        if self._grafana.transport.stop.is_set():
            return Result(step, Outcome.NOT_STARTED)
        try:
            return self._delete(step) if step.action is Action.DELETE else self._save(step)
        except UserError as error:
            return Result(step, _outcome(error), reason=error.summary, error=error)

    def _save(self, step: Step) -> Result:
        assert step.wanted is not None
        assert step.folder is not None
        folder = self._made(step.folder)
        message = marker.sign(self._orders.message, step.content)
        mark = marker.read(step.wanted)
        assert mark is not None
        assert mark.set_name is not None
        # A folder that was made meanwhile may be another pusher's, with another uid than planned.
        signed = marker.put_on(step.wanted, step.content, folder.uid, mark.set_name, seen=step.live)
        write = Write(signed, folder.uid, message, step.live)
        backup = None
        live = step.live
        backups = self._orders.backups
        copies = under.copies_of(self._dashboards, live, step.under, backups) if live is not None else ()
        if live is not None and (self._orders.back_up_all or step.action is Action.CONFLICT or live.native is not None):
            backup = backups.save(live, live.native)
        try:
            saved = surely(lambda: self._dashboards.save(write), lambda: self._found(step, write), self._wait)
        except RevisionChangedError as error:
            return self._changed_meanwhile(replace(step, folder=folder), error)
        outcome = Outcome.CREATED if step.live is None else Outcome.UPDATED
        result = Result(step, outcome, version=saved.version, backup=backup)
        if step.under:
            result = replace(result, outcome=Outcome.OVERWROTE, copies=copies, reason=under.told_late(step.under))
        return self._read_back(result, write, saved)

    def _read_back(self, result: Result, write: Write, saved: Saved) -> Result:
        """Looks at what the server made of a save: edits that went under are told, and what it kept is signed."""
        step = result.step
        try:
            now = self._dashboards.read(step.uid)
            if now is None:
                return replace(result, reason="saved, and deleted by somebody since")
            went = under.under_save(self._dashboards, step.live, saved, step.content, now)
            # Only the very state that we saved may be signed: anything else holds somebody's edit.
            is_ours = now.revision == saved.revision and (not saved.id or now.id == saved.id)
            if went:
                result = self._told_under(result, now, went)
                return replace(result, sign=self._signed(write, now)) if is_ours else result
            return self._signed_as_kept(result, write, now) if is_ours else result
        except UserError as error:
            return replace(result, reason=f"saved; to read it back failed: {error.summary}")

    def _told_under(self, result: Result, now: Live, went: Sequence[Version]) -> Result:
        copies = under.copies_of(self._dashboards, now, went, self._orders.backups)
        told = under.told(went, "came between the server's own look and its write")
        told = "; ".join(filter(None, [told, result.reason]))
        return replace(result, outcome=Outcome.OVERWROTE, copies=(*copies, *result.copies), reason=told)

    def _signed_as_kept(self, result: Result, write: Write, now: Live) -> Result:
        """The result, after what the server kept is signed where it rewrote what it was given."""
        step, mark = result.step, marker.read(now.dashboard)
        if mark is None or mark.sent != step.content or is_untouched(self._grafana, now, mark):
            return replace(result, version=now.version)
        sign = self._signed(write, now)
        try:
            saved = surely(lambda: self._dashboards.save(sign), lambda: self._is_signed(step, now), self._wait)
        except RevisionChangedError:
            return replace(result, version=now.version)  # somebody has edited it since: that is theirs
        result = replace(result, version=saved.version)
        went = under.under_save(self._dashboards, now, saved, step.content, now)
        return self._told_under(result, now, went) if went else result

    def _signed(self, write: Write, now: Live) -> Write:
        """What the server kept of a write, signed as that, and as coming right after what is there now."""
        mark = marker.read(write.dashboard)
        assert mark is not None
        kept = digest(now.dashboard, self._grafana.minimum_refresh)
        set_name = mark.set_name or marker.DEFAULT_SET
        signed = marker.put_on(now.dashboard, mark.sent, write.folder_uid, set_name, kept=kept, seen=now)
        return replace(write, dashboard=signed, over=now)

    def _is_signed(self, step: Step, before: Live) -> Saved | None:
        """After a lost answer: the version with the signature if it is there, None if all is as before."""
        now = self._dashboards.read(step.uid)
        mark = marker.read(now.dashboard) if now is not None else None
        if now is not None and mark is not None and is_untouched(self._grafana, now, mark):
            return Saved(now.version)
        if _revision(now) != _revision(before):
            raise RevisionChangedError(f"dashboard {step.uid} was changed in Grafana meanwhile")
        return None

    def _found(self, step: Step, write: Write) -> Saved | None:
        """After a lost answer: the save if it was done, None if all is as before."""
        now = self._dashboards.read(step.uid)
        if now is not None and (
            is_as_wanted(self._grafana, now, step.stored or {}, write.folder_uid) or _bears_our_mark(step, now)
        ):
            return Saved(now.version)
        if _revision(now) != _revision(step.live):
            raise RevisionChangedError(f"dashboard {step.uid} was changed in Grafana meanwhile")
        return None

    def _changed_meanwhile(self, step: Step, error: RevisionChangedError) -> Result:
        assert step.folder is not None
        now = self._dashboards.read(step.uid)
        if now is None and step.live is None:
            taken = "Grafana says that its uid is taken, and shows no such dashboard: these credentials may not see it"
            return Result(step, Outcome.CONFLICT, reason=f"{taken}, or it was deleted at that moment", error=error)
        if now is None:
            return Result(step, Outcome.CONFLICT, reason="deleted in Grafana since the plan; nothing was written")
        if is_as_wanted(self._grafana, now, step.stored or {}, step.folder.uid):
            return Result(step, Outcome.UNCHANGED, version=now.version, reason="pushed by someone else meanwhile")
        before = step.live.dashboard if step.live else {}
        by = f" by {now.updated_by}" if now.updated_by else ""
        return Result(
            step,
            Outcome.CONFLICT,
            version=now.version,
            reason=f"changed in Grafana since the plan{by}; nothing was overwritten",
            changes=live_differences(self._grafana, before, now.dashboard) if before else (),
            error=error,
        )

    def _delete(self, step: Step) -> Result:
        assert step.live is not None
        now = self._dashboards.read(step.uid)
        if now is None:
            return Result(step, Outcome.DELETED, reason="it was gone already")
        if _revision(now) != _revision(step.live):
            return Result(step, Outcome.KEPT, reason="changed in Grafana since the plan")
        backup = self._orders.backups.save(replace(now, folder_title=step.live.folder_title), step.live.native)
        try:
            surely(lambda: self._deleted(now), lambda: self._is_gone(now), self._wait)
        except RevisionChangedError:
            return Result(step, Outcome.KEPT, reason="changed in Grafana since the plan")
        return Result(step, Outcome.DELETED, backup=backup)

    def _is_gone(self, before: Live) -> bool | None:
        """True if it is gone, None if all is as before."""
        now = self._dashboards.read(before.uid)
        if now is None:
            return True
        if _revision(now) != _revision(before):
            raise RevisionChangedError(f"dashboard {before.uid} was changed in Grafana meanwhile")
        return None

    def _deleted(self, live: Live) -> bool:
        self._dashboards.delete(live)
        return True

    def _made(self, folder: Destination) -> Destination:
        if not folder.missing:
            return folder
        with self._lock:
            known = self._folders.get(folder.uid)
            if known is None:
                try:
                    known = destination.make(self._grafana.folders, folder, self._wait)
                except UserError as error:
                    known = error
                self._folders[folder.uid] = known
        if isinstance(known, UserError):
            raise known
        return known


def _bears_our_mark(step: Step, now: Live) -> bool:
    """Whether our save was done, whatever the server or somebody else has made of it since."""
    mark = marker.read(now.dashboard)
    before = marker.read(step.live.dashboard) if step.live is not None else None
    return mark is not None and mark.sent == step.content and (before is None or before.sent != mark.sent)


def _outcome(error: UserError) -> Outcome:
    if isinstance(error, StoppedError):
        return Outcome.NOT_STARTED
    if isinstance(error, ForbiddenError):
        return Outcome.FORBIDDEN
    return Outcome.BLOCKED if isinstance(error, BlockedError) else Outcome.FAILED


def _revision(live: Live | None) -> tuple[str, int] | None:
    return (live.revision, live.id) if live else None


def exit_code(results: Sequence[Result], *, stopped: bool) -> int:
    """0 where all is as it shall be; 130 after Ctrl-C; 3 where the server could not be reached; else 1."""
    if stopped:
        return 130
    if all(result.outcome in FINE for result in results):
        return 0
    return ServerError.exit_code if any(isinstance(result.error, ServerError) for result in results) else 1
