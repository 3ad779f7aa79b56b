"""The error budget: what is left of it, by objective and model, and how fast it burns."""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Unpack

import attr

from llumnix_dash.catalog.labels import MODEL
from llumnix_dash.catalog.recorded import OBJECTIVE
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import NOT_RECORDED, describe
from llumnix_dash.panels.lines import LineLook, Look, colour_of, legend, time_series
from llumnix_dash.panels.models import column
from llumnix_dash.promql import PART, Query, named, top_of
from llumnix_dash.promql.budget import PERIOD, budget_left, busiest, fastest_burn, kept_share, promised_share
from llumnix_dash.shapes.panels import Table, Target, TimeSeries

_LEFT = "Left"
_BURN = "Burn, 1 h"
_MEASURED = (
    "A promise to a share of the requests leaves a budget: the share that may be bad. Bad is a request that was not"
    " answered (success), or not within the bound (ttft, tpot, e2e); bounds and shares are those of the settings."
)
_BEWARE = "Where something has been recorded for less than 30 days, it is the budget of that time."


def budget_table(key: str, title: str, **look: Unpack[Look]) -> Table:
    """Of the ``$top`` models by requests each objective's budget, the emptiest first."""
    columns: dict[str, tuple[Query, style.Steps]] = {
        "Promised": (promised_share(), ()),
        "Kept": (kept_share(), ()),
        _LEFT: (budget_left(), style.BUDGET_STEPS),
        _BURN: (fastest_burn("1h", by=(MODEL, OBJECTIVE)), style.BURN_STEPS),
    }
    fields = {f"Value #{letter}": heading for letter, heading in zip(ascii_uppercase, columns, strict=False)}
    queries = [top_of(query, busiest(), (MODEL,)) for query, _ in columns.values()]
    plain = Table(
        key=key,
        title=title,
        targets=[Target(query=query, show="table") for query in queries],
        columns={MODEL: "Model", OBJECTIVE: "Objective", **fields},
        sort_by=_LEFT,
        lowest_first=True,
        unit="string",
        overrides=[column(heading, query.unit, steps) for heading, (query, steps) in columns.items()],
        description=describe(
            {},
            f"The $top models with the most requests, over the last {PERIOD[:-1]} days: the shares that were promised"
            f" and kept; {_LEFT} is what is left of the budget, orange below a quarter and red where it is spent."
            f" {_BURN}, is how many times as fast as it lasts it was spent in the last hour: 1 spends it in 30 days,"
            " and is orange from there on, 14.4 a fiftieth of it in an hour.",
            _BEWARE,
            measured=_MEASURED,
        ),
        no_value=NOT_RECORDED,
        width=12,
    )
    return attr.evolve(plain, **look)


def burn_rates(key: str, title: str, objectives: Mapping[str, str], **look: Unpack[LineLook]) -> TimeSeries:
    """How fast each objective's budget burns, of the model and fleet where it is fastest.

    Args:
        key: the panel's name.
        title: what people see.
        objectives: what people call an objective -> its name in recorded series.
        look: see :class:`~llumnix_dash.panels.lines.LineLook`.
    """
    query = named({said: fastest_burn("1h", objective=name) for said, name in objectives.items()})
    return time_series(
        key,
        title,
        [Target(query=query, legendFormat=legend("", PART))],
        describe(
            {},
            "How many times as fast as it lasts the budget was spent in the hour before, of the model for which that is"
            " most; from 14.4 on somebody is woken, at 1 it lasts for 30 days.",
            measured=_MEASURED,
        ),
        overrides=[
            colour_of(f"/^{name}$/", colour, shades=False)
            for name, colour in zip(objectives, style.SERIES, strict=False)
        ],
        parts=tuple(objectives),
        thresholds=((None, "transparent"), (14.4, style.FAILURE)),
        axis_to=2,
        no_value=NOT_RECORDED,
        worst="max",
        **look,
    )
