"""What every panel of lines has in common."""

from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

import attr

from llumnix_dash.catalog.labels import ROLE
from llumnix_dash.panels import style
from llumnix_dash.promql import Where
from llumnix_dash.shapes.panels import Json, Target, TimeSeries

PER_ROLE = (ROLE,)
# From this width on a legend beside the lines leaves them room enough.
_WIDE = 12


class Look(TypedDict, total=False):
    """What of a panel's look does not follow from its metrics: fields of :class:`~llumnix_dash.shapes.panels.Panel`."""

    width: int
    height: int
    finest: str


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
    legend_right: bool


def time_series(key: str, title: str, targets: Sequence[Target], description: str, **look: Unpack[Lines]) -> TimeSeries:
    """A panel of lines in the unit of its first query."""
    plain = TimeSeries(
        key=key,
        title=title,
        targets=list(targets),
        description=description,
        unit=targets[0].query.unit.value,
        minimum=0,
        legend_right=look.get("width", 0) >= _WIDE,
    )
    return attr.evolve(plain, **look)


def legend(name: str, *labels: str) -> str:
    """The legend of a target's lines: its name, if it has one, and the values of the labels."""
    return " ".join([*([name] if name else []), *(f"{{{{{label}}}}}" for label in labels)])


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
