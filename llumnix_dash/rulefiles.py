"""From alerts to files: rules as Prometheus loads them, and the same as the Prometheus Operator does."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from llumnix_dash.board import panel_id
from llumnix_dash.catalog.labels import CLUSTER, NAMESPACE
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.catalog.recorded import EVERY_MINUTES
from llumnix_dash.recorded.queries import Recorded
from llumnix_dash.rules.alert import Alert
from llumnix_dash.rules.declared import GROUPS, RECORDED, alerts_of
from llumnix_dash.rules.declared.objectives import OBJECTIVES
from llumnix_dash.rules.objective import Goal, Objective, Promise, promises, records_of
from llumnix_dash.rules.record import Record

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Objectives, Site

Json = dict[str, Any]

NAME = "rules"
"""By which the command line knows the rule files."""
ALERTS_FILE = "rules/alerts.yaml"
RECORDING_FILE = "rules/recording.yaml"
PROMETHEUS_RULE_FILE = "rules/prometheus-rule.yaml"
# A recorded value is at most so old; a dashboard asks as often.
RECORDING_SECONDS = 30
_DASHBOARD = "llumnix-alerts-dashboard"
# How Prometheus writes a value of the unit in words.
_IN_WORDS = {
    Unit.RATIO: "{{ $value | humanizePercentage }}",
    Unit.SECONDS: "{{ $value | humanizeDuration }}",
    Unit.MILLISECONDS: '{{ printf "%.0f" $value }} ms',
}
_PLAIN = "{{ $value | humanize }}"


class RuleFile(NamedTuple):
    """A file of rules.

    Attributes:
        file_name: below the folder of the dashboards' files.
        text: its content.
        rules: all that it holds, group after group.
    """

    file_name: str
    text: str
    rules: Sequence[Json] = ()


def rule_files(site: "Site | None" = None) -> list[RuleFile]:
    """The rule files, in the names of a site if it has its own."""
    from llumnix_dash.settings.site import Site  # noqa: PLC0415  # pydantic takes longer than all dashboards

    site = site or Site()
    groups = [_group(f"llumnix-{one.module}", alerts_of(one.module), site) for one in GROUPS]
    recorded = [
        {
            "name": f"llumnix-{name}",
            "interval": f"{RECORDING_SECONDS}s",
            "rules": [_recorded(one, site) for one in records],
        }
        for name, records in RECORDED.items()
    ]
    of_objectives = [_recorded(one, site) for promise in promised(site) for one in records_of(promise)]
    # The alerts count on how many samples there are.
    recorded.append({"name": "llumnix-objectives", "interval": f"{EVERY_MINUTES}m", "rules": of_objectives})
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "llumnix", "labels": {"app.kubernetes.io/part-of": "llumnix"}},
        "spec": {"groups": [*recorded, *groups]},
    }
    return [
        _file(ALERTS_FILE, {"groups": groups}, groups),
        _file(RECORDING_FILE, {"groups": recorded}, recorded),
        _file(PROMETHEUS_RULE_FILE, resource, [*recorded, *groups]),
    ]


def _file(file_name: str, content: Json, groups: Sequence[Json]) -> RuleFile:
    return RuleFile(file_name, yaml_text(content), [rule for group in groups for rule in group["rules"]])


def promised(site: "Site") -> list[Promise]:
    """What a site promises of each objective, to the users of which models."""

    def goal(objective: Objective, said: "Objectives") -> Goal:
        bounds = {"ttft": said.ttft_ms, "tpot": said.tpot_ms, "e2e": said.e2e_s}
        return Goal(getattr(said, objective.name), bounds.get(objective.name))

    said = site.objectives
    return [
        promise
        for one in OBJECTIVES
        for promise in promises(one, goal(one, said), {model: goal(one, said.of(model)) for model in said.models})
    ]


def recorded_series(site: "Site") -> list[Recorded]:
    """The recorded series that dashboards may read, in the names of a site."""
    from llumnix_dash.settings.promql import localized  # noqa: PLC0415

    return [
        Recorded(record.name, localized(record.expression(), site), tuple(site.matchers.items()))
        for records in RECORDED.values()
        for record in records
        if not record.labels
    ]


def _group(name: str, alerts: Sequence[Alert], site: "Site") -> Json:
    return {"name": name, "rules": [_rule(alert, site) for alert in alerts]}


def _rule(alert: Alert, site: "Site") -> Json:
    from llumnix_dash.settings.promql import localized  # noqa: PLC0415

    return {
        "alert": alert.name,
        "expr": pretty(localized(alert.condition(), site)),
        "for": alert.lasting,
        "labels": {"severity": alert.severity, **alert.labels},
        "annotations": {
            "summary": alert.summary,
            "description": _description(alert, site),
            "dashboard_url": _dashboard_url(alert, site),
            "runbook_url": site.alerts.runbook_url.format(alert=alert.name),
        },
    }


def _recorded(record: Record, site: "Site") -> Json:
    from llumnix_dash.settings.promql import localized  # noqa: PLC0415

    # Where a store has other fleets than the site's, their rules may have these names, too.
    labels = {**record.labels, **site.matchers}
    rule = {"record": record.name, "expr": pretty(localized(record.expression(), site))}
    return rule | ({"labels": labels} if labels else {})


def _description(alert: Alert, site: "Site") -> str:
    """Where, in the labels that tell the cases apart, and what, with the value."""
    names = site.names(engines=False)
    where = [f"{{{{ with $labels.{name} }}}}{{{{ . }}}} {{{{ end }}}}" for one in alert.by if (name := names.of(one))]
    said = alert.says.format(value=_IN_WORDS.get(alert.left.unit, _PLAIN))
    return f"{''.join(where).rstrip()}: {said}.".replace(" {{ end }}:", "{{ end }}:")


def _dashboard_url(alert: Alert, site: "Site") -> str:
    """The panel that draws the signal, of the alert's fleet."""
    names = site.names(engines=False)
    filters = [
        f"{{{{ with $labels.{name} }}}}&var-{variable}={{{{ . | urlquery }}}}{{{{ end }}}}"
        for variable in (CLUSTER, NAMESPACE)
        if (name := names.of(variable))
    ]
    return panel_url(alert, site) + "".join(filters)


def panel_url(alert: Alert, site: "Site") -> str:
    """Where the panel that draws the alert's signal is, of whatever fleet."""
    uid = f"{site.dashboards.uid_prefix}{_DASHBOARD}"
    return site.alerts.dashboard_url.format(uid=uid, panel=panel_id(alert.key))


def pretty(expr: str) -> str:
    """The query over several lines, where it is long."""
    import promql_parser  # noqa: PLC0415

    return str(promql_parser.parse(expr).prettify())


def yaml_text(*documents: Json) -> str:
    """The documents as YAML, under a line that says where they come from."""
    import yaml  # noqa: PLC0415

    class Dumper(yaml.SafeDumper):
        """Texts of several lines stand as they are."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)

    Dumper.add_representer(str, text)
    head = "# Written by `llumnix-dash generate` from rules/*.py. Change those, and write it anew.\n"
    return head + "---\n".join(
        yaml.dump(one, Dumper=Dumper, sort_keys=False, width=110, allow_unicode=True) for one in documents
    )
