"""The way of the data, as CONTRIBUTING draws it: no room imports from one that stands to its right."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "llumnix_dash"
# Each room, and those that it may import from. A new room gets a line here and a place in CONTRIBUTING's drawing.
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "files": {"errors"},
    "parsing": set(),
    "catalog": {"errors"},
    "promql": {"catalog", "errors"},
    "shapes": {"promql"},
    "rules": {"catalog", "errors", "promql"},
    "panels": {"catalog", "promql", "rules", "shapes"},
    "layout": {"shapes"},
    "annotations": {"catalog", "panels", "promql", "shapes"},
    "variables": {"catalog", "panels", "promql", "shapes"},
    "board": {"annotations", "catalog", "errors", "layout", "promql", "shapes", "variables"},
    "dashboards": {"board", "catalog", "panels", "promql", "rules", "variables"},
    "report": set(),
    "http": {"errors"},
    # generate only where a source is "what the code generates"
    "document": {"errors", "generate", "report", "settings"},
    "settings": {"catalog", "errors", "promql"},
    "recorded": {"document", "interpolation"},
    "modules": {"dashboards", "errors", "rules"},
    "rulefiles": {"board", "catalog", "recorded", "rules", "settings"},
    "reference": {"catalog", "dashboards", "document", "errors", "panels", "promql", "rulefiles", "rules", "settings"},
    "slofiles": {"catalog", "promql", "rulefiles", "rules", "settings"},
    "generate": {"dashboards", "document", "errors", "files", "modules", "recorded", "rulefiles", "settings"},
    "interpolation": {"document", "errors"},
    "prometheus": {"errors", "http", "interpolation", "parsing"},
    "verify": {"catalog", "document", "errors", "http", "interpolation", "prometheus", "report"},
    "diff": {"document", "errors", "parsing", "report"},
    "grafana": {"diff", "document", "errors", "files", "generate", "http", "report", "settings"},
    "fleet": {"catalog", "errors"},
}


def imported(path: Path) -> Iterator[str]:
    """The rooms that a module imports from, also inside its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "llumnix_dash":
            yield from (name.name for name in node.names if name.name in ROOMS)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("llumnix_dash."):
            yield str(node.module).split(".")[1]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


# Links, which rglob does not follow.
LINKED = ("dashboards", "rules/declared")
MODULES = [
    path
    for path in sorted([*PACKAGE.rglob("*.py"), *(one for link in LINKED for one in (PACKAGE / link).glob("*.py"))])
    if room_of(path) not in {"cli", "__init__", "__main__"}
]


@pytest.mark.parametrize("room", sorted({room_of(path) for path in MODULES}))
def test_a_room_imports_only_from_its_left(room: str) -> None:
    assert room in ROOMS, f"llumnix_dash/{room} is new: say in tests/test_structure.py what it may import from"
    wrong = [
        f"{path.relative_to(PACKAGE.parent)} imports from {other}"
        for path in MODULES
        if room_of(path) == room
        for other in imported(path)
        if other not in {room, *ROOMS[room]}
    ]
    assert not wrong, wrong


def test_no_file_wants_two_homes() -> None:
    long = {str(path): lines for path in MODULES if (lines := len(path.read_text().splitlines())) > 400}
    assert not long
