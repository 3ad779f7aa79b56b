"""Tables of instances: what each holds now, side by side."""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import NamedTuple, Unpack

import attr

from llumnix_dash.catalog.labels import CLUSTER, NAMESPACE, ROLE
from llumnix_dash.catalog.metric import Gauge, Metric, Unit, require
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe, no_data
from llumnix_dash.panels.lines import Look
from llumnix_dash.promql import RECENT, leading_instances, of_instance, peak_of_instance, staleness, top_instances
from llumnix_dash.shapes.panels import Json, Table, Target


class Doubt(NamedTuple):
    """By which two gauges of a scheduler's view it shows that an instance may be gone; see :func:`staleness`."""

    changing: Gauge
    busy: Gauge


def instance_table(
    key: str,
    title: str,
    columns: Mapping[str, Metric],
    *,
    rank_by: Metric,
    peak: str = "",
    doubt: Doubt | None = None,
    **look: Unpack[Look],
) -> Table:
    """The ``$top`` instances with a value in each column, highest rank first: as they are at the end of the time range.

    Args:
        key: the panel's name.
        title: what people see.
        columns: heading -> metric, all of one exporter.
        rank_by: the column's metric by which instances are chosen and sorted.
        peak: the heading of a column with the highest value of the ranking gauge in the time range, if there is one.
        doubt: what tells an instance that is gone or hangs, of which the last values stay.
        look: see :class:`Look`.
    """
    queries = {heading: of_instance(metric, window=RECENT) for heading, metric in columns.items()}
    if peak:
        queries[peak] = peak_of_instance(require(rank_by, Gauge, "a peak"))
    if doubt:
        queries[_STATUS] = staleness(*doubt)
    queries = {heading: top_instances(query, rank_by) for heading, query in queries.items()}
    sort_by = next(heading for heading, metric in columns.items() if metric.name == rank_by.name)
    queries[sort_by] = leading_instances(rank_by)
    fields = {f"Value #{letter}": heading for letter, heading in zip(ascii_uppercase, queries, strict=False)}
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
        # Of the labels: Grafana would show an id of digits alone, as the cluster meta store's are, as a quantity.
        unit="string",
        overrides=[
            {
                "matcher": {"id": "byName", "options": "Instance"},
                "properties": [{"id": "custom.width", "value": 170}],
            },
            *(_column(heading, query.unit) for heading, query in queries.items() if heading != _STATUS),
            *([_STATUS_COLUMN] if doubt else []),
        ],
        description=describe(
            columns,
            f"The $top instances with the highest {sort_by} at the end of the time range, as they are there; rates and"
            " medians are over the last 5 minutes."
            + (f" {peak} is the highest in the time range." if peak else "")
            + (
                " Stale: it holds requests and nothing of it has changed for 10 minutes, so it hangs or has gone."
                * bool(doubt)
            )
            + " Click a heading to sort.",
            *(["An instance that was idle when it went reads idle."] if doubt else []),
        ),
        no_value=no_data(rank_by),
        width=24,
    )
    return attr.evolve(plain, **look)


_STATUS = "Status"
_STATUS_WORDS = {"0": ("fresh", style.GOOD), "1": ("idle", "text"), "2": ("stale", style.CAUTION)}
_STATUS_COLUMN: Json = {
    "matcher": {"id": "byName", "options": _STATUS},
    "properties": [
        {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        {
            "id": "mappings",
            "value": [
                {
                    "type": "value",
                    "options": {
                        value: {"color": colour, "index": int(value), "text": text}
                        for value, (text, colour) in _STATUS_WORDS.items()
                    },
                }
            ],
        },
    ],
}


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
