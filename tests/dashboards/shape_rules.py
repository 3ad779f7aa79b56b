"""What a dashboard's JSON must keep to, so that Grafana 10 to 13 shows it as it is meant: a rule gives its faults."""

from collections.abc import Callable, Iterator
from itertools import combinations
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.models import units

from tests.reading import Json, panels

Rule = Callable[[Json], list[str]]

# Panel type -> format, instant and range of its targets.
FORMATS = {
    "heatmap": ("heatmap", False, True),
    "table": ("table", True, False),
    "stat": ("time_series", True, False),
    "state-timeline": ("time_series", False, True),
    "timeseries": ("time_series", False, True),
}
# Grafana's units, and its two forms for units that it does not have.
UNITS = {getattr(units, name) for name in dir(units) if isinstance(getattr(units, name), str)}
OWN_UNITS = ("count:", "si:", "suffix:")
OBSOLETE = {
    *("__inputs", "__requires", "gnetId", "style", "rows", "hideControls", "sharedCrosshair", "time_options"),
    *("intervalFactor", "step", "metric", "target", "query", "cacheTimeout", "minSpan", "span"),
}
WORST = {"max", "min"}


def is_of_the_last_schema(dashboard: Json) -> list[str]:
    """42 is the last of this kind of JSON: nothing is migrated."""
    return [] if dashboard["schemaVersion"] == 42 else [f"schemaVersion {dashboard['schemaVersion']}"]


def has_a_uid_that_grafana_takes(dashboard: Json) -> list[str]:
    """At most 40 characters."""
    return [] if 0 < len(dashboard["uid"]) <= 40 else [f"uid {dashboard['uid']!r}"]


def has_nothing_obsolete(dashboard: Json) -> list[str]:
    """Neither what Grafana no longer reads, nor an input for the import dialogue that kills the drop-down."""
    places = [dashboard, dashboard["timepicker"], *panels(dashboard), *_targets(dashboard)]
    return sorted({f"{key} is obsolete" for place in places for key in OBSOLETE & set(place)})


def has_no_nulls(dashboard: Json) -> list[str]:
    """Missing beats null, but for the base of thresholds."""
    return [
        f"{path} is null"
        for path, value in _leaves(dashboard)
        if value is None and not path.endswith((".thresholds.steps.0.value", ".thresholds.value.steps.0.value"))
    ]


def thresholds_rise_from_null(dashboard: Json) -> list[str]:
    """The first step holds for everything below the second."""
    faults = []
    for panel in panels(dashboard):
        steps = [
            one["value"]
            for one in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [{"value": None}])
        ]
        if steps[0] is not None or steps[1:] != sorted(set(steps[1:])):
            faults.append(f"{panel['title']}: thresholds at {steps}")
    return faults


def plugins_need_no_migration(dashboard: Json) -> list[str]:
    """Without a pluginVersion Grafana takes a panel for one of Grafana 6; without overrides it has failed to load."""
    return [
        f"{panel['title']}: no {missing}"
        for panel in panels(dashboard)
        for missing, there in (
            ("pluginVersion", panel.get("pluginVersion")),
            ("overrides", isinstance(panel["fieldConfig"].get("overrides"), list)),
            ("options", panel.get("options")),
        )
        if not there
    ]


def panels_are_react_panels(dashboard: Json) -> list[str]:
    """Grafana 12 has no Angular panels."""
    return [f"{one['title']} is a {one['type']}" for one in panels(dashboard) if one["type"] not in FORMATS]


def ids_and_titles_are_unique(dashboard: Json) -> list[str]:
    """A link or an alert names a panel by its id; a person by its title."""
    everything = [*panels(dashboard), *(one for one in dashboard["panels"] if one["type"] == "row")]
    faults = [f"id {panel.get('id')!r}" for panel in everything if not isinstance(panel.get("id"), int)]
    for what in ("id", "title"):
        values = [panel.get(what) for panel in everything]
        faults += [
            f"two panels have the {what} {value!r}"
            for value in sorted({one for one in values if values.count(one) > 1})
        ]
    return faults


def ref_ids_are_letters(dashboard: Json) -> list[str]:
    """A, B, … in the order of the targets."""
    return [
        f"{panel['title']}: refIds {refs}"
        for panel in panels(dashboard)
        if (refs := "".join(one.get("refId", "") for one in panel["targets"]))
        != ascii_uppercase[: len(panel["targets"])]
    ]


def units_are_known(dashboard: Json) -> list[str]:
    """An unknown unit is no error in Grafana: it stands behind the number as it is."""
    return [
        f"{path}: unit {value!r}"
        for path, value in _leaves(dashboard)
        if path.endswith((".unit", ".unit.value")) and value not in UNITS and not value.startswith(OWN_UNITS)
    ]


def axis_labels_are_where_grafana_reads_them(dashboard: Json) -> list[str]:
    """In custom; of a heatmap in its yAxis."""
    return [
        f"{path} is ignored"
        for path, _ in _leaves(dashboard)
        if path.endswith(".axisLabel") and not path.endswith((".custom.axisLabel", ".options.yAxis.axisLabel"))
    ]


def formats_fit_the_panel(dashboard: Json) -> list[str]:
    """Heatmaps read buckets, tables rows; what shows one moment asks for one moment."""
    return [
        f"{panel['title']}, {target['refId']}: {target['format']}, instant: {target['instant']}"
        for panel in panels(dashboard)
        for target in panel["targets"]
        if (target["format"], target["instant"], target["range"]) != FORMATS[panel["type"]]
    ]


def nothing_overlaps(dashboard: Json) -> list[str]:
    """Each panel, those of collapsed rows as if these were open, has its place in 24 columns."""
    faults = []
    open_panels = [one for one in dashboard["panels"] if one["type"] != "row" or not one["collapsed"]]
    rows = [one for one in dashboard["panels"] if one["type"] == "row" and one["collapsed"]]
    for together in (open_panels + rows, *(row["panels"] for row in rows)):
        for panel in together:
            place = panel["gridPos"]
            if place["x"] < 0 or place["y"] < 0 or place["w"] < 1 or place["h"] < 1 or place["x"] + place["w"] > 24:
                faults.append(f"{panel['title']} is at {place}")
        faults += [
            f"{one['title']} overlaps {other['title']}"
            for one, other in combinations(together, 2)
            if _overlap(one, other)
        ]
    return faults


def rows_hold_what_is_theirs(dashboard: Json) -> list[str]:
    """A collapsed row's panels are in it, beneath it; an open row's follow it; rows hold no rows."""
    rows = [one for one in dashboard["panels"] if one["type"] == "row"]
    return [
        f"{row['title']}: collapsed is {row['collapsed']}, with {len(row['panels'])} panels in it"
        for row in rows
        if bool(row["panels"]) != row["collapsed"]
    ] + [
        f"{panel['title']} in {row['title']} is a {panel['type']} at {panel['gridPos']['y']}"
        for row in rows
        for panel in row["panels"]
        if panel["type"] == "row" or panel["gridPos"]["y"] <= row["gridPos"]["y"]
    ]


def has_one_data_source(dashboard: Json) -> list[str]:
    """One variable `datasource`, which every panel, target, variable and annotation follows."""
    variables = dashboard["templating"]["list"]
    faults = (
        []
        if [one["name"] for one in variables if one["type"] == "datasource"] == ["datasource"]
        else ["no one datasource"]
    )
    users = [
        *panels(dashboard),
        *_targets(dashboard),
        *(one for one in variables if one["type"] == "query"),
        *(one for one in dashboard["annotations"]["list"] if "target" in one),
    ]
    expected = {"type": "prometheus", "uid": "${datasource}"}
    return faults + [
        f"{one.get('title') or one.get('name')}: datasource" for one in users if one.get("datasource") != expected
    ]


def everything_is_described(dashboard: Json) -> list[str]:
    """What it measures, and how to read it, on each panel."""
    faults = [] if dashboard["description"] else ["no description"]
    return faults + [
        f"{panel['title']}: no word on how to read it"
        for panel in panels(dashboard)
        if "**How to read:** " not in panel.get("description", "")
    ]


def legends_have_last_and_worst(dashboard: Json) -> list[str]:
    """The table by the lines says how it is and how bad it was; a list, which has less room, at most how bad it was."""
    return [
        f"{panel['title']}: legend of {calcs}"
        for panel in panels(dashboard)
        if panel["type"] == "timeseries"
        for legend in (panel["options"]["legend"],)
        for calcs in (legend["calcs"],)
        if calcs not in [[*(["lastNotNull"] if legend["displayMode"] == "table" else []), worst] for worst in WORST]
        if calcs or legend["displayMode"] == "table"
    ]


def nothing_is_blank_without_a_reason(dashboard: Json) -> list[str]:
    """Each panel may be empty: a mode, a role or a component that is not there, or no requests. It says which."""
    return [
        f"{panel['title']}: No data, without a reason"
        for panel in panels(dashboard)
        if panel["fieldConfig"]["defaults"].get("noValue", "No data") == "No data"
    ]


RULES: tuple[Rule, ...] = (
    is_of_the_last_schema,
    has_a_uid_that_grafana_takes,
    has_nothing_obsolete,
    has_no_nulls,
    thresholds_rise_from_null,
    plugins_need_no_migration,
    panels_are_react_panels,
    ids_and_titles_are_unique,
    ref_ids_are_letters,
    units_are_known,
    axis_labels_are_where_grafana_reads_them,
    formats_fit_the_panel,
    nothing_overlaps,
    rows_hold_what_is_theirs,
    has_one_data_source,
    everything_is_described,
    legends_have_last_and_worst,
    nothing_is_blank_without_a_reason,
)


def _targets(dashboard: Json) -> list[Json]:
    return [target for panel in panels(dashboard) for target in panel["targets"]]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is neither object nor list, by its path; an override's by what it overrides."""
    if isinstance(value, dict):
        here = f"{path}.{value['id']}" if set(value) == {"id", "value"} else path
        for key, one in value.items():
            yield from _leaves(one, f"{here}.{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _leaves(one, f"{path}.{number}")
    else:
        yield path, value


def _overlap(one: Json, other: Json) -> bool:
    a, b = one["gridPos"], other["gridPos"]
    return (
        a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]
    )
