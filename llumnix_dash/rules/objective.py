"""What users are promised: which requests it is promised to, which got it, and the share of them that shall."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from llumnix_dash.catalog.labels import FLEET, MODEL
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.catalog.recorded import BAD, BUDGET, OBJECTIVE, TOTAL
from llumnix_dash.promql import RECENT, Query, Where
from llumnix_dash.promql.histograms import kept_below
from llumnix_dash.promql.kept import Kept
from llumnix_dash.promql.query import NoneOf
from llumnix_dash.promql.signals import answered
from llumnix_dash.rules.record import Record

BY = (*FLEET, MODEL)


@dataclass(frozen=True)
class Goal:
    """What is promised of an objective.

    Attributes:
        share: of the requests, that shall be good; above 0 and below 1.
        bound: of a latency, a bucket's of its histogram, in its unit.
    """

    share: float
    bound: float | None = None

    @property
    def budget(self) -> float:
        """The share of requests that may be bad."""
        return round(1 - self.share, 12)


@dataclass(frozen=True, kw_only=True)
class Objective:
    """An objective, whatever the numbers that a site promises.

    Attributes:
        name: the value of the label ``objective`` of all that is recorded of it.
        title: what people call it.
        histogram: of a latency; an objective without one is that requests are answered.
    """

    name: str
    title: str
    histogram: Histogram | None = None

    def kept(self, goal: Goal, *, where: Where | None = None, window: str = RECENT) -> Kept:
        """Requests that it is promised to and that got it, per second, by cluster, namespace and model.

        Raises:
            CatalogError: the goal's bound is not one of the histogram's.
        """
        if self.histogram is None:
            return answered(by=BY, where=where, window=window)
        assert goal.bound is not None
        return kept_below(self.histogram, goal.bound, by=BY, where=where, window=window)


@dataclass(frozen=True)
class Promise:
    """The goal of an objective, and for which models it holds.

    Attributes:
        objective: what is promised.
        goal: how much of it.
        model: the only model for which it holds; where empty, it holds for all but ``others``.
        others: models that have a goal of their own.
    """

    objective: Objective
    goal: Goal
    model: str = ""
    others: tuple[str, ...] = ()

    @property
    def where(self) -> Where:
        """The matcher of its models."""
        if self.model:
            return {MODEL: _quoted(self.model)}
        return {MODEL: NoneOf(_quoted(re.escape(one)) for one in self.others)} if self.others else {}

    def kept(self, window: str = RECENT) -> Kept:
        """See :meth:`Objective.kept`; of its models."""
        return self.objective.kept(self.goal, where=self.where, window=window)


def promises(objective: Objective, goal: Goal, of_models: Mapping[str, Goal]) -> Iterator[Promise]:
    """The objective's promises: that of most models, and one for each model that has another goal."""
    own = {model: one for model, one in sorted(of_models.items()) if one != goal}
    yield Promise(objective, goal, others=tuple(own))
    for model, one in own.items():
        yield Promise(objective, one, model=model)


def records_of(promise: Promise) -> Iterator[Record]:
    """What a ruler records of a promise: bad and all requests a second, and the share that may be bad."""
    kept = promise.kept()
    labels = {OBJECTIVE: promise.objective.name, **({MODEL: promise.model} if promise.model else {})}
    # Requests of each model, times 0, so that the budget is there for whatever model there is.
    budget = Query(
        lambda scope: f"0 * {kept.all.text(scope)} + {promise.goal.budget:g}", kept.share.unit, kept.all.metrics
    )
    yield Record(name=BAD, query=kept.lost, labels=labels)
    yield Record(name=TOTAL, query=kept.all, labels=labels)
    yield Record(name=BUDGET, query=budget, labels=labels)


def _quoted(text: str) -> str:
    """The text as it stands within PromQL's quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
