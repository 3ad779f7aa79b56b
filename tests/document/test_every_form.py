"""Every command that takes dashboard files reads every form of them, and says the same of what it cannot read."""

import codecs
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.grafana.command import Ran, run, use
from tests.grafana.fake import PROFILES, FakeGrafana
from tests.prometheus.servers import serving

BOARD = {
    "uid": "board",
    "title": "Board",
    "panels": [{"id": 1, "type": "stat", "title": "P", "targets": [{"refId": "A", "expr": "mystery"}]}],
}
TEXT = json.dumps(BOARD)
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"board.json": TEXT, "notes.txt": "none"}}
WITHOUT_UID = {key: value for key, value in BOARD.items() if key != "uid"}
METADATA = {"name": "board"}
OPERATOR = {
    "apiVersion": "grafana.integreatly.org/v1beta1",
    "kind": "GrafanaDashboard",
    "metadata": METADATA,
    "spec": {"json": json.dumps(WITHOUT_UID)},
}
RESOURCE = {"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard", "metadata": METADATA}
OLD_ROWS = {**BOARD, "panels": None, "rows": [{"title": "R", "panels": BOARD["panels"]}]}
FORMS: dict[str, tuple[str, bytes]] = {
    "bare": ("x.json", TEXT.encode()),
    "byte order mark": ("x.json", codecs.BOM_UTF8 + TEXT.encode()),
    "UTF-16": ("x.json", TEXT.encode("utf-16")),
    "UTF-16, big-endian": ("x.json", codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")),
    "answer of the API": ("x.json", json.dumps({"dashboard": BOARD, "meta": {}}).encode()),
    "resource": ("x.json", json.dumps({**RESOURCE, "spec": WITHOUT_UID}).encode()),
    "ConfigMap": ("x.yaml", yaml.safe_dump(CONFIG_MAP).encode()),
    "ConfigMap as JSON": ("x.json", json.dumps(CONFIG_MAP).encode()),
    "ConfigMapList": ("x.yml", yaml.safe_dump({"kind": "ConfigMapList", "items": [CONFIG_MAP]}).encode()),
    "List": ("x.json", json.dumps({"kind": "List", "items": [CONFIG_MAP]}).encode()),
    "GrafanaDashboard": ("x.yaml", yaml.safe_dump(OPERATOR).encode()),
    "many documents": ("x.yaml", yaml.safe_dump_all([{"kind": "Service"}, CONFIG_MAP]).encode()),
    "null panels": ("x.json", json.dumps({**BOARD, "panels": None}).encode()),
    "null rows": ("x.json", json.dumps({**BOARD, "rows": None}).encode()),
    "old rows": ("x.json", json.dumps(OLD_ROWS).encode()),
}
COMMANDS = ("diff", "verify", "push", "status", "pull")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGrafana]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with FakeGrafana(next(iter(PROFILES))) as server:
        use(monkeypatch, server)
        yield server


def read_by(command: str, *sources: str) -> Ran:
    """What the command says of sources that hold dashboards."""
    if command == "verify":
        with serving(lambda *_: (200, {"Content-Type": "text/plain"}, b"up 1\n")) as exporter:
            return run("verify", *sources, "--metrics-url", exporter.url)
    if command == "diff":
        return run("diff", "nothing", *sources)
    words = {"push": ("push", "--dry-run", "--flat"), "status": ("status", "--flat"), "pull": ("pull", "live")}
    return run(*words[command], *sources)


TOLD = {"diff": "Board", "verify": "Board / P", "push": "board", "status": "board", "pull": "board"}
FOUND = {command: 0 if command == "diff" else 1 for command in COMMANDS}  # the metric, the dashboard is not there


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", FORMS)
def test_a_file_in_any_form_and_deep_in_a_folder(fake: FakeGrafana, tmp_path: Path, form: str, command: str) -> None:
    name, content = FORMS[form]
    file = tmp_path / "set" / "deeper" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    (tmp_path / "nothing").mkdir()
    for source in ("set", "set/deeper/" + name) if command != "diff" else ("set",):
        ran = read_by(command, source)
        assert ran.err == ""
        if (form, command) != ("null panels", "verify"):
            assert TOLD[command] in ran.out
            assert ran.code == FOUND[command]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_dashboard_is_left_out_of_a_folder_with_one_note(
    fake: FakeGrafana, tmp_path: Path, command: str
) -> None:
    write(tmp_path, {"a.json": TEXT, "b/package.json": '{"name": "x"}', "kustomization.yaml": "kind: Kustomization"})
    ran = read_by(command, "set")
    assert ran.err == "note: left out 2 files that are no dashboards: set/b/package.json, set/kustomization.yaml\n"
    assert (TOLD[command] in ran.out, ran.code) == (True, FOUND[command])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "malformed JSON: expecting property name enclosed in double quotes\n  at set/b/bad.json:1:2\n"),
        (
            '{"dashboard": {"elements": {}, "layout": {}}}',
            "this dashboard of the v2 schema is not read: its layout is of the kind 'none', which is not known\n",
        ),
        (
            f'{{"panels": [{"9" * 400}]}}',
            f"unreadable JSON: {'9' * 20}… is no number of JSON, and Grafana would refuse it\n",
        ),
        ('{"panels": [NaN]}', "unreadable JSON: NaN is no number of JSON, and Grafana would refuse it\n"),
    ],
)
def test_what_should_be_a_dashboard_is_an_error_and_the_others_go_on(
    fake: FakeGrafana, tmp_path: Path, command: str, content: str, said: str
) -> None:
    write(tmp_path, {"a.json": TEXT, "b/bad.json": content})
    ran = read_by(command, "set")
    assert said in ran.err
    assert "set/b/bad.json" in ran.err
    assert (TOLD[command] in ran.out, ran.code) == (True, 2)


def test_nothing_is_deleted_while_a_file_of_the_set_cannot_be_read(fake: FakeGrafana, tmp_path: Path) -> None:
    write(tmp_path, {"a.json": TEXT, "b/other.json": TEXT.replace("oard", "oth")})
    assert run("push", "set", "--flat").code == 0
    assert set(fake.store.dashboards) == {"both", "board"}
    assert "Nothing to do." in run("push", "set", "--flat", "--prune", "--yes").out, "what lies deeper is in the set"
    write(tmp_path, {"b/other.json": "{"})
    ran = run("push", "set", "--flat", "--prune", "--yes")
    assert ran.code == 2
    assert "--prune would delete the dashboards of what cannot be read" in ran.err
    assert len(fake.store.dashboards) == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_hidden_is_told_and_what_a_link_leads_to_is_read(
    fake: FakeGrafana, tmp_path: Path, command: str
) -> None:
    write(tmp_path, {".old/a.json": "{", "a/.b.JSON": "{", ".notes": "", ".git/x.json": "{", "..data/x.json": "{"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.JSON").write_text(TEXT)
    (tmp_path / "set" / "team").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "a" / "round").symlink_to(tmp_path / "set")
    ran = read_by(command, "set")
    assert ran.err == "note: not opened, for it is hidden or a link: set/.old, set/a/.b.JSON, set/a/round\n"
    assert (TOLD[command] in ran.out, ran.code) == (True, FOUND[command])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_cannot_be_read_is_an_error(
    fake: FakeGrafana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    write(tmp_path, {"a.json": TEXT, "b/x.json": TEXT})
    listed = Path.iterdir

    def refused(folder: Path) -> Iterator[Path]:
        if folder.name == "b":  # as for a user who may not; a test that runs as root may
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refused)
    ran = read_by(command, "set")
    assert "cannot read the folder: Permission denied\n  at set/b" in ran.err
    assert (TOLD[command] in ran.out, ran.code) == (True, 2)


@pytest.mark.parametrize("command", ["push", "status"])
def test_folders_of_a_folder_are_not_made_one_without_a_word(fake: FakeGrafana, tmp_path: Path, command: str) -> None:
    write(tmp_path, {"top.json": TEXT.replace("oard", "top"), "b/x.json": TEXT})
    ran = run(command, "set", "--folder", "Team")
    assert ran.code == 2
    assert "what are the folders within the folder to become in Grafana?\n  b/x.json\n  try: --mirror" in ran.err
    assert not fake.store.dashboards
    assert run("push", "set/b", "set/top.json").code == 0, "what is named is in no folder of a folder"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_revision_of_git(fake: FakeGrafana, tmp_path: Path, command: str) -> None:
    write(tmp_path, {"a.json": TEXT, ".old/a.json": "{", ".old/b.json": "{"})
    (tmp_path / "set" / "link.json").symlink_to("a.json")
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("add", "set"), ("commit", "-qm", "x")):
        subprocess.run([*git, *words], check=True)
    (tmp_path / "set" / "a.json").unlink()
    ran = read_by(command, "git:HEAD:set")
    assert ran.err == "note: not opened, for it is hidden or a link: git:HEAD:set/.old, git:HEAD:set/link.json\n"
    assert (TOLD[command] in ran.out, ran.code) == (True, FOUND[command])
    if command == "push":
        refused = run("push", "git:HEAD:set", "--prune", "--yes")
        assert (refused.code, "git:REV is not taken for a whole set" in refused.err) == (2, True)


def test_pull_keeps_apart_what_lies_apart(fake: FakeGrafana, tmp_path: Path) -> None:
    write(tmp_path, {"a/x.json": TEXT, "b/x.json": TEXT.replace("oard", "oth")})
    run("push", "set", "--flat")
    assert run("pull", "live", "set").code == 0
    assert {path.as_posix() for path in Path("live").rglob("*.json")} == {"live/a/x.json", "live/b/x.json"}


@pytest.mark.parametrize("key", ["../../../board.json", "/board.json", "a/../../board.json"])
def test_the_key_of_a_config_map_leads_no_file_out_of_the_folder(fake: FakeGrafana, tmp_path: Path, key: str) -> None:
    write(tmp_path, {"a/map.json": json.dumps({**CONFIG_MAP, "data": {key: TEXT}})})
    assert run("push", "set", "--flat").code == 0
    assert run("pull", "live", "set").code == 0
    assert [path.name for path in (tmp_path / "live" / "a").iterdir()] == [f"map.json-{key.replace('/', '-')}"]
    assert {path.name for path in tmp_path.iterdir()} - {"state", "config"} == {"live", "set", "nothing"}


def test_a_folder_that_cannot_be_made_is_told(fake: FakeGrafana, tmp_path: Path) -> None:
    write(tmp_path, {"a/x.json": TEXT})
    run("push", "set", "--flat")
    Path("live").mkdir()
    Path("live/a").write_text("a file is in the way")
    ran = run("pull", "live", "set")
    assert ran.code == 2
    assert "cannot write live/a/x.json" in ran.out


def write(folder: Path, files: dict[str, str]) -> None:
    (folder / "nothing").mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
