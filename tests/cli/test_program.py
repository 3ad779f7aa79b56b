"""The program as a whole: help, unknown commands, colours, and that no traceback reaches anybody."""

import importlib.util
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from llumnix_dash.cli import COMMANDS, main
from tests.cli.program import ROOT, run, transcript

THERE = [name for name in COMMANDS if importlib.util.find_spec(f"llumnix_dash.cli.{name}")]

Golden = Callable[[str, str], None]


def test_help(golden: Golden, tmp_path: Path) -> None:
    golden("cli/help.txt", transcript("llumnix-dash --help", cwd=tmp_path))


def test_wrong_usage(golden: Golden, tmp_path: Path) -> None:
    golden(
        "cli/wrong_usage.txt",
        transcript(
            "llumnix-dash generat",
            "llumnix-dash nothing-like-it",
            "llumnix-dash --nonsense",
            "llumnix-dash generate --nonsense",
            "llumnix-dash list --format yaml",
            cwd=tmp_path,
        ),
    )


@pytest.mark.parametrize("name", THERE)
def test_help_of_a_command(name: str, tmp_path: Path) -> None:
    """What it is for, an example that can be copied, and the environment variables that it reads."""
    done = run(name, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert any(f"llumnix-dash {name} " in f"{line} " for line in done.stdout.splitlines()[1:])
    assert "nvironment" in done.stdout
    assert "\\b" not in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 100


def test_without_a_command_it_shows_its_help(tmp_path: Path) -> None:
    done = run(cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == run("--help", cwd=tmp_path).stdout
    assert done.stdout == ""


def test_version(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).stdout == "llumnix-dash, version 0.1.0\n"


def test_help_needs_none_of_what_commands_import() -> None:
    """Quick help: a command pays for its own imports alone."""
    code = (
        "import sys\nfrom llumnix_dash.cli import program\n"
        "program.main(['--help'], standalone_mode=False)\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'grafanalib', 'orjson', 'requests', 'yaml',"
        " 'pydantic', 'promql_parser', 'dashboards'}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8", cwd=ROOT)
    assert done.stderr == "\n"


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False), ("", True)])
def test_colours_on_a_terminal_only(no_color: str | None, coloured: bool, tmp_path: Path) -> None:
    environment = {} if no_color is None else {"NO_COLOR": no_color}
    assert ("\x1b[31mmissing" in on_a_terminal(["generate", "--check"], tmp_path, environment)) == coloured
    assert "\x1b[" not in run("generate", "--check", cwd=tmp_path, environment=environment).stdout


def test_errors_are_red_on_a_terminal(tmp_path: Path) -> None:
    assert "\x1b[31m\x1b[1merror: \x1b[0m" in on_a_terminal(["nothing"], tmp_path, {})
    assert "\x1b[" not in on_a_terminal(["nothing"], tmp_path, {"NO_COLOR": "1"})


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m llumnix_dash list --format json | true"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, "")


def on_a_terminal(arguments: list[str], cwd: Path, environment: dict[str, str]) -> str:
    """What the program writes where both its outputs are a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "llumnix_dash", *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "PYTHONPATH": str(ROOT), **environment},
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass  # Linux's way to say that the other end is closed.
    os.close(ours)
    process.wait()
    return shown.decode()


def _fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        try:
            raise KeyError("token glsa_secret of a server")
        except KeyError as error:
            raise ZeroDivisionError("token glsa_secret") from error

    monkeypatch.setattr("llumnix_dash.generate.generate", fails)


def test_what_nobody_foresaw_is_one_message_with_a_way_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fault(monkeypatch)
    with pytest.raises(SystemExit) as ended:
        main(["list"])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.startswith("error: llumnix-dash stopped at something that it does not foresee (ZeroDivisionError)\n")
    assert "at llumnix_dash/cli/list.py:" in said
    assert "--debug" in said
    assert "Traceback" not in said
    assert "secret" not in said


def test_debug_shows_the_traceback_without_what_the_errors_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fault(monkeypatch)
    with pytest.raises(SystemExit):
        main(["--debug", "list"])
    said = capsys.readouterr().err
    assert "cli/list.py" in said
    assert said.index("KeyError\n") < said.index("ZeroDivisionError\n")
    assert "glsa_secret of a server\n" not in said
    assert "error: llumnix-dash stopped" in said
