"""How panels look, each look with the reason for it; what is asked is held by the other tests."""

import re
from typing import Any

from llumnix_dash.catalog import cms, gateway, process, scheduler, vllm
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.panels import (
    STATUS_COLOURS,
    Doubt,
    failure_share,
    instance_counts,
    instance_table,
    per_instance,
    quantile_against_objective,
    quantiles,
    quantiles_by_role,
    rates,
    rates_by_role,
    share_within_objective,
    stat,
    totals_by_role,
    usage_by_role,
    within_objectives,
)
from llumnix_dash.promql import rate
from llumnix_dash.shapes.panels import Panel
from llumnix_dash.variables import TPOT_OBJECTIVE, TTFT_OBJECTIVE

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
    high = legend(quantiles("a", "A", gateway.TTFT))
    assert (high["calcs"], high["sortBy"], high["sortDesc"]) == (["lastNotNull", "max"], "Max", True)
    for panel in (
        quantiles("a", "A", scheduler.PREFIX_CACHE_HIT_PERCENT),
        per_instance("a", "A", process.UPTIME, lowest_first=True),
        within_objectives("a", "A", {"TTFT": TTFT_OBJECTIVE}),
        instance_counts("a", "A", cms.RUNNING_REQUESTS, teller="CMS"),
    ):
        low = legend(panel)
        assert (low["calcs"], low["sortBy"], low["sortDesc"]) == (["lastNotNull", "min"], "Min", False)


def test_a_legend_stands_beside_the_lines_where_it_leaves_them_room() -> None:
    """Beneath a panel Grafana cuts a long legend off; beside a narrow one it would hide the lines."""
    narrow = totals_by_role("a", "A", {"running": vllm.RUNNING_REQUESTS}, width=11)
    wide = totals_by_role("a", "A", {"running": vllm.RUNNING_REQUESTS}, width=12)
    assert (legend(narrow)["placement"], legend(wide)["placement"]) == ("bottom", "right")
    # The five lines of quantiles are to be compared, at any width.
    assert legend(quantiles("a", "A", gateway.TTFT))["placement"] == "right"


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
    assert order == ["instance_id", "infer_type", "cluster", "namespace", "Value #A", "Value #B"]
    assert [organize["renameByName"].get(name, name) for name in order][-2:] == ["Running", "KV cache"]
    assert set(organize["includeByName"]) == set(order), "every other label is left out"


def test_a_usage_is_marked_where_it_becomes_tight() -> None:
    """From 80 % on caution, from 95 % on failure: the same in a panel of lines and in a table's cells."""
    marks = [(None, "green"), (0.8, "orange"), (0.95, "red")]
    lines = usage_by_role("a", "A", cms.KV_CACHE_USAGE)
    assert steps(lines) == marks
    for full_at_the_top in (lines, per_instance("a", "A", cms.KV_CACHE_USAGE)):
        assert defaults(full_at_the_top)["custom"]["axisSoftMax"] == 1
        assert "max" not in defaults(full_at_the_top), "a projected usage goes above 1"
    assert "axisSoftMax" not in defaults(per_instance("a", "A", cms.USED_GPU_TOKENS))["custom"]
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
    assert headings[-3:] == ["KV cache", "KV peak", "Status"]
    [status] = [one for one in made["fieldConfig"]["overrides"] if one["matcher"]["options"] == "Status"]
    [mapping] = next(own["value"] for own in status["properties"] if own["id"] == "mappings")
    words = {value: one["text"] for value, one in mapping["options"].items()}
    assert words == {"0": "fresh", "1": "idle", "2": "stale"}
    assert "Stale" in made["description"]


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
    # Where no attempt fails, Grafana's own axis would end at 100, that is 10,000 %.
    failures = defaults(failure_share("a", "A", scheduler.SCHEDULINGS, scheduler.FAILED_SCHEDULINGS))
    assert failures["custom"]["axisSoftMax"] == 0.01


def test_numbers_and_tables_ask_once_at_the_end_of_the_time_range() -> None:
    """Over a week a range query would compute hundreds of values, of which the last alone is shown."""
    for panel in (
        stat("a", "A", rate(gateway.REQUESTS), "A."),
        quantile_against_objective("a", "A", 0.99, TPOT_OBJECTIVE),
        share_within_objective("a", "A", TTFT_OBJECTIVE),
        instance_table("a", "A", {"Running": cms.RUNNING_REQUESTS}, rank_by=cms.RUNNING_REQUESTS),
    ):
        for target in panel.to_json_data()["targets"]:
            assert (target["instant"], target["range"]) == (True, False)
    for target in rates("a", "A", {"a": gateway.REQUESTS}).to_json_data()["targets"]:
        assert (target["instant"], target["range"]) == (False, True)
