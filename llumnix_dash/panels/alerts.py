"""The panel of an alert: its signal as lines, and the threshold from which on somebody is told."""

from llumnix_dash.catalog.labels import CLUSTER, FLEET, INSTANCE, MODEL, NAMESPACE
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import NOT_RECORDED, describe, no_data, quantity
from llumnix_dash.panels.lines import NAME_OVERRIDES, ROLE_OVERRIDES, legend, time_series
from llumnix_dash.promql import leading
from llumnix_dash.rules.alert import Alert
from llumnix_dash.shapes.panels import Target, TimeSeries

_HEIGHT = 9


def threshold_in_words(alert: Alert) -> str:
    """The threshold with its unit; a share in percent, and 0 alone."""
    if alert.left.unit is Unit.RATIO:
        return quantity(round(100 * alert.threshold, 6), Unit.PERCENT)
    return quantity(alert.threshold, alert.left.unit) if alert.threshold else "0"


def signal(alert: Alert, *, width: int = 8) -> TimeSeries:
    """The alert's left side, a line for each of its cases; of instances, those that are highest."""
    above = alert.above is not None
    steps = (None, "transparent"), (alert.threshold, style.FAILURE)
    bound = threshold_in_words(alert)
    reading = (
        f"{alert.name} ({alert.severity}) fires where it is {'above' if above else 'below'} {bound} for"
        f" {alert.lasting}. {alert.meaning} {alert.first}"
    )
    return time_series(
        alert.key,
        alert.title,
        [
            Target(
                query=leading(alert.left, alert.by) if INSTANCE in alert.by else alert.left,
                legendFormat=legend("", *_named_by(alert)),
            )
        ],
        describe({metric.name: metric for metric in alert.left.metrics}, reading),
        # Of a line with a role in its name the role's colour counts.
        overrides=[*NAME_OVERRIDES, *ROLE_OVERRIDES],
        axis_to=_top(alert),
        thresholds=steps if above else ((None, style.FAILURE), (alert.threshold, "transparent")),
        worst="max" if above else "min",
        no_value=NOT_RECORDED if alert.recorded else no_data(alert.left.metrics[0]),
        width=width,
        height=_HEIGHT,
        more=alert.more,
    )


def _named_by(alert: Alert) -> tuple[str, ...]:
    """The labels of a line's name: the first gives it its colour, and is not the one that not every site has."""
    first = (MODEL,) if MODEL in alert.by else ()
    return (*first, NAMESPACE, CLUSTER, *(label for label in alert.by if label not in (*FLEET, *first)))


def _top(alert: Alert) -> float:
    """Where the axis ends at least: the threshold is in sight, and a share does not seem to go beyond 1."""
    top = 2 * alert.threshold or 1
    return min(top, 1) if alert.left.unit is Unit.RATIO else top
