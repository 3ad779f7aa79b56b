"""A stand-in for GitHub or GitLab around a job: a repository with a base and a head, and an API that keeps comments."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROJECT = Path(__file__).parents[2]
TOKEN = "a-token-that-must-not-be-seen"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@dataclass(frozen=True)
class Repository:
    """A clone with a base branch that has gone on since the head left it."""

    folder: Path
    base: str
    head: str


def repository(folder: Path) -> Repository:
    """A project like ours as the base; on the head another title, on the base since then yet another one."""
    folder.mkdir()
    for name in ("llumnix_dash", "dashboards", "rules", "scripts"):
        shutil.copytree(PROJECT / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "action.yml", "LICENSE"):
        shutil.copy(PROJECT / name, folder / name)
    (folder / "README.md").write_text("A project.\n", encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch=main")
    _commit(folder, "Base")
    git(folder, "checkout", "--quiet", "-b", "head")
    _retitle(folder, "lrs", "Llumnix LRS Dashboard", "Local State @everyone")
    head = _commit(folder, "Head")
    git(folder, "checkout", "--quiet", "main")
    _retitle(folder, "cms", "Llumnix CMS Dashboard", "Cluster Meta Store")
    base = _commit(folder, "Base goes on")
    git(folder, "checkout", "--quiet", "--detach", head)
    return Repository(folder, base, head)


def _retitle(folder: Path, module: str, old: str, new: str) -> None:
    path = folder / "dashboards" / f"{module}.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _commit(folder: Path, message: str) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@dataclass
class Api:
    """A server that keeps comments as GitHub and GitLab do, and what it was asked."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    refuses_to_write: int = 0
    redirects_to: str = ""


@contextmanager
def api() -> Iterator[Api]:
    """Serves the API on the loopback interface."""
    state = Api()

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            state.requests.append(f"{self.command} {urlsplit(self.path).path}")
            if state.redirects_to:
                self.send_response(302)
                self.send_header("Location", state.redirects_to)
                self.end_headers()
                return
            allowed = TOKEN in (self.headers.get("PRIVATE-TOKEN"), (self.headers.get("Authorization") or "")[7:])
            if not allowed:
                self.answer(401, {"message": "Bad credentials"})
            elif self.command == "GET" and urlsplit(self.path).path.endswith("/pulls"):
                [branch] = parse_qs(urlsplit(self.path).query)["head"]
                self.answer(200, [one for one in state.pulls if one["head"]["label"] == branch])
            elif self.command == "GET":
                query = parse_qs(urlsplit(self.path).query)
                size, page = int(query["per_page"][0]), int(query["page"][0])
                self.answer(200, state.comments[(page - 1) * size : page * size])
            elif state.refuses_to_write:
                self.answer(state.refuses_to_write, {"message": "Resource not accessible by integration"})
            else:
                self.write()

        def write(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
            if self.command == "POST":
                state.comments.append({"id": len(state.comments) + 1, "body": body})
                self.answer(201, state.comments[-1])
            else:
                number = int(self.path.rpartition("/")[2])
                state.comments[number - 1]["body"] = body
                self.answer(200, state.comments[number - 1])

        do_GET = do_POST = do_PATCH = do_PUT = handle_one  # noqa: N815

        def answer(self, code: int, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def environment(**variables: str) -> dict[str, str]:
    """The variables of a runner: nothing of this test run's own platform."""
    ours = ("GITHUB_", "GITLAB_", "CI_", "RUNNER_", "GIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, **variables}
