"""The report for a program; docs/verify.md describes the fields."""

import json
from typing import Any

from llumnix_dash.verify.report import (
    Coverage,
    DashboardResult,
    Gap,
    PanelResult,
    QueryResult,
    Summary,
    Totals,
)


class Json:
    """Renders as one JSON object, which is whole or is not printed at all."""

    def __init__(self) -> None:
        self._dashboards: list[dict[str, Any]] = []

    def dashboard(self, result: DashboardResult) -> str:
        """Nothing yet."""
        self._dashboards.append(_dashboard(result))
        return ""

    def end(self, summary: Summary) -> str:
        """All of it."""
        return json.dumps(
            {
                "prometheus": summary.url or None,
                "from": summary.time_range.start,
                "to": summary.time_range.end,
                "fail_on": summary.fail_on.value,
                "fails": summary.fails,
                "dashboards": self._dashboards,
                "coverage": _coverage(summary.coverage) if summary.coverage else None,
            },
            indent=2,
            ensure_ascii=False,
        )


def _dashboard(dashboard: DashboardResult) -> dict[str, Any]:
    return {
        "file": dashboard.name,
        "uid": dashboard.uid,
        "title": dashboard.title,
        "variables": [
            {"name": one.name, "value": one.value, "error": one.error or None, "note": one.note or None}
            for one in dashboard.variables
        ],
        "variable_queries": dashboard.variable_queries,
        "panels": [_panel(panel) for panel in dashboard.panels],
        "open": _totals(dashboard.open),
        "all": _totals(dashboard.all),
    }


def _panel(panel: PanelResult) -> dict[str, Any]:
    return {
        "id": panel.id,
        "title": panel.title,
        "row": panel.row or None,
        "open": panel.open,
        "repeat": dict(panel.repeat),
        "status": panel.status.value,
        "skipped": panel.skipped or None,
        "allowed": panel.allowed or None,
        "lost": panel.lost,
        "problem": panel.problem or None,
        "series": panel.series,
        "milliseconds": round(panel.milliseconds, 1),
        "queries": [_query(result) for result in panel.queries],
    }


def _query(result: QueryResult) -> dict[str, Any]:
    query = result.query
    return {
        "refId": query.ref_id,
        "expr": query.expr,
        "type": "instant" if query.instant else "range",
        "from": query.start,
        "to": query.end,
        "step": query.step or None,
        "status": result.status.value,
        "series": result.series,
        "milliseconds": round(result.milliseconds, 1),
        "message": result.message or None,
        "hint": result.hint or None,
        "span": list(result.span) if result.span else None,
    }


def _totals(totals: Totals) -> dict[str, Any]:
    return {
        "panels": totals.panels,
        "queries": totals.queries,
        "series": totals.series,
        "milliseconds": round(totals.milliseconds, 1),
        "statuses": {status.value: number for status, number in totals.statuses.items()},
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "source": coverage.source,
        "exported": coverage.exported,
        "asked": coverage.asked,
        "unshown": [_gap(gap) for gap in coverage.unshown],
        "missing": [_gap(gap) for gap in coverage.missing],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"metric": gap.metric, "reason": gap.reason or None, "panels": list(gap.shown_by)}
