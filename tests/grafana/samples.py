"""Dashboards for tests, and the shortest way to push them."""

import os
from pathlib import Path
from typing import Any

from llumnix_dash.grafana.apply import Orders, Result, apply, settle
from llumnix_dash.grafana.backup import Backups
from llumnix_dash.grafana.connect import Grafana
from llumnix_dash.grafana.marker import DEFAULT_SET
from llumnix_dash.grafana.plan import Plan, Targets, make_plan
from llumnix_dash.grafana.pushset import Wanted
from tests.grafana.fake import FakeGrafana

MESSAGE = "llumnix-dash test"
# The requests of either API, as patterns for the fake's faults.
SAVE = r"(POST /api/dashboards/db|(POST|PUT) /apis/dashboard\.grafana\.app/.*/dashboards)"
READ = r"GET (/api/dashboards/uid/[^/]+$|/apis/dashboard\.grafana\.app/.*/dto$)"
HISTORY = r"GET (/api/dashboards/uid/[^/]+/versions|/apis/dashboard\.grafana\.app/v[^/]+/.*/dashboards$)"
DELETE = r"DELETE (/api/dashboards/uid|/apis/dashboard)"


def dashboard(uid: str = "llumnix-lrs-dashboard", **changes: Any) -> dict[str, Any]:
    return {
        "uid": uid,
        "title": f"Dashboard {uid}",
        "tags": ["llumnix"],
        "schemaVersion": 42,
        "refresh": "30s",
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": [
            {
                "id": 7,
                "type": "timeseries",
                "title": "P99 TTFT",
                "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
                "datasource": {"type": "prometheus", "uid": "${datasource}"},
                "targets": [{"refId": "A", "expr": "up"}],
                "fieldConfig": {"defaults": {"max": 1.0}, "overrides": []},
            }
        ],
        **changes,
    }


def with_query(item: dict[str, Any], expr: str) -> dict[str, Any]:
    panel = {**item["panels"][0], "targets": [{"refId": "A", "expr": expr}]}
    return {**item, "panels": [panel]}


def wanted(*items: dict[str, Any]) -> list[Wanted]:
    return [Wanted(f"{item['uid']}.json", item) for item in items or (dashboard(),)]


def plan(
    grafana: Grafana,
    *items: dict[str, Any],
    prune: bool = False,
    jobs: int = 2,
    set_name: str = DEFAULT_SET,
    **where: Any,
) -> Plan:
    targets = Targets(grafana, **where)
    return make_plan(grafana, wanted(*items), targets, set_name=set_name, prune=prune, jobs=jobs)


def push(
    grafana: Grafana,
    *items: dict[str, Any],
    overwrite: bool = False,
    prune: bool = False,
    backups: Path | None = None,
    **where: Any,
) -> list[Result]:
    made = plan(grafana, *items, prune=prune, **where)
    return push_planned(grafana, made, overwrite=overwrite, backups=backups)


def push_planned(grafana: Grafana, made: Plan, *, overwrite: bool = False, backups: Path | None = None) -> list[Result]:
    orders = Orders(
        message=MESSAGE,
        backups=Backups(backups or Path(os.environ["XDG_STATE_HOME"])),
        overwrite={step.uid for step in made.steps} if overwrite else frozenset(),
        back_up_all=overwrite,
        jobs=2,
    )
    results, _ = apply(grafana, made, orders)
    settle(grafana, results)
    return results


def edit(fake: FakeGrafana, uid: str = "llumnix-lrs-dashboard", by: str = "alice", **changes: Any) -> dict[str, Any]:
    """A person's save in the browser, with the version that they saw."""
    live = fake.store.dashboards[uid]
    spec = {**live.spec, **(changes or {"description": "edited by hand"})}
    fake.store.save(spec, folder=live.folder, message="", by=by, expected=live.version)
    return spec
