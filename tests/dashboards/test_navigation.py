"""The dashboards link to one another and keep the time and what was chosen."""

import re

from tests.reading import DASHBOARDS, Json, every_dashboard, panels

# Variables whose values mean the same wherever a dashboard has one of that name. An instance is a gateway's address on
# one dashboard and an engine's id on another.
SHARED = {
    "datasource",
    "cluster",
    "namespace",
    "model",
    "infer_type",
    "top",
    "ttft_objective",
    "tpot_objective",
    "e2e_objective",
}


# Where a drop-down names an instance or a model that only some metrics know by that name.
OWN = {"instance", "lrs_model", "model_name"}


@every_dashboard
def test_the_first_row_is_of_the_whole_fleet_whatever_is_chosen(dashboard: Json) -> None:
    """Else the choice of a scheduler, or of an engine's name of a model, would leave no user to be hurt."""
    for panel in dashboard["panels"][1:8]:
        for target in panel["targets"]:
            assert not OWN & set(re.findall(r"\$(\w+)", target["expr"])), panel["title"]


@every_dashboard
def test_links_lead_to_all_the_others(dashboard: Json) -> None:
    targets = [re.match(r"/d/([\w-]+)\?", link["url"])[1] for link in dashboard["links"]]  # type: ignore[index]
    assert targets == [uid for uid in DASHBOARDS if uid != dashboard["uid"]]
    assert all(link["keepTime"] and link["type"] == "link" for link in dashboard["links"])


@every_dashboard
def test_each_instance_in_a_table_leads_to_the_page_with_it_alone(dashboard: Json) -> None:
    """With the time and all that is chosen but the instance, which would be chosen twice."""
    names = {one["name"] for one in dashboard["templating"]["list"] if not one["name"].startswith("blank_")}
    for panel in panels(dashboard):
        if (
            panel["type"] != "table"
            or "Instance" not in panel["transformations"][-1]["options"]["renameByName"].values()
        ):
            continue
        [link] = [
            link
            for one in panel["fieldConfig"]["overrides"]
            if one["matcher"] == {"id": "byName", "options": "Instance"}
            for own in one["properties"]
            if own["id"] == "links"
            for link in own["value"]
        ]
        kept = "&".join(sorted(names - {"instance"}))
        page, query = link["url"].split("?")
        *variables, instance, time = query.split("&")
        assert page == f"/d/{dashboard['uid']}", panel["title"]
        assert "&".join(sorted(re.sub(r"\$\{(\w+):queryparam\}", r"\1", one) for one in variables)) == kept
        assert (instance, time) == ("var-instance=${__value.text}", "${__url_time_range}")


@every_dashboard
def test_links_carry_the_variables_that_mean_the_same(dashboard: Json) -> None:
    own = {variable["name"] for variable in dashboard["templating"]["list"]}
    for link in dashboard["links"]:
        assert set(re.findall(r"\$\{(\w+):queryparam\}", link["url"])) == own & SHARED
        assert link["url"].count("${") == len(own & SHARED)
