"""Tables of instances: what each holds now, side by side."""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Unpack

import attr

from llumnix_dash.catalog.labels import CLUSTER, NAMESPACE, ROLE
from llumnix_dash.catalog.metric import Histogram, Metric, Unit
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe, no_data
from llumnix_dash.panels.lines import Look
from llumnix_dash.promql import RECENT, of_instance, top_instances
from llumnix_dash.shapes.panels import Json, Table, Target


def instance_table(
    key: str, title: str, columns: Mapping[str, Metric], *, rank_by: Metric, **look: Unpack[Look]
) -> Table:
    """The ``$top`` instances with a value in each column, highest rank first.

    Args:
        key: the panel's name.
        title: what people see.
        columns: heading -> metric, all of one exporter.
        rank_by: the column's metric by which instances are chosen and sorted.
        look: see :class:`Look`.
    """
    queries = {
        heading: top_instances(of_instance(metric, window=RECENT), rank_by) for heading, metric in columns.items()
    }
    fields = {f"Value #{letter}": heading for letter, heading in zip(ascii_uppercase, columns, strict=False)}
    sort_by = next(heading for heading, metric in columns.items() if metric.name == rank_by.name)
    plain = Table(
        key=key,
        title=title,
        targets=[Target(query=query, show="table") for query in queries.values()],
        columns={
            rank_by.instance_label: "Instance",
            ROLE: "Role",
            CLUSTER: "Cluster",
            NAMESPACE: "Namespace",
            **fields,
        },
        sort_by=sort_by,
        overrides=[
            {
                "matcher": {"id": "byName", "options": "Instance"},
                "properties": [{"id": "custom.width", "value": 260}],
            },
            *(_column(heading, query.unit) for heading, query in queries.items()),
        ],
        description=describe(
            columns,
            f"The $top instances with the highest {_rank_word(rank_by)} of {sort_by} in the time range, as they are"
            f" at its end; rates and means are over the last 5 minutes. Click a heading to sort.",
        ),
        no_value=no_data(rank_by) if isinstance(rank_by, Histogram) else "No instances",
        width=24,
    )
    return attr.evolve(plain, **look)


def _rank_word(metric: Metric) -> str:
    return "mean" if isinstance(metric, Histogram) else "peak"


def _column(heading: str, unit: Unit) -> Json:
    properties: list[Json] = [{"id": "unit", "value": unit.value}]
    if unit is Unit.RATIO:
        steps = [{"color": colour, "value": value} for value, colour in style.USAGE_STEPS]
        properties += [
            {"id": "custom.cellOptions", "value": {"mode": "basic", "type": "gauge", "valueDisplayMode": "text"}},
            {"id": "max", "value": 1},
            {"id": "min", "value": 0},
            {"id": "thresholds", "value": {"mode": "absolute", "steps": steps}},
        ]
    return {"matcher": {"id": "byName", "options": heading}, "properties": properties}
