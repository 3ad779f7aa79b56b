"""Tables of instances: what each holds now, side by side."""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import NamedTuple, Unpack

import attr

from llumnix_dash.catalog.labels import CLUSTER, INSTANCE, NAMESPACE, POD, ROLE
from llumnix_dash.catalog.metric import Gauge, Metric, Unit, require
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe, no_data
from llumnix_dash.panels.lines import Look
from llumnix_dash.promql import (
    RECENT,
    by_median,
    leading_instances,
    of_instance,
    peak_of_instance,
    staleness,
    top_instances,
)
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
    beside_peers: bool = True,
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
        beside_peers: whether a column holds each instance against the middle one of its role.
        look: see :class:`Look`.
    """
    queries = {heading: of_instance(metric, window=RECENT) for heading, metric in columns.items()}
    # Of what a scheduler tells, the pod is the scheduler's.
    pod = (POD,) if rank_by.instance_label == INSTANCE else ()
    # Its place among the columns; it holds to the leading instances itself, and their rank, which costs, is asked once.
    if beside_peers:
        queries[_BESIDE_PEERS] = by_median(rank_by, beside=pod)
    if peak:
        queries[peak] = peak_of_instance(require(rank_by, Gauge, "a peak"))
    if doubt:
        queries[_STATUS] = staleness(*doubt)
    queries = {
        heading: query if heading == _BESIDE_PEERS else top_instances(query, rank_by)
        for heading, query in queries.items()
    }
    sort_by = next(heading for heading, metric in columns.items() if metric.name == rank_by.name)
    queries[sort_by] = leading_instances(rank_by)
    fields = {f"Value #{letter}": heading for letter, heading in zip(ascii_uppercase, queries, strict=False)}
    plain = Table(
        key=key,
        title=title,
        targets=[Target(query=query, show="table") for query in queries.values()],
        columns={
            rank_by.instance_label: "Instance",
            **dict.fromkeys(pod, "Pod"),
            ROLE: "Role",
            CLUSTER: "Cluster",
            NAMESPACE: "Namespace",
            **fields,
        },
        sort_by=sort_by,
        # Of the labels: Grafana would show an id of digits alone, as the cluster meta store's are, as a quantity.
        unit="string",
        overrides=[
            *(
                {
                    "matcher": {"id": "byName", "options": heading},
                    "properties": [{"id": "custom.width", "value": width}],
                }
                for heading, width in _WIDTHS.items()
                if heading != "Pod" or pod
            ),
            *(_column(heading, query.unit) for heading, query in queries.items() if heading not in _OWN_LOOK),
            *([_BESIDE_PEERS_COLUMN] if beside_peers else []),
            *([_STATUS_COLUMN] if doubt else []),
        ],
        description=describe(
            columns,
            f"The $top instances with the highest {sort_by} at the end of the time range, as they are there; rates and"
            " medians are over the last 5 minutes."
            + (f" {peak} is the highest in the time range." if peak else "")
            + (
                f" {_BESIDE_PEERS}: {sort_by} by that of the middle instance of the role; orange from 1.5 times."
                * beside_peers
            )
            + (
                " Stale: it holds requests and nothing of it has changed for 10 minutes, so it hangs or has gone."
                * bool(doubt)
            )
            + " Click a heading to sort, an instance to have it alone on the page.",
            *(["An instance that was idle when it went reads idle."] if doubt else []),
        ),
        no_value=no_data(rank_by),
        narrowed_by={"Instance": rank_by.instance_label},
        width=24,
    )
    return attr.evolve(plain, **look)


_WIDTHS = {"Instance": 170, "Pod": 150, "Role": 80}
_STATUS = "Status"
_BESIDE_PEERS = "By median"
_OWN_LOOK = (_STATUS, _BESIDE_PEERS)
_BESIDE_PEERS_COLUMN: Json = {
    "matcher": {"id": "byName", "options": _BESIDE_PEERS},
    "properties": [
        {"id": "unit", "value": "suffix: ×"},
        {"id": "decimals", "value": 1},
        {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        {
            "id": "thresholds",
            "value": {
                "mode": "absolute",
                "steps": [{"color": colour, "value": value} for value, colour in style.OUT_OF_LINE_STEPS],
            },
        },
    ],
}
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
