"""The report as people and programs read it, held whole."""

import json
from collections.abc import Callable, Sequence

import click
import pytest

from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.verify.page import StoreQuery
from llumnix_dash.verify.render import FORMATS
from llumnix_dash.verify.render.words import remarks
from llumnix_dash.verify.report import (
    Coverage,
    DashboardResult,
    Gap,
    PanelResult,
    QueryResult,
    Status,
    Summary,
    VariableResult,
)


def result(ref_id: str, status: Status, series: int = 0, *, expr: str = "up", **told: object) -> QueryResult:
    query = StoreQuery(ref_id, expr, 1_750_000_000.0, 1_750_003_600.0, 15.0)
    return QueryResult(query, status, series, 12.34, **told)  # type: ignore[arg-type]


def panel(title: str, *queries: QueryResult, row: str = "", is_open: bool = True, **fields: object) -> PanelResult:
    return PanelResult(1, title, row, is_open, fields.pop("repeat", {}), queries, **fields)  # type: ignore[arg-type]


LONG = (
    'sum by (le) (rate(request_ttft_milliseconds_bucket{job="gateway",namespace=~".*"}[5m])) + on (le) group_left up)'
)
DASHBOARD = DashboardResult(
    name="deploy/observability/fleet.json",
    title="Fleet | all",
    uid="fleet",
    variables=(
        VariableResult("namespace", "All"),
        VariableResult("model", "", error="1:4: parse error: unexpected end of input"),
        VariableResult("zone", "All", note="lists no value"),
    ),
    variable_queries=3,
    panels=(
        panel("Request Rate", result("A", Status.OK, 1)),
        panel(
            "TTFT",
            result("A", Status.OK, 3),
            result("B", Status.NO_DATA, message="only NaN"),
            result("C", Status.NO_DATA, message="only NaN"),
            row="Latency",
        ),
        panel(
            "Retries",
            result("A", Status.NO_DATA, message="x_total: counts a rare event", hint="let the query show 0"),
            row="Latency",
        ),
        panel(
            "Running",
            result("A", Status.EXPLAINED, message="no prefill engines in this fleet"),
            row="Engines",
            is_open=False,
            repeat={"role": "prefill"},
        ),
        panel(
            "Broken",
            result(
                "A",
                Status.ERROR,
                expr=LONG,
                message="1:112: parse error: unexpected right parenthesis ')'",
                span=(111, 112),
            ),
            result("B", Status.ERROR, expr="a\n  / b", message="many-to-many matching not allowed", hint="say on (…)"),
            row="Engines",
            is_open=False,
        ),
        panel("Logs", row="Engines", is_open=False, skipped="a query on a loki data source"),
    ),
)
COVERAGE = Coverage(
    source="http://prometheus.example",
    exported=10,
    asked=9,
    unshown=(Gap("custom_total", "not in the catalogue"), Gap("uptime_seconds")),
    missing=(Gap("mystery_total", "", ("Fleet / TTFT",)), Gap("x_total", "counts a rare event", ("Fleet / Retries",))),
)


def rendered(
    name: str, dashboards: Sequence[DashboardResult] = (DASHBOARD, DASHBOARD), found: Coverage = COVERAGE
) -> str:
    """All that is printed, a blank line between."""
    renderer = FORMATS[name]()
    summary = Summary(TimeRange(1_750_000_000, 1_750_003_600), url="http://prometheus.example", coverage=found)
    texts = []
    for one in dashboards:
        summary.add(one)
        texts.append(renderer.dashboard(one))
    return "\n\n".join(filter(None, [*texts, renderer.end(summary)]))


@pytest.mark.parametrize(("name", "suffix"), [("text", "txt"), ("json", "json"), ("markdown", "md")])
def test_a_report_reads(golden: Callable[[str, str], None], name: str, suffix: str) -> None:
    golden(f"verify/report.{suffix}", click.unstyle(rendered(name)) + "\n")


def test_status_words_are_coloured_for_a_terminal() -> None:
    text = rendered("text")
    assert click.style("error    ", fg="red") in text
    assert click.style("no data  ", fg="yellow") in text


def test_json_tells_whether_verify_fails() -> None:
    assert json.loads(rendered("json"))["fails"] is True
    ok = rendered("json", (), Coverage("x", 1, 1, (), (Gap("a", "rare"),)))
    assert json.loads(ok)["fails"] is False


def test_results_are_told_as_they_come() -> None:
    for name in ("text", "markdown"):
        assert "Broken" in FORMATS[name]().dashboard(DASHBOARD)


def test_a_doubt_is_told_though_there_is_data() -> None:
    [remark] = remarks(panel("Fine", result("A", Status.OK, hint="job= takes it for a plain text: job=~")))
    assert (remark.line, remark.hint) == ("may not be what is meant", "job= takes it for a plain text: job=~")
    assert remarks(panel("Fine", result("A", Status.OK))) == []
