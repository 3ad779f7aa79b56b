"""From alerts and the catalogue to pages: what is generated in ``docs``, between marks where people write the rest."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple

from llumnix_dash.catalog import SCRAPED_METRICS, cms, gateway, lrs, process, scheduler, vllm
from llumnix_dash.catalog.metric import Histogram, Metric, Unit
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.document.walk import walk
from llumnix_dash.errors import UserError
from llumnix_dash.panels.alerts import threshold_in_words
from llumnix_dash.panels.describe import caveats
from llumnix_dash.promql.query import number
from llumnix_dash.rulefiles import ALERTS_FILE, RECORDING_FILE, RuleFile, panel_url
from llumnix_dash.rules.alert import Alert
from llumnix_dash.rules.declared import every_alert

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

Json = Mapping[str, Any]

DOCS = "docs"
RUNBOOKS = "runbooks"
BEGIN, END = "<!-- generated -->", "<!-- /generated -->"
HEADINGS = (
    "What it means for users",
    "How to tell it from its neighbours",
    "What to do",
    "When it is a false alarm",
    "How it was tested",
)
"""What a person writes in each runbook."""
_HEAD = "<!-- Written by `llumnix-dash generate` from llumnix_dash/catalog. Change that, and write it anew. -->\n"
_WHO_IS_TOLD = {
    "critical": "somebody is woken",
    "warning": "somebody looks in the morning",
    "info": "nobody is told; it shows where one looks",
}
_SECTIONS = (
    ("Gateway", gateway.METRICS),
    ("Scheduler", scheduler.METRICS),
    ("Every gateway and scheduler process", process.METRICS),
    ("Instances, as the cluster meta store tells of them (CMS)", cms.METRICS),
    ("Instances, as the realtime state tells of them (LRS)", lrs.METRICS),
    ("vLLM engines", vllm.METRICS),
    ("Not exported by the fleet", SCRAPED_METRICS),
)
_NAME = re.compile(r"[a-zA-Z_:][\w:]*")


class Page(NamedTuple):
    """A page of the documentation.

    Attributes:
        file_name: below the checkout.
        text: its content.
    """

    file_name: str
    text: str


class _Rule(NamedTuple):
    """An alert, and the rule that is made of it."""

    alert: Alert
    rule: Json


def checkout_of(output_dir: Path) -> Path | None:
    """The folder of the checkout that runs, where these are its dashboards' files and it has runbooks; else None.

    Other people's folders get no pages of ours.
    """
    root = Path(__file__).resolve().parents[1]
    ours = output_dir.resolve() == root / "deploy/observability"
    return root if ours and (root / DOCS / RUNBOOKS).is_dir() else None


def pages(root: Path, dashboards: Mapping[str, Json], rules: Iterable[RuleFile], site: "Site") -> list[Page]:
    """The pages as they should be, with what people have written in them kept.

    Args:
        root: the checkout, whose pages are read.
        dashboards: uid -> dashboard.
        rules: the rule files.
        site: the settings that all of it was made with.

    Raises:
        UserError: a page cannot be read, or has no place for its generated part.
    """
    files = {one.file_name: _rules(one.text) for one in rules if one.file_name in (ALERTS_FILE, RECORDING_FILE)}
    alerts = [_Rule(*pair) for pair in zip(every_alert(), files[ALERTS_FILE], strict=True)]
    by_name: dict[str, list[_Rule]] = {}
    for one in alerts:
        by_name.setdefault(one.alert.name, []).append(one)
    found = [
        _kept(root, f"{DOCS}/{RUNBOOKS}/{name}.md", _of_runbook(cases, site), _new_runbook(name))
        for name, cases in by_name.items()
    ]
    found.append(_kept(root, f"{DOCS}/alerts.md", _of_alerts(by_name), f"# Alerts\n\n{BEGIN}\n{END}\n"))
    found.append(Page(f"{DOCS}/metrics.md", _metrics(dashboards, by_name, files[RECORDING_FILE])))
    return found


def _rules(text: str) -> list[Json]:
    import yaml  # noqa: PLC0415

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [rule for group in yaml.load(text, loader)["groups"] for rule in group["rules"]]


def _kept(root: Path, file_name: str, generated: str, new: str) -> Page:
    """The page with its generated part in place; a new one where there is none."""
    path = root / file_name
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = new
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UserError(f"{path} has no place for what is generated", hint=f"a line {BEGIN}, and a line {END} below it")
    return Page(file_name, f"{before}{BEGIN}\n\n{generated.strip()}\n\n{END}{after}")


def _new_runbook(name: str) -> str:
    return f"# {name}\n\n{BEGIN}\n{END}\n" + "".join(f"\n## {heading}\n" for heading in HEADINGS)


def _of_runbook(cases: Sequence[_Rule], site: "Site") -> str:
    """What a runbook tells of the rules that bear its name."""
    parts = [f"> {cases[0].alert.summary}"]
    for alert, rule in cases:
        if len(cases) > 1:
            parts.append(f"### {alert.title}")
        facts = [
            f"**Severity:** {alert.severity}, {_WHO_IS_TOLD[alert.severity]}.",
            f"**Fires** {_when(alert, rule)}.",
            f"**One for each** {', '.join(f'`{label}`' for label in alert.by)}{_marked(rule)}.",
            f"**Panel:** *{alert.title}* of the Alerts dashboard, {_link(panel_url(alert, site))}. More is on the"
            f" dashboard {FAMILY[alert.more]}.",
        ]
        parts.append("\n".join(_paragraph(f"- {fact}", indent="  ") for fact in facts))
        parts.append(f"```promql\n{str(rule['expr']).rstrip()}\n```")
    return "\n\n".join(parts)


def _link(url: str) -> str:
    return f"<{url}>" if "://" in url else f"`{url}` behind your Grafana's address"


def _when(alert: Alert, rule: Json) -> str:
    more = ", while its other conditions hold" if "\nand on" in rule["expr"] else ""
    return f"where the panel is {_beyond(alert)} for {alert.lasting}{more}"


def _beyond(alert: Alert) -> str:
    return f"{'above' if alert.above is not None else 'below'} {threshold_in_words(alert)}"


def _marked(rule: Json) -> str:
    """The labels that the rule gives it, beside its severity."""
    own = [f"`{key}: {value}`" for key, value in rule["labels"].items() if key != "severity"]
    return f"; it bears {', '.join(own)}" if own else ""


def _of_alerts(by_name: Mapping[str, Sequence[_Rule]]) -> str:
    """The table of all alerts."""
    rows = [
        [
            f"[{alert.name}]({RUNBOOKS}/{alert.name}.md)",
            alert.severity,
            alert.lasting,
            f"*{alert.title}* {_beyond(alert)}",
            alert.summary,
        ]
        for cases in by_name.values()
        for alert, _ in cases
    ]
    return _table(["alert", "severity", "for", "fires where", "in words"], rows)


def _metrics(dashboards: Mapping[str, Json], by_name: Mapping[str, Sequence[_Rule]], recorded: Sequence[Json]) -> str:
    """Every metric of the catalogue, the panels that show it and the alerts that stand on it."""
    rests_on = _Rests(recorded)
    shown: dict[str, dict[str, list[str]]] = {}
    for uid, dashboard in dashboards.items():
        for place in walk(dashboard):
            for target in place.panel.get("targets") or []:
                for name in rests_on.metrics(target.get("expr", "")):
                    titles = shown.setdefault(name, {}).setdefault(FAMILY[uid], [])
                    if place.panel["title"] not in titles:
                        titles.append(place.panel["title"])
    told: dict[str, list[str]] = {}
    for name, cases in by_name.items():
        for metric in sorted({metric for one in cases for metric in rests_on.metrics(one.rule["expr"])}):
            told.setdefault(metric, []).append(name)
    parts = [
        _HEAD + "# Metrics",
        _paragraph(
            "Every metric that the dashboards and alerts stand on: what it measures, what it cannot show, where it is"
            " shown and who is told of it. The series of a histogram bear the suffixes `_bucket`, `_sum` and `_count`."
            " *Labels* are those that the exporter sets; what scraping adds stands above each table. How to read the"
            " numbers is in [dashboards.md](dashboards.md), what is told in [alerts.md](alerts.md)."
        ),
    ]
    for title, metrics in _SECTIONS:
        merged = {name: [one for one in metrics if one.name == name] for name in dict.fromkeys(m.name for m in metrics)}
        first = metrics[0]
        added = " ".join(f"`{label}`" for label in first.all_labels if label not in first.labels)
        rows = [
            [f"[`{name}`](#{_anchor(name)})", of_it[0].kind, _unit(of_it[0]), _labels(of_it[0])]
            for name, of_it in merged.items()
        ]
        parts += [
            f"## {title}",
            _paragraph(f"Scraping adds: {added}."),
            _table(["metric", "type", "unit", "labels"], rows),
            *(_metric(of_it, shown.get(name, {}), told.get(name, [])) for name, of_it in merged.items()),
        ]
    return "\n\n".join(parts) + "\n"


def _metric(of_it: Sequence[Metric], shown: Mapping[str, Sequence[str]], told: Sequence[str]) -> str:
    """A metric, which several exporters may bear under one name."""
    first = of_it[0]
    facts = []
    if isinstance(first, Histogram):
        bounds = ", ".join(number(bound) for bound in first.buckets)
        facts.append(f"**Buckets** end at {bounds}{', and so on' if first.grows else ''}.")
    if first.replaces:
        facts.append(f"**Before** it was called {', '.join(f'`{name}`' for name in first.replaces)}.")
    facts.append(f"**Exists** {_where(first)}{_versions(first)}.")
    # Where it exists is told above.
    if own := caveats(replace(first, mode=None, vllm=())):
        facts.append("**Beware:** " + " ".join(own))
    panels = "; ".join(f"{where}: {', '.join(f'*{one}*' for one in titles)}" for where, titles in _everywhere(shown))
    facts.append(f"**Panels:** {panels or 'none'}.")
    alerts = ", ".join(f"[{name}]({RUNBOOKS}/{name}.md)" for name in told)
    facts.append(f"**Alerts:** {alerts or 'none'}.")
    lines = [f"### `{first.name}`", "", _paragraph(" ".join(one.description for one in of_it)), ""]
    return "\n".join([*lines, *(_paragraph(f"- {fact}", indent="  ") for fact in facts)])


def _everywhere(shown: Mapping[str, Sequence[str]]) -> list[tuple[str, Sequence[str]]]:
    """Dashboard -> panels, those that every dashboard has told once."""
    common = [
        title
        for title in next(iter(shown.values()), ())
        if all(title in shown.get(dashboard, ()) for dashboard in FAMILY.values())
    ]
    own = [(where, [title for title in titles if title not in common]) for where, titles in shown.items()]
    return [*([("Every dashboard", common)] if common else []), *(one for one in own if one[1])]


class _Rests:
    """Which metrics a query rests on, through recorded series, too."""

    def __init__(self, recorded: Sequence[Json]) -> None:
        self._metric = {
            f"{metric.name}{suffix}": metric.name
            for _, metrics in _SECTIONS
            for metric in metrics
            for suffix in (("", "_bucket", "_sum", "_count") if isinstance(metric, Histogram) else ("",))
        }
        self._recorded: dict[str, str] = {}
        for rule in recorded:
            self._recorded[rule["record"]] = f"{self._recorded.get(rule['record'], '')} {rule['expr']}"

    def metrics(self, query: str) -> set[str]:
        """The names of the catalogue's metrics."""
        names = set(_NAME.findall(query))
        below = (self.metrics(self._recorded[name]) for name in names & self._recorded.keys())
        return {self._metric[name] for name in names & self._metric.keys()}.union(*below)


def _unit(metric: Metric) -> str:
    """What it counts or measures, in words."""
    return {Unit.RATIO: "share, 0 to 1", Unit.PERCENT: "%", Unit.SECONDS: "s", Unit.MILLISECONDS: "ms"}.get(
        metric.unit, metric.unit.name.lower()
    )


def _labels(metric: Metric) -> str:
    return " ".join(f"`{label}`" for label in metric.labels) or "none"


def _where(metric: Metric) -> str:
    if metric.mode:
        return metric.mode.value
    optional = [exporter.name for exporter in metric.exporters if exporter.optional]
    everywhere = len(optional) < len(metric.exporters)
    return "in every mode" if everywhere else f"wherever there is a {' or '.join(optional)}"


def _versions(metric: Metric) -> str:
    if not metric.name.startswith("vllm:"):
        return ""
    return f", with vLLM {' and '.join(metric.vllm or vllm.VERSIONS)}{' only' if metric.vllm else ''}"


def _anchor(name: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w-]", "", name.lower())


def _paragraph(text: str, indent: str = "") -> str:
    return fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns stand below one another."""
    lines = [head, *rows]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]
    told = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    told.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in told)
