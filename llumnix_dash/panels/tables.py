"""Tables of instances: what each holds now, side by side."""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any

from llumnix_dash.catalog.metric import Counter, Gauge, Metric, Unit
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe
from llumnix_dash.panels.grafana_shapes import Json, Table, Target
from llumnix_dash.promql import of_instance, top_instances


def instance_table(
    key: str, title: str, columns: Mapping[str, Gauge | Counter], *, rank_by: Metric, **look: Any
) -> Table:
    """The ``$top`` instances with a value in each column, highest rank first.

    Args:
        key: the panel's name.
        title: what people see.
        columns: heading -> metric, all of one exporter.
        rank_by: the column's metric by which instances are chosen and sorted.
        look: fields of :class:`Table`.
    """
    queries = {heading: top_instances(of_instance(metric), rank_by) for heading, metric in columns.items()}
    fields = {f"Value #{letter}": heading for letter, heading in zip(ascii_uppercase, columns, strict=False)}
    sort_by = next(heading for heading, metric in columns.items() if metric.name == rank_by.name)
    return Table(
        **{
            "key": key,
            "title": title,
            "targets": [Target(query=query, show="table") for query in queries.values()],
            "columns": {rank_by.instance_label: "Instance", "infer_type": "Role", "namespace": "Namespace", **fields},
            "sort_by": sort_by,
            "overrides": [
                {
                    "matcher": {"id": "byName", "options": "Instance"},
                    "properties": [{"id": "custom.width", "value": 260}],
                },
                *(_column(heading, query.unit) for heading, query in queries.items()),
            ],
            "description": describe(
                columns,
                f"The values at the end of the time range, of the $top instances with the highest peak of {sort_by}"
                " in it. Click a heading to sort.",
            ),
            "no_value": "No instances",
            "width": 24,
            **look,
        }
    )


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
