"""Two pushers, people in both editors and one who imports anew, at once, in random orders with faults in between.

Nobody's edit is lost without being told and kept, there is no duplicate and no half-written state, and the next push
converges. Each order is drawn from a seed and is the same each time: the fake lets one request through at a time, and
chooses the next only when every client that still works has one waiting.
"""

import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llumnix_dash.grafana.apply import FINE, Outcome, Result
from llumnix_dash.grafana.connect import connect
from tests.grafana.actors import (
    GONE,
    PEOPLE,
    PUSHERS,
    UIDS,
    Saved,
    Told,
    Turns,
    classic_editor,
    importer,
    new_editor,
    pusher,
    remember,
)
from tests.grafana.conftest import Clock, transport_to
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.grafana.fake.faults import HTML
from tests.grafana.fake.server import Request
from tests.grafana.samples import SAVE, dashboard, edit, push, with_query

# On each of the 6 versions; make nightly plays 200.
SEEDS = int(os.environ.get("LLUMNIX_DASH_ORDERS", "25"))
FAULTS = (
    {"drop": "before"},
    {"drop": "after"},
    {"status": 500, "body": {"message": "database is locked"}},
    {"status": 500, "body": {"message": "database is locked"}, "handled": True},
    {"status": 524, "body": HTML, "handled": True},
    {"status": 429, "body": {"message": "slow down"}},
)


class Played:
    """One order, played to its end, and what is then on the server."""

    def __init__(self, seed: int, name: str, copies: Path) -> None:
        self.told, self.where = Told(), f"seed {seed} on {name}"
        draw = random.Random(seed)
        self.faulty = draw.random() < 0.6
        # An edit in the server's own window; a pusher that is killed right then leaves it to the next one to tell.
        window, killed = draw.choice([(False, False), (True, False), (False, True), (True, True)])
        releases = ("release 1", draw.choice(["release 1", "release 2"]))
        # The server migrates and spells out what it is given. On 11, which hides the first message, a first save that
        # is not signed cannot be told from an import: that is a conflict, which is the safe side.
        rewrites = draw.random() < 0.3 and not (name == "g11" and (killed or self.faulty))
        tokens = [*PUSHERS, *PEOPLE]
        with FakeGrafana(PROFILES[name].but(rewrites=rewrites)) as self.fake:
            fake, told = self.fake, self.told
            fake.logins.update({token: token for token in tokens})
            remember(fake, told)
            if draw.random() < 0.8:  # mostly onto a server that has an earlier release
                push(connect(transport_to(fake)), *(with_query(dashboard(uid), "release 0") for uid in UIDS))
                if window:
                    uid = draw.choice(UIDS)
                    fake.store.window_of = set(PUSHERS)
                    fake.store.in_window = lambda: edit_if_there(fake, uid)
            if self.faulty:
                for _ in range(draw.randint(1, 3)):
                    fake.spoil(SAVE, skip=draw.randint(0, 4), **draw.choice(FAULTS))
            lives = draw.randint(4, 25) if killed else None
            turns = Turns(seed, tokens)
            fake.turn = lambda request: (
                turns(client) if (client := client_of(request)) in tokens else fake.turn_of_anybody(request)
            )
            self._run(
                turns,
                {
                    "pusher-a": lambda: pusher(fake, "pusher-a", releases[0], told, copies, lives),
                    "pusher-b": lambda: pusher(fake, "pusher-b", releases[1], told, copies),
                    "classic-editor": lambda: classic_editor(fake, "classic-editor", seed, told),
                    "new-editor": lambda: new_editor(fake, "new-editor", seed, told),
                    "importer": lambda: importer(fake, "importer", seed, told),
                },
            )
            self.order = turns.order
            fake.faults.clear()
            fake.turn = fake.turn_of_anybody
            fake.store.in_window = None
            self.before_next = dict(fake.store.dashboards)
            self._then(copies)

    def _run(self, turns: Turns, clients: dict[str, Callable[[], None]]) -> None:
        failures: list[BaseException] = []

        def body(token: str, work: Callable[[], None]) -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)
            finally:
                turns.end(token)

        threads = [threading.Thread(target=body, args=item) for item in clients.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures, (self.where, failures)

    def _then(self, copies: Path) -> None:
        """The pushes after all that: without and with --overwrite, and once more."""
        items = [with_query(dashboard(uid), "release 9") for uid in UIDS]
        grafana = connect(transport_to(self.fake, Clock()))
        self.next = push(grafana, *items)
        self.overwritten = push(grafana, *items, overwrite=True, backups=copies / "next")
        self.last = push(grafana, *items)


def edit_if_there(fake: FakeGrafana, uid: str) -> None:
    if uid in fake.store.dashboards:
        edit(fake, uid, by="classic-editor", description="in the window")


def client_of(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


@pytest.mark.parametrize("name", list(PROFILES))
@pytest.mark.parametrize("block", range(5))
def test_at_once(name: str, block: int, tmp_path: Path):
    for seed in range(block * SEEDS // 5, (block + 1) * SEEDS // 5):
        played = Played(seed, name, tmp_path / str(seed))
        fake, where = played.fake, played.where
        assert set(fake.store.dashboards) == set(UIDS), f"{where}: a duplicate, or a dashboard is missing"
        assert len([folder for folder in fake.store.folders.values() if folder.title == "Llumnix"]) == 1, where
        assert_no_edit_is_lost_untold(played)
        assert_what_we_wrote_is_whole(played)
        assert_reports_are_true(played)
        assert_it_converges(played)


def overwritten_edits(played: Played) -> Iterator[tuple[Saved, Saved]]:
    """Each state that a person left, and the state by a pusher that came right over it and has not that edit."""
    latest: dict[str, Saved] = {}
    for state in played.told.states:
        before = latest.get(state.uid)
        if state.by in PUSHERS and before is not None and before.by in PEOPLE:
            text = before.spec.get("description")
            if text is not None and state.spec.get("description") != text:
                yield before, state
        latest[state.uid] = state


def assert_no_edit_is_lost_untold(played: Played) -> None:
    for before, after in overwritten_edits(played):
        where = f"{played.where}: {after.by} overwrote {before.spec['description']!r} of {before.uid}"
        told = [
            result
            for results in (*played.told.results.values(), played.next, played.overwritten)
            for result in results
            if result.step.uid == after.uid and result.outcome is Outcome.OVERWROTE
        ]
        assert told, where
        copies = [copy.read_text() for result in told for copy in result.copies]
        assert any(before.spec["description"] in copy for copy in copies), f"{where}: no copy"


def assert_what_we_wrote_is_whole(played: Played) -> None:
    for state in played.told.states:
        if state.by == GONE:
            continue
        release = state.spec["panels"][0]["targets"][0]["expr"]
        assert release in {f"release {number}" for number in (0, 1, 2, 9)}, played.where
        if state.by in PUSHERS:
            whole = with_query(dashboard(state.uid), release)
            differing = {key for key in {*whole, *state.spec} if whole.get(key) != state.spec.get(key)}
            assert differing <= {"tags", "preload"}, f"{played.where}: half of something was written"


def assert_reports_are_true(played: Played) -> None:
    for name, results in played.told.results.items():
        for result in results:
            wrote = [state for state in played.told.states if state.by == name and state.uid == result.step.uid]
            if result.outcome in {Outcome.CREATED, Outcome.UPDATED, Outcome.OVERWROTE}:
                # After a lost answer, the same content by the other pusher cannot be told from one's own.
                theirs = played.faulty and [
                    state for state in played.told.states if state.by in PUSHERS and state.uid == result.step.uid
                ]
                assert wrote or theirs, f"{played.where}: {name} wrote nothing and says {result.outcome}"
                # What is told as overwritten is signed once more after that.
                assert played.faulty or result.sign or wrote[-1].version == result.version, played.where
            else:
                assert played.faulty or not wrote, f"{played.where}: {name} wrote and did not say so"
                assert result.outcome in {Outcome.CONFLICT, Outcome.UNCHANGED, Outcome.FAILED}, played.where


def assert_it_converges(played: Played) -> None:
    latest = {state.uid: state for state in played.told.states if "release 9" not in str(state.spec)}
    for result in played.next:
        state = latest.get(result.step.uid)
        if result.outcome is Outcome.CONFLICT:
            assert state is not None, played.where
            assert state.by in PEOPLE, f"{played.where}: {result.step.uid} is ours, and told as {result.reason}"
        else:
            # What a killed pusher could not tell is left to this one, and what one told that could not sign after it.
            left = {
                before.uid
                for before, after in overwritten_edits(played)
                if played.faulty or after.by in played.told.killed
            }
            assert result.outcome in FINE or result.step.uid in left, (played.where, result)
            edited = state is not None and state.spec.get("description") is not None
            assert not edited, f"{played.where}: an edit of {state.by if state else None} was overwritten"
    told = {result.step.uid for result in played.next if result.outcome is Outcome.CONFLICT and result.step.under}
    assert_all([result for result in played.overwritten if result.step.uid not in told], FINE, played.where)
    assert_all(played.last, {Outcome.UNCHANGED}, played.where)


def assert_all(results: list[Result], outcomes: set[Outcome] | frozenset[Outcome], where: str) -> None:
    assert {result.outcome for result in results} <= set(outcomes), (where, results)


def test_an_order_is_the_same_each_time(tmp_path: Path):
    one, same, other = (Played(seed, "g12", tmp_path / str(number)) for number, seed in enumerate((11, 11, 12)))
    assert one.order == same.order
    assert one.order != other.order


def test_edits_do_go_under_somewhere(tmp_path: Path):
    """So that the promise above is not kept for want of a case: also under a pusher that was then killed."""
    found = set()
    for seed in range(50):
        played = Played(seed, "g12", tmp_path / str(seed))
        found |= {after.by in played.told.killed for _, after in overwritten_edits(played)}
        if found == {False, True}:
            return
    pytest.fail(f"edits went under: {found}")
