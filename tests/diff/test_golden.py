"""One kind of change a pair: what the command says of it, as text and as Markdown, to be read by a person.

The JSON has the same content; it stands for two pairs, and tests/diff/test_json.py holds its form for all.

``pytest --regenerate`` writes the expected texts and docs/diff-examples.md anew; to add a pair, add a folder with
old.json and new.json.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from llumnix_dash.cli.diff import command
from tests.conftest import GOLDEN

PAIRS = sorted(path.parent for path in (GOLDEN / "diff").glob("*/old.json"))
DOCS = Path(__file__).parents[2] / "docs" / "diff-examples.md"
EXPECTED = {"text": "expected.txt", "markdown": "expected.md"}
WITH_JSON = ("query-changed", "hostile-text")

_FENCE = "````````"  # some example has a fence in its query

_HEAD = """# What `llumnix-dash diff` says

One kind of change an example: the text for a terminal and the Markdown as a pull request shows it; of two, also the
JSON for a program. Each is what the command prints for the two files; the tests hold it so. How to use it:
[diff.md](diff.md).
"""


def said(pair: Path, output_format: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(pair)
    result = CliRunner().invoke(command, ["old.json", "new.json", "--format", output_format])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_there_are_enough_pairs() -> None:
    assert len(PAIRS) >= 25


@pytest.mark.parametrize("output_format", EXPECTED)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_what_is_said(
    pair: Path, output_format: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    golden(pair / EXPECTED[output_format], said(pair, output_format, monkeypatch))


@pytest.mark.parametrize("name", WITH_JSON)
def test_what_is_said_to_a_program(
    name: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = GOLDEN / "diff" / name
    golden(pair / "expected.json", said(pair, "json", monkeypatch))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_pair_that_is_named_no_change_has_none(pair: Path) -> None:
    arguments = [str(pair / "old.json"), str(pair / "new.json"), "--exit-code"]
    assert CliRunner().invoke(command, arguments).exit_code == (0 if pair.name.endswith("no-change") else 1)


def test_the_examples_in_the_docs_are_fresh(
    golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    golden(DOCS, "\n".join([_HEAD, *(_example(pair, monkeypatch) for pair in PAIRS)]))


def _example(pair: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    text, markdown = (said(pair, output_format, monkeypatch).rstrip() for output_format in EXPECTED)
    folder = f"../tests/golden/diff/{pair.name}"
    example = f"""## {pair.name.replace("-", " ").capitalize()}

From [old.json]({folder}/old.json) to [new.json]({folder}/new.json):

{_FENCE}text
{text}
{_FENCE}

As Markdown:

{markdown}
"""
    if pair.name not in WITH_JSON:
        return example
    document = said(pair, "json", monkeypatch).rstrip()
    return f"""{example}
<details><summary>As JSON</summary>

{_FENCE}json
{document}
{_FENCE}

</details>
"""
