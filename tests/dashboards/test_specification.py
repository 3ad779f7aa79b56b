"""Each panel and each metric that was promised is on its dashboard, under its title."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from llumnix_dash.catalog import LLUMNIX_METRICS
from llumnix_dash.catalog.metric import Histogram
from tests.reading import DASHBOARDS, Json, Selected, every_dashboard, panels, queries, selectors

PROMISED = yaml.safe_load(Path(__file__).with_name("specification.yaml").read_text(encoding="utf-8"))
EACH_PANEL = [
    pytest.param(uid, title, set(metrics), id=f"{uid}: {title}")
    for uid, titles in PROMISED.items()
    for title, metrics in titles.items()
]
ROLES = ("Prefill", "Decode", "Neutral")


@pytest.mark.parametrize(("uid", "title", "metrics"), EACH_PANEL)
def test_the_panel_shows_its_metrics(uid: str, title: str, metrics: set[str]) -> None:
    shown = [panel for panel in panels(DASHBOARDS[uid]) if is_of(panel, title)]
    assert metrics == {one.metric.name for panel in shown for one in panel_selectors(panel)} & metrics
    assert shown


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("uid", "title"),
    [
        pytest.param(uid, title, id=title)
        for uid, start in (("llumnix-cms-dashboard", "CMS"), ("llumnix-lrs-dashboard", "LRS"))
        for title in PROMISED[uid]
        if title.startswith(start)
    ],
)
def test_each_role_has_a_collapsed_row_with_each_instance_panel(uid: str, title: str, role: str) -> None:
    row = next(row for row in rows(DASHBOARDS[uid]) if row["title"].split("$")[0].endswith(f" - {role}"))
    own = [panel for panel in row["panels"] if is_of(panel, title) and panel["title"].endswith(f" ({role})")]
    assert row["collapsed"]
    assert {one.metric.name for panel in own for one in panel_selectors(panel)} >= set(PROMISED[uid][title])
    of_a_role = [
        one for panel in row["panels"] for one in panel_selectors(panel) if "infer_type" in one.metric.all_labels
    ]
    assert {one.matchers["infer_type"] for one in of_a_role} == {("=", role.lower())}


def is_of(panel: Json, title: str) -> bool:
    """Whether the panel shows what was promised under this title, or a part of it, or of one role."""
    return bool(re.fullmatch(rf"(Selected Instance: )?{re.escape(title)}(: [^(]+)?( \(\w+\))?", panel["title"]))


def test_each_llumnix_metric_is_on_a_dashboard() -> None:
    asked = {
        one.metric.name
        for dashboard in DASHBOARDS.values()
        for _, text in queries(dashboard)
        for one in selectors(text)
    }
    unshown = {metric.name for metric in LLUMNIX_METRICS} - asked
    assert not unshown, f"no panel shows {', '.join(sorted(unshown))}: add one to a row of a module in dashboards/"


def test_files_and_uids_are_stable() -> None:
    assert all(uid == dashboard["uid"] for uid, dashboard in DASHBOARDS.items())
    assert set(DASHBOARDS) == set(PROMISED), (
        "a dashboard is promised to its users under its uid: add a new one, with its panels and their metrics,"
        " to tests/dashboards/specification.yaml; one that is gone or renamed breaks their links"
    )


@every_dashboard
def test_the_first_row_says_whether_users_are_hurt(dashboard: Json) -> None:
    heading, *stats = dashboard["panels"][:8]
    assert heading["type"] == "row"
    assert not heading["collapsed"]
    titles = ["Up", "Requests", "Success", "TTFT OK", "TPOT OK", "E2E OK", "Pending"]
    assert [panel["title"] for panel in stats] == titles, "the first row is HEADLINE of dashboards/headline.py"
    assert {panel["type"] for panel in stats} == {"stat"}


def test_the_overview_of_instances_is_open_and_of_every_role() -> None:
    for uid in ("llumnix-cms-dashboard", "llumnix-lrs-dashboard"):
        at = [panel["title"] for panel in DASHBOARDS[uid]["panels"]].index("Fleet")
        heading, *members = DASHBOARDS[uid]["panels"][at:]
        overview = members[: next(i for i, panel in enumerate(members) if panel["type"] == "row")]
        assert heading["panels"] == []
        assert "table" in {panel["type"] for panel in overview}
        assert {one.matchers["infer_type"] for panel in overview for one in panel_selectors(panel)} == {
            ("=~", "$infer_type")
        }


@every_dashboard
def test_histograms_have_their_quantiles_and_mean(dashboard: Json) -> None:
    """P50 to P99 and the mean; P10, P50 and the mean where low is bad; no mean that a failed prediction poisons."""
    for panel in panels(dashboard):
        metrics = [one.metric for one in panel_selectors(panel)]
        legends = [one for target in panel["targets"] if (one := target["legendFormat"]) != "objective"]
        if not metrics or not isinstance(metrics[0], Histogram) or not legends[0].startswith("P") or "{{" in legends[0]:
            continue
        expected = ["P10", "P50"] if metrics[0].low_is_bad else ["P50", "P90", "P95", "P99"]
        assert legends == expected + ([] if metrics[0].no_mean else ["mean"]), panel["title"]


def test_outline(golden: Callable[[str, str], None]) -> None:
    lines = []
    for dashboard in DASHBOARDS.values():
        lines.append(f"{dashboard['title']}: {dashboard['description']}")
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                lines.append(outline(panel))
                continue
            lines.append(f"  {'▸' if panel['collapsed'] else '▾'} {panel['title']}")
            lines += [outline(member) for member in panel["panels"]]
        lines.append("")
    golden("dashboards/outline.txt", "\n".join(lines))


def outline(panel: Json) -> str:
    return f"      {panel['title']} ({panel['type']}, {len(panel['targets'])})"


def rows(dashboard: Json) -> list[Json]:
    return [panel for panel in dashboard["panels"] if panel["type"] == "row"]


def panel_selectors(panel: Json) -> list[Selected]:
    return [one for target in panel["targets"] for one in selectors(target["expr"])]
