"""push, status and pull as a user runs them: what they print, whole, and how they end."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from llumnix_dash.dashboards import DASHBOARDS
from llumnix_dash.document import canonical
from llumnix_dash.generate import load_dashboards
from tests.grafana.command import Check, run, use, write
from tests.grafana.fake import FakeGrafana
from tests.grafana.samples import dashboard, edit, with_query

OURS = (
    "llumnix-cms-dashboard",
    "llumnix-component-dashboard",
    "llumnix-lrs-dashboard",
    "llumnix-overview-dashboard",
    "llumnix-request-dashboard",
)
CHANGED = "sum(up)"


@pytest.fixture
def fake(monkeypatch) -> Iterator[FakeGrafana]:
    with FakeGrafana("g12") as server:
        use(monkeypatch, server)
        yield server


@pytest.fixture
def mixed(fake: FakeGrafana, tmp_path: Path) -> Path:
    """A set in which each dashboard is another case."""
    folder = write(tmp_path / "set", *map(dashboard, ("changed", "edited", "file", "gone", "same", "terraform")))
    assert run("push", folder).code == 0
    edit(fake, "edited", description="watch this tonight")
    fake.store.dashboards["file"].provisioned = "file.json"
    fake.store.dashboards["terraform"].annotations = {
        "grafana.app/managedBy": "terraform",
        "grafana.app/managerId": "ops",
    }
    (folder / "gone.json").unlink()
    for uid in ("changed", "edited", "file", "terraform"):
        write(folder, with_query(dashboard(uid), CHANGED))
    return write(folder, dashboard("new"))


def test_a_plan_of_every_kind(mixed: Path, golden: Check):
    ran = run("push", mixed, "--dry-run", "--prune")
    assert ran.code == 1
    golden("push/plan.txt", ran.told)


def test_a_push_of_every_kind(fake: FakeGrafana, mixed: Path, golden: Check, monkeypatch):
    monkeypatch.chdir(mixed.parent)
    ran = run("push", mixed.name)
    assert ran.code == 1
    golden("push/push.txt", ran.told)
    assert fake.store.dashboards["edited"].spec["description"] == "watch this tonight"
    assert fake.store.dashboards["changed"].last.message.startswith("llumnix-dash ")


def test_status_tells_the_same_with_time_and_author(mixed: Path, fake: FakeGrafana, golden: Check):
    before = len(fake.lines("POST", "PUT", "DELETE"))
    ran = run("status", mixed)
    assert ran.code == 1
    golden("push/status.txt", ran.told)
    assert len(fake.lines("POST", "PUT", "DELETE")) == before


def test_the_same_for_programs(mixed: Path, golden: Check):
    ran = run("push", mixed, "--dry-run", "--format", "json")
    assert ran.code == 1
    golden("push/plan.json", ran.told)
    applied = json.loads(run("push", mixed, "--format", "json").out)
    assert {item["uid"]: item["outcome"] for item in applied["dashboards"]} == {
        "changed": "updated",
        "edited": "conflict",
        "file": "blocked",
        "new": "created",
        "same": "unchanged",
        "terraform": "blocked",
    }


def test_overwrite_prints_where_the_copies_go(fake: FakeGrafana, mixed: Path, tmp_path: Path):
    ran = run("push", mixed, "--overwrite")
    assert f"Copies of what is replaced go to {tmp_path}/state/llumnix-dash/backups/127.0.0.1_" in ran.out
    copies = {path.name: json.loads(path.read_text()) for path in (tmp_path / "state").rglob("*.json")}
    assert sorted(copies) == ["changed.json", "edited.json"], "each one that it replaces"
    assert copies["edited.json"]["dashboard"]["description"] == "watch this tonight"
    back = next((tmp_path / "state").rglob("edited.json"))
    assert run("push", back, "--overwrite").code == 0
    assert fake.store.dashboards["edited"].spec["description"] == "watch this tonight", "a copy can be pushed back"


def test_a_copy_goes_where_it_is_told(mixed: Path, tmp_path: Path):
    run("push", mixed, "--overwrite", "--backup-dir", tmp_path / "copies")
    assert len(list((tmp_path / "copies").rglob("*.json"))) == 2


@pytest.mark.parametrize(("answer", "kept"), [("keep\n", True), ("\n", True), ("overwrite\n", False)])
def test_on_a_terminal_a_conflict_asks(fake: FakeGrafana, mixed: Path, answer: str, kept: bool):
    ran = run("push", mixed, answers=answer)
    assert "edited: edited in Grafana since our last push" in ran.out
    assert ("description" in fake.store.dashboards["edited"].spec) is kept
    if not kept:
        assert "what was there is kept in" in ran.out


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_on_a_terminal_prune_asks(fake: FakeGrafana, tmp_path: Path, answer: str, left: int):
    folder = write(tmp_path / "set", dashboard("a"), dashboard("b"))
    run("push", folder)
    (folder / "a.json").unlink()
    ran = run("push", folder, "--prune", answers=answer)
    assert "Delete 1 dashboard (copies are kept)?" in ran.out
    assert ("a" in fake.store.dashboards) is bool(left)
    assert ran.code == left


def test_elsewhere_prune_refuses_and_writes_nothing(fake: FakeGrafana, tmp_path: Path):
    folder = write(tmp_path / "set", dashboard("a"), dashboard("b"))
    run("push", folder)
    (folder / "a.json").unlink()
    write(folder, with_query(dashboard("b"), CHANGED))
    ran = run("push", folder, "--prune")
    assert ran.code == 2
    assert "try: llumnix-dash push --prune --yes" in ran.err
    assert fake.store.dashboards["b"].version == 1
    assert run("push", folder, "--prune", "--yes").code == 0
    assert sorted(fake.store.dashboards) == ["b"]


@pytest.mark.parametrize("inputs", [["lrs"], ["FILE"]])
def test_prune_needs_the_whole_set(fake: FakeGrafana, tmp_path: Path, inputs: list[str]):
    file = write(tmp_path / "set", dashboard()) / "llumnix-lrs-dashboard.json"
    ran = run("push", "--prune", *[str(file) if word == "FILE" else word for word in inputs])
    assert ran.code == 2
    assert not fake.requests


def test_our_own_dashboards_by_name_and_all(fake: FakeGrafana):
    assert run("push", "lrs").code == 0
    assert list(fake.store.dashboards) == ["llumnix-lrs-dashboard"]
    assert run("push").code == 0
    assert sorted(fake.store.dashboards) == sorted(one.uid for one in DASHBOARDS)
    assert "Nothing to do." in run("push").out
    assert run("status").code == 0


def test_what_is_pulled_is_what_was_generated(fake: FakeGrafana, tmp_path: Path):
    run("push")
    ran = run("pull", tmp_path / "live")
    assert ran.code == 0
    for name, generated in load_dashboards().items():
        assert (tmp_path / "live" / name).read_text() == canonical.dumps(generated)


def test_an_edit_can_be_seen_in_what_is_pulled(fake: FakeGrafana, tmp_path: Path):
    run("push", "lrs")
    edit(fake, description="watch this tonight")
    ran = run("pull", tmp_path / "live")
    assert ran.code == 1
    assert f"1 of {len(DASHBOARDS)} saved" in ran.out
    assert "vllm-dashboard" in ran.out
    assert "it is not on the server" in ran.out
    pulled = json.loads((tmp_path / "live" / "llumnix-lrs-dashboard.json").read_text())
    assert pulled["description"] == "watch this tonight"
    assert "llumnix-dash" not in pulled["tags"]


def test_what_is_pulled_can_be_brought_into_code_and_pushed(fake: FakeGrafana, tmp_path: Path):
    folder = write(tmp_path / "set", dashboard())
    run("push", folder)
    edit(fake, description="watch this tonight")
    run("pull", folder, folder)
    assert "Nothing to do." in run("push", folder).out


def test_files_of_one_name_are_pulled_into_files_of_their_own(fake: FakeGrafana, tmp_path: Path):
    first, second = write(tmp_path / "a", dashboard("one")), write(tmp_path / "b", dashboard("two"))
    (first / "one.json").rename(first / "same.json")
    (second / "two.json").rename(second / "Same.json")
    assert run("push", first, second).code == 0
    ran = run("pull", tmp_path / "live", first, second)
    assert "2 of 2 saved" in ran.out
    pulled = {path.name: json.loads(path.read_text())["uid"] for path in (tmp_path / "live").rglob("*.json")}
    assert pulled == {"same-one.json": "one", "Same-two.json": "two"}


def test_a_foreign_dashboard(fake: FakeGrafana, tmp_path: Path):
    panel = {"id": 1, "type": "stat", "datasource": {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}}
    needs = [{"name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus"}]
    folder = write(tmp_path / "set", {"uid": "foreign", "title": "Foreign", "__inputs": needs, "panels": [panel]})
    ran = run("push", folder)
    assert ran.code == 2
    assert "unresolved: ${DS_PROMETHEUS}" in ran.err
    assert run("push", folder, "--datasource", "Loki").code == 2
    assert run("push", folder, "--datasource", "Prometheus").code == 0
    assert fake.store.dashboards["foreign"].spec["panels"][0]["datasource"]["uid"] == "prom-uid"
    assert run("status", folder, "--datasource", "Prometheus").code == 0


def test_the_order_does_not_depend_on_the_jobs(fake: FakeGrafana, tmp_path: Path):
    folder = write(tmp_path / "set", *(dashboard(f"d{number:02}") for number in range(20)))
    ran = run("push", folder, "--jobs", 8)
    told = [line.split()[1] for line in ran.out.splitlines() if line.startswith("created")]
    assert told == [f"d{number:02}" for number in range(20)]


def test_a_message_of_ones_own(fake: FakeGrafana, tmp_path: Path):
    folder = write(tmp_path / "set", dashboard())
    assert run("push", folder, "--message", "x" * 480).code == 2
    assert run("push", folder, "--message", "for the night").code == 0
    message = fake.store.dashboards["llumnix-lrs-dashboard"].last.message
    assert message.startswith("for the night [llumnix-dash:")


def test_the_default_message_names_the_commit(fake: FakeGrafana, tmp_path: Path, monkeypatch):
    import subprocess

    folder = write(tmp_path / "set", dashboard())
    monkeypatch.chdir(tmp_path)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    run("push", folder)
    assert f", commit {commit.strip()} [" in fake.store.dashboards["llumnix-lrs-dashboard"].last.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "malformed JSON"),
        ('{"uid": "a", "title": "A", "x": NaN}', "NaN is no number of JSON"),
        ("[]", "this is an array"),
        ('{"dashboard": {}, "meta": {}}', "this is no dashboard"),
        ('{"apiVersion": "dashboard.grafana.app/v2", "kind": "Dashboard", "spec": {}}', "v2 schema"),
        ('{"elements": {}, "layout": {}, "title": "x"}', "v2 schema"),
        ('{"title": "no uid", "panels": []}', "needs a uid"),
    ],
)
def test_a_file_that_is_no_dashboard(fake: FakeGrafana, tmp_path: Path, text: str, says: str):
    (tmp_path / "x.json").write_text(text)
    ran = run("push", tmp_path / "x.json")
    assert ran.code == 2
    assert says in ran.err
    assert not fake.requests


def test_two_files_of_one_uid(fake: FakeGrafana, tmp_path: Path):
    write(tmp_path / "set", dashboard())
    (tmp_path / "set" / "twin.json").write_text(json.dumps(dashboard()))
    ran = run("push", tmp_path / "set")
    assert ran.code == 2
    assert "two dashboards have the uid llumnix-lrs-dashboard" in ran.err


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["/nowhere.json"], ["--folder", "A", "--folder-uid", "a"], ["--jobs", "0"]]
)
def test_wrong_usage(fake: FakeGrafana, arguments: list[str]):
    assert run("push", *arguments).code == 2
    assert not fake.requests


def test_the_help_names_the_environment(golden: Check, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for command in ("push", "status", "pull"):
        ran = run(command, "--help")
        assert ran.code == 0
        golden(f"push/help-{command}.txt", ran.out)


def test_where_nothing_is_replaced_no_folder_for_copies_is_made(fake: FakeGrafana, tmp_path: Path):
    folder = write(tmp_path / "set", dashboard())
    run("push", folder)
    fake.store.dashboards["llumnix-lrs-dashboard"].provisioned = "a.json"
    ran = run("push", write(folder, with_query(dashboard(), "sum(up)")), "--overwrite")
    assert "blocked" in ran.out
    assert "Copies of what is replaced" not in ran.out
    assert not (tmp_path / "state").exists()
