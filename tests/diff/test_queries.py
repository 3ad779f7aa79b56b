"""When two query texts are the same query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llumnix_dash.diff.queries import differing, metrics, same_query


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sum(rate(x[5m])) by (a)", "sum by (a) (\n  rate(x[5m])\n)"),
        ('x{a="1", b="2"}', "x{b='2',a='1',}"),
        ("sum by (a, b) (x)", "sum by (b, a) (x)"),
        ("a * on (i, j) group_left (k) b", "a * on (j, i) group_left (k) (b)"),
        ("x[60s]", "x[1m]"),
        ("x # the requests", "x"),
        ("rate(x[$__rate_interval])", "rate(x[${__rate_interval}])"),
        ("x[$window:$step]", "x[ ${window} : [[step]] ]"),
        ("x[${__range_s}s]", "x[ ${__range_s}s ]"),
        ("x offset $shift", "x offset ${shift}"),
        ('x{a=~"$ns", b="c"}', 'x{b="c", a=~"[[ns]]"}'),
        ("topk($top, x)", "topk( ${top}, x )"),
        ("x > $limit", "x>$limit"),
        ("sum by ($label) (x)", "sum(x) by (${label})"),
        ("$metric{a='b'}", '${metric}{ a="b" }'),
        ("rate(node_$device[5m])", "rate( node_${device}[5m] )"),
        ("-x ^ 2", "-(x ^ 2)"),
        ("not ( promql", "not ( promql"),
    ],
)
def test_formatting_alone(old: str, new: str) -> None:
    assert same_query(old, new)
    assert same_query(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rate(x[1m])", "rate(x[$__rate_interval])"),
        ("rate(x[$__interval])", "rate(x[$__rate_interval])"),
        ('x{a="$ns"}', 'x{a="$namespace"}'),
        ('x{a=~"${ns:regex}"}', 'x{a=~"${ns:pipe}"}'),
        ("topk($top, x)", "topk($many, x)"),
        ('x{a="b c"}', 'x{a="b  c"}'),
        ('x{a="1"}', 'x{a=~"1"}'),
        ("-x ^ 2", "(-x) ^ 2"),
        ("a - b - c", "a - (b - c)"),
        ("a or b and c", "(a or b) and c"),
        ("a * b", "a * on () b"),
        ("x > 1", "x > bool 1"),
        ("x @ 5.0001", "x @ 5.0002"),
        ("x @ -5", "x @ 0"),
        ("x[5m:1m]", "x[5m:]"),
        ("x offset 5m", "x offset -5m"),
        ("x @ start()", "x @ end()"),
        ("sum by (a) (x)", "sum without (a) (x)"),
        ("not ( promql", "not (  promql"),
        ("(" * 100_000 + "x", "(" * 99_999 + "x"),
        ("x" + "+x" * 50_000, "x" + " +x" * 50_000),
        ("\ud800", "\ud800 "),
    ],
)
def test_another_query(old: str, new: str) -> None:
    assert not same_query(old, new)
    assert not same_query(new, old)


@given(st.text("x{}()[]$\"'\\ by,:1m#@-", max_size=30), st.text("x{}()[]$\"'\\ by,:1m#@-", max_size=30))
def test_no_text_crashes_it(old: str, new: str) -> None:
    assert same_query(old, new) == same_query(new, old)


@given(st.text("ab (),", max_size=40), st.text("ab (),", max_size=40))
def test_what_is_not_marked_is_the_same_on_both_sides(old: str, new: str) -> None:
    old_spans, new_spans = differing(old, new)
    assert _without(old, old_spans) == _without(new, new_spans)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    return "".join(c for at, c in enumerate(text) if not any(start <= at < end for start, end in spans))


def test_metrics_are_neither_labels_nor_functions_nor_strings() -> None:
    query = 'quantile(0.9, a:b:rate5m{le="x_total"} / on (pod) group_left (node) y_total[5m:1m] offset 1h) or $m'
    assert metrics(query) == {"a:b:rate5m", "y_total", "$m"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('sum by (a) (rate({__name__="x", job="b"}[5m]))', {"x"}),
        ("absent (x) # not y", {"x"}),
        ("x{a='}'} - y{b=`{`}", {"x", "y"}),
        ('count_values("z", x)', {"x"}),
        ("topk($n, x)", {"x"}),
        ("requests_${code}_total / ${total:raw}", {"requests_$code_total", "$total:raw"}),
        ('{__name__="${metric}"}', {"$metric"}),
        ("rate(x[$__rate_interval] offset $shift)", {"x"}),
        ("vector(1) + time()", set()),
        ("sum(x) by (a", {"x", "a"}),
    ],
)
def test_metrics_are_those_that_the_parser_sees(query: str, names: set[str]) -> None:
    assert metrics(query) == names
