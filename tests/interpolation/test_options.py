"""The options of a drop-down: regex, groups, sort, and the list of a custom variable."""

import pytest

from llumnix_dash.errors import QueryError
from llumnix_dash.interpolation.options import Option, from_list, from_query


def values(found: list[str], regex: str = "", sort: int = 0) -> list[str]:
    return [option.value for option in from_query(found, regex, sort)]


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        ("", ["prod-a", "prod-b", "test-a"]),
        ("/prod/", ["prod-a", "prod-b"]),
        ("/PROD/i", ["prod-a", "prod-b"]),
        ("prod", []),
        ("prod-.", ["prod-a", "prod-b"]),
        (r"/(\w+)-/", ["prod", "test"]),
        (r"/(?<text>\w+)-(?<value>\w)/", ["a", "b"]),
        (r"/(?<value>\w+)-/", ["prod", "test"]),
        (r"/([a-z])-?/g", ["p", "r", "o", "d", "a", "b", "t", "e", "s"]),
        (r"/^(?!test)/", ["prod-a", "prod-b"]),
    ],
)
def test_the_regex_filters_and_takes_a_part(regex: str, expected: list[str]) -> None:
    assert values(["prod-a", "prod-b", "test-a", "prod-a"], regex) == expected


def test_named_groups_give_text_and_value() -> None:
    options = from_query(['up{name="a",id="1"}'], '/name="(?<text>[^"]+)",id="(?<value>[^"]+)"/', 0)
    assert options == [Option("a", "1")]


@pytest.mark.parametrize("name", ["text", "value"])
def test_one_named_group_gives_both_text_and_value(name: str) -> None:
    assert from_query(["host-7"], rf"/-(?<{name}>\d+)/", 0) == [Option("7", "7")]


def test_of_two_options_with_one_value_the_first_stays() -> None:
    options = from_query(["one=1", "uno=1"], "/(?<text>[^=]+)=(?<value>.+)/", 0)
    assert options == [Option("one", "1")]


@pytest.mark.parametrize("regex", ["/(/", "/open", "(", "/a/x"])
def test_a_regex_that_cannot_be_read_is_told(regex: str) -> None:
    with pytest.raises(QueryError, match="the variable's regex"):
        values(["a"], regex)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (0, ["b10", "B2", "a", "b9"]),
        (1, ["B2", "a", "b10", "b9"]),
        (2, ["b9", "b10", "a", "B2"]),
        (3, ["a", "B2", "b9", "b10"]),
        (4, ["b10", "b9", "B2", "a"]),
        (5, ["a", "b10", "B2", "b9"]),
        (6, ["b9", "B2", "b10", "a"]),
        (7, ["a", "B2", "b9", "b10"]),
        (8, ["b10", "b9", "B2", "a"]),
        (9, ["b10", "B2", "a", "b9"]),
    ],
)
def test_the_sort_orders(sort: int, expected: list[str]) -> None:
    assert values(["b10", "B2", "a", "b9"], sort=sort) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a, b,c ", [("a", "a"), ("b", "b"), ("c", "c")]),
        ("Five : 5m, 1h", [("Five", "5m"), ("1h", "1h")]),
        ("a\\,b, c", [("a,b", "a,b"), ("c", "c")]),
        ("http://x:80", [("http://x:80", "http://x:80")]),
        ("", []),
    ],
)
def test_a_custom_list(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(option.text, option.value) for option in from_list(text)] == expected


def test_a_custom_list_in_json() -> None:
    options = from_list('["a", {"value": 1, "text": "One", "zone": "eu"}, {"value": "b"}]', "json")
    assert [(option.text, option.value) for option in options] == [("a", "a"), ("One", "1"), ("b", "b")]
    assert options[1].fields["zone"] == "eu"


@pytest.mark.parametrize("text", ["{", "5", '[{"text": "a"}]'])
def test_a_custom_list_in_json_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(QueryError, match="JSON array"):
        from_list(text, "json")
