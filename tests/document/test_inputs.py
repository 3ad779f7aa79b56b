"""What can be compared, and what is said of what cannot."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from llumnix_dash.dashboards import DASHBOARDS
from llumnix_dash.document.documents import Reading, read
from tests.diff.test_edits import board

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the program as a user does."""

    def command(*arguments: str, folder: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "llumnix_dash", "diff", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )

    return command


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = value if isinstance(value, str) else json.dumps(value, indent=2)
    path.write_text(text, encoding="utf-8")
    return path


def renamed(title: str = "Another title") -> dict[str, Any]:
    return {**board(), "title": title}


def config_map(**files: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "boards"}, "data": files}


def without_uid(dashboard: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in dashboard.items() if key != "uid"}


@pytest.mark.parametrize(
    ("name", "wrapped"),
    [
        ("wrapped.json", {"dashboard": renamed(), "meta": {"slug": "x"}}),
        (
            "resource.json",
            {"apiVersion": "dashboard.grafana.app/v1beta1", "metadata": {"name": "u"}, "spec": without_uid(renamed())},
        ),
        (
            "operator.json",
            {"apiVersion": "grafana.integreatly.org/v1beta1", "kind": "X", "spec": {"json": json.dumps(renamed())}},
        ),
        ("map.json", config_map(**{"board.json": json.dumps(renamed()), "notes.txt": "no dashboard"})),
        ("map.yaml", yaml.safe_dump(config_map(**{"board.json": json.dumps(renamed())}))),
        ("list.json", {"apiVersion": "v1", "kind": "List", "items": [config_map(**{"a.json": json.dumps(renamed())})]}),
        ("marked.json", "\ufeff" + json.dumps(renamed())),
        ("infinite.json", json.dumps({**renamed(), "x": float("nan")}).replace(', "x": NaN', "")),
    ],
)
def test_a_dashboard_in_any_wrapping_is_the_same_dashboard(run: Run, tmp_path: Path, name: str, wrapped: Any) -> None:
    write(tmp_path / "old.json", board())
    write(tmp_path / name, wrapped)
    done = run("old.json", name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 dashboard changed: 1 text change\n")
    assert "renamed from Board" in done.stdout


def test_folders_are_matched_by_uid_whatever_the_files_are_called(run: Run, tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "old" / f"{number}.json", {**board(), "uid": f"u{number}", "title": f"Board {number}"})
        if number:
            new = {**board(), "uid": f"u{number}", "title": f"Board {number}", "refresh": "5s"}
            write(tmp_path / "new" / "deeper" / f"other-{number}.json", new)
    write(tmp_path / "new" / "extra.json", {**board(), "uid": "extra", "title": "Extra"})
    done = run("old", "new", "--exit-code")
    assert done.returncode == 1
    assert done.stdout.startswith("1 dashboard added, 1 removed, 2 changed: 2 display changes\n")


def test_dashboards_without_a_uid_are_matched_by_file_or_title(run: Run, tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / "old" / f"{number}.json", without_uid({**board(), "title": f"Board {number}"}))
    write(tmp_path / "new" / "0.json", without_uid(renamed()))
    write(tmp_path / "new" / "else.json", {**board(), "uid": "given by a server", "title": "Board 1"})
    assert run("old", "new").stdout.startswith("1 dashboard changed: 1 text change\n")


def test_two_single_files_are_compared_whatever_their_uids(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.json", board())
    write(tmp_path / "b.json", {**board(), "uid": "copy", "title": "Copy"})
    assert run("a.json", "b.json").stdout.startswith("1 dashboard changed: 1 display change, 1 text change\n")


def test_a_single_file_is_held_against_its_counterpart_only(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "new" / "one.json", renamed())
    write(tmp_path / "new" / "two.json", {**board(), "uid": "v"})
    write(tmp_path / "old.json", board())
    assert run("old.json", "new").stdout.startswith("1 dashboard changed: 1 text change\n")
    assert run("new", "old.json").stdout.startswith("1 dashboard changed: 1 text change\n")


def test_without_new_it_is_what_the_code_generates(run: Run) -> None:
    project = Path(__file__).parents[2]
    done = run("deploy/observability", "--exit-code", folder=project)
    assert (done.returncode, done.stdout) == (0, f"no change in {len(DASHBOARDS)} dashboards\n")


V2 = {"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "spec": {"elements": {}, "layout": {}}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            '{\n  "title": "x",\n  "panels": [1 2]\n}',
            "malformed JSON: expecting ',' delimiter\n  at new/bad.json:3:16\n    \"panels\": [1 2]\n"
            + " " * 17
            + "^\n",
        ),
        ("", "malformed JSON: expecting value\n  at new/bad.json:1:1\n"),
        (
            V2,
            "this dashboard of the v2 schema is not read: its layout is of the kind",
        ),
        (V2["spec"], "this dashboard of the v2 schema is not read"),
        ({"dashboard": V2}, "this dashboard of the v2 schema is not read"),
        ("[" * 100_000, "the JSON is nested too deeply to be a dashboard\n  at new/bad.json\n"),
        ('{"panels": [], "version": ' + "1" * 5000 + "}", "unreadable JSON: "),
    ],
)
def test_what_cannot_be_read_is_told_and_the_others_are_compared(
    run: Run, tmp_path: Path, content: Any, said: str
) -> None:
    write(tmp_path / "old" / "good.json", board())
    write(tmp_path / "new" / "good.json", renamed())
    write(tmp_path / "old" / "bad.json", {**board(), "uid": "bad"})
    write(tmp_path / "new" / "bad.json", content)
    done = run("old", "new", "--exit-code")
    assert done.returncode == 2
    assert f"error: {said}" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.startswith("1 dashboard changed: 1 text change\n"), "bad.json is neither removed nor added"
    as_json = json.loads(run("old", "new", "--format", "json").stdout)
    assert as_json["errors"][0].startswith(said[:30])
    assert "cannot be read" in run("old", "new", "--format", "markdown").stdout


def test_a_faulty_file_that_is_one_long_line_is_shown_around_the_fault(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "old.json", board())
    write(tmp_path / "bad.json", json.dumps(board()).replace('"title": "Panel 7"', '"title" "Panel 7"'))
    done = run("old.json", "bad.json")
    shown, carets = done.stderr.splitlines()[2:4]
    assert len(shown) < 120
    assert shown[carets.index("^") :].startswith('"Panel 7"')


@pytest.mark.parametrize(
    ("text", "is_one"), [("panels:\n\t- x", True), ('{"panels": [', True), ("kind: {{ .Values.kind }}\n\t- x", False)]
)
def test_a_broken_yaml_file_of_a_folder_is_an_error_where_it_speaks_of_panels(text: str, is_one: bool) -> None:
    """A folder of manifests has templates, which are no YAML and no dashboards either."""
    reading = Reading()
    read(reading, "a.yaml", "folder/a.yaml", text.encode(), optional=True)
    assert (list(reading.problems), reading.left_out) == ((["a.yaml"], []) if is_one else ([], ["folder/a.yaml"]))


def test_the_note_counts_what_was_left_out() -> None:
    assert Reading(left_out=["a"]).note() == "left out 1 file that is no dashboard: a"
    assert Reading(left_out=["a", "b"]).note() == "left out 2 files that are no dashboards: a, b"


def test_a_file_that_is_no_text_names_the_place(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "old.json", board())
    (tmp_path / "bad.json").write_bytes(b'{\n"a": "\xff"}')
    assert "the file is not UTF-8 text\n  at bad.json:2:7" in run("old.json", "bad.json").stderr


def test_what_is_not_there(run: Run, tmp_path: Path) -> None:
    done = run("nowhere", "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no file or folder nowhere" in done.stderr


def test_manifests_beside_the_dashboards_are_passed_over(run: Run, tmp_path: Path) -> None:
    for side in ("old", "new"):
        write(tmp_path / side / "kustomization.yaml", "kind: Kustomization\nresources: [a.yaml]\n")
        write(tmp_path / side / "board.json", board())
        write(tmp_path / side / ".hidden" / "x.json", "no JSON")
    assert run("old", "new").stdout == "no change in 1 dashboard\n"
    done = run("old/kustomization.yaml", "new")
    assert done.returncode == 2
    assert "this is no dashboard" in done.stderr


# -- git --------------------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    write(folder / "deploy/observability/board.json", board())
    write(folder / "deploy/observability/ünïcode name.json", {**board(), "uid": "v", "title": "V"})
    write(folder / "deploy/observability/kustomization.yaml", "kind: Kustomization\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "one")
    write(folder / "deploy/observability/board.json", renamed())
    write(folder / "elsewhere/board.json", {**board(), "refresh": "5s"})
    os.symlink("board.json", folder / "deploy/observability/link.json")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "two")
    return folder


@pytest.mark.parametrize("inside", [".", "deploy", "deploy/observability"])
def test_revisions_are_read_from_any_folder_of_the_repository(run: Run, repository: Path, inside: str) -> None:
    done = run("git:main~1", "git:main", folder=repository / inside)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "1 dashboard changed: 1 text change\n\nAnother title  git:main:deploy/observability/board"
    )
    file = run("git:main~1:deploy/observability/board.json", "git:main:elsewhere", folder=repository / inside)
    assert file.stdout.startswith("1 dashboard changed: 1 display change\n")


def test_a_path_with_a_dot_is_from_the_current_folder_as_in_git(run: Run, repository: Path) -> None:
    done = run("git:main:./board.json", "git:main:../../elsewhere", folder=repository / "deploy/observability")
    assert "refresh set: 5s" in done.stdout
    outside = run("git:main:../../..", "git:main", folder=repository / "deploy")
    assert outside.returncode == 2
    assert "outside the repository" in outside.stderr


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("git:no-such-branch", "git knows no revision 'no-such-branch'"),
        ("git:--help", "git knows no revision '--help'"),
        ("git:", "git knows no revision ''"),
        ("git:main:no/such/path", "there is no no/such/path at the revision main"),
    ],
)
def test_a_revision_or_path_that_does_not_exist(run: Run, repository: Path, argument: str, said: str) -> None:
    done = run(argument, "git:main", folder=repository)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: {said}" in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_repository(run: Run, tmp_path: Path) -> None:
    done = run("git:main", "git:main")
    assert done.returncode == 2
    assert "this is not the working tree of a git repository" in done.stderr


# -- options ----------------------------------------------------------------------------------------------------------


def test_only_filters_what_is_told_and_what_the_exit_code_means(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "old.json", board())
    write(tmp_path / "new.json", {**renamed(), "refresh": "5s"})
    done = run("old.json", "new.json", "--only", "display", "--exit-code")
    assert done.returncode == 1
    assert done.stdout.startswith("1 dashboard changed: 1 display change\n")
    assert "renamed" not in done.stdout
    none = run("old.json", "new.json", "--only", "query", "--exit-code")
    assert (none.returncode, none.stdout) == (0, "no change in 1 dashboard\n")
    both = run("old.json", "new.json", "--only", "text", "--only", "display")
    assert both.stdout.startswith("1 dashboard changed: 1 display change, 1 text change\n")


def test_positions_are_told_with_layout_alone(run: Run, tmp_path: Path) -> None:
    new = board()
    new["panels"][1]["gridPos"]["h"] += 2
    for panel in new["panels"][3:]:
        panel["gridPos"]["y"] += 2
    write(tmp_path / "old.json", board())
    write(tmp_path / "new.json", new)
    plain = run("old.json", "new.json").stdout
    assert plain.startswith("1 dashboard changed: 1 layout change\n")
    assert "pushed" not in plain
    with_layout = run("old.json", "new.json", "--layout").stdout
    assert "Panel 2: pushed (x 0, y 9 → x 0, y 11)" in with_layout
    assert "row Row 1: pushed (x 0, y 25 → x 0, y 27)" in with_layout


def test_no_colour_and_nothing_for_a_terminal_to_obey_in_a_pipe(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "old.json", board())
    write(tmp_path / "new.json", renamed("\x1b[31mred\x1b]0;owned\x07 \u202e"))
    done = run("old.json", "new.json")
    assert "\x1b" not in done.stdout
    assert "\\x1b[31mred" in done.stdout
