"""What opening a dashboard asks of a Prometheus where 500 instances run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from llumnix_dash.fleet import SCENARIOS, simulate
from llumnix_dash.http.session import Connection
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.verify.dashboard import parse
from llumnix_dash.verify.explain import Explainer
from llumnix_dash.verify.report import DashboardResult, FailOn, Status
from llumnix_dash.verify.run import Settings, run
from tests.prometheus.stores import STORES
from tests.proof.fleets import END, write
from tests.proof.shown import BOARDS

QUERIES = 45
SERIES = 400
# As few scrapes as a rate needs: the counts do not depend on how many there are, and a scrape of the fleet is large.
SCRAPE_SECONDS = 60
MINUTES = 2
INSTANCES = 500

pytestmark = pytest.mark.xdist_group("proof big")


@pytest.fixture(scope="module", params=["full", "lite"])
def mode(request: pytest.FixtureRequest) -> str:
    """The mode of the fleet's scheduler, on which it depends which of two dashboards is filled."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def samples(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The big fleet's samples in a file."""
    big = SCENARIOS["big"]
    deployments = tuple(one.model_copy(update={"mode": mode}) for one in big.deployments)
    fleet = simulate(
        big.model_copy(update={"deployments": deployments}), end=END, minutes=MINUTES, interval=SCRAPE_SECONDS
    )
    assert len(fleet.deployments[0].engines) == INSTANCES
    return write(fleet, tmp_path_factory.mktemp("big") / "samples.om")


@pytest.fixture(scope="module")
def opened(mode: str, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, DashboardResult]]:
    """Each dashboard with every row open on the big fleet, and what came of its queries."""
    # Each of the stores has its turn.
    program = {"full": "prometheus", "lite": "victoria-metrics"}[mode]
    with STORES[program](samples, tmp_path_factory.mktemp(program)) as url:
        client, time_range = Client(Connection(url), timeout=60), TimeRange(END - 3600, END)
        settings = Settings(time_range, scrape_interval=f"{SCRAPE_SECONDS}s", jobs=2)
        explain = Explainer(client, time_range)
        yield {name: run(client, parse(board.json, name), settings, explain=explain) for name, board in BOARDS.items()}


@pytest.mark.parametrize("board", BOARDS)
def test_opening_a_dashboard_is_cheap(opened: dict[str, DashboardResult], board: str) -> None:
    cost = opened[board].open
    annotations = sum("target" in one for one in BOARDS[board].json["annotations"]["list"])
    assert cost.queries + annotations <= QUERIES
    assert cost.series <= SERIES


def test_every_panel_has_data_or_a_reason(opened: dict[str, DashboardResult], mode: str) -> None:
    """And what is cheap is not so because it is blank: that is only what the fleet's mode does not have."""
    assert not [name for name, result in opened.items() if result.fails(FailOn.NO_DATA)]
    blank = {name for name, result in opened.items() if Status.EXPLAINED in result.open.statuses}
    assert blank == ({"alerts", "lrs"} if mode == "full" else {"alerts", "cms", "overview"})
