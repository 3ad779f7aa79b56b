"""Two sets of dashboards in, one report out."""

from llumnix_dash.diff.changes import DashboardDiff, Report
from llumnix_dash.diff.compare import added, compare, removed, uid_of
from llumnix_dash.diff.pairing import Pairing
from llumnix_dash.document.documents import Document
from llumnix_dash.document.sources import Source


def compare_sets(old: Source, new: Source, *, pushed: bool = False) -> Report:
    """Tells what changed from one set of dashboards to the other, with one problem for each file that is unreadable.

    Dashboards are matched by uid; where a side has none, by file or title. The counterpart of a file that cannot be
    read is not told as added or removed: nothing is known of it.

    Args:
        old: the side before.
        new: the side after.
        pushed: whether to tell of panels that only make room for others.
    """
    pairing = _matched(old, new)
    unreadable = {*old.reading.problems, *new.reading.problems}
    problems = [*old.reading.problems.values(), *new.reading.problems.values()]
    found: list[tuple[tuple[str, str], DashboardDiff]] = []

    def note(document: Document, difference: DashboardDiff) -> None:
        found.append(((document.name, document.label), difference))

    for before, after in pairing.pairs:
        note(
            after,
            compare(before.dashboard, after.dashboard, old_file=before.label, new_file=after.label, pushed=pushed),
        )
    # A single file is compared with its counterpart: what else the other side has is not asked.
    if not old.single or (new.single and not old.reading.problems):
        for after in pairing.new:
            if after.name not in unreadable:
                note(after, added(after.dashboard, after.label))
    if not new.single or (old.single and not new.reading.problems):
        for before in pairing.old:
            if before.name not in unreadable:
                note(before, removed(before.dashboard, before.label))
    found.sort(key=lambda entry: entry[0])
    return Report(
        tuple(difference for _, difference in found if difference.items),
        compared=len(found),
        problems=tuple(problem.render() for problem in problems),
    )


def _matched(old: Source, new: Source) -> Pairing[Document]:
    pairing = Pairing(old.reading.documents, new.reading.documents)
    pairing.by_key(lambda document: (uid, document.name) if (uid := uid_of(document.dashboard)) else None)
    pairing.by_key(lambda document: uid_of(document.dashboard) or None)
    pairing.by_key(lambda document: document.name, _may_be_same)
    pairing.by_key(_title, _one_without_uid)
    if old.single and new.single and len(pairing.old) == len(pairing.new) == 1:
        pairing.by_key(lambda _: "the two files that were asked for")
    return pairing


def _title(document: Document) -> str | None:
    title = document.dashboard.get("title")
    return title if isinstance(title, str) and title else None


def _one_without_uid(old: Document, new: Document) -> bool:
    return not (uid_of(old.dashboard) and uid_of(new.dashboard))


def _may_be_same(old: Document, new: Document) -> bool:
    return _one_without_uid(old, new) or (_title(old) is not None and _title(old) == _title(new))
