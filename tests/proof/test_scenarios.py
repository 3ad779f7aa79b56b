"""Every panel of the dashboards has data in every fleet, or a reason in its roles, its mode or its idleness."""

import json
from collections.abc import Callable

import pytest

from llumnix_dash.cli import main
from llumnix_dash.dashboards import DASHBOARDS
from llumnix_dash.fleet import SCENARIOS
from tests.proof.fleets import END, INTERVAL, MINUTES, scenarios
from tests.proof.shown import Backfilled

# It has a store of its own, in test_budget: its samples are many.
BIG = "big"


@scenarios(*(name for name in SCENARIOS if name != BIG))
def test_verify_finds_no_error_and_no_unexpected_blank(
    store: Backfilled,
    scenario: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    golden: Callable[[str, str], None],
) -> None:
    """By the command itself, as it is typed. Which blanks are expected stands in a golden file a scenario."""
    monkeypatch.setenv("PROMETHEUS_URL", store.url)
    with pytest.raises(SystemExit) as stopped:
        main(
            [
                "verify",
                "--to",
                str(END),
                "--range",
                f"{MINUTES}m",
                "--scrape-interval",
                f"{INTERVAL}s",
                "--format",
                "json",
            ]
        )
    report = json.loads(capsys.readouterr().out)
    bad = {
        f"{dashboard['title']} / {panel['title']}": [(one["expr"], one["message"]) for one in panel["queries"]]
        for dashboard in report["dashboards"]
        for panel in dashboard["panels"]
        if panel["status"] in {"error", "no data"}
    }
    assert bad == {}
    assert [one["error"] for dashboard in report["dashboards"] for one in dashboard["variables"] if one["error"]] == []
    assert [one["uid"] for one in report["dashboards"]] == [one.uid for one in DASHBOARDS]
    assert stopped.value.code == 0
    blank = [
        f"{dashboard['title']} / {panel['row']} / {panel['title']}\n"
        for dashboard in report["dashboards"]
        for panel in dashboard["panels"]
        if panel["status"] != "ok"
    ]
    golden(f"proof/blank-{scenario}.txt", "".join(blank))
