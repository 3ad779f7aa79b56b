#!/usr/bin/env python3
"""Writes what a change does to the dashboards, for a pull or merge request, as Markdown.

The dashboards of the base are generated with the base's code and dependencies, those of the head with the head's, each
in a worktree and a virtual environment of its own; then the head's ``llumnix-dash diff`` tells the difference.

    scripts/panel_diff.py --base origin/main --head HEAD --output panel-diff.md

Of other repositories it compares the dashboards that are kept as files (--files deploy/dashboards), or those that a
command writes (--command 'jsonnet -J vendor -m "$OUTPUT_DIR" dashboards.jsonnet').

What runs of the base's and the head's code gets no variable of this script's environment but the few that programs
need: no token, no secret.

Needs git and Python 3.11 or newer, nothing else. With --python nothing is installed: both sides run in that
interpreter's environment, which must have the dependencies (for runners without a package index).

Exit codes: 0 the report is written; 1 a side cannot be generated, which the report then says; 2 wrong usage.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Where this is missing the code cannot generate dashboards, as before it began to.
GENERATOR = Path("llumnix_dash/cli/generate.py")
DEPENDENCIES = ("setup.cfg", "pyproject.toml")
LAST_LINES = 30
# The checkout that this script is part of: its llumnix-dash compares dashboards that other code has made.
OURS = Path(__file__).resolve().parents[1]
# What a program needs of the environment; all else may be a secret.
HARMLESS = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TEMP", "TMP"}
    | {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT", "PIP_NO_INDEX", "PIP_FIND_LINKS"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
    | {"http_proxy", "https_proxy", "no_proxy", "JAVA_HOME", "GOROOT", "GOPATH", "NODE_PATH", "LD_LIBRARY_PATH"}
)


class FailedError(Exception):
    """A step that failed, and what it printed."""

    def __init__(self, step: str, output: str) -> None:
        super().__init__(step)
        self.step = step
        self.output = output


def run(
    step: str,
    command: list[str],
    folder: Path,
    *,
    variables: dict[str, str] | None = None,
    fine: tuple[int, ...] = (0,),
) -> str:
    """The standard output of a command, which sees nothing of this script's environment but what is harmless.

    Args:
        step: what it does, for the message if it fails.
        command: the program and its arguments.
        folder: where it runs.
        variables: further variables of its environment.
        fine: the exit codes with which it has not failed.

    Raises:
        FailedError: it failed.
    """
    kept = {name: value for name, value in os.environ.items() if name in HARMLESS or name.startswith("LC_")}
    environment = {**kept, **(variables or {})}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, errors="replace"
    )
    if done.returncode not in fine:
        raise FailedError(step, (done.stderr or done.stdout).strip())
    return done.stdout


def commit_of(revision: str, repository: Path) -> str:
    """The commit id of a revision; fetched from the remote if the clone is too shallow to have it.

    Raises:
        FailedError: neither the clone nor the remote has it.
    """
    parse = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    try:
        return run(f"find the revision {revision}", parse, repository).strip()
    except FailedError:
        run(f"fetch the revision {revision}", ["git", "fetch", "--quiet", "--depth=1", "origin", revision], repository)
        return run("find what was fetched", ["git", "rev-parse", "FETCH_HEAD"], repository).strip()


def branched_off(base: str, head: str, repository: Path) -> str:
    """Where the head left the base, so that what others did to the base since is not told as this change's doing."""
    try:
        return run("find where the branches part", ["git", "merge-base", base, head], repository).strip()
    except FailedError:  # the clone is too shallow to tell
        return base


def environment(worktree: Path, python: str | None) -> str:
    """The interpreter in whose environment the code of a worktree runs.

    Sides that declare the same dependencies share one; whose code runs is decided by the folder where it runs.
    """
    if python:
        return python
    declared = b"".join(path.read_bytes() for name in DEPENDENCIES if (path := worktree / name).exists())
    venv = worktree.with_name(f"venv-{hashlib.sha256(declared).hexdigest()[:10]}")
    if venv.exists():
        return str(venv / "bin" / "python")
    run("make a virtual environment", [sys.executable, "-m", "venv", str(venv)], worktree)
    interpreter = str(venv / "bin" / "python")
    quiet = ["--quiet", "--disable-pip-version-check"]
    run("install the code's dependencies", [interpreter, "-m", "pip", "install", *quiet, "."], worktree)
    return interpreter


def our_environment(scratch: Path) -> str:
    """An interpreter with what our own code needs, which stands beside this script."""
    venv = scratch / "venv-ours"
    run("make a virtual environment", [sys.executable, "-m", "venv", str(venv)], OURS)
    interpreter = str(venv / "bin" / "python")
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(OURS)]
    run("install llumnix-dash", [interpreter, *install], scratch)
    return interpreter


def generate(worktree: Path, folder: Path, python: str | None) -> str | None:
    """Writes the dashboards of a worktree into a folder.

    Returns:
        The interpreter that did it; None if the code there cannot generate dashboards at all, as before it began to.

    Raises:
        FailedError: it can, and failed.
    """
    folder.mkdir()
    if not (worktree / GENERATOR).exists():
        return None
    interpreter = environment(worktree, python)
    command = [interpreter, "-m", "llumnix_dash", "generate", "--output-dir", str(folder)]
    run("generate the dashboards", command, worktree)
    return interpreter


def written(worktree: Path, folder: Path, files: str, command: str) -> None:
    """Puts the dashboards of a worktree that is not like ours into a folder.

    Args:
        worktree: the checkout.
        folder: to write to.
        files: the file or folder of the checkout that holds them; where it is missing there are none.
        command: a shell command that writes them into ``$OUTPUT_DIR``, instead.

    Raises:
        FailedError: the command failed.
    """
    folder.mkdir()
    if command:
        shell = ["bash", "-euo", "pipefail", "-c", command]
        run("generate the dashboards", shell, worktree, variables={"OUTPUT_DIR": str(folder)})
        return
    source = (worktree / files).resolve()
    if not source.is_relative_to(worktree.resolve()):
        raise FailedError(f"read {files}", "it lies outside of the repository")
    if source.is_dir():
        shutil.copytree(source, folder, dirs_exist_ok=True, symlinks=True)
    elif source.exists():
        shutil.copy(source, folder)


def report(base: str, head: str, repository: Path, wanted: argparse.Namespace) -> str:
    """The report as Markdown.

    Raises:
        FailedError: a side cannot be generated.
    """
    python = wanted.python or None
    foreign = bool(wanted.files or wanted.command)
    head = commit_of(head, repository)
    base = branched_off(commit_of(base, repository), head, repository)
    with tempfile.TemporaryDirectory(dir=os.environ.get("RUNNER_TEMP"), prefix="panel-diff-") as temporary:
        scratch = Path(temporary).resolve()
        try:
            interpreters = []
            for side, commit in (("base", base), ("head", head)):
                worktree = scratch / f"{side}-code"
                add = ["git", "worktree", "add", "--quiet", "--detach", str(worktree), commit]
                run(f"check out the {side} {commit[:10]}", add, repository)
                try:
                    if foreign:
                        written(worktree, scratch / side, wanted.files, wanted.command)
                    else:
                        interpreters.append(generate(worktree, scratch / side, python))
                except FailedError as failed:
                    raise FailedError(f"{failed.step} of the {side} {commit[:10]}", failed.output) from failed
            if foreign:
                # With our own code: what the head has is data.
                interpreter, code = python or our_environment(scratch), OURS
            elif interpreters[1] is None:
                raise FailedError(f"find {GENERATOR} in the head {head[:10]}", "it is not there")
            else:
                interpreter, code = interpreters[1], scratch / "head-code"
            program = [interpreter, "-m", "llumnix_dash"]
            sides = [str(scratch / "base"), str(scratch / "head")]
            markdown = run("compare the two", [*program, "diff", "--format", "markdown", *sides], code, fine=(0, 2))
            if wanted.prometheus:
                verify = ["verify", sides[1], "--prometheus", wanted.prometheus, "--format", "markdown"]
                markdown += "\n" + run("run the head's queries", [*program, *verify], code, fine=(0, 1, 2))
        finally:
            for side in ("base", "head"):
                remove = ["git", "worktree", "remove", "--force", str(scratch / f"{side}-code")]
                subprocess.run(remove, cwd=repository, capture_output=True, check=False)
    note = "" if foreign or interpreters[0] else "\nThe base has no code that generates dashboards yet.\n"
    return f"## Dashboards\n\n{markdown}{note}\n<sub>{base[:10]} → {head[:10]}</sub>\n"


def failure(failed: FailedError) -> str:
    """The report of a side that cannot be generated."""
    output = "\n".join(f"    {line}" for line in failed.output.splitlines()[-LAST_LINES:])
    return f"## Dashboards\n\nThe dashboards were not compared: could not {failed.step}.\n\n{output}\n"


def main() -> int:
    """Runs the script; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, help="the revision that the change is held against")
    parser.add_argument("--head", default="HEAD", help="the revision with the change (default: HEAD)")
    parser.add_argument("--output", type=Path, required=True, help="the Markdown file to write")
    parser.add_argument("--python", help="run both sides in this interpreter, and install nothing")
    parser.add_argument("--files", default="", help="the file or folder of dashboards, of a repository unlike ours")
    parser.add_argument("--command", default="", help="a shell command that writes the dashboards into $OUTPUT_DIR")
    parser.add_argument("--prometheus", default="", help="run the head's queries on this Prometheus, too")
    arguments = parser.parse_args()
    if arguments.files and arguments.command:
        parser.error("--files and --command are two ways to say where the dashboards are: give one")
    repository = Path.cwd()
    try:
        markdown, code = report(arguments.base, arguments.head, repository, arguments), 0
    except FailedError as failed:
        markdown, code = failure(failed), 1
        print(f"error: could not {failed.step}\n{failed.output}", file=sys.stderr)
    arguments.output.write_text(markdown, encoding="utf-8")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(summary, "a", encoding="utf-8") as file:
            file.write(markdown)
    return code


if __name__ == "__main__":
    sys.exit(main())
