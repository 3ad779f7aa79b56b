"""A colour means one thing on every dashboard."""

import re

from llumnix_dash.panels.style import CAUTION, FAILURE, GOOD, INSTANCES, NAMES, QUANTILES, ROLES, SERIES, series_colour
from llumnix_dash.promql import PART
from tests.reading import Json, every_dashboard, panels

ROLE = re.compile(r"/(prefill|decode|neutral)\$/")
# Two instances may have one colour; what else tells them apart is no matter of colour.
INSTANCE = {f"/^[^:]*[{last}](:\\d+)?$/" for last in INSTANCES}
# A pattern that one line's name alone matches, where a query gives several.
ONE_LINE = re.compile(r"/\^[\w ]+\$/")


def colours(panel: Json) -> list[tuple[str, str]]:
    """What is coloured, a legend or a pattern of names, and its colour."""
    legends = {target["refId"]: target["legendFormat"] for target in panel["targets"]}
    return [
        (legends.get(one["matcher"]["options"], one["matcher"]["options"]), own["value"]["fixedColor"])
        for one in panel["fieldConfig"]["overrides"]
        for own in one["properties"]
        if own["id"] == "color"
    ]


def legends_of(panel: Json) -> str:
    """All the legends of a panel's targets."""
    return " ".join(target["legendFormat"] for target in panel["targets"])


@every_dashboard
def test_a_quantile_has_its_colour(dashboard: Json) -> None:
    for panel in panels(dashboard):
        for name, colour in colours(panel):
            if name in QUANTILES:
                assert colour == QUANTILES[name], panel["title"]


@every_dashboard
def test_each_line_of_quantiles_has_a_colour_of_its_own(dashboard: Json) -> None:
    for panel in panels(dashboard):
        names = [target["legendFormat"] for target in panel["targets"]]
        if set(names) & set(QUANTILES):
            assert [name for name, _ in colours(panel)] == names
            assert len({colour for _, colour in colours(panel)}) == len(names)


@every_dashboard
def test_a_role_has_its_colour(dashboard: Json) -> None:
    for panel in panels(dashboard):
        by_role = {ROLE.fullmatch(name)[1]: colour for name, colour in colours(panel) if ROLE.fullmatch(name)}  # type: ignore[index]
        assert by_role in ({}, ROLES), panel["title"]


@every_dashboard
def test_red_is_failure_and_nothing_else(dashboard: Json) -> None:
    failures = re.compile(r"failed( \{\{error_type\}\})?|/\^\[45\]/|/error\$/|\w+ gone|full|/\^over 1 % failed/")
    for panel in panels(dashboard):
        for name, colour in colours(panel):
            assert (colour == FAILURE) == bool(failures.fullmatch(name)), (panel["title"], name)


def test_colours_are_told_apart() -> None:
    assert len(set(QUANTILES.values())) == len(QUANTILES)
    assert len(set(ROLES.values())) == len(ROLES)
    assert FAILURE not in {*QUANTILES.values(), *ROLES.values()}
    assert GOOD != FAILURE


def test_a_name_that_means_something_keeps_its_colour_wherever_it_stands() -> None:
    assert {series_colour("running", position) for position in range(10)} == {series_colour("running", 0)}
    assert series_colour("anything", 0) != series_colour("anything", 1)


def test_grafana_knows_the_colours() -> None:
    """Any other word is drawn as black, which a dark theme hides."""
    hues = r"(super-light-|light-|semi-dark-|dark-)?(red|orange|yellow|green|blue|purple)"
    for colour in (FAILURE, CAUTION, GOOD, *QUANTILES.values(), *ROLES.values(), *SERIES, *NAMES.values()):
        assert re.fullmatch(rf"{hues}|text|#[0-9A-F]{{6}}", colour), colour


@every_dashboard
def test_grafana_can_match_the_lines_that_have_a_look_of_their_own(dashboard: Json) -> None:
    for panel in panels(dashboard):
        for one in panel["fieldConfig"]["overrides"]:
            kind, options = one["matcher"]["id"], one["matcher"]["options"]
            assert kind in {"byName", "byRegexp", "byFrameRefID"}, panel["title"]
            assert (kind == "byRegexp") == (options[0] == options[-1] == "/"), panel["title"]


@every_dashboard
def test_a_role_has_its_very_colour_and_what_may_be_several_lines_shades_of_one(dashboard: Json) -> None:
    """Shades of the role's colour would look like other roles'; several lines in one colour could not be told apart."""
    for panel in panels(dashboard):
        several = {target["refId"]: "{{" in target["legendFormat"] for target in panel["targets"]}
        for one in panel["fieldConfig"]["overrides"]:
            name = one["matcher"]["options"]
            for own in one["properties"]:
                if own["id"] == "color":
                    fixed = (
                        ROLE.fullmatch(name)
                        or name in INSTANCE
                        or several.get(name) is False
                        or one["matcher"]["id"] == "byName"
                    )
                    mode = "fixed" if fixed or (ONE_LINE.fullmatch(name) and PART in legends_of(panel)) else "shades"
                    assert own["value"]["mode"] == mode, (panel["title"], name)
