"""Dashboards that nobody here wrote: those of Debian's package ceph-grafana-dashboards, with angular panels.

They are read where the package puts them; none is copied here.
"""

import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from llumnix_dash.diff import as_json, markdown, text
from llumnix_dash.diff.changes import Part
from llumnix_dash.diff.sets import compare_sets
from llumnix_dash.document.sources import load
from llumnix_dash.document.walk import walk
from llumnix_dash.grafana import pushset
from llumnix_dash.grafana.datasources import Sources, resolved
from llumnix_dash.grafana.equality import digest
from llumnix_dash.interpolation.adhoc import Filter, filtered
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.interpolation.variables import resolve
from llumnix_dash.prometheus.selectors import Selector, selectors
from llumnix_dash.verify.collection import Collection
from llumnix_dash.verify.page import StoreQuery, page

PACKAGE = "ceph-grafana-dashboards"
FOLDER = Path("/etc/grafana/dashboards/ceph-dashboard")
HOUR = TimeRange(1_700_000_000, 1_700_003_600)

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there is no {PACKAGE}: apt-get install {PACKAGE}")


def queries() -> list[StoreQuery]:
    """What their panels ask, where each drop-down has two values."""
    found = []
    for dashboard in Collection([str(FOLDER)], {}):
        variables = resolve(dashboard.json, lambda *_: ["a", "b"], HOUR, chosen={}, scrape_interval="15s")
        assert not variables.errors
        for panel in page(dashboard, variables.scope, HOUR, "15s"):
            assert not panel.problem
            found += panel.queries
    return found


def test_all_are_read() -> None:
    survey = Collection([str(FOLDER)], {}).survey()
    assert survey.count == len(list(FOLDER.glob("*.json"))) > 10
    assert (survey.problems, survey.note) == ((), "")


def test_every_query_is_whole_after_interpolation() -> None:
    asked = queries()
    assert len(asked) > 100
    unknown = {query.expr for query in asked if query.unknown}
    assert not unknown
    # The package's own fault, which verify tells: a Python placeholder that nobody filled in.
    wrong = {query.expr for query in asked if not selectors(query.expr) and "%(" not in query.expr}
    assert not wrong


def test_an_ad_hoc_filter_reaches_every_selector() -> None:
    for query in queries():
        before, after = (
            list(selectors(query.expr)),
            list(selectors(filtered(query.expr, [Filter("region", "=", "eu")]))),
        )
        assert after == [Selector(one.metric, (*one.matchers, ("region", "=", "eu"))) for one in before]


def test_a_set_is_the_same_as_itself_in_another_form(tmp_path: Path) -> None:
    for file in FOLDER.glob("*.json"):
        dashboard = json.loads(file.read_text(encoding="utf-8"))
        (tmp_path / file.name).write_text(json.dumps({"dashboard": dashboard}, sort_keys=True))
    assert not compare_sets(load(str(FOLDER)), load(str(tmp_path))).dashboards


def test_one_query_that_changes_is_the_one_change_told(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    for file in tmp_path.glob("*.json"):
        dashboard: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        targets = [target for place in walk(dashboard) for target in place.panel.get("targets") or []]
        targets[0]["expr"] = f"1 + {targets[0]['expr']}"
        file.write_text(json.dumps(dashboard))
    report = compare_sets(load(str(FOLDER)), load(str(tmp_path)))
    assert len(report.dashboards) == len(list(tmp_path.glob("*.json")))
    for difference in report.dashboards:
        [item] = difference.items
        [change] = item.changes
        assert (item.part, change.path.split(".")[-1]) == (Part.PANEL, "expr")
    for render in (text.render, markdown.render, as_json.render):
        assert "1 + " in render(report)


def test_push_reads_and_signs_each() -> None:
    pushed = pushset.load([str(FOLDER)])
    assert len(pushed.wanted) + len(pushed.problems) == len(list(FOLDER.glob("*.json")))
    # Some have no uid, without which nobody could tell an update from another dashboard.
    assert all("needs a uid" in problem.summary for problem in pushed.problems)
    for wanted in pushed.wanted:
        before = copy.deepcopy(wanted.dashboard)
        assert digest(resolved(wanted, Sources()).dashboard)
        assert wanted.dashboard == before


def test_the_package_owns_them() -> None:
    """What is tested is what Debian ships, not what somebody put there."""
    listed = subprocess.run(["dpkg", "-L", PACKAGE], capture_output=True, text=True, check=True).stdout.split()
    assert {str(file) for file in FOLDER.glob("*.json")} <= set(listed)
