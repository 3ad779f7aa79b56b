"""What a query is, and the scope that gives it its matchers."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from llumnix_dash.catalog.labels import ENGINE, INSTANCE
from llumnix_dash.catalog.metric import Exporter, Metric, Unit

RATE_INTERVAL = "$__rate_interval"
RANGE = "$__range"
# The window of figures that stand for "now". It does not grow with the time range, so zooming changes no number.
RECENT = "5m"


class NoneOf(tuple[str, ...]):
    """Values of which a label must have none, each an anchored regular expression."""

    __slots__ = ()


# label -> the value that it must have, or values of which it must have one (each an anchored regular expression), or
# those of which it must have none.
Where = Mapping[str, str | tuple[str, ...]]


class Filter(NamedTuple):
    """A dashboard's variable, as the matcher that it puts on every metric that bears the label.

    Attributes:
        variable: the variable's name.
        label: the label that it holds values of.
        exporters: the only exporters whose metrics it filters, where the label means something else on others'.
    """

    variable: str
    label: str
    exporters: tuple[Exporter, ...] = ()

    def applies_to(self, metric: Metric) -> bool:
        """Whether the metric is filtered by it."""
        if self.exporters and not set(metric.exporters) <= set(self.exporters):
            return False
        return self.label in metric.all_labels


Scope = tuple[Filter, ...]


class Query(NamedTuple):
    """A question to Prometheus.

    Attributes:
        text: the PromQL within a scope.
        unit: of the answer.
        metrics: those that the answer rests on, the one that it is about first.
    """

    text: Callable[[Scope], str]
    unit: Unit
    metrics: tuple[Metric, ...]


def of_whole_fleet(query: Query) -> Query:
    """The query, deaf to the choice of an instance: a number that is about all of them stays when one is chosen."""
    return Query(
        lambda scope: query.text(tuple(one for one in scope if one.label not in (INSTANCE, ENGINE))),
        query.unit,
        query.metrics,
    )


def selector(
    metric: Metric, scope: Scope, *, suffix: str = "", where: Where | None = None, unless: Where | None = None
) -> str:
    """The metric's series as the scope and the matchers leave them; a matcher of our own takes the variable's place.

    Raises:
        CatalogError: the metric does not bear a label of the matchers.
    """
    where, unless = where or {}, unless or {}
    metric.check_labels(*where, *unless)
    jobs = "|".join(exporter.job for exporter in metric.exporters)
    matchers = [matcher("job", jobs if jobs.isalpha() else (jobs,))]
    matchers += [
        f'{one.label}=~"${one.variable}"' for one in scope if one.applies_to(metric) and one.label not in where
    ]
    matchers += [matcher(label, value) for label, value in where.items()]
    matchers += [matcher(label, value, negate=True) for label, value in unless.items()]
    return f"{metric.name}{suffix}{{{','.join(matchers)}}}"


def matcher(label: str, value: str | tuple[str, ...], *, negate: bool = False) -> str:
    """One matcher: equality with a value, or a regular expression of alternatives."""
    negate = negate or isinstance(value, NoneOf)
    if isinstance(value, str):
        return f'{label}{"!=" if negate else "="}"{value}"'
    return f'{label}{"!~" if negate else "=~"}"{"|".join(value)}"'


def grouped(labels: tuple[str, ...]) -> str:
    """The ``by`` clause of an aggregation, with the blanks that it needs around it; nothing for no labels."""
    return f" by ({', '.join(labels)}) " if labels else ""


def number(value: float) -> str:
    """A number as PromQL and Prometheus's ``le`` labels write it: 1000, 0.25."""
    return str(int(value)) if float(value).is_integer() else repr(value)
