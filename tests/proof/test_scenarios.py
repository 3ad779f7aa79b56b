"""Every panel of the dashboards has data in every fleet, or a reason in its roles, its mode or its idleness."""

import json
import re
from collections.abc import Callable

import pytest

from llumnix_dash.cli import main
from llumnix_dash.dashboards import DASHBOARDS
from tests.proof.fleets import END, EVERY_FLEET, INTERVAL, MINUTES, scenarios
from tests.proof.shown import Backfilled
from tests.reading import Json

# Of this one the blanks are the finding.
APART = ("outage",)


def verify(
    store: Backfilled,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    minutes: int = MINUTES,
) -> tuple[int | str | None, Json]:
    """The exit code and the report of the command, as it is typed."""
    monkeypatch.setenv("PROMETHEUS_URL", store.url)
    options = {"--to": END, "--range": f"{minutes}m", "--scrape-interval": f"{INTERVAL}s", "--format": "json"}
    with pytest.raises(SystemExit) as stopped:
        main(["verify", *(str(word) for option in options.items() for word in option)])
    return stopped.value.code, json.loads(capsys.readouterr().out)


@scenarios("outage")
def test_verify_says_that_all_gateways_are_gone(
    store: Backfilled, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the time since they went: the first row's numbers say it themselves, the panels of lines are blank."""
    code, report = verify(store, capsys, monkeypatch, minutes=5)
    found = [panel for dashboard in report["dashboards"] for panel in dashboard["panels"]]
    said = {panel["title"]: panel["queries"][0]["message"] for panel in found if panel["status"] == "no data"}
    for title in ("Request Rate", "E2E Latency", "TTFT", "Requests within Objective", "Gateway Requests: Pending"):
        assert re.fullmatch("the series of .* ended before the time range|nothing of the gateway.*", said[title])
    assert code == 1


@scenarios(*(name for name in EVERY_FLEET if name not in APART))
def test_verify_finds_no_error_and_no_unexpected_blank(
    store: Backfilled,
    scenario: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    golden: Callable[[str, str], None],
) -> None:
    """By the command itself, as it is typed. Which blanks are expected stands in a golden file per scenario."""
    code, report = verify(store, capsys, monkeypatch)
    bad = {
        f"{dashboard['title']} / {panel['title']}": [(one["expr"], one["message"]) for one in panel["queries"]]
        for dashboard in report["dashboards"]
        for panel in dashboard["panels"]
        if panel["status"] in {"error", "no data"}
    }
    assert bad == {}, (
        f"blank on {scenario} without a reason that follows from its roles, mode or load: a query is wrong, or, if the"
        " blanks are what happens there, name it in APART above, and say what is blank in a test of its own"
    )
    assert [one["error"] for dashboard in report["dashboards"] for one in dashboard["variables"] if one["error"]] == []
    assert [one["uid"] for one in report["dashboards"]] == [one.uid for one in DASHBOARDS]
    assert code == 0
    blank = [
        f"{dashboard['title']} / {panel['row']} / {panel['title']}\n"
        for dashboard in report["dashboards"]
        for panel in dashboard["panels"]
        # These stores have no ruler, so that what it would record is blank on all of them.
        if panel["status"] != "ok" and not all("recording.yaml" in one["message"] for one in panel["queries"])
    ]
    golden(f"proof/blank-{scenario}.txt", "".join(blank))
