"""What of a page's look is known without drawing it: what fits on a screen of 1280 pixels, and what colours mean.

``inter_500_14px.json`` holds the width of each printable ASCII character in the font of panel titles and table
headings, in pixels: Inter, weight 500, 14 px (npm @fontsource/inter, latin), as Chromium's ``measureText`` gives it.
Kerning, which makes a text a little narrower, is left out.
"""

import json
import re
from itertools import combinations
from pathlib import Path

from llumnix_dash.panels.style import INSTANCES, QUANTILES, ROLES
from tests.reading import Json, every_dashboard, panels

WIDTHS: dict[str, float] = json.loads(Path(__file__).with_name("inter_500_14px.json").read_text(encoding="utf-8"))

# Of Grafana's page at 1280 pixels, measured in its pictures: a column, the gap between panels, what a panel's header
# and a table's cell have beside their text, and the width of the link icon in a header.
COLUMN, GAP = 52.3, 8
HEADER, CELL, LINK = 64, 24, 24
# Of a panel: a unit of height, the gap, header and padding; the part that a legend beneath may have, and its rows.
UNIT, FRAME, SHARE, ROW = 38, 52, 0.35, 24
# Values of labels on a usual page.
INSTANCES_SHOWN = tuple(f"10.0.16.{number}:8000" for number in range(12, 17))
VALUES = {
    "cluster": [""],
    "namespace": ["llumnix"],
    "infer_type": ("prefill", "decode", "neutral"),
    "instance": INSTANCES_SHOWN,
    "instance_id": INSTANCES_SHOWN,
    "finished_reason": ("stop", "length", "abort", "error", "repetition"),
    "status_code": ("200", "429", "500"),
}
OTHERS = ("qwen3-32b", "llama-3-8b")
LABEL = re.compile(r"\{\{(\w+)\}\}")
# A name that a query gives lines itself.
PART = re.compile(r'"part", "([^"$]+)", "", ""')
# What may be green, orange, yellow or red: good, a warning, bad. Legends, and patterns of them.
JUDGED = re.compile(
    r"failed|failed \{\{error_type\}\}|within|beyond|/(stop|abort|error)\$/"
    r"|/\^\(2\|0\$\)/|/\^\[45\]/|/\^\(404\|429\)\$/|/\^at (most|least)\$/|/\^over 1 % failed/"
    r"|\w+ gone|\w+, fewer|waiting|full|objective"
)


def text_width(text: str) -> float:
    return sum(WIDTHS[letter] for letter in text)


def width(panel: Json) -> float:
    return float(panel["gridPos"]["w"] * COLUMN - GAP)


def parts(query: str) -> list[str]:
    """The names that a query gives its lines itself, but for those that it gives on the way there."""
    found = PART.finditer(query)
    return [one[1] for one in found if query.count("(", 0, one.start()) - query.count(")", 0, one.start()) == 1]


def lines(panel: Json) -> list[str]:
    """The names of a panel's lines on a usual page: of instances five, whatever else their names hold."""
    names = []
    for target in panel["targets"]:
        several = [target["legendFormat"]]
        labels = dict.fromkeys(LABEL.findall(target["legendFormat"]))
        for label in labels:
            values = parts(target["expr"]) if label == "part" else VALUES.get(label, OTHERS)
            if {"instance", "instance_id"} & set(labels) - {label}:
                values = values[:1]
            several = [one.replace(f"{{{{{label}}}}}", value) for one in several for value in values]
        names += several
    return names


@every_dashboard
def test_a_title_fits_its_panel(dashboard: Json) -> None:
    """A title that is cut is a panel of which one does not know what it shows."""
    faults = []
    for panel in panels(dashboard):
        room = width(panel) - HEADER - LINK * len(panel.get("links", []))
        need = text_width(panel["title"])
        if need > room:
            faults.append(f"{panel['title']!r}, {panel['gridPos']['w']} columns: needs {need:.0f} px of {room:.0f}")
    assert not faults


@every_dashboard
def test_the_headings_of_a_table_fit_side_by_side(dashboard: Json) -> None:
    """The columns share the width evenly, but for those that have one of their own."""
    faults = []
    for panel in panels(dashboard):
        if panel["type"] != "table":
            continue
        own = {
            one["matcher"]["options"]: property["value"]
            for one in panel["fieldConfig"]["overrides"]
            for property in one["properties"]
            if property["id"] == "custom.width"
        }
        organize = panel["transformations"][-1]["options"]
        headings = [organize["renameByName"].get(name, name) for name in organize["includeByName"]]
        # A label that no series bears, such as the cluster of a fleet without one, has no column.
        headings = [one for one in headings if one != "Cluster"]
        shared = [one for one in headings if one not in own]
        each = (width(panel) - 16 - sum(own.values())) / max(1, len(shared))
        for heading in headings:
            room, need = own.get(heading, each) - CELL, text_width(heading)
            if need > room:
                faults.append(f"{panel['title']!r}, column {heading!r}: needs {need:.0f} px of {room:.0f}")
    assert not faults


@every_dashboard
def test_a_legend_is_not_cut_off(dashboard: Json) -> None:
    """Grafana gives a legend beneath the lines 35 % of the height; one beside them should leave them half."""
    faults = []
    for panel in panels(dashboard):
        if panel["type"] != "timeseries":
            continue
        legend, names = panel["options"]["legend"], lines(panel)
        inner = panel["gridPos"]["h"] * UNIT - FRAME
        longest = max(len(name) for name in names) * 6.5
        what = f"{panel['title']!r}, {panel['gridPos']['w']} columns, {panel['gridPos']['h']} high, {len(names)} lines"
        if legend["placement"] == "right":
            high, room = (len(names) + 1) * ROW, float(inner)
            if longest + 160 > width(panel) / 2:
                faults.append(f"{what}: the legend beside the lines needs {longest + 160:.0f} px of {width(panel):.0f}")
        elif legend["displayMode"] == "list":
            side_by_side = max(1, int((width(panel) - 16) // (longest + (100 if legend["calcs"] else 30))))
            high, room = -(-len(names) // side_by_side) * ROW, SHARE * inner
        else:
            high, room = (len(names) + 1) * ROW, SHARE * inner
        if high > room + ROW / 4:
            faults.append(f"{what}: the legend needs {high} px of {room:.0f}")
    assert not faults


@every_dashboard
def test_no_line_has_a_colour_of_grafanas_palette(dashboard: Json) -> None:
    """Its first is green and its fifth red, whatever the lines are."""
    for panel in panels(dashboard):
        if panel["type"] != "timeseries":
            continue
        coloured = [
            one["matcher"]
            for one in panel["fieldConfig"]["overrides"]
            if any(property["id"] == "color" for property in one["properties"])
        ]
        refs = {one["options"] for one in coloured if one["id"] == "byFrameRefID"}
        names = {one["options"] for one in coloured if one["id"] == "byName"}
        patterns = [one["options"].strip("/") for one in coloured if one["id"] == "byRegexp"]
        for target in panel["targets"]:
            if target["refId"] in refs or "{{part}}" in target["legendFormat"]:
                continue
            for name in lines({"targets": [target]}):
                assert name in names or any(re.search(one, name) for one in patterns), (panel["title"], name)


@every_dashboard
def test_green_orange_and_red_judge(dashboard: Json) -> None:
    """They are good, a warning and bad, and no line has one of them that is none of these."""
    for panel in panels(dashboard):
        legends = {target["refId"]: target["legendFormat"] for target in panel["targets"]}
        for one in panel["fieldConfig"]["overrides"]:
            name = legends.get(one["matcher"]["options"], one["matcher"]["options"])
            for property in one["properties"]:
                colour = property["value"]["fixedColor"] if property["id"] == "color" else ""
                if re.search("green|yellow|orange|red$", colour):
                    assert JUDGED.fullmatch(name), (panel["title"], name, colour)


def test_roles_are_told_apart_by_every_eye() -> None:
    """Also without red, green or blue cones: 15 in CIELAB is plain to see; the old green and teal were 8 apart."""
    for one, other in combinations(ROLES.values(), 2):
        for kind, cones in EYES.items():
            assert distance(seen(one, cones), seen(other, cones)) > 15, (one, other, kind)


def test_an_instance_is_neither_good_nor_bad() -> None:
    """Of its colours none is near Grafana's red, orange, yellow or green, and no two are alike."""
    normal = EYES["normal"]
    for colour in {*INSTANCES.values(), *ROLES.values(), QUANTILES["P99"]}:
        for judging in ("#F2495C", "#FF9830", "#FADE2A", "#73BF69"):
            assert distance(seen(colour, normal), seen(judging, normal)) > 30, (colour, judging)
    for one, other in combinations(INSTANCES.values(), 2):
        assert distance(seen(one, normal), seen(other, normal)) > 15, (one, other)


def test_each_instance_has_one_colour() -> None:
    """By the last letter or digit of its name; the port says nothing."""
    assert sorted("".join(INSTANCES)) == sorted("0123456789abcdefghijklmnopqrstuvwxyz")


# What an eye makes of light (Machado, Oliveira and Fernandes 2009, at full severity), in linear RGB.
EYES = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
Vector = tuple[float, ...]
TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.072175), (0.0193339, 0.119192, 0.9503041))
WHITE = (0.95047, 1.0, 1.08883)


def seen(colour: str, cones: tuple[Vector, ...]) -> Vector:
    """The colour, such as ``#3274D9``, as the eye sees it, in CIELAB."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    light = [min(1.0, max(0.0, part)) for part in applied(cones, linear)]
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (one / white for one, white in zip(applied(TO_XYZ, light), WHITE, strict=True))
    )
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def applied(matrix: tuple[Vector, ...], vector: list[float]) -> list[float]:
    return [sum(one * other for one, other in zip(row, vector, strict=True)) for row in matrix]


def distance(one: Vector, other: Vector) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5)
