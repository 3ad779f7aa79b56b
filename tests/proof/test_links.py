"""Who follows a link takes along what is chosen: on the page beyond it must mean something, or not arrive there."""

import re

import pytest

from tests.proof.fleets import scenarios
from tests.proof.shown import BOARDS, Backfilled
from tests.proof.test_truth import drawn

# A panel of each page that shows the whole fleet, by the mode in which it has data.
FULL_MODE = {"component": "schedule_duration", "cms": "running_by_role", "vllm": "scheduler_state"}
LITE_MODE = {"component": "schedule_duration", "lrs": "waiting_by_role", "vllm": "scheduler_state"}


def taken_along(origin: str, destination: str) -> set[str]:
    """The variables whose values a dashboard's link hands to another."""
    uid = BOARDS[destination].json["uid"]
    [url] = [link["url"] for link in BOARDS[origin].json["links"] if link["url"].split("?")[0].endswith(f"/{uid}")]
    return set(re.findall(r"\$\{(\w+):queryparam\}", url)) & BOARDS[destination].variables


def test_links_take_along_what_means_the_same_everywhere() -> None:
    assert all(
        "namespace" in taken_along("request", destination) for destination in ("component", "cms", "lrs", "vllm")
    )


def follows(store: Backfilled, destination: str, key: str) -> None:
    """A reader has chosen a model, by the name that clients write, and goes to another page."""
    chosen = {"model": ["qwen3-32b"]}
    assert drawn(store.shown("request", "request_rate", chosen)).keys() == {"qwen3-32b"}
    arrived = {name: value for name, value in chosen.items() if name in taken_along("request", destination)}
    assert drawn(store.shown(destination, key, arrived)) != {}


@scenarios("default")
@pytest.mark.parametrize(("destination", "key"), FULL_MODE.items())
def test_a_model_chosen_on_requests_empties_no_other_page(store: Backfilled, destination: str, key: str) -> None:
    follows(store, destination, key)


@scenarios("lite-mode")
@pytest.mark.parametrize(("destination", "key"), LITE_MODE.items())
def test_a_model_chosen_on_requests_empties_no_page_of_lite_mode(store: Backfilled, destination: str, key: str) -> None:
    follows(store, destination, key)
