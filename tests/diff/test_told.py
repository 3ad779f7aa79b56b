"""What was done to many things is told once, the worst is told first, and the JSON keeps each."""

import json
from typing import Any

import click

from llumnix_dash.diff import as_json, markdown, text
from llumnix_dash.diff.changes import Report
from llumnix_dash.diff.compare import compare


def restyled(count: int, **custom: Any) -> dict[str, Any]:
    return {
        "uid": "x",
        "title": "Board",
        "panels": [
            {
                "id": number,
                "type": "timeseries",
                "title": f"Panel {number}",
                "datasource": {"type": "prometheus", "uid": custom.get("source", "one")},
                "targets": [{"refId": ref_id, "expr": f"m{number}{ref_id}"} for ref_id in "AB"],
                "fieldConfig": {"defaults": {"custom": {"showPoints": custom.get("points", "auto")}}},
            }
            for number in range(1, count + 1)
        ],
        "templating": {
            "list": [
                {
                    "type": "query",
                    "name": "ns",
                    "query": "label_values(ns)",
                    "datasource": {"uid": custom.get("source", "one")},
                }
            ]
        },
    }


def lines(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return click.unstyle(text.render(Report((compare(old, new),), 1))).splitlines()[3:]


def test_one_change_on_many_panels_is_one_line() -> None:
    assert lines(restyled(5), restyled(5, points="never")) == [
        "  display  show points changed: auto \u2192 never, on 5 panels",
    ]


def test_a_data_source_is_one_thing_on_panels_and_variables() -> None:
    assert lines(restyled(4), restyled(4, source="two")) == [
        "  query    data source changed: one \u2192 two, on 1 variable and 4 panels",
    ]


def test_the_same_override_gone_from_many_panels_is_one_line() -> None:
    old = restyled(4)
    for panel in old["panels"]:
        override = {"matcher": {"id": "byName", "options": "x"}, "properties": [{"id": "unit", "value": "s"}]}
        panel["fieldConfig"]["overrides"] = [override]
    assert lines(old, restyled(4)) == ["  display  override for x removed, on 4 panels", "             - unit: s"]


def test_two_are_no_crowd() -> None:
    assert lines(restyled(2), restyled(2, points="never")) == [
        "  display  Panel 1: show points changed: auto \u2192 never",
        "  display  Panel 2: show points changed: auto \u2192 never",
    ]


def test_the_worst_is_told_first_over_all_panels_and_dashboards() -> None:
    new = restyled(3, points="never")
    new["panels"][2]["targets"][1]["expr"] = "other"
    first = {**restyled(1), "uid": "a", "title": "A"}
    renamed = {**first, "title": "B"}
    report = Report((compare(first, renamed), compare(restyled(3), new)), 2)
    effects = [line.split()[0] for line in click.unstyle(text.render(report)).splitlines() if line.startswith("  ")]
    assert [effect for effect in effects if effect.isalpha()] == ["query", "display", "text"]


def test_the_json_keeps_each_with_the_number_of_its_group() -> None:
    new = restyled(3, points="never", source="two")
    document = json.loads(as_json.render(Report((compare(restyled(3), new),), 1)))
    changes = document["dashboards"][0]["changes"]
    assert [(change["name"], change["path"].rpartition(".")[2], change.get("group")) for change in changes] == [
        ("ns", "datasource", 1),
        ("Panel 1", "datasource", 1),
        ("Panel 2", "datasource", 1),
        ("Panel 3", "datasource", 1),
        ("Panel 1", "showPoints", 2),
        ("Panel 2", "showPoints", 2),
        ("Panel 3", "showPoints", 2),
    ]


def test_the_markdown_names_the_panels_of_a_group() -> None:
    rendered = markdown.render(Report((compare(restyled(3), restyled(3, points="never")),), 1))
    assert rendered.count("show points") == 2
    assert "<code>Panel 1</code>, <code>Panel 2</code>, <code>Panel 3</code>" in rendered
