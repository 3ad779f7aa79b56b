"""The words about each metric: the traps that they must name, the falsehoods that they must not, and their length."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from llumnix_dash.catalog import METRICS
from llumnix_dash.catalog.metric import Histogram, Metric
from llumnix_dash.panels.describe import caveats, quantile_caveats
from tests.reading import DASHBOARDS, panels


class Words(BaseModel, extra="forbid"):
    """``words.yaml``: metric -> phrases that it must say, and phrases that nothing may say."""

    says: dict[str, list[str]]
    never: list[str]


WORDS = Words.model_validate(yaml.safe_load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")))
DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "dashboards.md").read_text(encoding="utf-8")
OF_ALERTS = [DOCS / "alerts.md", *sorted((DOCS / "runbooks").glob("*.md"))]
NAMED = {metric.name: metric for metric in METRICS}
# One idea each: what it is, how it counts, and what it hides. More than that nobody reads at night.
SENTENCES = 5
# With how to read the panel, and what follows from buckets, replicas and mode.
SENTENCES_OF_A_PANEL = 10


def words_of(metric: Metric) -> str:
    """Its description and caveats, with those that follow from its kind."""
    of_quantiles = quantile_caveats(metric) if isinstance(metric, Histogram) else []
    return " ".join((metric.description, *caveats(metric), *of_quantiles))


def sentences(text: str) -> int:
    return len(re.findall(r"\.(?=\s|$)", text))


@pytest.mark.parametrize("name", WORDS.says)
def test_a_metric_tells_its_traps(name: str) -> None:
    assert name in NAMED, f"tests/catalog/words.yaml names {name}, which the catalogue lacks"
    text = words_of(NAMED[name])
    assert [phrase for phrase in WORDS.says[name] if phrase not in text] == []


def test_nothing_tells_what_is_not_so() -> None:
    texts = {metric.name: words_of(metric) for metric in METRICS}
    for dashboard in DASHBOARDS.values():
        texts |= {f"{dashboard['title']}: {panel['title']}": panel["description"] for panel in panels(dashboard)}
    texts |= {"docs/dashboards.md": PAGE, **{path.name: path.read_text(encoding="utf-8") for path in OF_ALERTS}}
    assert [
        f"{place}: {phrase}"
        for place, text in texts.items()
        for phrase in WORDS.never
        if phrase.lower() in re.sub(r"\s+", " ", text).lower()
    ] == []


@pytest.mark.parametrize("metric", [pytest.param(one, id=one.name) for one in METRICS])
def test_a_metric_is_told_in_a_few_sentences(metric: Metric) -> None:
    assert sentences(" ".join((metric.description, *metric.caveats))) <= SENTENCES


def test_a_panel_of_one_metric_is_told_in_a_few_sentences() -> None:
    told = {
        f"{dashboard['title']}: {panel['title']}": sentences(panel["description"])
        for dashboard in DASHBOARDS.values()
        for panel in panels(dashboard)
        if not panel["description"].startswith("- **")
    }
    assert {place: count for place, count in told.items() if count > SENTENCES_OF_A_PANEL} == {}


def test_the_page_of_words_names_panels_that_there_are() -> None:
    """Each row of the table of what no query can mend begins with titles, less the part of one and its role."""

    def stem(title: str) -> str:
        return re.sub(r"^Selected Instance: |(: [^(]+)?( \((Prefill|Decode|Neutral)\))?$", "", title)

    titles = {stem(panel["title"]) for dashboard in DASHBOARDS.values() for panel in panels(dashboard)}
    table = PAGE.split("## What a panel cannot be right about")[1]
    named = {title for line in table.splitlines() for title in re.findall(r"\*([^*]+)\*", line.split(" | ")[0])}
    assert len(named) > 40
    assert {stem(title) for title in named} - titles == set()
