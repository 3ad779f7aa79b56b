"""What follows from the catalogue: every metric, where it is shown, and who is told of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from llumnix_dash.catalog import SCRAPED_METRICS, cms, gateway, lrs, process, scheduler, vllm
from llumnix_dash.catalog.metric import Histogram, Metric, Unit
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.document.walk import walk
from llumnix_dash.panels.describe import caveats
from llumnix_dash.promql.query import number
from llumnix_dash.reference.alerts import Cases, page_of
from llumnix_dash.reference.markdown import anchor, item, paragraph, table

Json = Mapping[str, Any]
# Dashboard, by the name that links to it bear -> titles of its panels.
Titles = Mapping[str, Sequence[str]]

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
_HEAD = """\
<!-- Written by `llumnix-dash generate` from llumnix_dash/catalog. Change that, and write it anew. -->
# Metrics

Every metric that the dashboards and alerts stand on: what it measures, what it cannot show, where it is shown and who
is told of it. The series of a histogram bear the suffixes `_bucket`, `_sum` and `_count`. *Labels* are those that the
exporter sets; what scraping adds stands above each table. How to read the numbers is in [dashboards.md](dashboards.md),
what is told in [alerts.md](alerts.md)."""


def metrics_page(dashboards: Mapping[str, Json], by_name: Cases, recorded: Sequence[Json]) -> str:
    """The page of all metrics.

    Args:
        dashboards: uid -> dashboard.
        by_name: the alerts.
        recorded: the rules of the recorded series.
    """
    rests = _Rests(recorded)
    shown, told = _shown(dashboards, rests), _told(by_name, rests)
    parts = [_HEAD]
    for title, metrics in _SECTIONS:
        # Several exporters may bear one under the same name.
        merged: dict[str, list[Metric]] = {}
        for metric in metrics:
            merged.setdefault(metric.name, []).append(metric)
        rows = [
            [f"[`{name}`](#{anchor(name)})", of_it[0].kind, _unit(of_it[0]), _labels(of_it[0])]
            for name, of_it in merged.items()
        ]
        parts += [
            f"## {title}",
            paragraph(f"Scraping adds: {_added(metrics)}."),
            table(["metric", "type", "unit", "labels"], rows),
            *(_metric(of_it, shown.get(name, {}), told.get(name, [])) for name, of_it in merged.items()),
        ]
    return "\n\n".join(parts) + "\n"


def _shown(dashboards: Mapping[str, Json], rests: "_Rests") -> dict[str, dict[str, list[str]]]:
    """Metric -> dashboard -> titles of the panels that show it."""
    found: dict[str, dict[str, list[str]]] = {}
    for uid, dashboard in dashboards.items():
        for place in walk(dashboard):
            queries = " ".join(str(target.get("expr", "")) for target in place.panel.get("targets") or [])
            for name in rests.on(queries):
                titles = found.setdefault(name, {}).setdefault(FAMILY[uid], [])
                if place.panel["title"] not in titles:
                    titles.append(place.panel["title"])
    return found


def _told(by_name: Cases, rests: "_Rests") -> dict[str, list[str]]:
    """Metric -> names of the alerts that stand on it."""
    found: dict[str, list[str]] = {}
    for name, alike in by_name.items():
        for metric in rests.on(" ".join(one.rule["expr"] for one in alike)):
            found.setdefault(metric, []).append(name)
    return found


def _metric(of_it: Sequence[Metric], shown: Titles, told: Sequence[str]) -> str:
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
    alerts = ", ".join(page_of(name) for name in told)
    facts.append(f"**Alerts:** {alerts or 'none'}.")
    lines = [f"### `{first.name}`", "", paragraph(" ".join(one.description for one in of_it)), ""]
    return "\n".join([*lines, *(item(fact) for fact in facts)])


def _everywhere(shown: Titles) -> list[tuple[str, Sequence[str]]]:
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

    def on(self, queries: str) -> set[str]:
        """The names of the catalogue's metrics."""
        names = set(_NAME.findall(queries))
        below = (self.on(self._recorded[name]) for name in names & self._recorded.keys())
        return {self._metric[name] for name in names & self._metric.keys()}.union(*below)


def _added(metrics: Sequence[Metric]) -> str:
    """The labels that scraping adds to each of them."""
    first, *others = metrics
    labels = [label for label in first.all_labels if label not in first.labels]
    return " ".join(f"`{label}`" for label in labels if all(label in other.all_labels for other in others))


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
    return f", with vLLM {' and '.join(metric.vllm)} only" if metric.vllm else ""
