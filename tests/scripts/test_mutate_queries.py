"""Which changes of a query the script tries: each in one place, none within a string."""

import runpy
from pathlib import Path

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "query_mutations.py"))


def changed(expr: str) -> set[str]:
    return {one.apply(expr) for one in SCRIPT["mutations"](expr)}


def test_each_change_is_in_one_place() -> None:
    assert changed('sum by (a) (rate(x{job="b - c, {d}"}[5m])) > 0') == {
        'max by (a) (rate(x{job="b - c, {d}"}[5m])) > 0',
        'sum by () (rate(x{job="b - c, {d}"}[5m])) > 0',
        "sum by (a) (rate(x{}[5m])) > 0",
        'sum by (a) (rate(x{job="b - c, {d}"}[1m])) > 0',
        'sum by (a) (rate(x{job="b - c, {d}"}[5m]))',
    }


def test_the_interval_of_rates_becomes_a_fixed_window_and_the_quantile_another() -> None:
    assert changed("histogram_quantile(0.99, sum by (le) (rate(x[1m0s])))") == {
        "histogram_quantile(0.9, sum by (le) (rate(x[1m0s])))",
        "histogram_quantile(0.99, max by (le) (rate(x[1m0s])))",
        "histogram_quantile(0.99, sum by () (rate(x[1m0s])))",
        "histogram_quantile(0.99, sum by (le) (rate(x[5m])))",
    }


def test_bounds_go_with_their_clamp() -> None:
    assert changed('clamp(x{a="("}, 0, 1) - y offset 1h') == {
        '(x{a="("}) - y offset 1h',
        "clamp(x{}, 0, 1) - y offset 1h",
        'clamp(x{a="("}, 0, 1) + y offset 1h',
        'clamp(x{a="("}, 0, 1) - y',
    }


def test_a_change_that_no_store_can_tell_has_a_reason_and_no_other_is_said_to_be_one() -> None:
    assert all(one.because.strip() for one in SCRIPT["EQUIVALENT"])
    assert not SCRIPT["equivalent"]('cms matcher: sum by (a) (x{⟦job="b" → ⟧})')
