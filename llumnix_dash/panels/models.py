"""The table of models: what the users of each get, worst first."""

from string import ascii_uppercase
from typing import Unpack

import attr

from llumnix_dash.catalog import gateway
from llumnix_dash.catalog.labels import MODEL
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import OUTSIDE, describe
from llumnix_dash.panels.lines import Look
from llumnix_dash.promql import RECENT, Objective, Query, observations, quantile, share_within, success, top_of
from llumnix_dash.shapes.panels import Json, Table, Target

_KEPT = "Kept"


def model_table(key: str, title: str, ttft: Objective, tpot: Objective, **look: Unpack[Look]) -> Table:
    """The ``$top`` models by requests, the one first of which the fewest requests keep to the objectives."""
    by = (MODEL,)
    requests = observations(gateway.TTFT, by=by, window=RECENT)
    columns: dict[str, tuple[Query, style.Steps]] = {
        "Requests": (requests, ()),
        "Success": (success(by=by, window=RECENT), style.SUCCESS_STEPS),
        "P99 TTFT": (quantile(0.99, gateway.TTFT, by=by, window=RECENT), ()),
        "P99 TPOT": (quantile(0.99, gateway.TPOT, by=by, window=RECENT), ()),
        _KEPT: (share_within(ttft, tpot, by=by, window=RECENT), style.OBJECTIVE_STEPS),
    }
    fields = {f"Value #{letter}": heading for letter, heading in zip(ascii_uppercase, columns, strict=False)}
    plain = Table(
        key=key,
        title=title,
        targets=[Target(query=top_of(query, requests, by), show="table") for query, _ in columns.values()],
        columns={MODEL: "Model", **fields},
        sort_by=_KEPT,
        lowest_first=True,
        unit="string",
        overrides=[column(heading, query.unit, steps) for heading, (query, steps) in columns.items()],
        description=describe(
            {"requests": gateway.REQUESTS},
            "The $top models with the most requests, worst first, over the last 5 minutes: one bad model hides in the"
            f" numbers of all. {_KEPT} is the lesser of the shares within the TTFT and the TPOT objective chosen above,"
            " the most that can have met both.",
            "A model is what the client wrote, unchecked: a name that no engine knows has no success.",
            f"{OUTSIDE.partition('.')[0]}; with slow failures P99 TTFT is theirs.",
        ),
        no_value="No data: no requests in this time, or no gateway",
        width=12,
    )
    return attr.evolve(plain, **look)


def column(heading: str, unit: Unit, steps: style.Steps) -> Json:
    """How a table's column looks: its unit, and the colours of its values where it has steps."""
    properties: list[Json] = [{"id": "unit", "value": unit.value}]
    if steps:
        levels = [{"color": colour, "value": value} for value, colour in steps]
        properties += [
            {"id": "custom.cellOptions", "value": {"type": "color-text"}},
            {"id": "decimals", "value": 2},
            {"id": "thresholds", "value": {"mode": "absolute", "steps": levels}},
        ]
    return {"matcher": {"id": "byName", "options": heading}, "properties": properties}
