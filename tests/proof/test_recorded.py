"""Both forms of the dashboards, raw and over recorded series, show the same on simulated fleets.

The recorded series are what the expressions of ``recording.yaml`` give on the store, at each scrape. So the rules'
clock, which may be an interval behind, has no part in it, and the numbers are to be the same to the last digit.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llumnix_dash.document.walk import walk
from llumnix_dash.generate import generate
from llumnix_dash.prometheus.client import Series
from llumnix_dash.settings.load import FILE_NAME
from llumnix_dash.settings.site import Dashboards, Site
from llumnix_dash.verify.session import PanelReader
from tests.nightly import EVERY_STORE
from tests.prometheus.recorded import recorded_samples
from tests.prometheus.stores import prometheus
from tests.proof.fleets import END, EVERY_FLEET, INTERVAL
from tests.proof.shown import BOARDS, RANGE, SCRAPE_INTERVAL, Backfilled
from tests.proof.test_scenarios import verify
from tests.reading import Json

RECORDED = {one.name: one.dashboard for one in generate(site=Site(dashboards=Dashboards(recorded=True)))}
# Replicas that tell the same, lite mode, and two clusters.
ENOUGH = ("two-schedulers", "lite-reporting", "two-clusters")
# There is too little to compare.
APART = ("outage", "idle")
# Here a series ends within the time shown, or many engines have the same 0: for a scrape there are other lines.
NOT_TO_THE_DIGIT = ("kvt-batch", "no-instance", "scheduler-down")
COMPARED = [name for name in EVERY_FLEET if name not in (*APART, *NOT_TO_THE_DIGIT)] if EVERY_STORE else ENOUGH


@pytest.mark.parametrize(("scenario", "program"), [(scenario, "prometheus") for scenario in COMPARED], indirect=True)
def test_both_forms_show_the_same(
    store: Backfilled,
    samples: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with prometheus(with_recorded(store, samples, tmp_path / "recorded.om"), tmp_path) as url:
        session = PanelReader(url, at=END, seconds=RANGE, scrape_interval=SCRAPE_INTERVAL)
        with_data = 0
        for name, recorded in RECORDED.items():
            raw = {one.panel.id: one for one in session.panels(BOARDS[name].json)}
            for panel in session.panels(at_the_steps_of(BOARDS[name].json, recorded)):
                if panel.queries != raw[panel.panel.id].queries:
                    shown, truth = lines(session.ask(panel)), lines(session.ask(raw[panel.panel.id]))
                    assert shown == pytest.approx(truth, rel=1e-9, abs=1e-9, nan_ok=True), f"{name}: {panel.title}"
                    with_data += bool(truth)
        assert with_data > 50
        monkeypatch.chdir(tmp_path)
        Path(FILE_NAME).write_text("[dashboards]\nrecorded = true\n", encoding="utf-8")
        code, report = verify(replace(store, url=url), capsys, monkeypatch)
        assert (code, problems(report)) == (0, [])


def at_the_steps_of(raw: Json, recorded: Json) -> Json:
    """The page over recorded series with each panel's step as on the raw page: both tell of the same moments."""
    made = deepcopy(recorded)
    steps = {place.panel["id"]: place.panel.get("interval") for place in walk(raw)}
    for place in walk(made):
        place.panel["interval"] = steps.get(place.panel["id"])
    return made


def problems(report: Json) -> list[str]:
    """What ``verify`` finds that no fleet's roles, mode or idleness explain."""
    return [
        f"{panel['title']}: {[one['message'] for one in panel['queries']]}"
        for dashboard in report["dashboards"]
        for panel in dashboard["panels"]
        if panel["status"] in {"error", "no data"}
    ]


def lines(answers: Mapping[str, list[Series]]) -> dict[Any, float]:
    """Query, labels and moment -> the value."""
    return {
        (ref_id, moment, *sorted(item for item in one.labels.items() if item[0] != "__name__")): value
        for ref_id, found in answers.items()
        for one in found
        for moment, value in one.points
    }


def with_recorded(store: Backfilled, samples: Path, path: Path) -> Path:
    """The store's samples and what the rules make of them, as an OpenMetrics file."""
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(line for line in samples.open(encoding="utf-8") if line != "# EOF\n")
        stream.writelines(recorded_samples(store.session().client, END - RANGE, END, INTERVAL))
        stream.write("# EOF\n")
    return path
