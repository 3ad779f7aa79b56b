"""What every panel of lines has in common."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

import attr

from llumnix_dash.catalog.labels import ENGINE, INSTANCE, ROLE
from llumnix_dash.catalog.metric import Gauge, Unit
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import no_data
from llumnix_dash.panels.legends import fitting
from llumnix_dash.promql import Query, Where
from llumnix_dash.shapes.panels import Json, Target, TimeSeries

PER_ROLE = (ROLE,)
# An axis ends at least here: where all is 0, Grafana's own would end at 100.
_LEAST_TOP = {
    Unit.REQUESTS: 1,
    Unit.TOKENS: 1,
    Unit.TOKENS_PER_SECOND: 1,
    Unit.REQUESTS_PER_SECOND: 0.1,
    Unit.OPERATIONS_PER_SECOND: 0.1,
    Unit.MILLISECONDS: 1,
    Unit.SECONDS: 0.001,
}
# Times in steps of 1000: in Grafana's units of time an axis, whose ticks are round in seconds, would read 2.08 mins.
_TIME = {Unit.SECONDS: "si:s", Unit.MILLISECONDS: "si:ms"}
# What a gauge tells in seconds runs for days, and an axis of it would read 5.56 hours: 2 d 01:30:00.
_AGE = "dtdhms"


class Look(TypedDict, total=False):
    """What of a panel's look does not follow from its metrics: fields of :class:`~llumnix_dash.shapes.panels.Panel`."""

    width: int
    height: int
    finest: str
    more: str


class LineLook(Look, total=False):
    """That of a panel of lines: fields of :class:`~llumnix_dash.shapes.panels.TimeSeries`."""

    stacked: bool
    fill: int


class Lines(LineLook, total=False):
    """What the words of the vocabulary say of their lines."""

    overrides: list[Json]
    no_value: str
    worst: str
    decimals: int
    minimum: float | None
    maximum: float | None
    thresholds: style.Steps
    axis_from: float
    axis_to: float | None
    logarithmic: bool


def time_series(
    key: str,
    title: str,
    targets: Sequence[Target],
    description: str,
    *,
    parts: Sequence[str] = (),
    **look: Unpack[Lines],
) -> TimeSeries:
    """A panel of lines in the unit of its first query, with a legend that fits it.

    ``parts`` are the names that a query gives its lines itself, as :func:`~llumnix_dash.promql.named` does.
    """
    query = targets[0].query
    about = query.metrics[0]
    unit = _AGE if isinstance(about, Gauge) and about.unit is query.unit is Unit.SECONDS else _TIME.get(query.unit)
    plain = TimeSeries(
        key=key,
        title=title,
        targets=list(targets),
        description=description,
        unit=unit or query.unit.value,
        minimum=0,
        no_value=no_data(about),
    )
    made = attr.evolve(plain, **look)
    place = fitting([target.legendFormat for target in targets], made.width, parts)
    return attr.evolve(
        made,
        axis_to=_LEAST_TOP.get(query.unit) if made.axis_to is None else made.axis_to,
        height=max(made.height, place.height),
        legend=place.kind,
        overrides=[*made.overrides, *(INSTANCE_OVERRIDES if _are_instances(targets) else [])],
    )


def legend(name: str, *labels: str) -> str:
    """The legend of a target's lines: its name, if it has one, and the values of the labels."""
    return " ".join([*([name] if name else []), *(f"{{{{{label}}}}}" for label in labels)])


def lines_by_role(queries: Mapping[str, Query]) -> list[Target]:
    """A line per name and role; those of the first name are full, all others are dashed."""
    return [
        Target(query=query, legendFormat=legend(name, *PER_ROLE), dashed=position > 0)
        for position, (name, query) in enumerate(queries.items())
    ]


def of_role(title: str, role: str | None) -> str:
    """The title of a panel that shows one role; without one, the title itself."""
    return f"{title} ({role.title()})" if role else title


def only(role: str | None) -> Where | None:
    """The matcher that leaves one role; none where every role is meant."""
    return {ROLE: role} if role else None


def override(pattern: str, **properties: Any) -> Json:
    """A field override for the lines whose names match the regular expression, such as ``/^failed/``."""
    return {
        "matcher": {"id": "byRegexp", "options": pattern},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }


def colour_of(pattern: str, colour: str, *, shades: bool = True) -> Json:
    """An override of the colour; shades of it where several lines may match."""
    return override(pattern, color={"fixedColor": colour, "mode": "shades" if shades else "fixed"})


# Lines by role: the colour is the role's.
ROLE_OVERRIDES = [colour_of(f"/{role}$/", colour, shades=False) for role, colour in style.ROLES.items()]
# Lines by instance, of one metric: the colour is the instance's, on every panel. Two components may have the same.
INSTANCE_OVERRIDES = [
    *(colour_of(f"/^[^:]*[{last}](:\\d+)?$/", colour, shades=False) for last, colour in style.INSTANCES.items()),
    override(f"/^[^:]*[{style.THICK_INSTANCES}][0-9a-z](:\\d+)?$/", **{"custom.lineWidth": 2}),
    override("/^scheduler /", **{"custom.lineStyle": {"dash": [8, 6], "fill": "dash"}}),
]
# Lines by a name of which nothing is known, such as a model: shades of a colour by its first letter.
NAME_OVERRIDES = [colour_of(f"/^[{first}{first.upper()}]/", colour) for first, colour in style.INSTANCES.items()]


def _are_instances(targets: Sequence[Target]) -> bool:
    [first, *others] = targets
    return not others and any(first.legendFormat.endswith(f"{{{{{label}}}}}") for label in (INSTANCE, ENGINE))
