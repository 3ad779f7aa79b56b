"""The GitLab example in the docs, its script lines run as a runner would run them."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.scripts.platform import PROJECT, TOKEN, Api, Repository, api, environment, repository

JOB, COMMENT = yaml.safe_load((PROJECT / "docs/examples/gitlab-ci.yml").read_text(encoding="utf-8")).values()


@pytest.fixture(scope="module")
def merge_request(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return repository(tmp_path_factory.mktemp("gitlab") / "clone")


def run_lines(lines: list[str], clone: Repository, gitlab: Api, **variables: str) -> str:
    runner = {
        "CI_API_V4_URL": gitlab.url,
        "CI_COMMIT_SHA": clone.head,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": clone.base,
        "CI_MERGE_REQUEST_IID": "3",
        "CI_PROJECT_ID": "42",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        cwd=clone.folder,
        env=environment(**{**runner, **variables}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_job_leaves_a_report_and_keeps_one_note(merge_request: Repository) -> None:
    # Installing each side's dependencies is tested with the GitHub action; here they are those of this test run.
    script = [line.replace("panel_diff.py", f"panel_diff.py --python {sys.executable}") for line in JOB["script"]]
    with api() as gitlab:
        run_lines(script, merge_request, gitlab)
        (report,) = (merge_request.folder / name for name in JOB["artifacts"]["paths"])
        assert "renamed from <code>Llumnix LRS Dashboard</code>" in report.read_text(encoding="utf-8")

        assert COMMENT["variables"] == {"GIT_STRATEGY": "none"}
        # The clone of our scripts is the one that is there.
        after = [COMMENT["script"][-1].replace("llumnix-dash/scripts", str(PROJECT / "scripts"))]
        assert "not commented: no GITLAB_TOKEN is set" in run_lines(after, merge_request, gitlab)
        assert "wrote a comment" in run_lines(after, merge_request, gitlab, GITLAB_TOKEN=TOKEN)
        assert "updated the comment" in run_lines(after, merge_request, gitlab, GITLAB_TOKEN=TOKEN)
        assert len(gitlab.comments) == 1
        assert gitlab.requests[-1] == "PUT /projects/42/merge_requests/3/notes/1"
        gone = run_lines(after, merge_request, gitlab, GITLAB_TOKEN=TOKEN, CI_MERGE_REQUEST_IID="")
        assert "the job does not run for a merge request" in gone


def test_a_pre_commit_hook_checks_that_the_files_are_fresh() -> None:
    (hook,) = yaml.safe_load(Path(PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    command = [sys.executable, "-m", "llumnix_dash", *hook["entry"].split()[1:]]
    assert hook["entry"].startswith("llumnix-dash generate --check")
    assert hook["pass_filenames"] is False
    assert subprocess.run(command, cwd=PROJECT, capture_output=True, check=False).returncode == 0
