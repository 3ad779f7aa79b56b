"""The settings of a site, as ``llumnix-dash.toml`` holds them."""

import re
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from llumnix_dash.catalog import METRICS, gateway, labels
from llumnix_dash.catalog.exporters import ENGINE, GATEWAY, SCHEDULER
from llumnix_dash.catalog.metric import CatalogError, Histogram
from llumnix_dash.promql.budget import BAD_ENOUGH


def _label(name: str) -> str:
    if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) or name.startswith("__"):
        raise ValueError(f"{name!r} is no name of a label: letters, digits and _, and no digit first")
    return name


def _label_or_none(name: str) -> str:
    return _label(name) if name else name


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    if not text:
        raise ValueError("is empty")
    return text


Label = Annotated[str, AfterValidator(_label)]
Job = Annotated[str, AfterValidator(_regular_expression)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Jobs(_Section):
    """The values of the ``job`` label, each an anchored regular expression."""

    gateway: Job = GATEWAY.job
    scheduler: Job = SCHEDULER.job
    engine: Job = ENGINE.job


class Labels(_Section):
    """The names of the labels that scraping attaches; those that an exporter sets itself are the same everywhere."""

    cluster: Annotated[str, AfterValidator(_label_or_none)] = labels.CLUSTER
    namespace: Label = labels.NAMESPACE
    job: Label = labels.COMPONENT
    instance: Label = labels.INSTANCE
    pod: Label = "pod"
    infer_type: Label = labels.ROLE
    model: Label = labels.MODEL

    @model_validator(mode="after")
    def _distinct(self) -> "Labels":
        own = {label for metric in METRICS for label in metric.labels}
        names = self.model_dump()
        for key, name in names.items():
            if [*names.values()].count(name) > 1:
                raise ValueError(f"two labels have the name {name!r}")
            if name != key and name in own:
                raise ValueError(f"{key} cannot be called {name!r}: exporters have a label of that name")
        return self


def _objective(histogram: Histogram) -> AfterValidator:
    def check(value: float) -> float:
        try:
            histogram.check_bound(value)
        except CatalogError as error:
            raise ValueError(f"{error.summary}; {error.detail}") from error
        return value

    return AfterValidator(check)


def _reachable(share: float) -> float:
    least = round(1 - BAD_ENOUGH, 6)
    if not least < share < 1:
        raise ValueError(
            f"{share:g} is no share above {least:g} and below 1: alerts fire at the latest where"
            f" {BAD_ENOUGH:.0%} of the requests are bad"
        )
    return share


Share = Annotated[float, AfterValidator(_reachable)]
TtftBound = Annotated[float, _objective(gateway.TTFT)]
TpotBound = Annotated[float, _objective(gateway.TPOT)]
E2eBound = Annotated[float, _objective(gateway.E2E_LATENCY)]


class ModelObjectives(_Section):
    """What is promised to the users of one model, where it is another thing than to all."""

    ttft_ms: TtftBound | None = None
    tpot_ms: TpotBound | None = None
    e2e_s: E2eBound | None = None
    success: Share | None = None
    ttft: Share | None = None
    tpot: Share | None = None
    e2e: Share | None = None


class Objectives(_Section):
    """What users are promised: bounds, each a bucket's of its histogram, and the shares of requests that keep to them.

    The bounds are what the drop-downs show at first, too.
    """

    ttft_ms: TtftBound = 2000
    tpot_ms: TpotBound = 50
    e2e_s: E2eBound = 60
    success: Share = 0.99
    ttft: Share = 0.95
    tpot: Share = 0.95
    e2e: Share = 0.95
    models: dict[Annotated[str, Field(min_length=1)], ModelObjectives] = Field(default_factory=dict)

    def of(self, model: str) -> "Objectives":
        """What is promised to the users of a model."""
        own = self.models.get(model, ModelObjectives()).model_dump(exclude_none=True)
        return self.model_copy(update=own)


class Dashboards(_Section):
    """How the dashboards are called, how they open, and whether they read recorded series."""

    tags: Annotated[tuple[str, ...], Field(strict=False)] = ("llumnix",)
    uid_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,13}$")] = ""
    title_prefix: str = ""
    datasource: str = ""
    refresh: Annotated[str, Field(pattern=r"^([1-9][0-9]*[smhd])?$")] = "30s"
    time_from: Annotated[str, Field(pattern=r"^now(-[0-9]+[smhdwMy])?(/[smhdwMy])?$")] = "now-1h"
    time_to: Annotated[str, Field(pattern=r"^now(-[0-9]+[smhdwMy])?(/[smhdwMy])?$")] = "now"
    recorded: bool = False


def _url_of(*names: str) -> AfterValidator:
    def check(text: str) -> str:
        try:
            text.format(**dict.fromkeys(names, ""))
        except (KeyError, IndexError, ValueError) as error:
            known = " and ".join(f"{{{name}}}" for name in names)
            raise ValueError(f"{text!r} may hold {known}, and no other braces") from error
        return text

    return AfterValidator(check)


class Alerts(_Section):
    """Where an alert leads whoever is told of it."""

    dashboard_url: Annotated[str, _url_of("uid", "panel")] = "/d/{uid}?viewPanel={panel}&from=now-3h&to=now"
    runbook_url: Annotated[str, _url_of("alert")] = (
        "https://github.com/llumnix-project/llumnix-dash/blob/main/docs/runbooks/{alert}.md"
    )


class Names(NamedTuple):
    """How labels of some series are called: our name -> the site's, empty where the site has no such label."""

    renamed: dict[str, str]

    def of(self, label: str) -> str:
        """The site's name of a label, empty where it has none."""
        return self.renamed.get(label, label)


class Site(_Section):
    """All settings; the defaults are those of the dashboards as they come.

    Attributes:
        jobs: of the components.
        labels: the names of those that scraping attaches.
        matchers: label -> value, for every selector.
        objectives: their defaults.
        dashboards: their names, tags, and how they open.
        alerts: where they lead.
    """

    jobs: Jobs = Jobs()
    labels: Labels = Labels()
    matchers: dict[Label, str] = Field(default_factory=dict)
    objectives: Objectives = Objectives()
    dashboards: Dashboards = Dashboards()
    alerts: Alerts = Alerts()

    @model_validator(mode="after")
    def _matchers_are_its_own(self) -> "Site":
        for label in self.matchers:
            if label in self.labels.model_dump().values():
                raise ValueError(f"matchers: {label!r} is filtered by the dashboards themselves")
        return self

    def names(self, *, engines: bool) -> Names:
        """The names of labels on engines' series, or on others, which set ``infer_type`` and ``model`` themselves."""
        renamed = self.labels.model_dump()
        if not engines:
            renamed = {key: name for key, name in renamed.items() if key not in {labels.ROLE, labels.MODEL}}
        return Names({key: name for key, name in renamed.items() if key != name})

    @property
    def job_names(self) -> dict[str, str]:
        """The catalogue's job -> the site's."""
        ours = {GATEWAY.job: self.jobs.gateway, SCHEDULER.job: self.jobs.scheduler, ENGINE.job: self.jobs.engine}
        return {job: own for job, own in ours.items() if job != own}
