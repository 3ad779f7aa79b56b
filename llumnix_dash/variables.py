"""Template variables: what a dashboard can be narrowed down to.

A variable that filters metrics knows its label, so that the board can put its matcher on every metric that bears it.
"""

from dataclasses import dataclass
from typing import Any

from llumnix_dash.catalog import cms, gateway, labels, lrs, process, vllm
from llumnix_dash.catalog.exporters import ROLES
from llumnix_dash.catalog.metric import Histogram, Metric
from llumnix_dash.panels.describe import absences
from llumnix_dash.promql import Filter, Objective, Scope, selector
from llumnix_dash.shapes.board import TemplateVariable
from llumnix_dash.shapes.panels import DATA_SOURCE, Json

# Grafana's number for a variable that has its value but no drop-down.
HIDDEN = 2


@dataclass(frozen=True)
class LabelVariable:
    """The values of a label, any number of them or all.

    Attributes:
        name: of the variable; also of the label, where ``values_of`` names no other.
        label: what people see beside the drop-down.
        metric: the Llumnix metric from whose series the values are listed.
        values_of: the label.
        everywhere: whether the label means the same on other exporters' metrics.
        linked: whether a value means the same on the other dashboards, so that links carry it there.
    """

    name: str
    label: str
    metric: Metric
    values_of: str
    everywhere: bool = True
    linked: bool = True

    def __post_init__(self) -> None:
        self.metric.check_labels(self.values_of)

    @property
    def filter(self) -> Filter:
        """The matcher that the variable puts on metrics."""
        return Filter(self.name, self.values_of, () if self.everywhere else self.metric.exporters)

    def template(self, before: Scope) -> TemplateVariable:
        """Grafana's variable, chained to those before it."""
        query = f"label_values({selector(self.metric, before)}, {self.values_of})"
        return _template(
            self.name,
            "query",
            {"query": query, "qryType": 1, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
            self.label,
            # A matcher of .* also finds series without the label, such as the namespace outside Kubernetes.
            allValue=".*",
            current={"text": ["All"], "value": ["$__all"]},
            datasource=dict(DATA_SOURCE),
            definition=query,
            includeAll=True,
            multi=True,
            refresh=2,
            regex="",
            sort=7,
        )


@dataclass(frozen=True)
class ChoiceVariable:
    """One of a few fixed values.

    Attributes:
        name: of the variable.
        label: what people see beside the drop-down.
        options: the values.
        default: the one that is chosen at first.
    """

    name: str
    label: str
    options: tuple[str, ...]
    default: str
    linked: bool = True

    def template(self, before: Scope) -> TemplateVariable:
        """Grafana's variable; it depends on no other."""
        return _template(
            self.name,
            "custom",
            ",".join(self.options),
            self.label,
            current={"text": self.default, "value": self.default},
            includeAll=False,
            multi=False,
            options=[{"selected": one == self.default, "text": one, "value": one} for one in self.options],
        )


@dataclass(frozen=True)
class NumberVariable:
    """A number that people type.

    Attributes:
        name: of the variable.
        label: what people see beside the box.
        default: what it holds at first.
    """

    name: str
    label: str
    default: str
    linked: bool = False

    def template(self, before: Scope) -> TemplateVariable:
        """Grafana's variable; it depends on no other."""
        return _template(
            self.name,
            "textbox",
            self.default,
            self.label,
            current={"text": self.default, "value": self.default},
            options=[{"selected": True, "text": self.default, "value": self.default}],
        )


@dataclass(frozen=True)
class DataSourceVariable:
    """The Prometheus that is asked; every dashboard has it first."""

    name: str = "datasource"
    linked: bool = True

    def template(self, before: Scope) -> TemplateVariable:
        """Grafana's variable."""
        return _template(
            self.name,
            "datasource",
            "prometheus",
            "Data source",
            current={},
            includeAll=False,
            multi=False,
            options=[],
            refresh=1,
            regex="",
        )


@dataclass(frozen=True)
class BlankVariable:
    """Why a row is blank, which its title says: words where the fleet does not have a metric, else a blank.

    It never is without a value: older Grafana writes "None" for that.

    Attributes:
        name: of the variable.
        metric: the row's.
        where: the only series of it that are the row's.
        words: the reasons.
    """

    name: str
    metric: Metric
    where: tuple[tuple[str, str], ...]
    words: str
    linked: bool = False

    def template(self, before: Scope) -> TemplateVariable:
        """Grafana's variable, without a drop-down."""
        suffix = "_count" if isinstance(self.metric, Histogram) else ""
        series = selector(self.metric, before, suffix=suffix, where=dict(self.where))
        query = (
            f'query_result(label_replace(vector(0), "why", " - blank: {self.words}", "", "")'
            f" unless on() group({series})"
            f' or label_replace(group({series}), "why", " ", "", ""))'
        )
        return _template(
            self.name,
            "query",
            {"query": query, "qryType": 3, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
            self.name,
            current={},
            datasource=dict(DATA_SOURCE),
            definition=query,
            hide=HIDDEN,
            includeAll=False,
            multi=False,
            refresh=2,
            regex='/why="([^"]*)"/',
            skipUrlSync=True,
            sort=0,
        )


Variable = LabelVariable | ChoiceVariable | NumberVariable | DataSourceVariable | BlankVariable


def blank_without(metric: Metric, role: str | None = None) -> BlankVariable:
    """The words at the end of a row's title where the fleet does not have the metric, or no instance of the role."""
    return BlankVariable(
        name=f"blank_{role or 'without'}",
        metric=metric,
        where=((labels.ROLE, role),) if role else (),
        words=", or ".join(absences(metric, role)),
    )


def choice_of(objective: Objective) -> ChoiceVariable:
    """The drop-down from which an objective is chosen."""
    unit = objective.histogram.unit.value
    default = next(option for option in objective.options if float(option) == objective.default)
    return ChoiceVariable(objective.name, f"{objective.label} ({unit})", objective.options, default)


TTFT_OBJECTIVE = Objective("ttft_objective", "TTFT objective", gateway.TTFT, 2000)
TPOT_OBJECTIVE = Objective("tpot_objective", "TPOT objective", gateway.TPOT, 50)
E2E_OBJECTIVE = Objective("e2e_objective", "E2E objective", gateway.E2E_LATENCY, 60)
OBJECTIVES = tuple(choice_of(objective) for objective in (TTFT_OBJECTIVE, TPOT_OBJECTIVE, E2E_OBJECTIVE))

# What an instance of each role costs an hour; 0: nobody has said.
PRICES = {role: NumberVariable(f"price_{role}", f"$/h {role}", "0") for role in ROLES}

DATASOURCE = DataSourceVariable()
CLUSTER = LabelVariable("cluster", "Cluster", process.UPTIME, labels.CLUSTER)
NAMESPACE = LabelVariable("namespace", "Namespace", process.UPTIME, labels.NAMESPACE)
# Which fleets: every dashboard begins with these.
FLEET = (CLUSTER, NAMESPACE)
# A client's name of a model: an engine's need not be the same word.
MODEL = LabelVariable("model", "Model", gateway.REQUESTS, labels.MODEL, everywhere=False)
TOP = ChoiceVariable("top", "Top instances", ("3", "5", "10", "20", "50"), "5")
# Of latencies by role: one at a time, for a line a role is read at a glance and four are not.
QUANTILE = ChoiceVariable("quantile", "Quantile", ("0.5", "0.9", "0.95", "0.99"), "0.99", linked=False)

GATEWAY_INSTANCE = LabelVariable(
    "instance", "Gateway", gateway.PENDING_REQUESTS, labels.INSTANCE, everywhere=False, linked=False
)
PROCESS_INSTANCE = LabelVariable(
    "instance", "Instance", process.UPTIME, labels.INSTANCE, everywhere=False, linked=False
)

CMS_INFER_TYPE = LabelVariable("infer_type", "Role", cms.RUNNING_REQUESTS, labels.ROLE)
CMS_INSTANCE = LabelVariable("instance", "Instance", cms.RUNNING_REQUESTS, labels.ENGINE, linked=False)

# Names of models of their own, as the schedulers and the engines have them.
LRS_MODEL = LabelVariable("lrs_model", "Model", lrs.TOTAL_REQUESTS, labels.MODEL, everywhere=False, linked=False)
LRS_INFER_TYPE = LabelVariable("infer_type", "Role", lrs.TOTAL_REQUESTS, labels.ROLE)
LRS_INSTANCE = LabelVariable("instance", "Instance", lrs.TOTAL_REQUESTS, labels.ENGINE, linked=False)

ENGINE_MODEL = LabelVariable("model_name", "Model", vllm.RUNNING_REQUESTS, "model_name", everywhere=False, linked=False)
ENGINE_INFER_TYPE = LabelVariable("infer_type", "Role", vllm.RUNNING_REQUESTS, labels.ROLE)
ENGINE_INSTANCE = LabelVariable(
    "instance", "Instance", vllm.RUNNING_REQUESTS, labels.INSTANCE, everywhere=False, linked=False
)


def _template(name: str, kind: str, query: Any, label: str, **fields: Any) -> TemplateVariable:
    json: Json = {"hide": 0, "label": label, "name": name, "query": query, "skipUrlSync": False, "type": kind, **fields}
    return TemplateVariable(name=name, query=query, json=json)
