"""Who is at work at once in the interleavings: pushers that may be killed, people in both editors, and an importer."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from llumnix_dash.grafana.apply import Orders, Result, apply, settle
from llumnix_dash.grafana.backup import Backups
from llumnix_dash.grafana.connect import connect
from tests.grafana.conftest import Clock, transport_to
from tests.grafana.fake import FakeGrafana
from tests.grafana.samples import dashboard, plan, with_query

UIDS = ("one", "two")
PEOPLE = ("classic-editor", "new-editor", "importer")
PUSHERS = ("pusher-a", "pusher-b")
GONE = "deleted"  # in the place of who saved


class Killed(BaseException):
    """The pusher's process is gone: nothing of it runs on, nothing is caught."""


@dataclass(frozen=True)
class Saved:
    """A state that a dashboard was in: of which object (an import makes another), in which version, by whom."""

    uid: str
    object_id: int
    version: int
    by: str
    spec: dict[str, Any]


@dataclass
class Told:
    """What the clients were told, and every state that there was."""

    results: dict[str, list[Result]] = field(default_factory=dict)
    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    states: list[Saved] = field(default_factory=list)
    killed: set[str] = field(default_factory=set)


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
    def __call__(self, client: str) -> Iterator[None]:
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


def remember(fake: FakeGrafana, told: Told) -> None:
    """From now on, every state of a dashboard is remembered, also of one that is deleted later."""
    save, delete = fake.store.save, fake.store.delete

    def remembering(spec: dict[str, Any], **how: Any) -> Any:
        live = save(spec, **how)
        if not how.get("dry_run"):
            told.states.append(Saved(live.uid, live.id, live.version, how["by"], live.spec))
        return live

    def remembering_delete(uid: str) -> Any:
        gone = delete(uid)
        told.states.append(Saved(uid, gone.id, gone.version, GONE, {}))
        return gone

    fake.store.save = remembering  # type: ignore[method-assign]
    fake.store.delete = remembering_delete  # type: ignore[method-assign]


def pusher(fake: FakeGrafana, token: str, release: str, told: Told, copies: Path, lives: int | None = None) -> None:
    """As ``push`` with --jobs 1, so that it has one request at a time; killed after so many requests, if at all."""
    transport = transport_to(fake, Clock(), token=token)
    once, left = transport._once, [lives]

    def until_killed(*request: Any) -> Any:
        if left[0] is not None:
            left[0] -= 1
            if left[0] < 0:
                told.killed.add(token)
                raise Killed
        return once(*request)

    transport._once = until_killed  # type: ignore[method-assign]
    try:
        grafana = connect(transport)
        made = plan(grafana, *(with_query(dashboard(uid), release) for uid in UIDS), jobs=1)
        orders = Orders(message="m", backups=Backups(copies / token), jobs=1)
        told.results[token] = apply(grafana, made, orders)[0]
        settle(grafana, told.results[token])
    except Killed:
        pass


def classic_editor(fake: FakeGrafana, token: str, seed: int, told: Told) -> None:
    """A person in the classic editor: changes the description, saves over the version that was opened."""
    draw = random.Random(seed)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for number in range(3):
            uid = draw.choice(UIDS)
            live = session.get(f"{fake.url}/api/dashboards/uid/{uid}", timeout=30)
            if live.status_code == 200:
                item = {**live.json()["dashboard"], "description": f"edit {number}"}
                _post(fake, session, item, live.json()["meta"].get("folderUid") or "", told)


def new_editor(fake: FakeGrafana, token: str, seed: int, told: Told) -> None:
    """A person in Grafana 13's editor, which writes schema v2 and names no state; elsewhere "save anyway"."""
    draw = random.Random(seed)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for number in range(2):
            uid, changes = draw.choice(UIDS), draw.random() < 0.7
            text = {"description": f"new edit {number}"} if changes else {}
            if fake.profile.editor == "v2":
                url = f"{fake.url}/apis/dashboard.grafana.app/v2/namespaces/default/dashboards/{uid}"
                live = session.get(url, timeout=30)
                if live.status_code != 200:
                    continue
                body = live.json()
                body["metadata"].pop("resourceVersion")
                body["metadata"]["annotations"]["grafana.app/saved-from-ui"] = "Grafana v13.0.1 (abc)"
                body["metadata"]["annotations"].pop("grafana.app/message", None)
                body["spec"] |= text
                _answered(lambda url=url, body=body: session.put(url, json=body, timeout=30), uid, text, told)
            else:
                live = session.get(f"{fake.url}/api/dashboards/uid/{uid}", timeout=30)
                if live.status_code == 200:
                    item = {**live.json()["dashboard"], **text}
                    _post(fake, session, item, live.json()["meta"].get("folderUid") or "", told, overwrite=True)


def importer(fake: FakeGrafana, token: str, seed: int, told: Told) -> None:
    """A person who deletes a dashboard and imports another of its uid."""
    draw = random.Random(seed)
    uid = draw.choice(UIDS)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        live = session.get(f"{fake.url}/api/dashboards/uid/{uid}", timeout=30)
        if live.status_code == 200 and draw.random() < 0.6:
            session.delete(f"{fake.url}/api/dashboards/uid/{uid}", timeout=30)
            item = {**live.json()["dashboard"], "description": "import", "id": None, "version": 0}
            _post(fake, session, item, live.json()["meta"].get("folderUid") or "", told)


def _post(
    fake: FakeGrafana,
    session: requests.Session,
    item: dict[str, Any],
    folder: str,
    told: Told,
    *,
    overwrite: bool = False,
) -> None:
    body = {"dashboard": item, "folderUid": folder, "overwrite": overwrite}
    url = f"{fake.url}/api/dashboards/db"
    _answered(lambda: session.post(url, json=body, timeout=30), item["uid"], item, told)


def _answered(send: Callable[[], requests.Response], uid: str, item: dict[str, Any], told: Told) -> None:
    try:
        if send().status_code == 200 and item.get("description"):
            told.acknowledged.append((uid, item["description"]))
    except requests.RequestException:
        pass  # the person does not know
