"""Text that means harm, through each command and each form of its output."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.grafana.command import Ran, run, use
from tests.grafana.fake import FakeGrafana
from tests.prometheus.servers import serving

HOSTILE = (
    "a\x1b[2J\x1b]0;owned\x07\u202e @team #1 ```` </details><script>x</script> | [x](http://evil.example)\n# heading"
)
BOARD = {
    "uid": "hostile",
    "title": HOSTILE,
    "templating": {"list": [{"name": HOSTILE, "type": "query", "query": "label_values(up, job)"}]},
    "panels": [
        {"id": 1, "type": "row", "title": HOSTILE, "panels": []},
        {"id": 2, "type": "stat", "title": HOSTILE, "targets": [{"refId": HOSTILE, "expr": f"up{{a='{HOSTILE}'}}"}]},
    ],
}
ANSWER = {"status": "error", "errorType": "bad_data", "error": f"1:4: parse error: {HOSTILE}"}
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps({**BOARD, "title": "plain", "panels": []}))
    new.write_text(json.dumps(BOARD))
    return old, new


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGrafana]:
    with FakeGrafana("g12") as fake:
        use(monkeypatch, fake)
        yield fake


def verified(new: Path, form: str) -> Ran:
    """What verify says of a store that refuses every query of the dashboard, and quotes it."""

    def answer(request: object, _: int) -> tuple[int, dict[str, str], bytes]:
        if re.search(r"query=(1|vector)", f"{getattr(request, 'path', '')}{getattr(request, 'body', '')}"):
            return 200, {}, b'{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}'
        if "label" in str(getattr(request, "path", "")):
            return 200, {}, b'{"status":"success","data":[]}'
        return 400, {"Content-Type": "application/json"}, json.dumps(ANSWER).encode()

    with serving(answer) as server:
        return run("verify", new, "--prometheus", server.url, "--format", form)


def test_no_terminal_obeys_a_dashboard(fake: FakeGrafana, files: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = files
    outputs = {
        "diff": run("diff", old, new),
        "verify": verified(new, "text"),
        "plan": run("push", new, "--dry-run", "--folder", "a\x1b[2J\u202eb"),
        "push": run("push", new),
        "status": run("status", old),
        "pull": run("pull", tmp_path / "live", new),
        "an error": run("verify", tmp_path / "\x1b[2J\u202e.json"),
        "usage": run("\x1b[2J\u202e"),
    }
    for name, ran in outputs.items():
        # Without a terminal there are no colours: what is left to obey is a dashboard's.
        assert not OBEYED.search(ran.out + ran.err), (name, OBEYED.search(ran.out + ran.err))
        assert ran.out + ran.err
        assert "does not foresee" not in ran.err


@pytest.mark.parametrize("command", ["diff", "verify"])
def test_no_markdown_means_what_a_dashboard_says(files: tuple[Path, Path], command: str) -> None:
    old, new = files
    ran = run("diff", old, new, "--format", "markdown") if command == "diff" else verified(new, "markdown")
    assert ran.out
    assert not OBEYED.search(ran.out)
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(ran.out)
    inline = [child for token in tokens for child in token.children or []]
    assert "<script" not in "".join(token.content for token in tokens if token.type == "html_block")
    assert not [child for child in inline if child.type == "link_open"]
    # GitHub finds mentions in the text as it is written: one may stand in a fence alone.
    fenced = {line.strip() for token in tokens if token.type == "fence" for line in token.content.splitlines()}
    assert not [line for line in ran.out.splitlines() if "@team" in line and line.strip() not in fenced]
    assert [token.tag for token in tokens if token.type == "heading_open" and token.tag == "h1"] == []


def test_json_keeps_the_text_as_it_is(files: tuple[Path, Path]) -> None:
    [dashboard] = json.loads(verified(files[1], "json").out)["dashboards"]
    assert dashboard["title"] == HOSTILE
