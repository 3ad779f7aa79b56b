"""Variables have the values with which Grafana opens the dashboard, or those that the user chose."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from llumnix_dash.errors import QueryError
from llumnix_dash.interpolation.interpolate import VariableValue, interpolate
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.interpolation.variables import Variables, resolve, shown

HOUR = TimeRange(0, 3600)


def resolved(
    *models: Mapping[str, Any],
    found: Sequence[str] = ("a", "b"),
    chosen: Mapping[str, Sequence[str]] | None = None,
    asked: list[str] | None = None,
) -> Variables:
    def find(query: str, time_range: TimeRange) -> list[str]:
        if asked is not None:
            asked.append(query)
        if "refused" in query:
            raise QueryError("1:1: parse error")
        return list(found)

    return resolve({"templating": {"list": list(models)}}, find, HOUR, chosen=chosen or {}, scrape_interval="15s")


def query(**model: Any) -> dict[str, Any]:
    return {"name": "v", "type": "query", "query": "label_values(x)", **model}


def custom(text: str = "a, b", **model: Any) -> dict[str, Any]:
    return {"name": "v", "type": "custom", "query": text, **model}


# A variable -> what $v becomes in a query.
OPENS_WITH = {
    "its saved value": (query(current={"value": "b"}), "b"),
    "the first option where it has no saved value": (query(), "a"),
    "the first option where the saved value is none any more": (query(current={"value": "gone"}), "a"),
    "All where the saved value is none any more": (query(current={"value": "gone"}, includeAll=True), "(a|b)"),
    "All where it has no saved value": (query(multi=True, includeAll=True), "(a|b)"),
    "a saved All": (query(multi=True, includeAll=True, current={"value": ["$__all"]}), "(a|b)"),
    "a saved All with an allValue": (query(includeAll=True, allValue=".*", current={"value": "$__all"}), ".*"),
    "a saved All though there is no All": (query(current={"value": "$__all"}), "a"),
    "those of its saved values that are options": (query(multi=True, current={"value": ["b", "gone"]}), "b"),
    "several saved values": (query(multi=True, current={"value": ["a", "b"]}), "(a|b)"),
    "the option whose text was saved": (custom("A : 1, B : 2", current={"value": "gone", "text": "B"}), "2"),
    "the first option where neither text nor value is one": (custom("A : 1, B : 2", current={"value": "B"}), "1"),
    "a query given as an object": (query(query={"query": "label_values(x)", "qryType": 1}), "a"),
    "the definition where the object has no query": (query(query={"refId": "A"}, definition="label_values(x)"), "a"),
    "a custom variable's first option": (custom(), "a"),
    "a constant": ({"name": "v", "type": "constant", "query": "c.d"}, "c.d"),
    "a text box's saved text": ({"name": "v", "type": "textbox", "query": "q", "current": {"value": "t"}}, "t"),
    "a text box's default": ({"name": "v", "type": "textbox", "query": "q"}, "q"),
    "an interval": ({"name": "v", "type": "interval", "query": "1m,5m", "current": {"value": "5m"}}, "5m"),
    "the first interval": ({"name": "v", "type": "interval", "query": "1m,5m"}, "1m"),
    "auto: the range by its steps, rounded": (
        {"name": "v", "type": "interval", "query": "1m", "auto": True, "auto_count": 30, "auto_min": "10s"},
        "2m",
    ),
    "a saved auto": (
        {
            "name": "v",
            "type": "interval",
            "query": "1m",
            "auto_count": 3600,
            "current": {"value": "$__auto_interval_v"},
        },
        "10s",
    ),
    "a data source": (
        {"name": "v", "type": "datasource", "query": "prometheus", "current": {"value": "uid-1"}},
        "uid-1",
    ),
    "the default data source": ({"name": "v", "type": "datasource", "query": "prometheus"}, "default"),
}


@pytest.mark.parametrize("case", OPENS_WITH, ids=str)
def test_a_variable_opens_with(case: str) -> None:
    model, expected = OPENS_WITH[case]
    assert interpolate("$v", resolved(model).scope) == expected


# A variable, the user's values -> what $v becomes.
CHOSEN = {
    "an option": (query(), ["b"], "b"),
    "what is no option, as from a URL": (query(), ["other"], "other"),
    "several values": (query(multi=True), ["a", "b"], "(a|b)"),
    "the last of several where it takes one": (query(), ["a", "b"], "b"),
    "All": (query(includeAll=True), ["All"], "(a|b)"),
    "All with an allValue": (query(includeAll=True, allValue=".+"), ["$__all"], ".+"),
    "the allValue itself, which is All": (query(multi=True, includeAll=True, allValue=".+"), [".+"], ".+"),
    "All where there is none": (query(), ["All"], "All"),
    "an interval": ({"name": "v", "type": "interval", "query": "1m"}, ["7m"], "7m"),
    "a text": ({"name": "v", "type": "textbox"}, ["t"], "t"),
    "a constant": ({"name": "v", "type": "constant", "query": "c"}, ["d"], "d"),
}


@pytest.mark.parametrize("case", CHOSEN, ids=str)
def test_the_user_chooses(case: str) -> None:
    model, chosen, expected = CHOSEN[case]
    assert interpolate("$v", resolved(model, chosen={"v": chosen}).scope) == expected


def test_a_chained_variable_asks_with_the_values_of_those_before_it_in_whatever_order_they_stand() -> None:
    asked: list[str] = []
    resolved(
        query(name="model", query='label_values(up{namespace=~"$namespace"}, model)'),
        query(name="namespace", query="label_values(up{job='$job'}, namespace)", multi=True),
        {"name": "job", "type": "constant", "query": "gateway"},
        asked=asked,
    )
    assert asked == ["label_values(up{job='gateway'}, namespace)", 'label_values(up{namespace=~"a"}, model)']


@pytest.mark.parametrize(
    "model",
    [
        query(),
        query(query={"query": "label_values(x)", "refId": "A"}),
        query(query={"query": "", "refId": "A"}, definition="label_values(x)"),
    ],
)
def test_the_store_is_asked_the_variables_query_however_it_is_written(model: Mapping[str, Any]) -> None:
    asked: list[str] = []
    resolved(model, asked=asked)
    assert asked == ["label_values(x)"]


def test_a_variable_in_a_regex_means_its_value_to_the_letter() -> None:
    """The dot of a value matches a dot and not any character."""
    models = custom("a.b", name="one"), query(regex="/$one/")
    assert interpolate("$v", resolved(*models, found=["axb", "a.b"]).scope) == "a.b"


def test_variables_that_name_each_other_do_not_go_round_for_ever() -> None:
    asked: list[str] = []
    resolved(query(name="a", query="label_values(x{b='$b'}, l)"), query(name="b", query="$a"), asked=asked)
    assert len(asked) == 2


def test_the_range_and_the_scrape_interval_stand_in_a_variables_query() -> None:
    asked: list[str] = []
    resolved(query(query="query_result(topk(5, rate(x[$__range]) + $__interval_ms))"), asked=asked)
    assert asked == ["query_result(topk(5, rate(x[3600s]) + 15000))"]


def test_a_refused_query_is_told_and_the_others_go_on() -> None:
    variables = resolved(query(name="bad", query="refused"), query(name="good"))
    assert variables.errors == {"bad": "1:1: parse error"}
    assert variables.scope["good"].value == "a"


def test_what_is_not_applied_and_what_is_empty_is_noted() -> None:
    variables = resolved({"name": "groups", "type": "groupby"}, query(name="empty"), found=[])
    assert variables.notes == {
        "groups": "a variable of type groupby is not applied",
        "empty": "lists no value",
    }


def test_a_query_on_another_kind_of_data_source_keeps_its_saved_value() -> None:
    asked: list[str] = []
    logs = {"name": "logs", "type": "datasource", "query": "loki"}
    for datasource in ({"type": "loki", "uid": "l"}, "${logs}"):
        variables = resolved(logs, query(datasource=datasource, current={"value": "s"}), asked=asked)
        assert (variables.scope["v"].value, asked) == ("s", [])


def test_a_panel_repeats_over_the_options_where_all_is_chosen() -> None:
    scope = resolved(query(includeAll=True, allValue=".*", current={"value": "$__all"})).scope
    assert scope["v"].chosen == ("a", "b")


def test_a_value_is_shown_by_its_text() -> None:
    assert shown(resolved(custom("Five : 5m")).scope["v"]) == "Five"
    assert shown(VariableValue("v", ("a", "b"))) == "a, b"


def test_a_panel_repeats_over_every_option_where_all_is_chosen() -> None:
    """Whatever text of its own All has in queries."""
    everything = resolved(custom(includeAll=True, allValue=".*", current={"value": "$__all"})).scope["v"]
    assert everything.chosen == ("a", "b")
