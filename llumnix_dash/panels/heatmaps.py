"""Heatmaps of a histogram's buckets over time."""

from typing import Unpack

import attr

from llumnix_dash.catalog.labels import ROLE
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.panels.describe import describe, no_data
from llumnix_dash.panels.lines import Look
from llumnix_dash.promql import bucket_rates
from llumnix_dash.shapes.panels import Heatmap, Target


class HeatmapLook(Look, total=False):
    """That of a heatmap."""

    scheme: str


def heatmap(
    key: str,
    title: str,
    histogram: Histogram,
    *,
    roles: tuple[str, ...] = (),
    note: str = "",
    **look: Unpack[HeatmapLook],
) -> Heatmap:
    """The distribution over time: how many observations per second fall into each bucket.

    Args:
        key: the panel's name.
        title: what people see.
        histogram: the metric.
        roles: the only roles whose observations count.
        note: what follows from that choice, a sentence.
        look: see :class:`HeatmapLook`.
    """
    query = bucket_rates(histogram, where={ROLE: roles} if roles else None)
    reading = (
        "Each column is a moment, each row a bucket; the stronger the colour, the more requests per second fall in it."
    )
    plain = Heatmap(
        key=key,
        title=title,
        targets=[Target(query=query, show="heatmap", legendFormat="{{le}}")],
        description=describe({title: histogram}, reading, *([note] if note else [])),
        unit=histogram.unit.value,
        cell_unit=query.unit.value,
        no_value=no_data(histogram),
        width=12,
    )
    return attr.evolve(plain, **look)
