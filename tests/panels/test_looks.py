"""How panels look, each look with the reason for it; what is asked is held by the other tests."""

import re
from typing import Any

from llumnix_dash.catalog import cms, gateway, lrs, process, scheduler, vllm
from llumnix_dash.catalog.exporters import GATEWAY, SCHEDULER
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.panels import (
    STATUS_COLOURS,
    Doubt,
    components,
    failure_share,
    instance_counts,
    instance_table,
    per_instance,
    quantiles,
    quantiles_by_role,
    rates,
    rates_by_role,
    share_within_objective,
    stat,
    style,
    totals_by_role,
    usage_by_role,
    within_objectives,
)
from llumnix_dash.promql import rate, total
from llumnix_dash.shapes.panels import Panel
from llumnix_dash.variables import TTFT_OBJECTIVE

Json = dict[str, Any]

PENDING = {"pending": gateway.PENDING_REQUESTS}


def legend(panel: Panel) -> Json:
    return dict(panel.to_json_data()["options"]["legend"])


def defaults(panel: Panel) -> Json:
    return dict(panel.to_json_data()["fieldConfig"]["defaults"])


def steps(panel: Panel) -> list[tuple[float | None, str]]:
    return [(step["value"], step["color"]) for step in defaults(panel)["thresholds"]["steps"]]


def dashed(panel: Panel) -> list[str]:
    """The legends of the lines that are dashed."""
    for letter, target in zip("ABCDE", panel.targets, strict=False):
        target.refId = letter
    legends = {target.refId: target.legendFormat for target in panel.targets}
    found = []
    for one in panel.to_json_data()["fieldConfig"]["overrides"]:
        for own in one["properties"]:
            if own["id"] == "custom.lineStyle":
                found.append(legends[one["matcher"]["options"]])
                # Without the "fill" Grafana draws a full line, whatever its dashes are.
                assert own["value"]["fill"] == "dash"
    return found


def test_the_worst_line_is_the_first_of_the_legend() -> None:
    """Sorted by its worst value: of a latency the highest first, of a hit ratio or an uptime the lowest."""
    high = legend(quantiles("a", "A", gateway.TTFT, width=12))
    assert (high["calcs"], high["sortBy"], high["sortDesc"]) == (["lastNotNull", "max"], "Max", True)
    for panel in (
        quantiles("a", "A", scheduler.PREFIX_CACHE_HIT_PERCENT),
        per_instance("a", "A", process.UPTIME, lowest_first=True, width=12),
        within_objectives("a", "A", {"TTFT": TTFT_OBJECTIVE}),
        instance_counts("a", "A", cms.RUNNING_REQUESTS, teller="CMS", width=12),
    ):
        low = legend(panel)
        assert (low["calcs"][-1], low["sortBy"], low["sortDesc"]) == ("min", "Min", False)


def test_a_legend_stands_where_all_of_it_is_read_and_the_lines_have_room() -> None:
    """Beside the lines of a wide panel, if its names are short; beneath else, as a list where a table would be cut."""
    running, both = {"": vllm.RUNNING_REQUESTS}, {"running": vllm.RUNNING_REQUESTS, "waiting": vllm.WAITING_REQUESTS}
    long = {"of a name that would take half of the panel": gateway.RETRIES}
    shown = {
        name: (made["placement"], made["displayMode"], panel.height)
        for name, panel in {
            "wide": totals_by_role("a", "A", both, width=12),
            "wide, a long name": rates("a", "A", long, width=12),
            "narrow, three lines": totals_by_role("a", "A", running, width=8),
            "narrow, six lines": totals_by_role("a", "A", both, width=8),
            "narrow, long names": rates("a", "A", {f"many lines of long names {n}": gateway.RETRIES for n in range(6)}),
            "narrow, five quantiles": quantiles("a", "A", gateway.TTFT, width=8),
            "higher than need be": totals_by_role("a", "A", running, width=8, height=12),
        }.items()
        for made in (legend(panel),)
    }
    assert shown == {
        "wide": ("right", "table", 8),
        "wide, a long name": ("bottom", "table", 8),
        "narrow, three lines": ("bottom", "table", 9),
        "narrow, six lines": ("bottom", "list", 8),
        "narrow, long names": ("bottom", "list", 13),
        "narrow, five quantiles": ("bottom", "list", 8),
        "higher than need be": ("bottom", "table", 12),
    }
    # Of a list the worst value alone, and no value where that is too much.
    assert legend(quantiles("a", "A", gateway.TTFT, width=8))["calcs"] == ["max"]
    assert legend(totals_by_role("a", "A", {"running and more": vllm.RUNNING_REQUESTS, **both}, width=8))["calcs"] == []


def test_an_axis_reads_seconds_and_no_fractions_of_minutes() -> None:
    """Grafana's own units of time write a tick at 125 s as 2.08 mins; what runs for days is told in days."""
    units = [
        defaults(panel)["unit"]
        for panel in (
            quantiles("a", "A", gateway.TTFT),
            quantiles("a", "A", gateway.E2E_LATENCY),
            per_instance("a", "A", process.UPTIME),
        )
    ]
    assert units == ["si:ms", "si:s", "dtdhms"]


def test_an_instance_has_one_colour_on_every_panel() -> None:
    """Of its name's last letter or digit, which in an address stands before the port; after an odd one it is thick."""

    def looks(name: str) -> tuple[str, bool]:
        own = [
            one["properties"][0]["value"]
            for one in per_instance("a", "A", vllm.RUNNING_REQUESTS).to_json_data()["fieldConfig"]["overrides"]
            if re.search(one["matcher"]["options"].strip("/"), name)
        ]
        [colour] = [one["fixedColor"] for one in own if isinstance(one, dict)]
        return colour, 2 in own

    assert looks("10.0.16.12:8000") == (style.INSTANCES["2cmw"], True)
    assert looks("10.0.16.22:8000") == looks("10.0.16.2:9100") == looks("gateway 10.0.16.2:9100")
    assert looks("10.0.16.22:8000") == (style.INSTANCES["2cmw"], False)
    assert looks("17000003") == (style.INSTANCES["3dnx"], False)


def test_of_lines_in_one_colour_all_but_the_first_are_dashed() -> None:
    """The colour is the role's, so that the kind of line alone tells the metrics apart; a mean is dashed everywhere."""
    state = {"running": vllm.RUNNING_REQUESTS, "waiting": vllm.WAITING_REQUESTS}
    tokens = {"prompt": vllm.PROMPT_TOKENS_TOTAL, "generation": vllm.GENERATION_TOKENS_TOTAL}
    assert dashed(totals_by_role("a", "A", state)) == ["waiting {{infer_type}}"]
    assert dashed(rates_by_role("a", "A", tokens, reading="A.")) == ["generation {{infer_type}}"]
    assert dashed(usage_by_role("a", "A", cms.KV_CACHE_USAGE)) == ["mean {{infer_type}}"]
    assert dashed(quantiles("a", "A", gateway.TTFT)) == ["mean"]
    assert dashed(quantiles_by_role("a", "A", vllm.E2E_LATENCY)) == ["mean {{infer_type}}"]


def test_a_table_shows_its_fullest_instances_first_and_says_who_they_are() -> None:
    """Highest rank first, whatever column it is; the instance, its role and its namespace stand before the values."""
    columns = {"Running": cms.RUNNING_REQUESTS, "KV cache": cms.KV_CACHE_USAGE}
    made = instance_table("a", "A", columns, rank_by=cms.KV_CACHE_USAGE).to_json_data()
    assert made["options"]["sortBy"] == [{"desc": True, "displayName": "KV cache"}]
    organize = made["transformations"][1]["options"]
    assert made["fieldConfig"]["defaults"]["unit"] == "string", "an id of digits alone would read 1.70 Quint"
    order = sorted(organize["indexByName"], key=organize["indexByName"].__getitem__)
    assert order == ["instance_id", "infer_type", "cluster", "namespace", "Value #A", "Value #B", "Value #C"]
    assert [organize["renameByName"].get(name, name) for name in order][-3:] == ["Running", "KV cache", "By median"]
    assert set(organize["includeByName"]) == set(order), "every other label is left out"


def test_a_table_of_engines_names_the_pod_and_one_of_a_scheduler_does_not() -> None:
    """The pod of what a scheduler tells is the scheduler's own."""
    own = instance_table("a", "A", {"Running": vllm.RUNNING_REQUESTS}, rank_by=vllm.RUNNING_REQUESTS)
    told = instance_table("a", "A", {"Running": cms.RUNNING_REQUESTS}, rank_by=cms.RUNNING_REQUESTS)
    assert [name for name, heading in own.columns.items() if heading == "Pod"] == ["pod"]
    assert "Pod" not in told.columns.values()


def test_an_instance_out_of_line_with_its_role_is_orange_and_never_red() -> None:
    """An uneven load is no failure."""
    table = instance_table("a", "A", {"Inter-token": vllm.ITL}, rank_by=vllm.ITL).to_json_data()
    [cell] = [one for one in table["fieldConfig"]["overrides"] if one["matcher"]["options"] == "By median"]
    [marks] = [own["value"]["steps"] for own in cell["properties"] if own["id"] == "thresholds"]
    assert [(one["value"], one["color"]) for one in marks] == [(None, "text"), (1.5, "orange")]


def test_a_usage_is_marked_where_it_becomes_tight() -> None:
    """From 80 % on caution, from 95 % on failure: the same in a panel of lines and in a table's cells."""
    marks = [(None, "green"), (0.8, "orange"), (0.95, "red")]
    lines = usage_by_role("a", "A", cms.KV_CACHE_USAGE)
    assert steps(lines) == marks
    for full_at_the_top in (lines, per_instance("a", "A", cms.KV_CACHE_USAGE)):
        assert defaults(full_at_the_top)["custom"]["axisSoftMax"] == 1
        assert "max" not in defaults(full_at_the_top), "a projected usage goes above 1"
    table = instance_table("a", "A", {"KV cache": cms.KV_CACHE_USAGE}, rank_by=cms.KV_CACHE_USAGE).to_json_data()
    [cell] = [one for one in table["fieldConfig"]["overrides"] if one["matcher"]["options"] == "KV cache"]
    properties = {own["id"]: own["value"] for own in cell["properties"]}
    assert [(one["value"], one["color"]) for one in properties["thresholds"]["steps"]] == marks
    assert properties["thresholds"]["mode"] == "absolute", "a ratio of 0.8 is no percentage of the highest value"
    assert properties["custom.cellOptions"]["type"] == "gauge"
    assert (properties["min"], properties["max"]) == (0, 1), "else a gauge is full at the highest value there is"


def test_the_bound_that_no_quantile_exceeds_is_a_dashed_line() -> None:
    """A flat line at 60 s is "60 s or any more"; vLLM's lengths go on as far as the model's context does."""
    for made in (quantiles("a", "A", gateway.TTFT), quantiles_by_role("a", "A", vllm.E2E_LATENCY)):
        histogram = made.targets[0].query.metrics[0]
        assert isinstance(histogram, Histogram)
        assert steps(made) == [(None, "transparent"), (histogram.buckets[-1], "text")]
        assert defaults(made)["custom"]["thresholdsStyle"]["mode"] == "dashed"
    assert defaults(quantiles_by_role("a", "A", vllm.PROMPT_TOKENS))["custom"]["thresholdsStyle"]["mode"] == "off"


def test_an_outage_of_engines_is_red_though_its_status_is_400() -> None:
    """Of the overrides that match a status the last counts."""
    shown = {
        status: [
            one["properties"][0]["value"]["fixedColor"]
            for one in STATUS_COLOURS
            if re.search(one["matcher"]["options"].strip("/"), status)
        ][-1]
        for status in ("0", "200", "400", "404", "429", "499", "500", "503")
    }
    assert shown == {
        **dict.fromkeys(("0", "200"), "green"),
        **dict.fromkeys(("400", "500", "503"), "red"),
        **dict.fromkeys(("404", "429"), "orange"),
        "499": "light-purple",
    }


def test_a_table_says_which_instance_is_stale() -> None:
    made = instance_table(
        "a",
        "A",
        {"KV cache": cms.KV_CACHE_USAGE},
        rank_by=cms.KV_CACHE_USAGE,
        peak="KV peak",
        doubt=Doubt(cms.USED_GPU_TOKENS, cms.RUNNING_REQUESTS),
    ).to_json_data()
    headings = list(made["transformations"][1]["options"]["renameByName"].values())
    assert headings[-4:] == ["KV cache", "By median", "KV peak", "Status"]
    [status] = [one for one in made["fieldConfig"]["overrides"] if one["matcher"]["options"] == "Status"]
    [mapping] = next(own["value"] for own in status["properties"] if own["id"] == "mappings")
    words = {value: one["text"] for value, one in mapping["options"].items()}
    assert words == {"0": "fresh", "1": "idle", "2": "stale"}
    assert "Stale" in made["description"]


def test_an_objective_is_a_dashed_line_that_changes_no_legend() -> None:
    """Sorted by its worst value it would stand among the quantiles; green is the side on which all is well."""
    plain, made = quantiles("a", "A", gateway.TTFT), quantiles("a", "A", gateway.TTFT, objective=TTFT_OBJECTIVE)
    assert dashed(made) == ["mean", "objective"]
    line = made.to_json_data()["fieldConfig"]["overrides"][-1]
    properties = {one["id"]: one["value"] for one in line["properties"]}
    assert properties["custom.hideFrom"] == {"legend": True, "tooltip": False, "viz": False}
    assert properties["color"]["fixedColor"] == "green"
    assert made.targets[-1].legendFormat == "objective"
    assert len(made.targets) == len(plain.targets) + 1
    assert "dashed line is the TTFT objective" in made.description


def states(panel: Panel) -> dict[str, list[str]]:
    """Name of a state -> its colour, and what is said in place of the number."""
    found = {}
    for one in panel.to_json_data()["fieldConfig"]["overrides"]:
        properties = {own["id"]: own["value"] for own in one["properties"]}
        words = [word["text"] for mapping in properties.get("mappings", []) for word in mapping["options"].values()]
        found[one["matcher"]["options"]] = [properties["color"]["fixedColor"], *words]
    return found


def test_a_number_whose_source_is_gone_says_so_in_red_and_an_idle_one_in_no_colour() -> None:
    for panel in (stat("a", "A", rate(gateway.REQUESTS), "A."), share_within_objective("a", "A", TTFT_OBJECTIVE)):
        assert states(panel) == {"gateways gone": ["red", "gateways gone"]}
    [nothing] = defaults(panel)["mappings"]
    assert nothing["options"]["result"] == {"color": "text", "index": 0, "text": "no requests"}
    assert states(stat("a", "A", total(lrs.TOTAL_REQUESTS), "A.")) == {"schedulers gone": ["red", "schedulers gone"]}


def test_components_are_red_where_none_answers_and_orange_where_more_did() -> None:
    made = components("a", "A", {"Gateways": GATEWAY, "Schedulers": SCHEDULER})
    assert states(made) == {
        f"{name}{state}": [colour]
        for name in ("Gateways", "Schedulers")
        for state, colour in ((" gone", "red"), (", fewer", "orange"))
    }
    assert steps(made) == [(None, "text"), (1, "green")], "a grey 0 is of what a fleet may do without"
    assert made.to_json_data()["options"]["textMode"] == "value_and_name"


def test_a_share_within_an_objective_is_green_from_99_percent_on() -> None:
    assert steps(share_within_objective("a", "A", TTFT_OBJECTIVE)) == [(None, "red"), (0.95, "orange"), (0.99, "green")]


def test_instances_are_whole_and_those_that_a_scheduler_tells_of_dashed() -> None:
    """There is no half of one; engines that answer and those that are told of are the same ones, and do not add up."""
    counts = instance_counts("a", "A", cms.RUNNING_REQUESTS, teller="CMS")
    made = defaults(counts)
    assert (made["custom"]["stacking"]["mode"], made["decimals"]) == ("none", 0)
    assert dashed(counts) == ["CMS {{infer_type}}"]


def test_an_axis_shows_the_part_that_matters() -> None:
    """Lines begin at 0, so that heights compare; a share near 1 begins at 0.9, where its losses are seen."""
    share = defaults(within_objectives("a", "A", {"TTFT": TTFT_OBJECTIVE}))
    assert (share["custom"]["axisSoftMin"], share["max"]) == (0.9, 1)
    assert "min" not in share, "a hard minimum would take the soft one's place"
    assert defaults(rates("a", "A", {"a": gateway.REQUESTS}))["min"] == 0
    # Where all is 0 Grafana's own axis would end at 100: of failures at 10,000 %.
    assert defaults(rates("a", "A", {"a": gateway.REQUESTS}))["custom"]["axisSoftMax"] == 0.1
    failures = defaults(failure_share("a", "A", scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS))
    assert failures["custom"]["axisSoftMax"] == 0.01


def test_numbers_and_tables_ask_once_at_the_end_of_the_time_range() -> None:
    """Over a week a range query would compute hundreds of values, of which the last alone is shown."""
    for panel in (
        stat("a", "A", rate(gateway.REQUESTS), "A."),
        share_within_objective("a", "A", TTFT_OBJECTIVE),
        instance_table("a", "A", {"Running": cms.RUNNING_REQUESTS}, rank_by=cms.RUNNING_REQUESTS),
    ):
        for target in panel.to_json_data()["targets"]:
            assert (target["instant"], target["range"]) == (True, False)
    for target in rates("a", "A", {"a": gateway.REQUESTS}).to_json_data()["targets"]:
        assert (target["instant"], target["range"]) == (False, True)
