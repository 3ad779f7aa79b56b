"""Two pushers and an editor at once, in 200 random orders: no lost edit, no duplicate, no half-written state.

Each order is drawn from a seed and is the same each time: the fake lets one request through at a time, and chooses the
next only when every client that still works has one waiting.
"""

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from llumnix_dash.grafana.apply import Outcome, Result
from llumnix_dash.grafana.connect import connect
from tests.grafana.conftest import Clock, transport_to
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.grafana.samples import dashboard, push, with_query

UIDS = ("one", "two")
SAVE = "/api/dashboards/db"


class Turns:
    """Lets one request through at a time, in an order drawn from a seed."""

    def __init__(self, seed: int, clients: list[str]) -> None:
        self._random = random.Random(seed)
        self._changed = threading.Condition()
        self._working = set(clients)
        self._waiting: set[str] = set()
        self._chosen: str | None = None
        self.order: list[str] = []

    @contextmanager
    def __call__(self, authorization: str) -> Iterator[None]:
        client = authorization.removeprefix("Bearer ")
        with self._changed:
            self._waiting.add(client)
            self._choose()
            assert self._changed.wait_for(lambda: self._chosen == client, timeout=30), (
                "the clients wait for one another"
            )
            self._waiting.remove(client)
            self.order.append(client)
        # The turn ends with the client's next request (or its end), not here: the client is at work until then.
        yield

    def end(self, client: str) -> None:
        """The client has no more requests."""
        with self._changed:
            self._working.discard(client)
            self._choose()

    def _choose(self) -> None:
        if self._waiting and self._waiting == self._working:
            self._chosen = self._random.choice(sorted(self._waiting))
            self._changed.notify_all()


def pusher(fake: FakeGrafana, token: str, release: str, results: dict[str, list[Result]]) -> None:
    grafana = connect(transport_to(fake, Clock(), token=token))
    results[token] = push_one_by_one(grafana, *(with_query(dashboard(uid), release) for uid in UIDS))


def push_one_by_one(grafana: Any, *items: dict[str, Any]) -> list[Result]:
    """As ``push`` with --jobs 1, so that a client has one request at a time."""
    from pathlib import Path

    from llumnix_dash.grafana.apply import Orders, apply
    from llumnix_dash.grafana.backup import Backups
    from tests.grafana.samples import plan

    made = plan(grafana, *items, jobs=1)
    return apply(grafana, made, Orders(message="m", backups=Backups(Path(os.environ["XDG_STATE_HOME"])), jobs=1))[0]


def editor(fake: FakeGrafana, token: str, seed: int, acknowledged: list[tuple[str, str]]) -> None:
    """A person in the browser: opens a dashboard, changes its description, saves over the version that was opened."""
    draw = random.Random(seed)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for number in range(3):
            uid = draw.choice(UIDS)
            live = session.get(f"{fake.url}/api/dashboards/uid/{uid}", timeout=30)
            if live.status_code != 200:
                continue
            text = f"edit {number}"
            body = {
                "dashboard": {**live.json()["dashboard"], "description": text},
                "folderUid": live.json()["meta"].get("folderUid") or "",
                "overwrite": False,
            }
            if session.post(f"{fake.url}{SAVE}", json=body, timeout=30).status_code == 200:
                acknowledged.append((uid, text))


def play(seed: int, name: str) -> tuple[FakeGrafana, dict[str, list[Result]], list[tuple[str, str]], list[str]]:
    tokens = {"pusher-a": "pusher-a", "pusher-b": "pusher-b", "editor": "editor"}
    draw = random.Random(seed)
    releases = ("release 1", draw.choice(["release 1", "release 2"]))
    results: dict[str, list[Result]] = {}
    acknowledged: list[tuple[str, str]] = []
    failures: list[BaseException] = []
    with FakeGrafana(PROFILES[name]) as fake:
        fake.logins.update(tokens)
        if draw.random() < 0.7:  # mostly onto a server that has an earlier release
            push(connect(transport_to(fake)), *(with_query(dashboard(uid), "release 0") for uid in UIDS))
        turns = Turns(seed, list(tokens))
        fake.turn = lambda authorization: (
            turns(authorization) if authorization.removeprefix("Bearer ") in tokens else nothing()
        )

        def client(token: str, work: Callable[[], None]) -> threading.Thread:
            def body() -> None:
                try:
                    work()
                except BaseException as error:
                    failures.append(error)
                finally:
                    turns.end(token)

            return threading.Thread(target=body)

        threads = [
            client("pusher-a", lambda: pusher(fake, "pusher-a", releases[0], results)),
            client("pusher-b", lambda: pusher(fake, "pusher-b", releases[1], results)),
            client("editor", lambda: editor(fake, "editor", seed, acknowledged)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures, failures
    return fake, results, acknowledged, turns.order


@contextmanager
def nothing() -> Iterator[None]:
    yield


@pytest.mark.parametrize("name", list(PROFILES))
@pytest.mark.parametrize("block", range(4))
def test_two_pushers_and_an_editor(name: str, block: int):
    """4 blocks of 10 seeds on each of the 5 versions: 200 orders."""
    for seed in range(block * 10, block * 10 + 10):
        fake, results, acknowledged, _ = play(seed, name)
        told = f"seed {seed} on {name}"
        assert sorted(fake.store.dashboards) in ([], sorted(UIDS)), f"{told}: a duplicate or a missing dashboard"
        assert len([folder for folder in fake.store.folders.values() if folder.title == "Llumnix"]) == 1, told
        for uid, live in fake.store.dashboards.items():
            assert_no_edit_is_lost(live, told)
            assert_every_state_is_whole(live, told)
            assert_reports_are_true(uid, live, results, told)
        edits = [
            (uid, version.spec["description"])
            for uid, live in fake.store.dashboards.items()
            for version in live.history
            if version.by == "editor"
        ]
        assert sorted(edits) == sorted(acknowledged), told


def assert_no_edit_is_lost(live: Any, told: str) -> None:
    for before, after in zip(live.history, live.history[1:], strict=False):
        lost = before.spec.get("description") is not None and after.spec.get("description") is None
        assert not lost, f"{told}: {after.by} overwrote an edit"


def assert_every_state_is_whole(live: Any, told: str) -> None:
    for version in live.history:
        release = version.spec["panels"][0]["targets"][0]["expr"]
        assert release in {"release 0", "release 1", "release 2"}, told
        whole = with_query(dashboard(live.uid), release)
        differing = {key for key in {*whole, *version.spec} if whole.get(key) != version.spec.get(key)}
        assert differing <= {"tags", "description"}, f"{told}: half of something was written"


def assert_reports_are_true(uid: str, live: Any, results: dict[str, list[Result]], told: str) -> None:
    for pusher_name, of_pusher in results.items():
        result = next(result for result in of_pusher if result.step.uid == uid)
        wrote = [version for version in live.history if version.by == pusher_name]
        if result.outcome in {Outcome.CREATED, Outcome.UPDATED}:
            assert [version.number for version in wrote] == [result.version], told
        else:
            assert result.outcome in {Outcome.CONFLICT, Outcome.UNCHANGED}, f"{told}: {result}"
            assert not wrote, f"{told}: {pusher_name} wrote and did not say so"


def test_an_order_is_the_same_each_time():
    assert play(11, "g12")[3] == play(11, "g12")[3]
    assert play(11, "g12")[3] != play(12, "g12")[3]
