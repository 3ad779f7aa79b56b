"""What a site promises becomes what is recorded: each model's requests once, against its own bound and share."""

import re

import yaml

from llumnix_dash.catalog.recorded import BUDGET, EVERY_MINUTES, TOTAL
from llumnix_dash.rulefiles import rule_files
from llumnix_dash.settings.site import Site
from tests.reading import Json


def recorded(objectives: Json, objective: str, series: str) -> dict[str, str]:
    """Matcher of the models -> the query that is recorded for them; empty for all models."""
    text = rule_files(Site.model_validate({"objectives": objectives}))[1].text
    [group] = [one for one in yaml.safe_load(text)["groups"] if one["name"] == "llumnix-objectives"]
    assert group["interval"] == f"{EVERY_MINUTES}m", "the alerts count on so many samples"
    queries = [
        rule["expr"] for rule in group["rules"] if rule["record"] == series and rule["labels"]["objective"] == objective
    ]
    found = {}
    for query in queries:
        [models] = {match[0] if match else "" for match in [re.search(r'model(=|!~)"[^"]*"', query)]}
        found[models] = query
    assert len(found) == len(queries)
    return found


def shares(objectives: Json, objective: str) -> dict[str, str]:
    return {models: query.split()[-1] for models, query in recorded(objectives, objective, BUDGET).items()}


def test_a_model_of_its_own_share_is_taken_out_of_the_others() -> None:
    said = {"ttft": 0.9, "models": {"a.b/c": {"ttft": 0.99}, "d": {"ttft": 0.8}}}
    assert shares(said, "ttft") == {r'model!~"a\\.b/c|d"': "0.1", 'model="a.b/c"': "0.01", 'model="d"': "0.2"}
    assert shares(said, "success") == {"": "0.01"}, "of what the models say nothing, one promise is for all"


def test_a_model_of_its_own_bound_counts_by_it() -> None:
    said = {"models": {"m": {"tpot_ms": 100}}}
    text = rule_files(Site.model_validate({"objectives": said}))[1].text
    assert r'le=~"100(\\.0)?",model="m"' in text
    assert r'le=~"50(\\.0)?",model!~"m"' in text
    assert set(recorded(said, "tpot", TOTAL)) == {'model!~"m"', 'model="m"'}


def test_a_model_that_says_what_holds_anyhow_has_no_promise_of_its_own() -> None:
    assert shares({"ttft": 0.9, "models": {"m": {"ttft": 0.9, "ttft_ms": 2000}}}, "ttft") == {"": "0.1"}
