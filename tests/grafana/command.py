"""The command line, run in this process as a user would run it."""

import contextlib
import io
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from llumnix_dash.cli import main
from tests.grafana.fake import FakeGrafana
from tests.grafana.fake.server import TOKEN


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """All of it, without what differs from run to run."""
        text = f"{self.out}{self.err}"
        text = re.sub(r"(127\.0\.0\.1|localhost):\d+", "grafana.example", text)
        text = re.sub(r"\d+ ms", "N ms", text)
        return re.sub(r"\d{8}T\d{6}Z", "TIME", text)


class Terminal(io.StringIO):
    """A stream that says that a person is there."""

    def isatty(self) -> bool:
        return True


def run(*args: Any, answers: str | None = None) -> Ran:
    """Runs the command; with answers, as on a terminal where somebody types them."""
    if answers is not None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", Terminal(answers))
            patch.setenv("NO_COLOR", "1")
            return _run(args, Terminal(), io.StringIO())
    return _run(args, io.StringIO(), io.StringIO())


def _run(args: Any, out: io.StringIO, err: io.StringIO) -> Ran:
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(arg) for arg in args])
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


def use(monkeypatch: Any, fake: FakeGrafana, token: str = TOKEN) -> None:
    """Points the environment at the fake, and lets no pause pass."""
    monkeypatch.setenv("GRAFANA_URL", fake.url)
    monkeypatch.setenv("GRAFANA_TOKEN", token)
    monkeypatch.setattr("llumnix_dash.http.retry.pause", lambda *_: 0.0)


def write(folder: Path, *items: dict[str, Any]) -> Path:
    """A folder with these dashboards as files."""
    import json

    folder.mkdir(parents=True, exist_ok=True)
    for item in items:
        (folder / f"{item['uid']}.json").write_text(json.dumps(item))
    return folder


Check = Callable[[str, str], None]
