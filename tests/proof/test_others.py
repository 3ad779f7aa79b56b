"""What else is in a store changes nothing: each matcher and each drop-down keeps out what is not asked for."""

import re
from collections.abc import Iterator

import pytest

from tests.proof import truth_capacity
from tests.proof.fleets import scenarios
from tests.proof.others import OTHER
from tests.proof.shown import BOARDS, Backfilled, panels
from tests.proof.test_truth import ALL_INSTANCES, FULL_MODE, LITE_MODE, Truths, drawn, leaves_out_zeros
from tests.proof.test_truth import check as check_as_opened

# A matcher is the same text in each store; one of them is enough.
in_prometheus = pytest.mark.parametrize("program", ["prometheus"], indirect=True)

EVERYWHERE = {"cluster", "namespace"}


def narrowed(truths: Truths, board: str, *variables: str) -> Iterator[tuple[str, str]]:
    """The board's panels whose every selector has a matcher of each of these drop-downs."""
    for key in truths[board]:
        queries = [target["expr"] for target in BOARDS[board].panel(key)["targets"]]
        selectors = [found for query in queries for found in re.findall(r"\{[^{}]*\}", query)]
        if selectors and all(f'${name}"' in one for name in variables for one in selectors):
            yield board, key


def of_no_instance(truths: Truths) -> Iterator[tuple[str, str]]:
    """The panels whose lines tell no instances apart: where two have the same name, a legend is not enough."""
    for board, of_board in truths.items():
        for key in of_board:
            legends = [target["legendFormat"] for target in BOARDS[board].panel(key)["targets"]]
            if not any("instance" in one or one == "__auto" for one in legends):
                yield board, key


def check(store: Backfilled, board: str, key: str, truths: Truths) -> None:
    """With all chosen that is the fleet's own, the panel shows the truth about the fleet alone."""
    listed = store.variables(board)
    chosen = {name: [one for one in values if one != OTHER] for name, values in listed.items()}
    choices = {name: values for name, values in chosen.items() if name in EVERYWHERE or values != listed[name]}
    variables = choices | (ALL_INSTANCES if "top" in BOARDS[board].variables else {})
    truth, shown = truths[board][key](store.events()), drawn(store.shown(board, key, variables))
    if leaves_out_zeros(board, key):
        shown = dict.fromkeys(truth, 0.0) | shown
    assert shown == truth


@in_prometheus
@scenarios("among-others")
@panels((board, key) for board, of_board in FULL_MODE.items() for key in of_board)
def test_other_jobs_clusters_and_namespaces_do_not_count(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, FULL_MODE)


@in_prometheus
@scenarios("among-others")
@panels(("overview", key) for key in truth_capacity.PANELS)
def test_advice_does_not_follow_others(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, {"overview": truth_capacity.PANELS})


@in_prometheus
@scenarios("lite-mode-among-others")
@panels((board, key) for board, of_board in LITE_MODE.items() for key in of_board)
def test_others_do_not_count_in_lite_mode(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, LITE_MODE)


@in_prometheus
@scenarios("among-choices")
@panels(
    one
    for board, variables in (
        ("request", ("model", "instance")),
        ("component", ("instance",)),
        ("vllm", ("model_name", "infer_type", "instance")),
    )
    for one in narrowed(FULL_MODE, board, *variables)
)
def test_only_what_is_chosen_counts(store: Backfilled, board: str, key: str) -> None:
    check(store, board, key, FULL_MODE)


@in_prometheus
@scenarios("two-clusters")
@panels(of_no_instance(FULL_MODE))
def test_two_clusters_with_the_same_names_both_count(store: Backfilled, board: str, key: str) -> None:
    check_as_opened(store, board, key, FULL_MODE)


@in_prometheus
@scenarios("lite-mode-two-clusters")
@panels(of_no_instance(LITE_MODE))
def test_two_clusters_with_the_same_addresses_both_count(store: Backfilled, board: str, key: str) -> None:
    check_as_opened(store, board, key, LITE_MODE)
