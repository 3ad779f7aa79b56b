"""A panel of states over time, with the JSON of today's Grafana."""

from typing import NamedTuple

import attr

from llumnix_dash.shapes.panels import Json, Panel


class State(NamedTuple):
    """What a value means.

    Attributes:
        text: in words.
        colour: Grafana's name of it.
    """

    text: str
    colour: str


@attr.s(kw_only=True, eq=False, repr=False)
class StateTimeline(Panel):
    """A bar a line, in the colour and with the word of the state that it was in.

    Attributes:
        states: value -> what it means.
    """

    states: dict[int, State] = attr.ib(factory=dict)

    plugin = "state-timeline"

    def defaults(self) -> Json:
        """As of every panel, with the states' words and colours."""
        custom = {
            "axisPlacement": "auto",
            "fillOpacity": 70,
            "hideFrom": {"legend": False, "tooltip": False, "viz": False},
            "insertNulls": False,
            "lineWidth": 0,
            "spanNulls": False,
        }
        options = {
            str(value): {"color": state.colour, "index": index, "text": state.text}
            for index, (value, state) in enumerate(self.states.items())
        }
        return {
            **super().defaults(),
            "color": {"mode": "thresholds"},
            "custom": custom,
            "mappings": [{"options": options, "type": "value"}],
        }

    def options(self) -> Json:
        """Equal neighbours are one bar; the words stand in the bars, so that no legend is needed."""
        return {
            "alignValue": "left",
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
            "mergeValues": True,
            "perPage": 20,
            "rowHeight": 0.9,
            "showValue": "auto",
            "tooltip": {"hideZeros": False, "mode": "single", "sort": "none"},
        }
