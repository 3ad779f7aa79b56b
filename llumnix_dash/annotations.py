"""Annotations: restarts, marked across every panel."""

from llumnix_dash.catalog import process, vllm
from llumnix_dash.catalog.labels import COMPONENT, INSTANCE, ROLE
from llumnix_dash.panels.lines import legend
from llumnix_dash.promql import Scope, restarted, started
from llumnix_dash.shapes.panels import DATA_SOURCE, Json


def restarts(scope: Scope) -> list[Json]:
    """Grafana's own annotations and ours: starts of gateways and schedulers, and of engines."""
    return [
        {
            "builtIn": 1,
            "datasource": {"type": "grafana", "uid": "-- Grafana --"},
            "enable": True,
            "hide": True,
            "iconColor": "rgba(0, 211, 255, 1)",
            "name": "Annotations & Alerts",
            "type": "dashboard",
        },
        _annotation(
            "Gateway and scheduler starts",
            started(process.UPTIME).text(scope),
            "purple",
            f"{legend('', COMPONENT)} started",
        ),
        _annotation(
            "Engine starts",
            restarted(vllm.GENERATION_TOKENS_TOTAL, vllm.RUNNING_REQUESTS).text(scope),
            "blue",
            f"{legend('', ROLE)} engine started",
        ),
    ]


def _annotation(name: str, expression: str, colour: str, title: str) -> Json:
    return {
        "datasource": dict(DATA_SOURCE),
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "name": name,
        "tagKeys": INSTANCE,
        "target": {"expr": expression, "interval": "60s", "refId": "Anno"},
        "textFormat": legend("", INSTANCE),
        "titleFormat": title,
        "useValueForTime": False,
    }
