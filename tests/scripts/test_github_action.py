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


def run_action(folder: Path, clone: Repository, github: Api, *, number: int | None = 7, **inputs: str) -> Job:
    """Runs the action's step with these inputs, the others at their defaults."""
    folder.mkdir(exist_ok=True)
    event = {"pull_request": {"number": number, "base": {"sha": clone.base}, "head": {"sha": clone.head}}}
    (folder / "event.json").write_text(json.dumps(event if number else {}), encoding="utf-8")
    given = {"base": clone.base, "head": clone.head, "token": "", "python": sys.executable, **inputs}
    assert given.keys() == ACTION["inputs"].keys()
    (step,) = ACTION["runs"]["steps"]
    variables = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: given[match[1]], value)
        for name, value in step["env"].items()
    }
    runner = {
        "GITHUB_ACTION_PATH": str(clone.folder),
        "GITHUB_API_URL": github.url,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_REPOSITORY": "llumnix/dash",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "RUNNER_TEMP": str(folder),
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=clone.folder,
        env=environment(**runner, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    summary, outputs = folder / "summary.md", folder / "output"
    return Job(
        done.returncode,
        done.stdout + done.stderr,
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
    assert "renamed from <code>By other code</code>" in job.summary


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
