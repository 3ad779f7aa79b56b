"""Where two texts differ, as it is shown."""

import pytest

from llumnix_dash.diff.blocks import lines
from llumnix_dash.diff.sentences import Block


@pytest.mark.parametrize(("changed", "is_marked"), [(1, True), (6, True), (8, False)])
def test_differences_are_marked_unless_nearly_all_differs(changed: int, is_marked: bool) -> None:
    """Ten words, of which so many are others: marks under nearly every letter would show nothing."""
    old = " ".join(f"before{at}" for at in range(10))
    new = " ".join(f"after{at}" if at < changed else f"before{at}" for at in range(10))
    told = [line.text for line in lines(Block(old, new)) if line.sign == " "]
    assert bool(told) is is_marked
    assert all(set(text) <= set("^ ") for text in told)
