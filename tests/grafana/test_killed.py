"""A push that is killed (SIGKILL, a real process) at any of its requests: nothing is half done, doubled or lost."""

import copy
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.command import run, use, write
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.grafana.fake.person import save_in_editor
from tests.grafana.fake.server import Request
from tests.grafana.samples import READ, SAVE, dashboard, edit, with_query
from tests.grafana.test_stop import started

FOLDER = r"POST (/api/folders|/apis/folder)"
# A server, the request at which the push is killed, and which of these it is. The server still handles it.
KILLS = [
    *((name, on, nth) for name in ("g10", "g12", "g13.0") for on, nth in ((FOLDER, 1), (SAVE, 1), (SAVE, 2))),
    *((name, READ, 3) for name in ("g12", "g13new")),  # after the two of the plan, what is read back
    ("g12 that rewrites", READ, 3),  # before the server's rewriting is signed
    ("g12 that rewrites", SAVE, 2),  # as it is signed
]
UIDS = ("one", "two")


def items(release: str) -> list[dict[str, Any]]:
    return [with_query(dashboard(uid, schemaVersion=36), release) for uid in UIDS]


def push_and_kill(fake: FakeGrafana, folder: Path, on: str, nth: int, *more: str) -> None:
    """Starts a push and kills its process while the server has just got that request, which the server then handles."""
    process: list[subprocess.Popen[str]] = []
    seen, handled = [0], threading.Event()

    @contextmanager
    def turn(request: Request) -> Iterator[None]:
        seen[0] += re.match(on, request.line) is not None
        if seen[0] == nth:
            process[0].kill()
            process[0].wait(30)
        try:
            yield
        finally:
            if seen[0] == nth:
                handled.set()

    fake.turn = turn
    process.append(started(fake, folder, "--jobs", "1", *more))
    out, _ = process[0].communicate(timeout=60)
    assert process[0].returncode == -9, out
    assert handled.wait(60)
    fake.turn = FakeGrafana.turn_of_anybody


def releases(fake: FakeGrafana) -> dict[str, str]:
    return {
        uid: "".join(re.findall(r"release \d", json.dumps(live.spec))) for uid, live in fake.store.dashboards.items()
    }


@pytest.mark.parametrize(("name", "on", "nth"), KILLS)
def test_the_next_push_goes_on(monkeypatch, tmp_path: Path, name: str, on: str, nth: int):
    profile = PROFILES[name.split(maxsplit=1)[0]].but(rewrites="rewrites" in name)
    with FakeGrafana(profile) as fake:
        use(monkeypatch, fake)
        if on != FOLDER:
            assert run("push", write(tmp_path / "set", *items("release 0"))).code == 0
        push_and_kill(fake, write(tmp_path / "set", *items("release 1")), on, nth)
        assert set(releases(fake).values()) <= {"release 0", "release 1"}, "half of something was written"

        # Where it is about a server that rewrites, the first dashboard is to be what the killed push left.
        edited = {"two" if profile.rewrites else "one"} & set(fake.store.dashboards)
        for uid in edited:
            save_in_editor(fake, uid, description="by hand", layout="tabs" if profile.editor == "v2" else None)
        folder = write(tmp_path / "set", *items("release 2"))
        ran = run("push", folder)
        assert ran.code == bool(edited)
        assert set(fake.store.dashboards) == set(UIDS)
        assert [item.title for item in fake.store.folders.values()] == ["Llumnix"]
        for uid in UIDS:
            spec = fake.store.dashboards[uid].spec
            assert spec.get("description") == ("by hand" if uid in edited else None)
            assert uid in edited or releases(fake)[uid] == "release 2"
        told = [line.split()[1] for line in ran.out.splitlines() if line.startswith("conflict")]
        assert set(told) == edited

        ran = run("push", folder, "--overwrite", "--backup-dir", tmp_path / "copies")
        assert ran.code == 0
        kept = "".join(path.read_text() for path in (tmp_path / "copies").rglob("*.json"))
        assert kept.count('"by hand"') == len(edited)
        assert "Nothing to do." in run("push", folder).out


# A server, the API, the request at which a push is killed that saves over an edit in the server's own window, which of
# these it is, and what the next push brings: the same, or more.
UNTOLD = [
    ("g120", "legacy", SAVE, 1, "release 2"),
    ("g12", "k8s", SAVE, 1, "release 1"),
    ("g12", "auto", r"GET .*/versions", 2, "release 1"),
    ("g12 that rewrites", "auto", READ, 2, "release 1"),
    ("g13.0", "legacy", SAVE, 1, "release 2"),
    ("g13new", "legacy", READ, 2, "release 1"),
]


@pytest.mark.parametrize(("name", "api", "on", "nth", "release"), UNTOLD)
def test_the_next_push_tells_what_went_under(monkeypatch, tmp_path: Path, name: str, api, on: str, nth: int, release):
    with FakeGrafana(PROFILES[name.split(maxsplit=1)[0]].but(rewrites="rewrites" in name)) as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", items("release 0")[0])
        assert run("push", folder, "--api", api).code == 0
        version = fake.store.dashboards["one"].version
        fake.store.in_window = lambda: edit(fake, "one", description="in the window")
        write(folder, items("release 1")[0])
        push_and_kill(fake, folder, on, nth, "--api", api)
        assert fake.store.dashboards["one"].spec.get("description") is None, "it went under"

        write(folder, items(release)[0])
        told = "an edit by alice went under our last push, which was stopped before it could tell"
        ran = run("status", folder, "--api", api)
        assert ran.code == 1
        assert f"{told}: version {version + 1} in the history" in ran.out
        ran = run("push", folder, "--api", api)
        assert ran.code == 1
        assert ran.out.split("Plan: ")[0].count(told) == 1
        assert "Done: 1 overwrote." in ran.out
        assert releases(fake)["one"] == release
        assert "Nothing to do." in run("push", folder, "--api", api).out, "it is told once"

        kept = ran.out.split("the edit is kept in ")[1].splitlines()[0]
        assert f"to bring it back: llumnix-dash restore {kept}" in ran.out
        assert run("restore", kept, "--api", api).code == 0
        assert fake.store.dashboards["one"].spec["description"] == "in the window"
        assert run("status", folder, "--api", api).out.count(told) == 0, "it has been told"


def test_whom_it_concerns_is_told_in_every_case(monkeypatch, tmp_path: Path):
    """Also where somebody has saved or restored since, where the dashboard is left out by now, and to programs."""
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        folder = write(tmp_path / "set", *items("release 0"))
        run("push", folder)
        write(folder, *items("release 1"))
        fake.store.in_window = lambda: edit(fake, "one", description="in the window")
        push_and_kill(fake, folder, SAVE, 2)
        told = "an edit by alice went under our last push"

        pruned = write(tmp_path / "pruned", items("release 1")[1])
        ran = run("push", pruned, "--prune", "--yes")
        assert ran.code == 1
        assert told in ran.out
        assert "one" in fake.store.dashboards

        [step, _] = json.loads(run("status", folder, "--format", "json").out)["dashboards"]
        assert step["went_under"] == [{"version": 2, "by": "alice"}]
        before = copy.deepcopy(fake.store.dashboards["one"])
        for changes in (lambda: edit(fake, "one", by="bob"), lambda: fake.store.restore("one", 1, "bob")):
            changes()
            ran = run("push", folder)
            assert ran.code == 1
            assert "conflict" in ran.out
            assert told in ran.out
            fake.store.dashboards["one"] = copy.deepcopy(before)
        ran = run("push", folder, "--format", "json")
        assert told in ran.err, "before it is written over"
        [result, _] = json.loads(ran.out)["dashboards"]
        assert (ran.code, result["outcome"], len(result["edits_kept"])) == (1, "overwrote", 1)
