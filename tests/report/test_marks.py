"""Carets stand beneath what they mark, also where a line had to be broken."""

import pytest

from llumnix_dash.report.marks import Span, marked, underline


@pytest.mark.parametrize(("start", "end", "carets"), [(0, 3, "^^^"), (5, 9, "     ^^^^"), (2, 2, "  ^")])
def test_underline(start: int, end: int, carets: str) -> None:
    assert underline("sum(rate)", start, end) == f"sum(rate)\n{carets}"


@pytest.mark.parametrize(
    ("text", "span", "carets"),
    [
        ("up", None, [""]),
        ("sum(up", (6, 7), ["      ^"]),
        ("a + b", (4, 5), ["    ^"]),
        ("first\nsecond", (6, 12), ["", "^^^^^^"]),
        ("first\nsecond", (3, 8), ["   ^^", "^^"]),
    ],
)
def test_a_span_is_marked_beneath_its_line(text: str, span: Span | None, carets: list[str]) -> None:
    found = list(marked(text.split("\n"), [span] if span else []))
    assert [line.text for line in found] == text.split("\n")
    assert [line.carets for line in found] == carets


def test_a_long_line_is_broken_between_words_and_the_carets_go_with_it() -> None:
    words = [f"word{number:02}" for number in range(30)]
    text = " ".join(words)
    found = list(marked([text], [(text.index("word20"), text.index("word22"))]))
    assert "".join(line.text for line in found) == text
    assert all(line.text.endswith(" ") for line in found[:-1])
    assert max(len(line.text) for line in found) <= 130
    assert "".join(line.text[at] for line in found for at, mark in enumerate(line.carets) if mark == "^") == (
        "word20 word21 "
    )


@pytest.mark.parametrize(("length", "lengths"), [(130, [130]), (131, [110, 21])])
def test_a_line_that_is_hardly_too_wide_stays_whole(length: int, lengths: list[int]) -> None:
    assert [len(line.text) for line in marked(["x" * length], [])] == lengths
