"""What follows from the alerts: the head of each runbook, and the table of all."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from llumnix_dash.dashboards import FAMILY
from llumnix_dash.panels.alerts import threshold_in_words
from llumnix_dash.reference.markdown import item, table
from llumnix_dash.rulefiles import panel_url
from llumnix_dash.rules.alert import Alert
from llumnix_dash.rules.declared import every_alert

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

Json = Mapping[str, Any]

RUNBOOKS = "runbooks"
"""The folder of the runbooks, beside the other pages."""
_WHO_IS_TOLD = {
    "critical": "somebody is woken",
    "warning": "somebody looks in the morning",
    "info": "nobody is told; it shows where one looks",
}


class Case(NamedTuple):
    """An alert, and the rule that is made of it."""

    alert: Alert
    rule: Json


Cases = Mapping[str, Sequence[Case]]
"""Name -> the alerts that bear it: mostly one, several where an alert has several windows."""


def cases(rules: Iterable[Json]) -> Cases:
    """The alerts, with the rules that were made of them, in their order."""
    found: dict[str, list[Case]] = {}
    for alert, rule in zip(every_alert(), rules, strict=True):
        found.setdefault(alert.name, []).append(Case(alert, rule))
    return found


def page_of(name: str) -> str:
    """The runbook of an alert, as a link."""
    return f"[{name}]({RUNBOOKS}/{name}.md)"


def head_of_runbook(alike: Sequence[Case], site: "Site") -> str:
    """What a runbook tells of the rules that bear its name."""
    parts = [f"> {alike[0].alert.summary}"]
    for alert, rule in alike:
        if len(alike) > 1:
            parts.append(f"### {alert.title}")
        facts = [
            f"**Severity:** {alert.severity}, {_WHO_IS_TOLD[alert.severity]}.",
            f"**Fires** {_when(alert, rule)}.",
            f"**One for each** {', '.join(f'`{label}`' for label in alert.by)}{_marked(rule)}.",
            f"**Panel:** *{alert.title}* of the Alerts dashboard, {_link(panel_url(alert, site))}. More is on the"
            f" dashboard {FAMILY[alert.more]}.",
        ]
        parts.append("\n".join(item(fact) for fact in facts))
        parts.append(f"```promql\n{str(rule['expr']).rstrip()}\n```")
    return "\n\n".join(parts)


def table_of_alerts(by_name: Cases) -> str:
    """The table of all alerts."""
    rows = [
        [
            page_of(alert.name),
            alert.severity,
            alert.lasting,
            f"*{alert.title}* {_beyond(alert)}",
            alert.summary,
        ]
        for alike in by_name.values()
        for alert, _ in alike
    ]
    return table(["alert", "severity", "for", "fires where", "in words"], rows)


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
