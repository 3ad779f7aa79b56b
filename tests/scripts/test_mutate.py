"""The mutation script on a module of a few lines: what is tested is killed, what is not survives and is told."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "mutate.py"
TOY = '''\
"""A toy."""


def words(number: int) -> str:
    """It is told in words — this is no code."""
    if number < 0:
        raise ValueError("below zero")
    return "many" if number > 3 else f"{number}"
'''
TESTS = """\
from llumnix_dash.toy import words


def test_words():
    assert [words(number) for number in (0, 3, 4)] == ["0", "3", "many"]
"""


def toy(folder: Path, code: str = TOY, tests: str = TESTS) -> Path:
    for name, text in {"llumnix_dash/toy/__init__.py": code, "tests/toy/test_toy.py": tests}.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "setup.cfg").write_text("[tool:pytest]\naddopts = -p no:cloudcoil -p no:hypothesispytest\n")
    return folder


def mutate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "toy", "--sample", "99", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_what_nobody_tests_survives_and_the_rest_is_killed(tmp_path: Path) -> None:
    ran = mutate(toy(tmp_path))
    *survivors, score = ran.stdout.splitlines()
    assert sorted(survivors) == [
        "llumnix_dash/toy/__init__.py:6: number < 0  ->  False",
        "llumnix_dash/toy/__init__.py:7: \"below zero\"  ->  'below zero~'",
        'llumnix_dash/toy/__init__.py:7: raise ValueError("below zero")  ->  pass',
    ]
    # Killed by words(0) are <= and the 1 in place of 0; by the others five changes of the last line.
    assert score == "toy: 7 of 10 killed, of 10 possible"
    assert (tmp_path / "llumnix_dash/toy/__init__.py").read_text(encoding="utf-8") == TOY


def test_a_change_that_hangs_is_killed(tmp_path: Path) -> None:
    folder = toy(
        tmp_path,
        "READY = True\n",
        "from llumnix_dash.toy import READY\n\nwhile not READY:\n    pass\ndef test_it():\n    pass\n",
    )
    assert mutate(folder, "--limit", "8").stdout == "toy: 1 of 1 killed, of 1 possible\n"


def test_tests_that_fail_as_it_is_are_told(tmp_path: Path) -> None:
    ran = mutate(toy(tmp_path, tests="def test_words():\n    assert False\n"))
    assert ran.returncode == 1
    assert "tests/toy fail as it is" in ran.stderr
