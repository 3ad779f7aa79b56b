"""A push that is killed (SIGKILL, a real process) at any of its requests: nothing is half done, doubled or lost."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.command import run, use, write
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.grafana.fake.person import save_in_editor
from tests.grafana.fake.server import Request
from tests.grafana.samples import READ, SAVE, dashboard, with_query
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


def push_and_kill(fake: FakeGrafana, folder: Path, on: str, nth: int) -> None:
    """Starts a push and kills its process while the server has just got that request."""
    process: list[subprocess.Popen[str]] = []
    seen = [0]

    @contextmanager
    def turn(request: Request) -> Iterator[None]:
        seen[0] += re.match(on, request.line) is not None
        if seen[0] == nth:
            process[0].kill()
            process[0].wait(30)
        yield

    fake.turn = turn
    process.append(started(fake, folder, "--jobs", "1"))
    out, _ = process[0].communicate(timeout=60)
    assert process[0].returncode == -9, out
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
