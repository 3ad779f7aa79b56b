"""Heatmaps of a histogram's buckets over time."""

from typing import Any

from llumnix_dash.catalog.labels import ROLE
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.panels.describe import describe, no_data
from llumnix_dash.promql import bucket_rates
from llumnix_dash.shapes.panels import Heatmap, Target


def heatmap(
    key: str, title: str, histogram: Histogram, *, roles: tuple[str, ...] = (), note: str = "", **look: Any
) -> Heatmap:
    """The distribution over time: how many observations per second fall into each bucket.

    Args:
        key: the panel's name.
        title: what people see.
        histogram: the metric.
        roles: the only roles whose observations count.
        note: what follows from that choice, a sentence.
        look: fields of :class:`Heatmap`.
    """
    query = bucket_rates(histogram, where={ROLE: roles} if roles else None)
    reading = (
        "Each column is a moment, each row a bucket; the stronger the colour, the more requests per second fall in it."
    )
    return Heatmap(
        **{
            "key": key,
            "title": title,
            "targets": [Target(query=query, show="heatmap", legendFormat="{{le}}")],
            "description": describe({title: histogram}, reading, *([note] if note else [])),
            "unit": histogram.unit.value,
            "cell_unit": query.unit.value,
            "no_value": no_data(histogram),
            "width": 12,
            **look,
        }
    )
