"""Quantities in a description's words."""

import pytest

from llumnix_dash.catalog.metric import Unit
from llumnix_dash.panels.describe import quantity


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (999, Unit.MILLISECONDS, "999 ms"),
        (1000, Unit.MILLISECONDS, "1 s"),
        (2500, Unit.MILLISECONDS, "2.5 s"),
        (1000, Unit.TOKENS, "1000 tokens"),
        (0.25, Unit.RATIO, "0.25"),
    ],
)
def test_from_a_second_on_milliseconds_read_as_seconds(value: float, unit: Unit, words: str) -> None:
    assert quantity(value, unit) == words
