"""action.yml, run as a runner would run it: its step's command, its inputs as environment, a repository, an API."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from llumnix_dash.dashboards import DASHBOARDS
from tests.scripts.platform import PROJECT, TOKEN, Api, Repository, api, environment, git, repository

ACTION = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pull_request(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return repository(tmp_path_factory.mktemp("github") / "clone")


@pytest.fixture
def github() -> Iterator[Api]:
    with api() as state:
        yield state


@dataclass
class Job:
    """What a job left behind."""

    code: int
    output: str
    summary: str
    outputs: str


def run_action(
    folder: Path, clone: Repository, github: Api, *, number: int | None = 7, action: Path | None = None, **inputs: str
) -> Job:
    """Runs the action's steps with these inputs, the others at their defaults.

    Args:
        folder: the runner's.
        clone: where it runs.
        github: the platform.
        number: of the pull request, if it runs for one.
        action: the checkout of the action; that of the clone unless given.
        inputs: the action's.
    """
    folder.mkdir(exist_ok=True)
    event = {"pull_request": {"number": number, "base": {"sha": clone.base}, "head": {"sha": clone.head}}}
    (folder / "event.json").write_text(json.dumps(event if number else {}), encoding="utf-8")
    defaults = dict.fromkeys(ACTION["inputs"], "")
    given = {**defaults, "base": clone.base, "head": clone.head, "python": sys.executable, **inputs}
    assert given.keys() == ACTION["inputs"].keys()
    runner = {
        "GITHUB_ACTION_PATH": str(action or clone.folder),
        "GITHUB_API_URL": github.url,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_REPOSITORY": "llumnix/dash",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "RUNNER_TEMP": str(folder),
    }
    summary, outputs = folder / "summary.md", folder / "output"
    codes, said = [], ""
    for step in ACTION["runs"]["steps"]:
        told = dict(line.split("=", 1) for line in outputs.read_text().splitlines()) if outputs.exists() else {}
        if "if" in step and "report" not in told:
            assert step["if"] == "${{ !cancelled() && steps.diff.outputs.report }}"
            continue

        def filled(match: re.Match[str], told: dict[str, str] = told) -> str:
            return given[match[2]] if match[1] == "inputs" else told[match[2]]

        variables = {
            name: re.sub(r"\$\{\{ (inputs|steps\.diff\.outputs)\.(\w+) \}\}", filled, value)
            for name, value in step["env"].items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=clone.folder,
            env=environment(**runner, **variables),
            capture_output=True,
            text=True,
            check=False,
        )
        codes.append(done.returncode)
        said += done.stdout + done.stderr
    return Job(
        max(codes),
        said,
        summary.read_text(encoding="utf-8") if summary.exists() else "",
        outputs.read_text(encoding="utf-8") if outputs.exists() else "",
    )


def test_the_summary_tells_what_the_head_changed_and_not_what_the_base_did_since(
    tmp_path: Path, pull_request: Repository, github: Api
) -> None:
    job = run_action(tmp_path, pull_request, github)
    assert job.code == 0, job.output
    assert "1 dashboard changed" in job.summary
    assert "renamed from <code>Llumnix LRS Dashboard</code>" in job.summary
    assert "Cluster Meta Store" not in job.summary
    assert "not commented: no token was given" in job.output
    assert github.requests == []
    report = Path(job.outputs.removeprefix("report=").strip())
    assert report.read_text(encoding="utf-8") == job.summary
    assert git(pull_request.folder, "worktree", "list").count("\n") == 0, "it leaves no worktree behind"


def test_one_comment_is_kept_up_to_date(tmp_path: Path, pull_request: Repository, github: Api) -> None:
    github.comments += [{"id": number + 1, "body": "another comment"} for number in range(150)]
    first = run_action(tmp_path / "first", pull_request, github, token=TOKEN)
    assert "wrote a comment" in first.output
    assert "Local State" in github.comments[150]["body"]
    same = Repository(pull_request.folder, pull_request.head, pull_request.head)
    second = run_action(tmp_path / "second", same, github, token=TOKEN)
    assert "updated the comment" in second.output
    assert len(github.comments) == 151
    assert "No change in" in github.comments[150]["body"]
    assert TOKEN not in first.output + second.output + first.summary


@pytest.mark.parametrize("code", [403, 404])
def test_a_request_from_a_fork_may_not_be_commented_and_the_job_is_fine(
    tmp_path: Path, pull_request: Repository, github: Api, code: int
) -> None:
    github.refuses_to_write = code
    job = run_action(tmp_path, pull_request, github, token=TOKEN)
    assert job.code == 0
    assert f"not commented: the token may not comment here, as for a request from a fork (HTTP {code})" in job.output
    assert "Local State" in job.summary


def test_an_api_that_is_not_there_does_not_fail_the_job(tmp_path: Path, pull_request: Repository, github: Api) -> None:
    job = run_action(tmp_path, pull_request, Api(url="http://127.0.0.1:9"), token=TOKEN)
    assert job.code == 0
    assert "not commented: " in job.output


def test_the_token_does_not_follow_a_redirect(tmp_path: Path, pull_request: Repository, github: Api) -> None:
    with api() as elsewhere:
        github.redirects_to = f"{elsewhere.url}/stolen"
        job = run_action(tmp_path, pull_request, github, token=TOKEN)
    assert job.code == 0
    assert elsewhere.requests == []


def test_a_job_for_a_push_says_that_there_is_no_request(tmp_path: Path, pull_request: Repository, github: Api) -> None:
    job = run_action(tmp_path, pull_request, github, number=None, token=TOKEN)
    assert "not commented: the job does not run for a pull request" in job.output
    assert run_action(tmp_path, pull_request, github, base="").code == 2


def test_a_head_that_cannot_generate_fails_the_job_and_says_why(
    tmp_path: Path, pull_request: Repository, github: Api
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(pull_request.folder), str(clone))
    (clone / "dashboards" / "lrs.py").write_text("oh no\n", encoding="utf-8")
    git(clone, "commit", "--quiet", "--all", "--message", "Broken")
    broken = Repository(clone, pull_request.base, git(clone, "rev-parse", "HEAD"))
    job = run_action(tmp_path / "job", broken, github, token=TOKEN)
    assert job.code == 1
    assert "The dashboards were not compared: could not generate the dashboards of the head" in job.summary
    assert "dashboards/lrs.py:1" in job.summary
    assert "could not generate" in github.comments[0]["body"]


def test_a_base_from_before_the_dashboards_has_none(tmp_path: Path, pull_request: Repository, github: Api) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(pull_request.folder), str(clone))
    git(clone, "checkout", "--quiet", "--orphan", "first")
    git(clone, "rm", "--quiet", "-r", "--cached", ".")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "Nothing yet")
    first = git(clone, "rev-parse", "HEAD")
    job = run_action(tmp_path / "job", Repository(clone, first, pull_request.head), github)
    assert job.code == 0, job.output
    assert "dashboards added" in job.summary
    assert "The base has no code that generates dashboards yet." in job.summary


_OTHER_CODE = """
import pathlib, sys
assert sys.argv[1:3] == ["generate", "--output-dir"]
board = '{"uid": "llumnix-lrs-dashboard", "title": "By other code", "panels": []}'
pathlib.Path(sys.argv[3], "other.json").write_text(board)
"""


def test_by_default_each_side_has_its_own_code_and_dependencies(
    tmp_path: Path, pull_request: Repository, github: Api
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(pull_request.folder), str(clone))
    git(clone, "checkout", "--quiet", "--orphan", "other")
    git(clone, "rm", "--quiet", "-r", "-f", ".")
    package = clone / "llumnix_dash"
    (package / "cli").mkdir(parents=True)
    for file in (package / "__init__.py", package / "cli" / "__init__.py", package / "cli" / "generate.py"):
        file.touch()
    (package / "__main__.py").write_text(_OTHER_CODE, encoding="utf-8")
    (clone / "setup.cfg").write_text("[metadata]\nname = llumnix-dash\n[options]\npackages = llumnix_dash\n")
    (clone / "pyproject.toml").write_text('[build-system]\nrequires = ["setuptools"]\n')
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "Other code, no dependencies")
    base = git(clone, "rev-parse", "HEAD")
    git(clone, "checkout", "--quiet", pull_request.head)
    job = run_action(tmp_path / "job", Repository(clone, base, pull_request.head), github, python="")
    assert job.code == 0, job.output
    assert f"{len(DASHBOARDS) - 1} dashboards added, 1 changed" in job.summary


_SPY = """
import os, pathlib, sys
lines = [f"{name}={value}" for name, value in os.environ.items()]
parent = pathlib.Path(f"/proc/{os.getppid()}/environ")
lines += parent.read_text(errors="replace").split(chr(0)) if parent.exists() else []
pathlib.Path(%r).write_text(chr(10).join(lines))
"""


def test_the_code_of_the_head_runs_without_the_token(tmp_path: Path, pull_request: Repository, github: Api) -> None:
    """It writes down its environment, and that of the program that started it."""
    clone, seen = tmp_path / "clone", tmp_path / "seen"
    git(tmp_path, "clone", "--quiet", str(pull_request.folder), str(clone))
    module = clone / "dashboards" / "lrs.py"
    module.write_text(_SPY % str(seen) + module.read_text(encoding="utf-8").partition('"""\n')[2], encoding="utf-8")
    git(clone, "commit", "--quiet", "--all", "--message", "Spies")
    spy = Repository(clone, pull_request.base, git(clone, "rev-parse", "HEAD"))
    job = run_action(tmp_path / "job", spy, github, token=TOKEN)
    assert job.code == 0, job.output
    assert "wrote a comment" in job.output
    assert "PATH=" in seen.read_text()
    assert TOKEN not in seen.read_text()


BOARD = {"uid": "theirs", "title": "Theirs", "panels": [{"id": 1, "type": "stat", "title": "Up", "targets": []}]}


def foreign(folder: Path) -> Repository:
    """A repository that has nothing of ours: dashboards as files, and a program that writes the same ones."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "boards" / "team").mkdir(parents=True)
    (folder / "make.py").write_text(
        "import os, pathlib, shutil\n"
        "shutil.copytree('boards', pathlib.Path(os.environ['OUTPUT_DIR']), dirs_exist_ok=True)\n"
    )
    commits = []
    for title in ("Up", "Alive"):
        BOARD["panels"][0]["title"] = title  # type: ignore[index]
        (folder / "boards" / "team" / "board.json").write_text(json.dumps(BOARD))
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", title)
        commits.append(git(folder, "rev-parse", "HEAD"))
    return Repository(folder, *commits)


@pytest.mark.parametrize("inputs", [{"files": "boards"}, {"command": "python3 make.py"}], ids=["files", "command"])
def test_a_repository_unlike_ours_has_its_files_or_a_command(
    tmp_path: Path, github: Api, inputs: dict[str, str]
) -> None:
    theirs = foreign(tmp_path / "theirs")
    job = run_action(tmp_path / "job", theirs, github, action=PROJECT, **inputs)
    assert job.code == 0, job.output
    assert "renamed from <code>Up</code>" in job.summary
    assert git(theirs.folder, "status", "--porcelain") == ""


def test_a_command_that_fails_is_told(tmp_path: Path, github: Api) -> None:
    job = run_action(
        tmp_path / "job", foreign(tmp_path / "theirs"), github, action=PROJECT, command="echo no >&2; false"
    )
    assert job.code == 1
    assert "could not generate the dashboards of the base" in job.summary
    assert "    no" in job.summary


def test_files_outside_of_the_repository_are_not_read(tmp_path: Path, github: Api) -> None:
    job = run_action(tmp_path / "job", foreign(tmp_path / "theirs"), github, action=PROJECT, files="../../..")
    assert job.code == 1
    assert "it lies outside of the repository" in job.summary


def test_a_workflow_that_follows_finds_the_pull_request_by_its_head(tmp_path: Path, github: Api) -> None:
    """As for forks: the number that the first workflow's artifact could hold is not asked."""
    github.pulls = [
        {"number": 4, "head": {"label": "fork:patch", "sha": "old"}},
        {"number": 9, "head": {"label": "fork:patch", "sha": "abc"}},
    ]
    run = {"head_repository": {"owner": {"login": "fork"}}, "head_branch": "patch", "head_sha": "abc"}
    (tmp_path / "event.json").write_text(json.dumps({"workflow_run": run}))
    (tmp_path / "report.md").write_text("the report")
    variables = {
        "GITHUB_API_URL": github.url,
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REPOSITORY": "llumnix/dash",
        "GITHUB_TOKEN": TOKEN,
    }
    command = [sys.executable, str(PROJECT / "scripts/request_comment.py"), str(tmp_path / "report.md")]
    done = subprocess.run(command, env=environment(**variables), capture_output=True, text=True, check=True)
    assert done.stdout == "wrote a comment\n"
    assert "POST /repos/llumnix/dash/issues/9/comments" in github.requests


def test_the_workflows_for_forks_keep_code_and_rights_apart() -> None:
    text = (PROJECT / "docs/examples/github-workflow-forks.yml").read_text(encoding="utf-8")
    report, comment = yaml.safe_load_all(text)
    assert report["permissions"] == {"contents": "read"}
    (ours,) = (step for step in report["jobs"]["report"]["steps"] if "llumnix-dash@" in step.get("uses", ""))
    assert ours["with"].keys() <= ACTION["inputs"].keys() - {"token"}
    assert comment["permissions"] == {"actions": "read", "pull-requests": "write"}
    checkouts = [step for step in comment["jobs"]["comment"]["steps"] if "checkout" in step.get("uses", "")]
    assert [step["with"]["repository"] for step in checkouts] == ["llumnix-project/llumnix-dash"]


def test_the_example_workflow_gives_inputs_that_the_action_has() -> None:
    workflow = yaml.safe_load((PROJECT / "docs/examples/github-workflow.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["panel-diff"]["steps"]
    (ours,) = (step for step in steps if step["uses"] == "./")
    assert ours["with"].keys() <= ACTION["inputs"].keys()
    assert steps[0]["with"]["fetch-depth"] == 0
    assert workflow["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_the_shell_scripts_are_clean() -> None:
    shellcheck = shutil.which("shellcheck")
    if not shellcheck:
        pytest.skip("shellcheck is not installed")
    scripts = [*(PROJECT / "scripts").glob("*.sh"), PROJECT / "scripts" / "system-packages", PROJECT / ".ci" / "run"]
    subprocess.run([shellcheck, *map(str, scripts)], check=True)
