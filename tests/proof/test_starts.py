"""Starts are marked, and fewer processes than an hour ago are told, on a store made by hand.

What scraping loses for a while has not begun, and a start is one mark whatever a page's step is.
"""

from collections.abc import Callable, Iterator

import pytest

from llumnix_dash.interpolation.timerange import parse_duration
from llumnix_dash.verify.session import PanelReader
from tests.prometheus.stores import STORES, Samples
from tests.proof.shown import BOARDS, legend, marks

START = 1_699_999_200
# Seconds from the first scrape to the last, and from one to the next.
LONG, SPARSE = 6 * 3600, 60
# When processes begin: gateways and engines, at the address of the one before or at one of their own.
IN_PLACE, ELSEWHERE, ENGINE_IN_PLACE, ENGINE_ELSEWHERE = 9_020, 12_350, 14_530, 18_010
# The scrapes of an old gateway fail for a while, and another gateway is gone from here on.
LOST, LEFT = (16_000, 16_500), 19_000


def _since(began: int, older: int = 500_000) -> Callable[[int], float]:
    """The seconds since a process began, and until then since the one before it did."""
    return lambda age: age - began if age >= began else age + older


def _always(value: float) -> Callable[[int], float]:
    return lambda age: value


def _gateway(samples: Samples, name: str, began: int, *there: tuple[int, int]) -> None:
    of = {"job": "gateway", "namespace": "one", "instance": name}
    for between in there:
        samples.add("uptime_seconds", _since(began), between, **of)
        samples.add("up", _always(1), between, **of)


def _engine(samples: Samples, name: str, began: int, there: tuple[int, int]) -> None:
    of = {"job": "one/llumnix-engine-decode", "namespace": "one", "instance": name, "infer_type": "decode"}
    samples.add("vllm:generation_tokens_total", _since(began), there, engine="0", **of)
    samples.add("vllm:num_requests_running", _always(1), there, engine="0", **of)
    samples.add("up", _always(1), there, **of)


@pytest.fixture(scope="module", params=list(STORES))
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The store's, in each of the programs."""
    folder = tmp_path_factory.mktemp("starts")
    samples = Samples(START, LONG, SPARSE)
    _gateway(samples, "stays", -500_000, (0, LOST[0]), (LOST[1], LONG))
    _gateway(samples, "anew", IN_PLACE, (0, LONG))
    _gateway(samples, "comes", ELSEWHERE, (ELSEWHERE, LONG))
    _gateway(samples, "leaves", -500_000, (0, LEFT))
    _engine(samples, "anew", ENGINE_IN_PLACE, (0, LONG))
    _engine(samples, "comes", ENGINE_ELSEWHERE, (ENGINE_ELSEWHERE, LONG))
    with STORES[request.param](samples.write(folder / "samples.om"), folder) as found:
        yield found


@pytest.mark.parametrize("step", ["15s", "60s", "300s", "900s", "1800s"])
def test_a_start_is_one_mark_at_any_zoom(url: str, step: str) -> None:
    """Of points side by side Grafana makes a band. Nothing that stays is marked, nor what scraping lost."""
    begun = {
        ("Gateway and scheduler starts", "anew"): IN_PLACE,
        ("Gateway and scheduler starts", "comes"): ELSEWHERE,
        ("Engine starts", "anew"): ENGINE_IN_PLACE,
        ("Engine starts", ""): ENGINE_ELSEWHERE,
    }
    session = PanelReader(url, at=START + LONG - 600, seconds=LONG - 9000, scrape_interval="15s")
    found = {
        (name, series.labels.get("instance", "")): [moment - START for moment, _ in series.points]
        for name, lines in marks(session, "request", step).items()
        for series in lines
    }
    assert found.keys() == begun.keys()
    for one, moments in found.items():
        assert len(moments) == 1, (one, moments)
        assert 0 <= moments[0] - begun[one] <= parse_duration(step) + SPARSE


@pytest.mark.parametrize(
    ("before_end", "expected"),
    [
        (0, {"Gateways, fewer": 3, "Schedulers": 0, "Engines": 2}),
        (7200, {"Gateways": 4, "Schedulers": 0, "Engines": 1}),
    ],
)
def test_fewer_than_an_hour_ago_is_told_with_how_many_there_are(
    url: str, before_end: int, expected: dict[str, float]
) -> None:
    """One of four gateways has left within the hour. There never was a scheduler, which is no failure."""
    session, panel = (
        PanelReader(url, at=START + LONG - before_end, seconds=600),
        BOARDS["request"].panel("components_up"),
    )
    [target] = panel["targets"]
    lines = session.panel(BOARDS["request"].json, panel["id"])[target["refId"]]
    assert {legend(target, one.labels): one.points[-1][1] for one in lines} == expected
