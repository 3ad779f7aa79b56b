"""The drop-downs: chained, many or all, with values of Llumnix's own metrics."""

import re

from tests.reading import Json, every_dashboard, metric_of, panels, queries, selectors


def variables(dashboard: Json, kind: str) -> list[Json]:
    """The drop-downs of a kind; what a row's title says is none."""
    return [one for one in dashboard["templating"]["list"] if one["type"] == kind and not is_title(one)]


def is_title(variable: Json) -> bool:
    return str(variable["name"]).startswith("blank_")


@every_dashboard
def test_the_data_source_comes_first(dashboard: Json) -> None:
    assert dashboard["templating"]["list"][0]["name"] == "datasource"


@every_dashboard
def test_each_lists_the_values_of_a_llumnix_metric(dashboard: Json) -> None:
    """Never of every series in the store: a namespace without Llumnix is of no use."""
    for one in variables(dashboard, "query"):
        series, label = re.fullmatch(r"label_values\((.+)\{.*\}, (\w+)\)", one["definition"]).groups()  # type: ignore[union-attr]
        assert label in metric_of(series).all_labels
        assert "job=" in one["definition"]
        assert one["query"] == {
            "query": one["definition"],
            "qryType": 1,
            "refId": "PrometheusVariableQueryEditor-VariableQuery",
        }


@every_dashboard
def test_each_is_chained_to_those_before_it(dashboard: Json) -> None:
    """Whoever chooses a namespace is offered its models alone, so far as the metric bears the label."""
    before: dict[str, str] = {}
    for one in variables(dashboard, "query"):
        series, label = re.fullmatch(r"label_values\((.+)\{.*\}, (\w+)\)", one["definition"]).groups()  # type: ignore[union-attr]
        expected = {name for name, other in before.items() if other in metric_of(series).all_labels}
        assert set(re.findall(r"\$(\w+)", one["definition"])) == expected
        before[one["name"]] = label


@every_dashboard
def test_many_or_all_can_be_chosen(dashboard: Json) -> None:
    """All is .*, which also finds series without the label, such as the namespace outside Kubernetes."""
    for one in variables(dashboard, "query"):
        assert (one["multi"], one["includeAll"], one["allValue"]) == (True, True, ".*")
        assert one["current"] == {"text": ["All"], "value": ["$__all"]}
        assert one["refresh"] == 2


@every_dashboard
def test_a_choice_offers_its_default_once(dashboard: Json) -> None:
    for one in variables(dashboard, "custom"):
        chosen = [option["value"] for option in one["options"] if option["selected"]]
        assert chosen == [one["current"]["value"]]
        assert one["query"] == ",".join(option["value"] for option in one["options"])
        assert (one["multi"], one["includeAll"]) == (False, False)


@every_dashboard
def test_each_query_follows_each_drop_down(dashboard: Json) -> None:
    """Whoever chooses a model and sees another's numbers among them is misled; a query's own matcher goes before.

    A single number is of the whole fleet, whichever instance is chosen.
    """
    followed = 0
    # A role's median is that of all its instances, whichever is chosen.
    medians = {
        f"{panel['title']}, {name[-1]}"
        for panel in panels(dashboard)
        if panel["type"] == "table"
        for name, heading in panel["transformations"][1]["options"]["renameByName"].items()
        if heading == "By median"
    }
    single = {
        f"{panel['title']}, {letter}" for panel in panels(dashboard) for letter in "AB" if panel["type"] == "stat"
    }
    for one in variables(dashboard, "query"):
        listed, label = re.fullmatch(r"label_values\((.+)\{.*\}, (\w+)\)", one["definition"]).groups()  # type: ignore[union-attr]
        for where, text in queries(dashboard):
            for selected in selectors(text):
                # An instance, and a model's name, is something else for each exporter.
                own = label in {"instance", "model"} or one["name"] != label
                same = not own or set(selected.metric.exporters) <= set(metric_of(listed).exporters)
                if (label == "instance" and where in single) or (one["name"] == "instance" and where in medians):
                    continue
                # Which components answer: a role that is chosen stops none.
                if label == "infer_type" and where.startswith("Up, "):
                    continue
                if label in selected.metric.all_labels and same:
                    operator, value = selected.matchers.get(label, ("", "nothing"))
                    assert "$" not in value or (operator, value) == ("=~", f"${one['name']}"), where
                    assert value != "nothing", (where, selected.series, label)
                    followed += 1
    assert followed > 50


@every_dashboard
def test_filters_are_those_of_the_specification(dashboard: Json) -> None:
    expected = {
        "llumnix-overview-dashboard": ["cluster", "namespace", "model"],
        "llumnix-request-dashboard": ["cluster", "namespace", "model", "instance"],
        "llumnix-component-dashboard": ["cluster", "namespace", "model", "instance"],
        "llumnix-cms-dashboard": ["cluster", "namespace", "infer_type", "instance"],
        "llumnix-lrs-dashboard": ["cluster", "namespace", "lrs_model", "infer_type", "instance"],
        "vllm-dashboard": ["cluster", "namespace", "model_name", "infer_type", "instance"],
        "llumnix-alerts-dashboard": ["cluster", "namespace"],
    }
    assert [one["name"] for one in variables(dashboard, "query")] == expected[dashboard["uid"]]


@every_dashboard
def test_objectives_are_offered_with_their_units(dashboard: Json) -> None:
    labels = [one["label"] for one in variables(dashboard, "custom") if one["name"].endswith("_objective")]
    assert labels == ["TTFT objective (ms)", "TPOT objective (ms)", "E2E objective (s)"]


@every_dashboard
def test_each_drop_down_does_something(dashboard: Json) -> None:
    """What no query here uses is hidden: its value only travels on to the dashboards that use it."""
    asked = " ".join(
        target["expr"]
        for panel in dashboard["panels"]
        for one in (panel, *panel.get("panels", []))
        for target in one.get("targets", [])
    )
    for one in dashboard["templating"]["list"][1:]:
        if is_title(one):
            continue
        assert bool(re.search(rf"\$\{{?{one['name']}\b", asked)) == (one["hide"] == 0), one["name"]
