"""The dashboards over recorded series: what they read, and what they say of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llumnix_dash.catalog.recorded import NAMES
from llumnix_dash.generate import generate
from llumnix_dash.interpolation.timerange import parse_duration
from llumnix_dash.recorded.dashboards import OF_A_PAGE, SMOOTHED, STEP, UNHEARD, over_recorded
from llumnix_dash.recorded.queries import Recorded
from llumnix_dash.rulefiles import RECORDING_SECONDS, recorded_series
from llumnix_dash.settings.load import load
from llumnix_dash.settings.site import Site

Json = dict[str, Any]

EVERYTHING = load(Path(__file__).parent.parent / "settings" / "everything.toml")
RECORD = re.compile(r"\b[a-z_]+:\w+:\w+")
# What asks of single engines, or must not depend on the ruler: panel -> why.
STILL_RAW = {
    "Up": "whoever is gone has to show whether rules are evaluated or not",
    "Running: CMS and Engines": "whether prefill engines tell of tokens at all, in the time range shown",
}


def recorded(site: Site) -> Site:
    return site.model_copy(update={"dashboards": site.dashboards.model_copy(update={"recorded": True})})


RAW = {one.name: one.dashboard for one in generate()}
OVER_RECORDED = {one.name: one.dashboard for one in generate(site=recorded(Site()))}


def panels(dashboard: Json, *, only_open: bool = False) -> Iterator[Json]:
    for panel in dashboard["panels"]:
        yield panel
        if not only_open:
            yield from panel.get("panels", [])


def asked(panel: Json) -> str:
    return " ".join(target["expr"] for target in panel.get("targets", []))


def reading(dashboards: dict[str, Json]) -> dict[str, int]:
    """How many recorded series the panels of each dashboard read."""
    return {name: sum(len(RECORD.findall(asked(one))) for one in panels(json)) for name, json in dashboards.items()}


def test_every_recorded_series_is_read() -> None:
    read = {name for one in OVER_RECORDED.values() for panel in panels(one) for name in RECORD.findall(asked(panel))}
    assert {one.name for one in recorded_series(Site())} - read == set()
    # Of objectives there are no others.
    raw = " ".join(asked(panel) for one in RAW.values() for panel in panels(one))
    assert set(RECORD.findall(raw)) <= set(NAMES)


@pytest.mark.parametrize("name", OVER_RECORDED)
def test_what_is_open_asks_no_series_of_each_engine(name: str) -> None:
    of_engines = re.compile(r"\b(vllm:\w+|instance_(cms|lrs)_\w+|up\{job=~[^}]*engine)(?=\{|$)?")
    raw = {
        panel["title"]
        for panel in panels(OVER_RECORDED[name], only_open=True)
        if of_engines.search(RECORD.sub("", asked(panel)))
    }
    assert raw <= STILL_RAW.keys()


@pytest.mark.parametrize("name", OVER_RECORDED)
def test_a_panel_has_one_window_and_one_choice(name: str) -> None:
    before = {panel["id"]: panel for panel in panels(RAW[name])}
    labels = {one["name"]: one.get("label") for one in RAW[name]["templating"]["list"]}
    for panel in (one for one in panels(OVER_RECORDED[name]) if "targets" in one):
        raw = before[panel["id"]]
        if asked(panel) == asked(raw):
            assert panel | {"gridPos": None} == raw | {"gridPos": None}
            continue
        assert "[$__rate_interval]" not in asked(panel)
        assert ("[$__rate_interval]" in asked(raw)) == (SMOOTHED in panel["description"])
        unheard = set(re.findall(r"\$(?!__)(\w+)", asked(raw))) - set(re.findall(r"\$(?!__)(\w+)", asked(panel)))
        assert unheard <= {"instance", "lrs_model"}
        words = UNHEARD.format(names=" or ".join(labels[one] for one in sorted(unheard)))
        assert (words in panel["description"]) == bool(unheard)
        steps = not all(target.get("instant") for target in panel["targets"])
        coarser = {None: STEP, "30s": STEP} if steps else {}
        assert panel.get("interval") == coarser.get(raw.get("interval"), raw.get("interval"))
        rest = {"description", "targets", "interval", "gridPos"}
        assert {key: one for key, one in panel.items() if key not in rest} == {
            key: one for key, one in raw.items() if key not in rest
        }


def test_a_step_is_no_finer_than_the_rules_and_leaves_no_value_of_theirs_out() -> None:
    assert RECORDING_SECONDS <= parse_duration(STEP) <= parse_duration("5m")


@pytest.mark.parametrize(("name", "table"), [("cms", "Fullest Instances"), ("lrs", "Busiest Instances")])
def test_a_table_of_instances_is_asked_when_its_row_is_opened(name: str, table: str) -> None:
    """It asks the series of each, and a page that is open costs the same at any number of them."""
    before, after = RAW[name]["panels"], OVER_RECORDED[name]["panels"]
    [place] = [index for index, panel in enumerate(before) if panel["title"] == table]
    row = after[place]
    assert row["title"].startswith(table)
    assert row["collapsed"]
    assert [panel["title"] for panel in row["panels"]] == [table]
    assert [panel["title"] for panel in (*after[:place], *after[place + 1 :])] == [
        panel["title"] for panel in before if panel["title"] != table
    ]


@pytest.mark.parametrize("name", OVER_RECORDED)
def test_the_places_close_up_and_ids_are_one_each(name: str) -> None:
    lines: dict[int, list[Json]] = {}
    for panel in panels(OVER_RECORDED[name], only_open=True):
        lines.setdefault(panel["gridPos"]["y"], []).append(panel["gridPos"])
    below = 0
    for top, places in sorted(lines.items()):
        assert top == below
        assert sum(place["w"] for place in places) == 24
        below = top + max(place["h"] for place in places)
    ids = [panel["id"] for panel in panels(OVER_RECORDED[name])]
    assert len(set(ids)) == len(ids)


def test_a_page_says_that_it_needs_the_rules() -> None:
    assert all(one["description"].endswith(OF_A_PAGE) for one in OVER_RECORDED.values())


def test_a_site_with_names_of_its_own_reads_as_much() -> None:
    own = {one.name: one.dashboard for one in generate(site=recorded(EVERYTHING))}
    assert reading(own) == reading(OVER_RECORDED)
    # Rules of another fleet in the same store may have these names.
    texts = [asked(panel) for one in own.values() for panel in panels(one)]
    matchers = [f'{label}="{value}"' for label, value in EVERYTHING.matchers.items()]
    for selector in re.findall(r"\b[a-z_]+:\w+:\w+(\{[^}]*\})?", " ".join(texts)):
        assert all(matcher in selector for matcher in matchers)


def test_a_choice_that_nothing_hears_is_not_offered() -> None:
    url = "/d/other?${cluster:queryparam}&${instance:queryparam}&x=1"
    page: Json = {
        "description": "A page.",
        "panels": [
            {
                "id": 1,
                "type": "timeseries",
                "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8},
                "description": "",
                "targets": [{"expr": 'sum(rate(a_total{cluster=~"$cluster",instance=~"$instance"}[5m]))'}],
            }
        ],
        "links": [{"url": url}],
        "annotations": {"list": []},
        "templating": {
            "list": [
                {"name": "cluster", "label": "Cluster", "definition": "label_values(up, cluster)"},
                {"name": "instance", "label": "Pod", "definition": 'label_values(up{cluster=~"$cluster"}, instance)'},
            ]
        },
    }
    made = over_recorded(page, [Recorded("cluster:a_total:rate5m", "sum by (cluster) (rate(a_total{}[5m]))")])
    assert [one["name"] for one in made["templating"]["list"]] == ["cluster"]
    assert made["links"] == [{"url": "/d/other?${cluster:queryparam}&x=1"}]
    assert made["panels"][0]["targets"] == [{"expr": 'sum(cluster:a_total:rate5m{cluster=~"$cluster"})'}]
    assert made["panels"][0]["description"].endswith(UNHEARD.format(names="Pod"))
    # What was given is left as it was.
    assert page["links"] == [{"url": url}]
