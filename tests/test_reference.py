"""The pages for whoever is woken: there for every alert, whole, fresh, and of panels, queries and pages that exist."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt
from markdown_it.token import Token

from llumnix_dash.catalog import METRICS, SCRAPED_METRICS
from llumnix_dash.cli.generate import command
from llumnix_dash.errors import UserError
from llumnix_dash.reference import HEADINGS, checkout_of, pages
from llumnix_dash.rulefiles import rule_files
from llumnix_dash.rules.declared import every_alert
from llumnix_dash.settings.site import Site
from tests.reading import DASHBOARDS, panels, selectors
from tests.rules.matrix import EXPECTED

ROOT = Path(__file__).parents[1]
RUNBOOKS = ROOT / "docs/runbooks"
ALERTS = sorted({one.name for one in every_alert()})
TEXTS = {path: path.read_text(encoding="utf-8") for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])}
OF_ALERTS = [path for path in TEXTS if path.parent == RUNBOOKS or path.name == "alerts.md"]
TITLES = {panel["title"] for dashboard in DASHBOARDS.values() for panel in panels(dashboard)}
# A page may be there before its alert: its queries and panels are held to the truth once the alert is.
WAITING = [path for path in TEXTS if path.parent == RUNBOOKS and path.stem not in ALERTS]
every_alert_page = pytest.mark.parametrize(
    "path", [one for one in OF_ALERTS if one not in WAITING], ids=lambda one: one.stem
)


@cache
def tokens(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def made(root: Path) -> dict[str, str]:
    return {one.file_name: one.text for one in pages(root, DASHBOARDS, rule_files(), Site())}


def sections(text: str) -> dict[str, str]:
    """Heading -> what stands below it."""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    return {heading: body.strip() for heading, body in zip(parts[::2], parts[1::2], strict=True)}


def anchors(text: str) -> set[str]:
    """The headings of a page, as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def inline(text: str) -> Iterator[Token]:
    for token in tokens(text):
        yield from token.children or ()


def fenced(text: str, language: str) -> list[str]:
    return [token.content for token in tokens(text) if token.type == "fence" and token.info == language]


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_has_a_page_that_somebody_has_written(name: str) -> None:
    path = RUNBOOKS / f"{name}.md"
    assert path in TEXTS, (
        f"run `make generate`: it makes docs/runbooks/{name}.md, and its headings are then to be filled"
    )
    found = sections(TEXTS[path])
    empty = [heading for heading in HEADINGS if not found.get(heading)]
    assert not empty, f"docs/runbooks/{name}.md has nothing below: {', '.join(empty)}"
    assert list(found) == list(HEADINGS)


@pytest.mark.parametrize("name", ALERTS)
def test_a_page_gives_a_query_and_a_line_to_type(name: str) -> None:
    neighbours = sections(TEXTS[RUNBOOKS / f"{name}.md"])[HEADINGS[1]]
    assert fenced(neighbours, "promql")
    assert any("kubectl" in one or "curl" in one for one in fenced(neighbours, "bash"))


def test_what_is_generated_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    told = CliRunner().invoke(command, ["--check"]).output.splitlines()
    of_docs = [line.split() for line in told if " docs/" in line]
    assert {path for _, path in of_docs} == made(ROOT).keys()
    stale = [path for state, path in of_docs if state != "unchanged"]
    assert not stale, f"{', '.join(stale)}: run `make generate`, read the diff and commit the files"


@every_alert_page
def test_every_query_of_a_page_asks_for_what_exists(path: Path) -> None:
    for query in fenced(TEXTS[path], "promql"):
        for selected in selectors(query):
            selected.metric.check_labels(*selected.matchers)


@pytest.mark.parametrize("name", ALERTS)
def test_a_page_tells_of_fleets_on_which_it_fires(name: str) -> None:
    tested = sections(TEXTS[RUNBOOKS / f"{name}.md"])[HEADINGS[-1]]
    simulated = re.findall(r"`llumnix-dash simulate ([\w-]+)`", tested)
    assert [one for one in simulated if name not in EXPECTED.get(one, {})] == []


@every_alert_page
def test_every_panel_that_a_page_names_exists(path: Path) -> None:
    named, open_since = set(), -1
    children = [*inline(TEXTS[path])]
    for place, one in enumerate(children):
        if one.type == "em_open":
            open_since = place
        elif one.type == "em_close":
            named.add("".join(inside.content or " " for inside in children[open_since + 1 : place]))
    assert not named - TITLES - {"Llumnix Alerts Dashboard"}


@pytest.mark.parametrize("path", TEXTS, ids=lambda one: str(one.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    targets = [str(one.attrs["href"]) for one in inline(TEXTS[path]) if one.type == "link_open"]
    for target in targets:
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{path.relative_to(ROOT)} links to {target}"
        assert not anchor or anchor in anchors(TEXTS[there]), f"{path.relative_to(ROOT)} links to {target}"


def test_every_metric_of_the_catalogue_is_described_with_what_rests_on_it() -> None:
    text = TEXTS[ROOT / "docs/metrics.md"]
    parts = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=^##|\Z)", text, flags=re.MULTILINE | re.DOTALL))
    assert set(parts) == {one.name for one in (*METRICS, *SCRAPED_METRICS)}
    for metric in METRICS:
        flat = " ".join(parts[metric.name].split())
        assert metric.description in flat
        assert all(caveat in flat for caveat in metric.caveats)
    resting = {alert.name: {metric.name for metric in alert.left.metrics} for alert in every_alert()}
    for name, metrics in resting.items():
        assert all(f"runbooks/{name}.md" in parts[metric] for metric in metrics), name


def test_a_missing_page_is_made_and_what_people_wrote_is_kept(tmp_path: Path) -> None:
    file = f"docs/runbooks/{ALERTS[0]}.md"
    new = made(tmp_path)[file]
    assert list(sections(new)) == list(HEADINGS)
    assert not any(sections(new).values())
    (tmp_path / file).parent.mkdir(parents=True)
    written = new.replace(f"## {HEADINGS[0]}\n", f"## {HEADINGS[0]}\n\nNobody is served.\n")
    (tmp_path / file).write_text(written.replace("critical", "uncritical"), encoding="utf-8")
    assert made(tmp_path)[file] == written


def test_a_page_without_a_place_for_what_is_generated_is_told(tmp_path: Path) -> None:
    page = tmp_path / f"docs/runbooks/{ALERTS[0]}.md"
    page.parent.mkdir(parents=True)
    page.write_text("# By hand\n", encoding="utf-8")
    with pytest.raises(UserError, match="has no place for what is generated") as caught:
        made(tmp_path)
    assert str(page) in caught.value.summary


def test_pages_are_written_beside_the_checkouts_own_files_alone(tmp_path: Path) -> None:
    assert checkout_of(ROOT / "deploy/observability") == ROOT
    assert checkout_of(ROOT / "out") is None
    (tmp_path / "docs/runbooks").mkdir(parents=True)
    assert checkout_of(tmp_path / "deploy/observability") is None
