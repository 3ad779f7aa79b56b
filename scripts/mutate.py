"""Changes the code in many small ways, one at a time, and tells which changes no test of that folder notices.

Each folder of ``llumnix_dash`` is held by the tests of its own name. A change that they let pass (a survivor) shows a
promise that nothing holds, or code that nothing needs; a few change nothing that matters. Run it in the checkout:

    make mutants
    python scripts/mutate.py panels --sample 40 --seed 2
"""

import argparse
import ast
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = "llumnix_dash"
FOLDERS = ("promql", "panels", "diff", "grafana", "interpolation")
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build")
NO_TESTS = 5  # pytest's exit code

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult},
}


class Mutation(NamedTuple):
    """One change of a source: the bytes from ``start`` to ``end`` become ``new``."""

    line: int
    start: int
    end: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.line}: {' '.join(self.old.split())}  ->  {self.new}"

    def apply(self, source: str) -> str:
        """The source with the change."""
        text = source.encode()
        return (text[: self.start] + self.new.encode() + text[self.end :]).decode()


def mutations(source: str) -> list[Mutation]:
    """Every change of a source that is tried, in its order."""
    tree = ast.parse(source)
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    left_alone = {id(inner) for outer in _left_alone(tree) for inner in ast.walk(outer)}
    found = []
    for node in ast.walk(tree):
        if id(node) not in left_alone:
            for place, new in _changes(node):
                start = starts[place.lineno - 1] + place.col_offset
                end = starts[(place.end_lineno or 0) - 1] + (place.end_col_offset or 0)
                found.append(Mutation(place.lineno, start, end, source.encode()[start:end].decode(), new))
    return sorted(found)


def _left_alone(tree: ast.AST) -> Iterator[ast.AST]:
    """What no test can notice (annotations, decorators, docstrings), and f-strings, whose parts have no place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield node
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node
        for name in ("annotation", "returns", "decorator_list"):
            value = getattr(node, name, None) or []
            yield from value if isinstance(value, list) else [value]


def _changes(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    match node:
        case ast.Compare(left, [operator, *others], values):
            yield node, _text(ast.Compare(left, [SWAPPED[type(operator)](), *others], values))
        case ast.BinOp(left, operator, right) if type(operator) in SWAPPED:
            yield node, _text(ast.BinOp(left, SWAPPED[type(operator)](), right))
        case ast.BoolOp(operator, values):
            yield node, _text(ast.BoolOp(SWAPPED[type(operator)](), values))
        case ast.UnaryOp(ast.Not(), operand):
            yield node, _text(operand)
        case ast.IfExp(test, body, other):
            yield node, _text(ast.IfExp(ast.UnaryOp(ast.Not(), test), body, other))
        case ast.Constant(bool(value)):
            yield node, repr(not value)
        case ast.Constant(int(value) | float(value)):
            yield node, repr(value + 1)
        case ast.Constant(str(value)):
            yield node, repr(f"{value}~")
        case ast.If(test):
            yield test, "False"
        case ast.Return(ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield value, "None"
        case ast.Raise() | ast.Expr(ast.Call()):
            yield node, "pass"


def _text(node: ast.AST) -> str:
    return f"({ast.unparse(ast.fix_missing_locations(node))})"


def passes(tree: Path, folder: str, limit: float) -> bool:
    """Whether the folder's tests pass in this copy of the checkout; a test that hangs does not."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", f"tests/{folder}"]
    # Without compiled files: a change within a second that leaves the size as it was would not be compiled anew.
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as tests:
        try:
            out, _ = tests.communicate(timeout=limit)
        except BaseException as error:
            os.killpg(tests.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                return False
            raise
    if tests.returncode == NO_TESTS:
        sys.exit(f"there are no tests in tests/{folder}\n{out.decode()}")
    return tests.returncode == 0


def try_folder(tree: Path, folder: str, sample: int, seed: int, limit: float) -> None:
    """Prints the survivors of a sample of the folder's mutations, and its score."""
    began = time.monotonic()
    if not passes(tree, folder, limit):
        sys.exit(f"tests/{folder} fail as it is, or take longer than {limit:g} s: mend that first")
    # Three times as long as it should take, a test hangs.
    limit = min(limit, 10 + 3 * (time.monotonic() - began))
    every = [
        (path, mutation)
        for path in sorted((tree / PACKAGE / folder).rglob("*.py"))
        for mutation in mutations(path.read_text(encoding="utf-8"))
    ]
    chosen = random.Random(seed).sample(every, min(sample, len(every)))
    killed = 0
    for path, mutation in chosen:
        source = path.read_text(encoding="utf-8")
        path.write_text(mutation.apply(source), encoding="utf-8")
        try:
            survived = passes(tree, folder, limit)
        finally:
            path.write_text(source, encoding="utf-8")
        if survived:
            print(f"{path.relative_to(tree)}:{mutation}", flush=True)
        killed += not survived
    print(f"{folder}: {killed} of {len(chosen)} killed, of {len(every)} possible", flush=True)


def main() -> None:
    """Reads the arguments and tries each folder in a copy of the checkout."""
    parser = argparse.ArgumentParser(description="Which small changes of the code does no test notice?")
    parser.add_argument("folders", nargs="*", default=FOLDERS, help=f"folders of {PACKAGE}: {', '.join(FOLDERS)}")
    parser.add_argument("--sample", type=int, default=12, help="how many changes in each folder (12)")
    parser.add_argument("--seed", type=int, default=1, help="draws another sample (1)")
    parser.add_argument("--limit", type=float, default=300, help="the most seconds for one run of the tests (300)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "checkout"
        shutil.copytree(Path.cwd(), tree, ignore=NOT_COPIED, symlinks=True)
        for folder in asked.folders:
            try_folder(tree, folder, asked.sample, asked.seed, asked.limit)


if __name__ == "__main__":
    main()
