"""Every alert on every scenario: it fires where and when it must, and nowhere else."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llumnix_dash.fleet import SCENARIOS
from tests.rules.matrix import ALERTS, EXPECTED, INTERVAL, LEFT_OUT, Fires, fired, scenarios, store

NAMES = list(dict.fromkeys(rule.name for rule in ALERTS))
# Several stores, so that several workers fill them.
PARTS = 6
# Minutes by which a simulated moment and a scrape may lie apart, beside the window of a rate.
SLACK = 1.5
# No simulated fleet has what these tell of; promtool's tests show that they do.
NOT_SIMULATED = {
    "LlumnixStatusRefreshSlow": "the simulated store always answers within milliseconds, or not at all",
    "LlumnixStatusRefreshStalled": "a simulated scheduler never hangs by itself",
}


def of_part(part: int) -> list[str]:
    return scenarios()[part::PARTS]


@pytest.fixture(
    scope="module",
    params=[pytest.param(part, marks=pytest.mark.xdist_group(f"matrix {part}")) for part in range(PARTS)],
)
def part(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture(scope="module")
def url(part: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with store(of_part(part), tmp_path_factory.mktemp("matrix")) as url:
        yield url


@pytest.mark.parametrize("name", NAMES)
def test_it_fires_where_and_when_it_must_and_nowhere_else(url: str, part: int, name: str) -> None:
    found: dict[str, list[Fires]] = defaultdict(list)
    for rule in ALERTS:
        for scenario, times in fired(url, rule, of_part(part)).items() if rule.name == name else ():
            found[scenario] += times
    for scenario in of_part(part):
        must = EXPECTED.get(scenario, {}).get(name, [])
        if must != "may":
            assert _like(found.get(scenario, []), must), (
                f"in {scenario} {name} fires {found.get(scenario)}, must: {must}; if it is right to fire then, say so"
                " in tests/rules/matrix.yaml"
            )


def _like(found: list[Fires], must: list[float] | str) -> bool:
    if not must or isinstance(must, str):
        return not found
    start, end = must
    return bool(found) and abs(min(one.start for one in found) - start) <= SLACK + INTERVAL / 60 >= abs(
        max(one.end for one in found) - end
    )


def test_each_alert_fires_somewhere() -> None:
    """In those fleets that `make test` takes, too."""
    told = {name for fleet in scenarios() for name, must in EXPECTED.get(fleet, {}).items() if must != "may"}
    assert told | set(NOT_SIMULATED) == set(NAMES)
    assert set(EXPECTED) <= set(SCENARIOS)


def test_the_documentation_shows_the_matrix(golden: Callable[[Path, str], None]) -> None:
    page = Path(__file__).parents[2] / "docs" / "alerts.md"
    before, begin, rest = page.read_text(encoding="utf-8").partition("<!-- matrix -->")
    _, end, after = rest.partition("<!-- /matrix -->")
    golden(page, f"{before}{begin}\n\n{table()}\n\n{end}{after}")


def table() -> str:
    """A row for each scenario: what must fire, and what may."""
    rows = ["| scenario | must fire | may fire |", "|---|---|---|"]
    for scenario in (name for name in SCENARIOS if name not in LEFT_OUT):
        alerts = EXPECTED.get(scenario, {})
        must = [f"`{name}` from minute {when[0]:g}" for name, when in alerts.items() if not isinstance(when, str)]
        may = [f"`{name}`" for name, when in alerts.items() if when == "may"]
        rows.append(f"| {scenario} | {', '.join(must) or '–'} | {', '.join(may)} |")
    return "\n".join(rows)
