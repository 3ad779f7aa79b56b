"""From code to files: which dashboards, which bytes, and what is said where a module fails."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from llumnix_dash import generate, modules
from llumnix_dash.dashboards import DASHBOARDS
from llumnix_dash.document.canonical import canonical
from llumnix_dash.errors import UserError
from llumnix_dash.rulefiles import rule_files
from tests.reading import DASHBOARDS as MADE

ROOT = Path(__file__).parent.parent
FILES = [f"{one.uid}.json" for one in DASHBOARDS]
MINIMAL = """
from grafanalib.core import Dashboard

dashboard = Dashboard(title="Mine", uid={uid!r}, rows=[])
"""


def test_the_registry_and_the_folder_agree() -> None:
    """A module that nobody lists would never be generated, checked or linked to."""
    shared = {"__init__", "capacity", "headline"}
    unlisted = {path.stem for path in (ROOT / "dashboards").glob("*.py")} - shared - {one.module for one in DASHBOARDS}
    assert not unlisted, (
        f"dashboards/{min(unlisted)}.py is not listed: add Listed({min(unlisted)!r}, <its uid>, <the links' text>) to"
        " DASHBOARDS in dashboards/__init__.py (or, if it only has what dashboards share, to `shared` in this test)"
    )
    for one in DASHBOARDS:
        uid = modules.own(one.module).uid
        assert uid == one.uid, f"dashboards/__init__.py gives {one.module} the uid {one.uid!r}; its module has {uid!r}"


def test_all_in_the_order_in_which_people_look_at_them() -> None:
    assert [one.file_name for one in generate.generate()] == FILES
    assert list(generate.load_dashboards()) == FILES


@pytest.mark.parametrize("name", ["vllm", "vllm-dashboard", "vllm-dashboard.json"])
def test_a_dashboard_is_known_by_name_uid_and_file(name: str) -> None:
    assert [one.file_name for one in generate.generate([name])] == ["vllm-dashboard.json"]


def test_names_in_any_order_and_twice() -> None:
    names = ["vllm", "llumnix-request-dashboard", "request"]
    assert [one.name for one in generate.generate(names)] == ["request", "vllm"]


@pytest.mark.parametrize(
    ("name", "hint"), [("requests", "request"), ("llumnix-cms", "cms"), ("vlm", "vllm"), ("nothing-like-it", None)]
)
def test_an_unknown_name_lists_the_known_and_suggests_the_nearest(name: str, hint: str | None) -> None:
    with pytest.raises(UserError) as caught:
        generate.generate([name])
    assert caught.value.summary == f"there is no dashboard {name!r}"
    assert caught.value.detail == f"there are: {', '.join(one.module for one in DASHBOARDS)}"
    assert caught.value.hint == hint


def test_what_is_generated_is_canonical() -> None:
    for one in generate.generate():
        assert canonical(one.dashboard) == one.dashboard
        assert json.loads(one.text) == one.dashboard


def test_the_committed_files_are_fresh() -> None:
    made = [*generate.generate(), *rule_files()]
    states = generate.check(made, ROOT / generate.DEFAULT_OUTPUT_DIR, complete=True)
    stale = [f"{one.path.name} is {one.state}" for one in states if one.state != "unchanged"]
    assert not stale, f"{', '.join(stale)}: run `make generate`, read the diff and commit the files"


def test_files_are_written_once(tmp_path: Path) -> None:
    made = generate.generate()
    assert {one.state for one in generate.write(made, tmp_path / "new" / "folder")} == {"written"}
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "new" / "folder").iterdir()}
    assert sorted(path.name for path in stamps) == sorted(FILES)
    assert {one.state for one in generate.write(made, tmp_path / "new" / "folder")} == {"unchanged"}
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_check_names_stale_missing_and_unexpected_files_and_writes_nothing(tmp_path: Path) -> None:
    made = generate.generate()
    generate.write(made, tmp_path)
    (tmp_path / FILES[0]).write_text("{}", encoding="utf-8")
    (tmp_path / FILES[1]).unlink()
    (tmp_path / "former-dashboard.json").write_text("{}", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a dashboard", encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    states = {one.path.name: one.state for one in generate.check(made, tmp_path, complete=True)}
    assert states == {
        FILES[0]: "stale",
        FILES[1]: "missing",
        **dict.fromkeys(FILES[2:], "unchanged"),
        "former-dashboard.json": "unexpected",
    }
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_check_of_some_dashboards_expects_the_others_files(tmp_path: Path) -> None:
    generate.write(generate.generate(), tmp_path)
    states = generate.check(generate.generate(["lrs"]), tmp_path, complete=False)
    assert [(one.path.name, one.state) for one in states] == [("llumnix-lrs-dashboard.json", "unchanged")]


def test_a_folder_that_is_not_there_misses_every_file(tmp_path: Path) -> None:
    states = generate.check(generate.generate(), tmp_path / "nowhere", complete=True)
    assert [one.state for one in states] == ["missing"] * len(DASHBOARDS)
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_no_text_cannot_be_compared(tmp_path: Path) -> None:
    (tmp_path / "llumnix-request-dashboard.json").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"cannot read .*llumnix-request-dashboard.json"):
        generate.check(generate.generate(["request"]), tmp_path, complete=False)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4242", "LC_ALL": "C", "TZ": "Asia/Shanghai"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONOPTIMIZE": "2", "TZ": "America/St_Johns"},
    ],
    ids=str,
)
def test_the_same_bytes_anywhere(environment: dict[str, str], tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "llumnix_dash", "generate", "--output-dir", "out"],
        check=True,
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    for one in generate.generate():
        assert (tmp_path / "out" / one.file_name).read_bytes() == one.text.encode()


@pytest.mark.parametrize("name", [one.module for one in DASHBOARDS])
def test_grafanalibs_own_program_gives_the_same_dashboard(name: str, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("generate-dashboard")
    subprocess.run(
        [program, f"dashboards/{name}.py", "-o", tmp_path / "x.json"],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    theirs = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert canonical(theirs) == MADE[theirs["uid"]]


def all_from(source: Path, names: Sequence[str] = ()) -> list[generate.Generated]:
    """The dashboards; an error where one failed."""
    made, failures = generate.generate_from(source, names)
    for failure in failures:
        raise failure
    return made


def write_modules(folder: Path, **contents: str) -> None:
    """Python files: ``a__b`` is ``a/b.py``."""
    for name, text in contents.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class TestFromOtherPeople:
    def test_a_file_in_grafanalibs_manner(self, tmp_path: Path) -> None:
        (tmp_path / "mine.dashboard.py").write_text(MINIMAL.format(uid="mine-uid"), encoding="utf-8")
        (made,) = all_from(tmp_path / "mine.dashboard.py")
        assert (made.name, made.file_name) == ("mine", "mine-uid.json")
        assert made.dashboard["title"] == "Mine"
        assert canonical(made.dashboard) == made.dashboard

    def test_a_folder_of_modules_that_import_one_another(self, tmp_path: Path) -> None:
        (tmp_path / "shared_titles.py").write_text("TITLE = 'Ours'\n", encoding="utf-8")
        (tmp_path / "b.py").write_text(
            "from grafanalib.core import Dashboard\nfrom shared_titles import TITLE\n"
            "dashboard = Dashboard(title=TITLE, rows=[])\n",
            encoding="utf-8",
        )
        (tmp_path / "a.py").write_text(MINIMAL.format(uid="a-uid"), encoding="utf-8")
        made = all_from(tmp_path)
        assert [(one.name, one.file_name) for one in made] == [("a", "a-uid.json"), ("b", "b.json")]
        assert [one.name for one in all_from(tmp_path, ["b"])] == ["b"]

    def test_our_own_folder_gives_our_own_dashboards(self) -> None:
        made = {one.file_name: one.dashboard for one in all_from(ROOT / "dashboards")}
        assert made == generate.load_dashboards()

    def test_only_modules_with_a_dashboard_are_run(self, tmp_path: Path) -> None:
        harm = "raise SystemExit('uploaded')\n"
        write_modules(
            tmp_path,
            upload=f"# sends every dashboard\n{harm}",
            within=f"def make():\n    dashboard = 1\n{harm}",
            team__deep__mine=MINIMAL.format(uid="deep"),
            **dict.fromkeys((".hidden__a", "venv__lib__a"), f"{harm}dashboard = 1\n"),
        )
        (tmp_path / "venv" / "pyvenv.cfg").write_text("", encoding="utf-8")
        (tmp_path / "__pycache__").mkdir()
        (tmp_path / "__pycache__" / "a.py").write_text(f"{harm}dashboard = 1\n", encoding="utf-8")
        (tmp_path / "made.dashboard.py").write_text(
            "from team.deep import mine\nglobals()['dash' + 'board'] = mine.dashboard\nmine.dashboard.uid = 'made'\n",
            encoding="utf-8",
        )
        assert [one.file_name for one in all_from(tmp_path)] == ["made.json", "deep.json"]

    @pytest.mark.parametrize(
        "binding",
        [
            "dashboard: object = mine",
            "other = dashboard = mine",
            "dashboard, other = mine, 1",
            "if True:\n    dashboard = mine",
            "try:\n    import nothing_like_it\nexcept ImportError:\n    dashboard = mine",
            "from grafanalib import core\nmine_too = mine\n(dashboard := mine)",
        ],
    )
    def test_any_assignment_at_the_top_is_found(self, binding: str, tmp_path: Path) -> None:
        write_modules(tmp_path, mine=MINIMAL.format(uid="mine").replace("\ndashboard", "\nmine") + binding + "\n")
        assert [one.file_name for one in all_from(tmp_path)] == ["mine.json"]

    def test_one_failure_does_not_stop_the_others(self, tmp_path: Path) -> None:
        write_modules(
            tmp_path,
            a="dashboard = (\n",
            b=MINIMAL.format(uid="b"),
            c="1 / 0\ndashboard = 1\n",
            d="dashboard = {}\n",
            e=MINIMAL.format(uid="e"),
        )
        made, failures = generate.generate_from(tmp_path)
        assert [one.name for one in made] == ["b", "e"]
        assert [one.where for one in failures] == [f"{tmp_path}/a.py:1", f"{tmp_path}/c.py:1", None]
        assert failures[2].summary == "`dashboard` of d is a dict, not a grafanalib dashboard"

    def test_a_file_that_cannot_be_read_does_not_stop_the_others(self, tmp_path: Path) -> None:
        write_modules(tmp_path, b=MINIMAL.format(uid="b"))
        (tmp_path / "a.py").symlink_to(tmp_path / "nowhere")
        made, failures = generate.generate_from(tmp_path)
        assert [one.name for one in made] == ["b"]
        assert [one.summary for one in failures] == [f"cannot read {tmp_path}/a.py: No such file or directory"]

    def test_each_folder_has_its_own_siblings(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            write_modules(
                tmp_path,
                **{
                    f"{name}__shared_uid": f"UID = {name!r}\n",
                    f"{name}__sibling": "from shared_uid import UID\n" + MINIMAL.replace("{uid!r}", "UID"),
                    f"{name}__relative": "from .shared_uid import UID\n"
                    + MINIMAL.replace("{uid!r}", "UID + '-relative'"),
                },
            )
        assert [one.file_name for one in all_from(tmp_path)] == [
            "one-relative.json",
            "one.json",
            "two-relative.json",
            "two.json",
        ]

    @pytest.mark.parametrize("inside", [".venv/lib/python3/site-packages", "tools/environment"])
    def test_an_error_in_a_library_names_the_line_of_the_dashboard(self, inside: str, tmp_path: Path) -> None:
        library = tmp_path / inside
        library.mkdir(parents=True)
        (library.parent / "pyvenv.cfg").write_text("", encoding="utf-8")
        (library / "a_library.py").write_text("def build():\n    raise ValueError('no')\n", encoding="utf-8")
        (library / "a_broken_library.py").write_text("x = (\n", encoding="utf-8")
        start = f"import sys\nsys.path.insert(0, {str(library)!r})\n"
        write_modules(
            tmp_path,
            mine=f"{start}import a_library\n\ndashboard = a_library.build()\n",
            other=f"{start}import a_broken_library\ndashboard = 1\n",
        )
        _, failures = generate.generate_from(tmp_path)
        assert [one.where for one in failures] == [f"{tmp_path}/mine.py:5", f"{tmp_path}/other.py:3"]

    def test_the_search_path_is_left_as_it_was(self, tmp_path: Path) -> None:
        before = list(sys.path)
        (tmp_path / "broken.py").write_text("1 / 0\ndashboard = 1\n", encoding="utf-8")
        with pytest.raises(UserError):
            all_from(tmp_path)
        assert sys.path == before

    def test_two_dashboards_of_one_uid(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / f"{name}.py").write_text(MINIMAL.format(uid="same"), encoding="utf-8")
        with pytest.raises(UserError, match=r"a and b would share the file same\.json"):
            all_from(tmp_path)

    @pytest.mark.parametrize(
        ("code", "summary", "line"),
        [
            ("import os\n\nos.nothing\n", "AttributeError: module 'os' has no attribute 'nothing'", 3),
            ("dashboard = (\n", "SyntaxError: '(' was never closed", 1),
            ("\nimport no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'", 2),
            ("def deep():\n    return {}['a']\n\n\ndeep()\n", "KeyError: 'a'", 2),
            ("import json\njson.loads('{')\n", "JSONDecodeError", 2),
            ("raise SystemExit('bye')\n", "SystemExit: bye", 1),
        ],
    )
    def test_an_error_names_its_file_and_line(self, code: str, summary: str, line: int, tmp_path: Path) -> None:
        path = tmp_path / "broken.py"
        path.write_text(code, encoding="utf-8")
        with pytest.raises(UserError) as caught:
            all_from(path)
        assert caught.value.summary.startswith("the dashboard cannot be built: ")
        assert summary in caught.value.summary
        assert caught.value.where == f"{path}:{line}"

    def test_a_mistake_in_a_query_names_the_line_of_the_panel(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.py"
        path.write_text(
            "from llumnix_dash.catalog import gateway\nfrom llumnix_dash.panels import quantiles\n\n"
            "panel = quantiles('a', 'A', gateway.REQUESTS)\n",
            encoding="utf-8",
        )
        with pytest.raises(UserError) as caught:
            all_from(path)
        assert caught.value.render() == (
            f"a quantile of request_total means nothing: it is a counter\n  at {path}:4\n  try: a histogram"
        )

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("dashboard = {'title': 'Mine'}\n", "`dashboard` of mine is a dict, not a grafanalib dashboard"),
            ("x = 1\n", "nothing in .*mine.py has a variable `dashboard`"),
            (
                "class Mine:\n    def to_json_data(self):\n        return {'uid': object()}\ndashboard = Mine()\n",
                "the dashboard of mine does not turn into JSON: object .* is not JSON",
            ),
            (
                "class Mine:\n    def to_json_data(self):\n        return {'uid': 'a', 'title': '\\ud800'}\n"
                "dashboard = Mine()\n",
                "the dashboard of mine does not turn into JSON: .*surrogates",
            ),
            (
                "class Mine:\n    def to_json_data(self):\n        return ['a']\ndashboard = Mine()\n",
                "the dashboard of mine does not turn into JSON",
            ),
            (
                "class Mine:\n    def to_json_data(self):\n        return {'a': {1: 2}}\ndashboard = Mine()\n",
                "the dashboard of mine does not turn into JSON",
            ),
            (
                "class Mine:\n    def to_json_data(self):\n        return {'uid': '../evil'}\ndashboard = Mine()\n",
                r"Grafana does not take the uid '\.\./evil' of mine",
            ),
        ],
    )
    def test_what_is_no_dashboard(self, code: str, message: str, tmp_path: Path) -> None:
        (tmp_path / "mine.py").write_text(code, encoding="utf-8")
        with pytest.raises(UserError, match=message):
            all_from(tmp_path / "mine.py")

    def test_a_path_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"there is no file or folder .*nothing\.py"):
            all_from(tmp_path / "nothing.py")

    def test_a_file_that_is_no_python(self, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("hello", encoding="utf-8")
        with pytest.raises(UserError, match="is no Python file"):
            all_from(tmp_path / "mine.txt")

    def test_a_folder_without_dashboards(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"nothing in .* has a variable `dashboard`"):
            all_from(tmp_path)
