"""What the overview says of error budgets, on recorded series made by hand; each number worked out beside."""

from collections.abc import Iterator

import pytest

from llumnix_dash.verify.session import PanelReader
from tests.prometheus.stores import STORES, Samples
from tests.proof.shown import BOARDS

START = 1_700_000_000 - 1_700_000_000 % 3600
HOURS = 12
END = START + HOURS * 3600
RECORDED = "cluster_namespace_model:objective_"


def _recorded(samples: Samples, namespace: str, model: str, objective: str, budget: float, *bad: float) -> None:
    """10 requests a second of which in the first, the second, … of equal parts of the time so many were bad."""
    labels = {"namespace": namespace, "model": model, "objective": objective}
    part = HOURS * 3600 // len(bad)
    samples.add(f"{RECORDED}total:rate5m", lambda age: 10, **labels)
    samples.add(f"{RECORDED}bad:rate5m", lambda age: bad[min(age // part, len(bad) - 1)], **labels)
    samples.add(f"{RECORDED}budget:ratio", lambda age: budget, **labels)


@pytest.fixture(scope="module", params=list(STORES))
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PanelReader]:
    """A store in each of the programs: two fleets serve model "a", one serves "b"; what is recorded is 12 hours old."""
    folder = tmp_path_factory.mktemp("budget")
    samples = Samples(START, HOURS * 3600, 60)
    # 2 % of one fleet in the first half: of both in all 0.5 %, half of the budget; in the last hour nothing.
    _recorded(samples, "one", "a", "success", 0.01, 0.2, 0)
    _recorded(samples, "two", "a", "success", 0.01, 0, 0)
    # 8 % of the second half: of all 4 % where 5 % may be bad; in the last hour 1.6 times as fast as it lasts.
    _recorded(samples, "one", "b", "ttft", 0.05, 0, 0.8)
    _recorded(samples, "one", "b", "success", 0.01, 0)
    # 3 % where 1 % may be bad.
    _recorded(samples, "one", "a", "tpot", 0.01, 0.3)
    with STORES[request.param](samples.write(folder / "samples.om"), folder) as url:
        yield PanelReader(url, at=END, seconds=3600, scrape_interval="15s")


def table(reader: PanelReader, **variables: str) -> dict[tuple[str, str, str], float]:
    """(Model, objective, column) -> value."""
    board = BOARDS["overview"]
    panel = board.panel("budgets")
    headings = {
        target["refId"]: name
        for target, name in zip(panel["targets"], ("promised", "kept", "left", "burn"), strict=True)
    }
    chosen = {name: [value] for name, value in variables.items()}
    return {
        (series.labels["model"], series.labels["objective"], headings[letter]): series.points[-1][1]
        for letter, found in reader.panel(board.json, panel["id"], variables=chosen).items()
        for series in found
    }


def test_what_is_left_of_each_budget(reader: PanelReader) -> None:
    shown = table(reader)
    expected = {
        ("a", "success"): (0.99, 0.995, 0.5, 0),
        ("a", "tpot"): (0.99, 0.97, -2, 3),
        ("b", "success"): (0.99, 1, 1, 0),
        ("b", "ttft"): (0.95, 0.96, 0.2, 1.6),
    }
    columns = ("promised", "kept", "left", "burn")
    assert shown == {
        (*which, column): pytest.approx(value, abs=0.01 * max(1, abs(value)))
        for which, values in expected.items()
        for column, value in zip(columns, values, strict=True)
    }


def test_filters_and_top_narrow_it(reader: PanelReader) -> None:
    assert {key[:2] for key in table(reader, namespace="two")} == {("a", "success")}
    assert {key[0] for key in table(reader, model="b")} == {"b"}
    assert {key[0] for key in table(reader, top="1")} == {"a"}, "the one with the most requests"


def test_the_fastest_burn_of_each_objective(reader: PanelReader) -> None:
    board = BOARDS["overview"]
    [answer] = reader.panel(board.json, board.panel("burn_rates")["id"]).values()
    assert {series.labels["part"]: round(series.points[-1][1], 6) for series in answer} == {
        "Success": 0,
        "TTFT": 1.6,
        "TPOT": 3,
    }
