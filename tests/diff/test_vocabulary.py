"""The words in which a change of a field is told, and what it is said to change: numbers, texts or the look."""

import pytest

from llumnix_dash.diff.changes import Effect, Part
from llumnix_dash.diff.vocabulary import effect, label


@pytest.mark.parametrize(
    ("path", "words", "what"),
    [
        ("interval", "minimum interval", Effect.QUERY),
        ("options.reduceOptions.calcs", "calculation", Effect.QUERY),
        ("timeShift", "time shift", Effect.QUERY),
        ("description", "description", Effect.TEXT),
        ("fieldConfig.defaults.custom.fillOpacity", "fill opacity", Effect.DISPLAY),
        ("fieldConfig.defaults.custom.hideFrom.viz", "hidden in the graph", Effect.DISPLAY),
        ("options.tooltip.mode", "tooltip mode", Effect.DISPLAY),
        ("gridPos", "grid pos", Effect.LAYOUT),
    ],
)
def test_a_field_of_a_panel_has_a_persons_words(path: str, words: str, what: Effect) -> None:
    keys = tuple(path.split("."))
    assert (label(keys), effect(Part.PANEL, keys)) == (words, what)
