"""The metrics that a query names."""

import pytest

from llumnix_dash.prometheus.selectors import Selector, compares, selectors


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("up", ["up"]),
        (
            'sum by (le) (rate(x_bucket{job="a",le=~"2|3"}[5m] offset 1h)) / on () group_left () up',
            ['x_bucket{job="a",le=~"2|3"}', "up"],
        ),
        ("max_over_time(rate(x[5m])[1h:1m] @ end())", ["x"]),
        ('{__name__="vllm:x", a!="b"}', ['vllm:x{a!="b"}']),
        ('{__name__=~"a|b"}', ['{__name__=~"a|b"}']),
        ("up + up", ["up"]),
        ("vector(1)", []),
        ("not ( promql", []),
    ],
)
def test_each_selector_is_found_once(expr: str, expected: list[str]) -> None:
    assert [str(selector) for selector in selectors(expr)] == expected


def test_a_selector_is_written_so_that_it_reads_back() -> None:
    selector = Selector("x", (("a", "=", 'say "hi" \\ \n'), ("b", "!~", "c.*")))
    assert selectors(str(selector)) == (selector,)


@pytest.mark.parametrize(
    ("matchers", "value", "allowed"),
    [
        ((("role", "=", "a"),), "a", True),
        ((("role", "=", "a"),), "b", False),
        ((("role", "!=", "a"),), "a", False),
        ((("role", "=~", "a|b"),), "b", True),
        ((("role", "=~", "a"),), "ab", False),
        ((("role", "!~", "a.*"),), "ab", False),
        ((("role", "=~", ".*"), ("role", "!=", "b")), "b", False),
        ((("other", "=", "a"),), "b", True),
    ],
)
def test_what_matchers_allow(matchers: tuple[tuple[str, str, str], ...], value: str, allowed: bool) -> None:
    assert Selector("x", matchers).allows("role", value) == allowed


@pytest.mark.parametrize(
    ("expr", "expected"), [("a > 1", True), ("sum(a == b)", True), ("a + b and c", False), ("(", False)]
)
def test_a_comparison_is_seen(expr: str, expected: bool) -> None:
    assert compares(expr) == expected
