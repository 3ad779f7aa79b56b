"""Variables are written into a query as Grafana's Prometheus data source writes them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.interpolation.interpolate import (
    VariableValue,
    global_variables,
    interpolate,
    interpolate_query,
    references,
)
from llumnix_dash.interpolation.intervals import Intervals
from llumnix_dash.interpolation.timerange import TimeRange

SCOPE = {
    variable.name: variable
    for variable in (
        VariableValue("one", "qwen-7b.v1", "Qwen"),
        VariableValue("quoted", "it's a \\ b"),
        VariableValue("single_of_all", "a.b|c", several=True),
        VariableValue("two", ("a.b", "c+d"), "a.b + c+d", several=True),
        VariableValue("alone", ("a.b",), "a.b", several=True),
        VariableValue("none", (), "All", several=True),
        VariableValue("all", ("a", "b"), "All", several=True, all_value=".+"),
        VariableValue("all_nested", ("a",), "All", several=True, all_value="$one.*"),
        VariableValue("all_itself", ("a",), "All", several=True, all_value="$all_itself|$one"),
        VariableValue("rich", "v1", "text", fields={"zone": "eu"}),
        VariableValue("it's", "no"),
    )
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The three ways to name a variable.
        ("$one ${one} [[one]]", "qwen-7b.v1 qwen-7b.v1 qwen-7b.v1"),
        ('x{a="$one"}', 'x{a="qwen-7b.v1"}'),
        ("${one}_total", "qwen-7b.v1_total"),
        ("$one_total", "$one_total"),
        ("$onex ${unknown} [[unknown]] $", "$onex ${unknown} [[unknown]] $"),
        # The data source's own format.
        ("$quoted", "it\\\\'s a \\\\ b"),
        ("$single_of_all", "a\\\\.b\\\\|c"),
        ("$two", "(a\\\\.b|c\\\\+d)"),
        ("$alone", "a\\\\.b"),
        ("$none", "()"),
        # All with an allValue: raw, whatever the format.
        ("$all ${all:regex} ${all:csv}", ".+ .+ .+"),
        ("${all:text} ${all:percentencode} ${all:queryparam}", "All .%2B var-all=All"),
        ("$all_nested", "qwen-7b.v1.*"),
        # It may name other variables, and its own name is a name like any unknown one.
        ("$all_itself", "$all_itself|qwen-7b.v1"),
        # Named formats.
        ("${two:regex}", "(a\\.b|c\\+d)"),
        ("${one:regex}", "qwen-7b\\.v1"),
        ("${alone:regex}", "a\\.b"),
        ("${two:pipe} [[two:pipe]]", "a.b|c+d a.b|c+d"),
        ("${two:csv} ${two:raw}", "a.b,c+d a.b,c+d"),
        ("${two:join:;}", "a.b;c+d"),
        ("${two:glob} ${alone:glob} ${one:glob}", "{a.b,c+d} a.b qwen-7b.v1"),
        ("${two:unheard_of}", "{a.b,c+d}"),
        ("${two:json} ${one:json}", '["a.b","c+d"] qwen-7b.v1'),
        ("${two:text} ${one:text}", "a.b + c+d Qwen"),
        ("${two:singlequote} ${two:doublequote}", "'a.b','c+d' \"a.b\",\"c+d\""),
        ("${quoted:sqlstring} ${quoted:singlequote}", "'it''s a \\ b' 'it\\'s a \\ b'"),
        ("${two:distributed}", "a.b,two=c+d"),
        ("${two:queryparam}", "var-two=a.b&var-two=c%2Bd"),
        ("${two:percentencode} ${one:percentencode}", "%7Ba.b%2Cc%2Bd%7D qwen-7b.v1"),
        ("${two:lucene} ${one:lucene}", '("a.b" OR "c\\+d") qwen\\-7b.v1'),
        ("${two:html}", "a.b, c+d"),
        # Fields.
        ("${rich.zone} ${rich} ${rich.missing}", "eu v1 v1"),
    ],
)
def test_a_variable_is_written_as_in_grafana(text: str, expected: str) -> None:
    assert interpolate(text, SCOPE) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$__from $__to", "1700000000000 1700003600500"),
        ("${__from:date} ${__to:date:iso}", "2023-11-14T22:13:20.000Z 2023-11-14T23:13:20.500Z"),
        ("${__from:date:seconds} ${__to:date:ms}", "1700000000 1700003600500"),
        ("${__from:date:YYYY-MM-DD HH:mm}", "2023-11-14 22:13"),
        ("${__dashboard} ${__dashboard.uid}", "Title uid"),
        ("$timeFilter ${__user.login}", "$timeFilter ${__user.login}"),
    ],
)
def test_global_variables(text: str, expected: str) -> None:
    scope = global_variables(TimeRange(1_700_000_000, 1_700_003_600.5), "Title", "uid")
    assert interpolate(text, scope) == expected


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("rate(x[$__rate_interval])", "rate(x[1m15s])"),
        ("x[$__interval] ${__interval} [[__interval]]", "x[15s] 15s 15s"),
        ("$__interval_ms ${__rate_interval_ms}", "15000 75000"),
        ("increase(x[$__range]) $__range_s $__range_ms", "increase(x[3601s]) 3601 3600500"),
        # A variable's value may itself be one of them, as drop-downs of windows often have it.
        ("rate(x[$window])", "rate(x[1m15s])"),
    ],
)
def test_the_intervals_and_the_range(expr: str, expected: str) -> None:
    scope = {"window": VariableValue("window", "$__rate_interval")}
    intervals = Intervals(step=15_000, rate=75_000)
    assert interpolate_query(expr, scope, intervals, TimeRange(0, 3600.5)) == expected


def test_the_names_in_a_text_are_found_once_each() -> None:
    assert references("$a ${b:csv} [[c]] ${a.field} $$d") == ("a", "b", "c", "d")


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\n"), min_size=1), min_size=2, max_size=4))
def test_the_default_format_matches_just_the_values(values: list[str]) -> None:
    """What reaches the store, once PromQL has read the string, matches each value and nothing near it."""
    if any('"' in value for value in values):
        return  # Grafana does not escape a double quote; nor do we.
    written = interpolate("$v", {"v": VariableValue("v", tuple(values), several=True)})
    pattern = re.compile(re.sub(r"\\(.)", r"\1", written))
    assert all(pattern.fullmatch(value) for value in values)
    assert not pattern.fullmatch("x".join(values)) or "x".join(values) in values
