"""What lets a panel without data pass, and what does not: allowed blanks, and what had data on the base."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from llumnix_dash.cli import main
from llumnix_dash.errors import UserError
from llumnix_dash.verify.gate import read_allowed
from tests.prometheus.fleet import Store


def board(*panels: tuple[int, str, str]) -> dict[str, Any]:
    return {
        "uid": "board",
        "title": "Board",
        "panels": [
            {"id": number, "title": title, "targets": [{"refId": "A", "expr": expr}]} for number, title, expr in panels
        ],
    }


def written(path: Path, *panels: tuple[int, str, str]) -> str:
    path.write_text(json.dumps(board(*panels)))
    return str(path)


class Told(dict[str, str]):
    """Panel -> status, with the exit code and what else was said."""

    code: int
    err: str
    lost: list[str]


@pytest.fixture
def verify(store: Store, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> Told:
        options = ["--prometheus", store.url, "--to", str(store.end), "--format", "json"]
        with pytest.raises(SystemExit) as stopped:
            main(["verify", *arguments, *options])
        captured = capsys.readouterr()
        panels = json.loads(captured.out)["dashboards"][0]["panels"] if captured.out else []
        told = Told({panel["title"]: panel["status"] for panel in panels})
        told.code, told.err = int(str(stopped.value.code)), captured.err
        told.lost = [panel["title"] for panel in panels if panel["lost"]]
        return told

    return run


def test_blanks_pass_where_only_errors_fail(verify: Any, tmp_path: Path) -> None:
    blank = written(tmp_path / "blank.json", (1, "Blank", "no_such_metric"))
    broken = written(tmp_path / "broken.json", (1, "Broken", "sum("))
    assert (verify(blank).code, verify(blank, "--fail-on", "error").code) == (1, 0)
    assert verify(broken, "--fail-on", "error").code == 1


def test_a_regression_is_what_had_data_on_the_base(verify: Any, tmp_path: Path) -> None:
    base = written(
        tmp_path / "base.json",
        (1, "Lost", "request_total"),
        (2, "Always blank", "no_such_metric"),
        (3, "Renamed", "request_total"),
        (4, "Always broken", "sum("),
    )
    new = written(
        tmp_path / "new.json",
        (7, "Lost", "request_totals"),
        (2, "Always blank", "no_such_metric"),
        (3, "Renamed since", "request_totals"),
        (4, "Always broken", "sum("),
        (5, "New and blank", "no_such_metric"),
        (6, "New and broken", "sum("),
    )
    told = verify(new, "--fail-on", "regression", "--base", base)
    assert (told.lost, told.code) == (["Lost", "Renamed since", "New and broken"], 1)
    assert verify(base, "--fail-on", "regression", "--base", base).code == 0


def test_the_base_may_be_a_revision(verify: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    written(tmp_path / "board.json", (1, "Requests", "request_total"))
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "before"]):
        subprocess.run([*git, *command], check=True)
    written(tmp_path / "board.json", (1, "Requests", "request_totals"))
    told = verify("board.json", "--fail-on", "regression", "--base", "git:HEAD:board.json")
    assert (told.lost, told.code) == (["Requests"], 1)


def test_an_allowed_blank_passes_with_its_reason(verify: Any, tmp_path: Path) -> None:
    allow = tmp_path / "allow.toml"
    allow.write_text(
        '[[allow]]\npanel = "Bl*"\nreason = "no sensors here"\n'
        '[[allow]]\ndashboard = "Other"\npanel = "Broken"\nreason = "never"\n'
    )
    path = written(tmp_path / "board.json", (1, "Blank", "no_such_metric"), (2, "Broken", "sum("))
    told = verify(path, "--allow", str(allow))
    assert (told, told.code) == ({"Blank": "allowed", "Broken": "error"}, 1)
    assert "allows 'Broken' to be blank, and no such panel is" in told.err
    assert verify(written(tmp_path / "b.json", (1, "Blank", "no_such_metric")), "--allow", str(allow)).code == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[allow]\n", "is not TOML"),
        ('[[allow]]\npanel = "x"\n', "reason"),
        ('[[allow]]\npanel = "x"\nreason = "y"\nrow = "z"\n', "row"),
    ],
)
def test_a_list_of_another_form_is_told_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "allow.toml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_allowed(path)
    assert says in caught.value.summary
    assert str(path) in caught.value.render()


@pytest.mark.parametrize(
    "arguments", [["--fail-on", "regression"], ["--base", "x.json"], ["--datasource", "Loki"]], ids=" ".join
)
def test_options_that_make_no_sense_are_refused(verify: Any, tmp_path: Path, arguments: list[str]) -> None:
    assert verify(written(tmp_path / "board.json", (1, "Up", "up")), *arguments).code == 2


def test_a_data_source_of_an_old_name_is_asked_only_if_it_is_a_prometheus(verify: Any, tmp_path: Path) -> None:
    json_board = board((1, "Logs", "request_total"), (2, "Metrics", "request_total"))
    json_board["panels"][0]["datasource"] = "Loki"
    json_board["panels"][1]["datasource"] = "Prometheus EU"
    path = tmp_path / "board.json"
    path.write_text(json.dumps(json_board))
    assert verify(str(path)) == {"Logs": "skipped", "Metrics": "ok"}
    other = verify(str(path), "--datasource", "Loki=prometheus", "--datasource", "Prometheus EU=skip")
    assert other == {"Logs": "ok", "Metrics": "skipped"}


def test_a_hidden_query_runs_where_an_expression_works_on_it(verify: Any, tmp_path: Path) -> None:
    json_board = board((1, "Sum", "sum("))
    expression = {"refId": "C", "type": "math", "expression": "$A * 2", "datasource": {"type": "__expr__"}}
    json_board["panels"][0]["targets"] = [
        {"refId": "A", "expr": "sum(", "hide": True},
        {"refId": "B", "expr": "count(", "hide": True},
        expression,
    ]
    path = tmp_path / "board.json"
    path.write_text(json.dumps(json_board))
    assert verify(str(path)) == {"Sum": "error"}
    json_board["panels"][0]["targets"] = [json_board["panels"][0]["targets"][1], expression]
    path.write_text(json.dumps(json_board))
    assert verify(str(path)) == {"Sum": "skipped"}
