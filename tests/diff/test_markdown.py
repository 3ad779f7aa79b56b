"""Nothing from a dashboard breaks out of its cell, its fence or its line, and nothing is too long."""

import copy
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from llumnix_dash.diff import markdown
from llumnix_dash.diff.changes import DashboardDiff, Report
from llumnix_dash.diff.compare import compare
from llumnix_dash.report.markdown import code
from tests.diff.test_edits import board

# As GitHub reads it: tables, strikethrough, raw HTML, and addresses that become links by themselves.
GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": True})
OURS = {"details", "summary", "code"}

_PIECES = [
    *(
        "|",
        "\\",
        "`",
        "```",
        "~~~",
        "**",
        "&lt;",
        "![",
        "]",
        "(",
        "www.evil.example",
        "<b>",
        "</details>",
        "<!--",
        "-->",
        ":tada:",
        "$a$",
    ),
    *(
        "@octocat",
        "#1",
        "a_b_c",
        "[x](http://evil.example)",
        "http://evil.example",
        "www.evil.example",
        "a@evil.example",
    ),
]
_BLANKS_AND_MARKS = ["\n", "\r", "\u202e", "\x1b[31m", "\u2028", " ", "- ", "# ", "> ", "1. ", "\ud800"]
HOSTILE = st.text(max_size=20) | st.lists(st.sampled_from(_PIECES + _BLANKS_AND_MARKS), max_size=8).map("".join)


def hostile_difference(text: str, title: str) -> DashboardDiff:
    old, new = board(), board()
    panel = new["panels"][1]
    panel["title"] = title
    panel["targets"][0].update(expr=text, legendFormat=title)
    panel["targets"].append({"refId": text, "expr": title, "legendFormat": text})
    panel["fieldConfig"]["defaults"].update(unit=text, color={"mode": title})
    panel["fieldConfig"]["overrides"][0]["matcher"]["options"] = title
    old["panels"][1]["description"], panel["description"] = f"{text}\nbefore", f"{text}\nafter"
    panel["type"] = title
    panel[text] = title
    new["templating"]["list"][0].update(name=title, query=text)
    new["panels"][7]["title"] = title
    new["title"] = title
    new["links"] = [{"title": text, "url": title}]
    moved = new["panels"].pop(3)
    moved["gridPos"]["y"] = 70
    new["panels"].append(moved)
    return compare(old, new)


@given(HOSTILE, HOSTILE)
@example("@octocat", "@octocat")
@example("```", "a | b")
@example("\n```\n</details>", "a \\| b")
def test_nothing_breaks_out(text: str, title: str) -> None:
    difference = hostile_difference(text, title)
    rendered = markdown.render(Report((difference,), 1))
    tokens = GITHUB.parse(rendered)
    inline = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in tokens} <= _BLOCKS
    assert {token.type for token in inline} <= _INLINE
    html = [token.content for token in (*tokens, *inline) if token.type in ("html_block", "html_inline")]
    tags = [tag for piece in html for tag in re.findall(r"</?([a-zA-Z!][\w-]*)", piece)]
    assert set(tags) <= OURS
    # Each section that is opened is closed, each thing has one or two; the table has one row, of the header's width.
    opened = sum(len(re.findall(r"<details(?: open)?>", piece)) for piece in html)
    assert opened == sum(piece.count("</details>") for piece in html)
    assert len(difference.items) <= opened <= 2 * len(difference.items)
    assert [token.info for token in tokens if token.type == "fence"] == ["diff"] * _count(tokens, "fence")
    assert _count(tokens, "tr_open") == 2
    cells = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "td_open"]
    assert cells[:2] == [code(difference.title), "changed"]
    assert _count(tokens, "td_open") == _count(tokens, "th_open") == 6
    for mention in re.finditer("@", _outside_code(rendered)):
        raise AssertionError(f"a mention outside of code: {mention}")


_INLINE = {"text", "html_inline", "em_open", "em_close", "strong_open", "strong_close"}
_BLOCKS = {
    *("paragraph_open", "paragraph_close", "inline", "heading_open", "heading_close", "html_block", "fence"),
    *("table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close"),
    *("tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close"),
    *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
}


def _count(tokens: list[Any], kind: str) -> int:
    return sum(token.type == kind for token in tokens)


class _OutsideCode(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.depth += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.text += data if not self.depth else ""


def _outside_code(rendered: str) -> str:
    """The text that GitHub looks through for mentions, after Markdown has become HTML."""
    parser = _OutsideCode()
    parser.feed(GITHUB.render(rendered.encode("utf-8", "replace").decode()))
    return parser.text


@given(HOSTILE)
def test_code_shows_the_text_as_it_is(text: str) -> None:
    class Content(_OutsideCode):
        def handle_data(self, data: str) -> None:
            self.text += data

    parser = Content()
    parser.feed(code(text))
    if text.isprintable() and len(text) < 100:
        assert parser.text == (" ".join(text.split()) or " ")


@pytest.mark.parametrize("count", [100, 2000])
def test_what_is_too_long_is_cut_and_named(count: int) -> None:
    old, new = board(), board()
    old["panels"] = []
    new["panels"] = [
        {"id": 1000 + number, "type": "timeseries", "title": f"Panel é{number}", "targets": [{"expr": "x" * 900}]}
        for number in range(count)
    ]
    rendered = markdown.render(Report((compare(old, new),), 1))
    assert 55_000 < len(rendered) <= 65_000
    assert re.search(r"Left out, to keep the comment short\*\* \(\d+, \d+ query changes among them\)", rendered)
    shown = set(re.findall(r"<summary><code>Panel é(\d+)</code>", rendered))
    named = set(re.findall(r"<code>Panel é(\d+)</code>", rendered.partition("Left out")[2]))
    more = int(match[1]) if (match := re.search(r"and (\d+) more", rendered.partition("Left out")[2])) else 0
    assert not shown & named
    assert len(shown) + len(named) + more == count, "every panel is shown, named or counted"
    assert GITHUB.render(rendered).count("<details open>") == len(re.findall("<details open>", rendered))


def test_many_dashboards_are_within_the_limit() -> None:
    old = board()
    differences = []
    for number in range(3000):
        new = copy.deepcopy(old)
        new["title"] = f"Dashboard {number}"
        differences.append(compare(old, new))
    rendered = markdown.render(Report(tuple(differences), 3000, ("cannot read " + "x" * 1000,) * 500))
    assert len(rendered) <= 65_000
    assert re.search(r"\| and \d+ more \|", rendered)


def test_what_may_change_a_number_comes_first_and_is_never_left_out_for_what_cannot() -> None:
    old, new = board(), board()
    for number in range(300):
        panel = {
            "id": 1000 + number,
            "type": "timeseries",
            "title": f"Panel {number}",
            "targets": [{"expr": f"m{number}"}],
        }
        old["panels"].append(panel)
        new["panels"].append({**panel, "description": f"{number} " + "words " * 100})
    new["panels"][-1]["targets"] = [{"expr": "rate(m299[5m])"}]
    rendered = markdown.render(Report((compare(old, new),), 1))
    assert len(rendered) <= 20_000
    assert rendered.index("rate(m299[5m])") < rendered.index("<code>Panel 0</code>")
    assert "no query change among them" in rendered
    assert re.search(r"<details open><summary><code>Panel 299</code>: query changed", rendered)
