"""The kinds of metric, and what is known of each: the ground on which queries, units, legends and descriptions stand.

A metric is declared once, in the module of its exporter. A query that its kind, labels or buckets do not allow raises a
:class:`CatalogError` where it is written, which is when the dashboard's module is imported.

Metrics are frozen dataclasses and no pydantic models: every command reads the catalogue, and pydantic would take more
time than all the rest of ``generate``. A test has pydantic hold them to their types.
"""

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Literal, TypeVar

from llumnix_dash.catalog.labels import COMPONENT, ENGINE, FLEET, INSTANCE, ROLE
from llumnix_dash.errors import UserError, nearest


class CatalogError(UserError):
    """A metric asked for something that it does not have; the message names what it has."""


class Unit(Enum):
    """What a number counts or measures; the value is Grafana's unit id (``count:`` is Grafana's form for own units)."""

    REQUESTS = "count:req"
    REQUESTS_PER_SECOND = "reqps"
    TOKENS = "count:tok"
    TOKENS_PER_SECOND = "count:tok/s"
    OPERATIONS = "count:ops"
    OPERATIONS_PER_SECOND = "ops"
    SECONDS = "s"
    MILLISECONDS = "ms"
    RATIO = "percentunit"
    PERCENT = "percent"
    BYTES = "bytes"
    DOLLARS = "currencyUSD"
    TOKENS_PER_DOLLAR = "count:tok/$"
    COUNT = "short"

    @property
    def per_second(self) -> "Unit":
        """The unit of this one's rate.

        Raises:
            CatalogError: a rate of this unit means nothing, such as that of a ratio.
        """
        try:
            return Unit[f"{self.name}_PER_SECOND"]
        except KeyError:
            raise CatalogError(f"a rate of {self.name.lower()} has no unit") from None

    @property
    def has_a_sum(self) -> bool:
        """Whether adding instances' values means something: it does not for a ratio."""
        return self not in {Unit.RATIO, Unit.PERCENT}


class Mode(Enum):
    """A way to run Llumnix without which some metrics do not exist; the value completes "exists only …"."""

    FULL = "in full mode (the scheduler runs with the cluster meta store)"
    LITE = "in lite mode (the scheduler keeps the realtime state itself)"
    SLO_AWARE = "with SLO-aware scheduling (the scheduler predicts latencies)"
    CACHE_AWARE = "in full mode with scheduling by prefix cache"


Kind = TypeVar("Kind", bound="Metric")
Spread = Literal["own", "copies", "shares", "either"]


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """A component that serves ``/metrics``.

    Attributes:
        name: what people call it.
        job: the values of the ``job`` label that scraping gives it, as an anchored regular expression.
        labels: the labels that scraping attaches to each of its series.
        optional: whether a fleet may run without it.
    """

    name: str
    job: str
    labels: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Metric:
    """What every kind of metric has in common.

    Attributes:
        name: as exported, without the suffixes of a histogram's series.
        unit: of one value, or of what a counter counts.
        exporters: who serves it; more than one for what every process has.
        labels: those that the exporter itself sets (scraping adds :attr:`Exporter.labels`).
        description: what it measures, from where to where.
        caveats: what it cannot show, each a sentence.
        mode: the mode in which alone it exists, if there is one.
        vllm: the vLLM versions that export it, where not all do.
        replaces: names by which the same number was known before.
    """

    name: str
    unit: Unit
    exporters: tuple[Exporter, ...]
    labels: tuple[str, ...] = ()
    description: str
    caveats: tuple[str, ...] = ()
    mode: Mode | None = None
    vllm: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind in lower case: ``counter``, ``gauge`` or ``histogram``."""
        return type(self).__name__.lower()

    @cached_property
    def all_labels(self) -> tuple[str, ...]:
        """The exporter's own labels and those that scraping attaches, whoever exports it."""
        shared = [label for label in self.exporters[0].labels if all(label in other.labels for other in self.exporters)]
        return self.labels + tuple(label for label in shared if label not in self.labels)

    @property
    def instance_label(self) -> str:
        """The label that names one instance: the engine's where the scheduler tells of engines, else the target's."""
        return ENGINE if ENGINE in self.labels else INSTANCE

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """The labels that together tell one instance from every other."""
        labels = (*FLEET, ROLE, *self.instance_name)
        return tuple(label for label in labels if label in self.all_labels)

    @property
    def instance_name(self) -> tuple[str, ...]:
        """The labels by which people know an instance: with its component where several export the metric."""
        return (COMPONENT, self.instance_label) if len(self.exporters) > 1 else (self.instance_label,)

    def check_labels(self, *labels: str) -> None:
        """Raise where the metric's series do not bear one of the labels.

        Raises:
            CatalogError: it names the metric, the label and the labels that there are.
        """
        allowed = self.all_labels + (("le",) if isinstance(self, Histogram) else ())
        for label in labels:
            if label not in allowed:
                likely = nearest(label, self.all_labels)
                raise CatalogError(
                    f"{self.name} has no label {label!r}",
                    detail=f"its labels: {', '.join(allowed)}",
                    hint=f"{likely!r}" if likely else None,
                )


@dataclass(frozen=True, kw_only=True, eq=False)
class Counter(Metric):
    """A number that only rises, until its process restarts.

    Attributes:
        rare: whether the series is absent until the event first happens, so that "no series" means 0.
    """

    rare: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Gauge(Metric):
    """A number that rises and falls.

    Attributes:
        spread: who tells of an instance. ``own``: the target itself. ``copies``: every replica, each the whole, so that
            a sum must take an instance once. ``shares``: every replica its own part, which add up. ``either``: shares
            with scheduling by prefix cache, and copies without it.
        drifts: whether it may fall below 0 where it means 0.
        unknown_from: values from here on stand for "not known", not for a number.
        total: where this one may not be exported, it is ``total`` - ``waiting``.
        waiting: see ``total``.
    """

    spread: Spread = "own"
    drifts: bool = False
    unknown_from: float | None = None
    total: "Gauge | None" = None
    waiting: "Gauge | None" = None

    @property
    def replicated(self) -> bool:
        """Whether every replica of the exporter tells of every instance."""
        return self.spread != "own"


@dataclass(frozen=True, kw_only=True, eq=False)
class Histogram(Metric):
    """A distribution in classic buckets.

    Attributes:
        buckets: the upper bounds, rising, without +Inf.
        whole: whether values are whole numbers, so that one below 1 reads 0.
        failed: the counter of all requests, where one that failed (status other than 200) is observed, too: as 0, or
            with the time until it failed. One of status 0 ended well and is observed as 0.
        no_mean: why its mean means nothing, where it does; a sentence, else empty.
        predicted_for: the role for which alone it is recorded, but with adaptive prefill/decode.
        low_is_bad: whether the low quantiles are those to watch, as for a hit ratio.
        grows: whether the buckets go on, in the same steps, up to a limit that the deployment sets.
    """

    buckets: tuple[float, ...]
    whole: bool = False
    failed: Counter | None = None
    no_mean: str = ""
    predicted_for: str = ""
    low_is_bad: bool = False
    grows: bool = False

    def __post_init__(self) -> None:
        if list(self.buckets) != sorted(set(self.buckets)) or not self.buckets or math.isinf(self.buckets[-1]):
            raise CatalogError(f"the buckets of {self.name} must rise and end below +Inf")

    def check_bound(self, bound: float) -> None:
        """Raise where the value is no bucket's bound: the share below it could only be guessed.

        Raises:
            CatalogError: it names the metric and its bounds.
        """
        if bound not in self.buckets:
            raise CatalogError(
                f"{self.name} has no bucket that ends at {bound:g}",
                detail=f"its bounds: {', '.join(f'{value:g}' for value in self.buckets)}",
            )


def require(metric: Metric, kind: type[Kind], what: str) -> Kind:
    """The metric itself if it is of the kind.

    Args:
        metric: the metric that was given.
        kind: the kind for which ``what`` has a meaning.
        what: what was asked for, such as ``"a rate"``.

    Raises:
        CatalogError: it names the metric, its kind and the kind that would do.
    """
    if not isinstance(metric, kind):
        raise CatalogError(
            f"{what} of {metric.name} means nothing: it is a {metric.kind}", hint=f"a {kind.__name__.lower()}"
        )
    return metric
