"""Dashboards that are broken in ways nobody thought of: a message, never a traceback.

LLUMNIX_DASH_CORRUPTIONS and LLUMNIX_DASH_MODULES say how many; ``make nightly`` tries 10,000 of each.
"""

import contextlib
import copy
import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llumnix_dash.diff import as_json, markdown, text
from llumnix_dash.diff.sets import compare_sets
from llumnix_dash.document.sources import load
from llumnix_dash.errors import UserError
from llumnix_dash.generate import generate_from, write
from llumnix_dash.grafana import pushset
from llumnix_dash.grafana.datasources import Sources, resolved
from llumnix_dash.grafana.equality import digest
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.interpolation.variables import resolve
from llumnix_dash.verify.dashboard import parse
from llumnix_dash.verify.page import page
from tests.grafana.command import run

COUNT = int(os.environ.get("LLUMNIX_DASH_CORRUPTIONS", "2000"))
MODULES = int(os.environ.get("LLUMNIX_DASH_MODULES", "300"))
CHUNKS = 8
HOUR = TimeRange(1_700_000_000, 1_700_003_600)
SAMPLES = sorted((Path(__file__).parent / "verify" / "dashboards").glob("*.json"))
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**70, 10**30, 1e308, "", "x", "$x", "${x:json}", "now", "9" * 400,
    "\x1b[31m", "\u202e", "\ud800", [], [1], [None], [[]], {}, {"a": None}, {"list": [1]}, {"query": 5},
    "{{", "asc", "1000000h",
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def corrupted(dashboard: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The dashboard with one to three of its values, at any depth, put out of shape, moved, or taken away."""
    broken = copy.deepcopy(dashboard)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(list(places(broken)) or [("panels",)])
        inside: Any = broken
        for key in path[:-1]:
            inside = inside[key]
        if chance.random() < 0.15 and path[-1] in (inside if isinstance(inside, dict) else range(len(inside))):
            del inside[path[-1]]
        elif chance.random() < 0.15:
            inside[path[-1]] = copy.deepcopy(chance.choice([broken.get("panels"), broken.get("templating"), inside]))
        else:
            inside[path[-1]] = copy.deepcopy(chance.choice(ODD))
    return broken


def survives(old: Path, new: Path) -> None:
    """Reads, compares, plans and prepares the dashboard as the commands do."""
    report = compare_sets(load(str(old)), load(str(new)))
    for render in (text.render, markdown.render, as_json.render):
        render(report)
    for document in load(str(new)).reading.documents:
        with contextlib.suppress(UserError):
            parsed = parse(document.dashboard, document.label)
            found = resolve(parsed.json, lambda *_: ["a", "b"], HOUR, chosen={}, scrape_interval="15s")
            page(parsed, found.scope, HOUR, "15s")
    with contextlib.suppress(UserError):
        for wanted in pushset.load([str(new)]).wanted:
            digest(resolved(wanted, Sources()).dashboard)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_corruptions(tmp_path: Path, chunk: int) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    for seed in range(chunk, COUNT, CHUNKS):
        chance = random.Random(seed)
        source = chance.choice(SAMPLES)
        dashboard = json.loads(source.read_text(encoding="utf-8"))
        dashboard = dashboard.get("dashboard", dashboard)
        old.write_text(json.dumps(dashboard))
        new.write_text(json.dumps(corrupted(dashboard, chance)))
        try:
            survives(old, new)
        except Exception as error:
            pytest.fail(f"{source.name} with seed {seed}: {type(error).__name__}: {error}\n{new.read_text()[:400]}")


MODULE = """\
from grafanalib.core import Dashboard, GridPos, RowPanel, Target, Template, Templating, TimeSeries

names = ["a", "b", "c"]
panels = [
    TimeSeries(
        id=number,
        title=name,
        dataSource="$ds",
        targets=[Target(expr=f"rate(requests_{name}[$__rate_interval])", refId="A", legendFormat="{{job}}")],
        gridPos=GridPos(h=8, w=12, x=0, y=8 * number),
    )
    for number, name in enumerate(names, 1)
]
dashboard = Dashboard(
    title="Hostile",
    uid="hostile",
    templating=Templating([Template(name="job", query="label_values(up, job)", dataSource="$ds", type="query")]),
    panels=[RowPanel(title="Row", collapsed=True, panels=panels[1:], gridPos=GridPos(1, 24, 0, 0)), panels[0]],
).auto_panel_ids()
"""
TOKEN = re.compile(r'"[^"\n]*"|\w+|[^\w\s]')
# Nothing here may run for long, or do anything but make values.
ODD_TOKENS = (
    "None", "True", "-1", "0", "1e308", "2**70", '""', '"\\ud800"', '"\\x1b[31m"', '"$x"', "[]", "{}", "()", "[1]",
    "{1: 2}", "{None: 3}", "lambda: 1", "object()", "Dashboard", "float('nan')", "b'x'", "{1, 2}", "1j", ")", "(", ",",
    "raise", "\x00", "dashboard", "exit(3)", "1 / 0", "yield", "\n  ",
)  # fmt: skip


def hostile(chance: random.Random) -> str:
    """The module with one to three of its words or signs put out of shape or taken away."""
    text = MODULE
    for _ in range(chance.randint(1, 3)):
        start, end = chance.choice([match.span() for match in TOKEN.finditer(text)] or [(0, 0)])
        text = text[:start] + ("" if chance.random() < 0.15 else chance.choice(ODD_TOKENS)) + text[end:]
    return text


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_modules(tmp_path: Path, chunk: int) -> None:
    for seed in range(chunk, MODULES, CHUNKS):
        # A name of its own, since byte code is cached by name, size and second.
        path = tmp_path / f"mine{seed}.py"
        path.write_text(hostile(random.Random(seed)), encoding="utf-8")
        try:
            made, failures = generate_from(path)
            write(made, tmp_path / "out")
            assert made or failures
            for failure in failures:
                failure.render()
        except UserError:
            continue
        except BaseException as error:
            pytest.fail(f"seed {seed}: {type(error).__name__}: {error}\n{path.read_text()}")


BOARD: dict[str, Any] = {
    "uid": "b",
    "title": "B",
    "panels": [{"id": 1, "type": "timeseries", "title": "P", "targets": [{"refId": "A", "expr": "up"}]}],
}


def variable(**changes: Any) -> dict[str, Any]:
    return {
        **BOARD,
        "templating": {"list": [{"name": "v", "type": "query", "query": "label_values(up, job)", **changes}]},
    }


FOUND: dict[str, str] = {
    "900 deep": json.dumps({**BOARD, "x": 0}).replace("0", "[" * 900 + "]" * 900),
    "a number of 5,000 digits": json.dumps({**BOARD, "version": 0}).replace("0", "1" * 5000),
    "half of a surrogate pair": json.dumps({**BOARD, "title": "\ud800"}),
    "a list of variables with a number in it": json.dumps({**BOARD, "templating": {"list": [1]}}),
    "variables that are a list": json.dumps({**BOARD, "templating": [1]}),
    "a variable whose name is no text": json.dumps(variable(name=5)),
    "sort as a word": json.dumps(variable(sort="asc")),
    "auto_count as a word": json.dumps(variable(type="interval", auto=True, auto_count="many", query="1m,$__auto")),
    "a huge intervalFactor": json.dumps(
        {
            **BOARD,
            "panels": [{**BOARD["panels"][0], "targets": [{"refId": "A", "expr": "up", "intervalFactor": 10**30}]}],
        }
    ),
}


@pytest.mark.parametrize("command", ["diff", "verify", "push", "status"])
@pytest.mark.parametrize("what", FOUND)
def test_what_once_ended_in_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, command: str
) -> None:
    (tmp_path / "old.json").write_text(json.dumps(BOARD))
    (tmp_path / "new.json").write_text(FOUND[what])
    monkeypatch.setenv("GRAFANA_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("llumnix_dash.http.retry.pause", lambda *_: 0.0)
    new = tmp_path / "new.json"
    arguments: dict[str, list[Any]] = {
        "diff": [tmp_path / "old.json", new],
        "verify": [new, "--prometheus", "http://127.0.0.1:9"],
        "push": [new],
        "status": [new],
    }
    ran = run(command, *arguments[command])
    assert ran.code in {0, 1, 2, 3}
    assert "Traceback" not in ran.told
    assert "does not foresee" not in ran.err
    if what == "900 deep":
        assert "nested too deeply" in ran.err, "and not only as no server is asked here"
