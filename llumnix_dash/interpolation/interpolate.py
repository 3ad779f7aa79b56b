"""Variables written into a text: ``$name``, ``${name}``, ``${name:format}``, ``${name.field}``, ``[[name:format]]``.

As in Grafana this happens twice: the browser writes the dashboard's variables; then the data source's backend
writes the intervals and the range, which therefore may also stand in a variable's value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from llumnix_dash.interpolation.adhoc import Filter, filtered
from llumnix_dash.interpolation.formats import Formatted, Value, prometheus_default, write
from llumnix_dash.interpolation.intervals import Intervals, format_interval, go_duration
from llumnix_dash.interpolation.timerange import TimeRange

ALL = "$__all"
ALL_TEXT = "All"

REFERENCE = re.compile(
    r"\$(?P<plain>\w+)"
    r"|\[\[(?P<square>\w+?)(?::(?P<square_format>\w+))?\]\]"
    r"|\$\{(?P<brace>\w+)(?:\.(?P<field>[^:^}]+))?(?::(?P<brace_format>[^}]+))?\}",
    re.ASCII,
)
"""A variable in a text; :func:`name_in` tells which."""


@dataclass(frozen=True)
class VariableValue:
    """A variable with its value.

    Attributes:
        name: without the dollar sign.
        value: what it stands for; of All without ``allValue``, every option.
        text: what its drop-down shows.
        several: it is ``multi`` or has ``includeAll``, so its value is a regular expression.
        all_value: All is chosen and the variable has an ``allValue``: this text is written as it is.
        options: the values it may take, for panels that repeat over it.
        fields: what ``${name.field}`` gives.
        filters: of an ad hoc variable, which is written into queries unasked and cannot be named; else None.
        filtered_source: the data source that these are for, as the JSON refers to it; empty where it names none.
    """

    name: str
    value: Value
    text: str = ""
    several: bool = False
    all_value: str | None = None
    options: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[Filter, ...] | None = None
    filtered_source: str = ""

    @property
    def chosen(self) -> tuple[str, ...]:
        """Every value that is chosen, one by one: what a panel repeats over."""
        return (self.value,) if isinstance(self.value, str) else self.value


VariableValues = Mapping[str, VariableValue]


def references(text: str) -> tuple[str, ...]:
    """The names of the variables in a text, each once, in their order."""
    return tuple(dict.fromkeys(map(name_in, REFERENCE.finditer(text))))


def name_in(match: re.Match[str]) -> str:
    """The name of the variable that :data:`REFERENCE` found."""
    name: str = match["plain"] or match["square"] or match["brace"]
    return name


def interpolate(text: str, scope: VariableValues, *, default: str | None = None) -> str:
    """The text with each known variable's value; an unknown name stays as it is, as in Grafana.

    Args:
        text: a query, a title, an interval …
        scope: the variables by name.
        default: the format where the text names none; without it that of the Prometheus data source.
    """

    def replaced(match: re.Match[str]) -> str:
        variable = scope.get(name_in(match))
        if variable is None or variable.filters is not None:
            return match[0]
        format_name = match["square_format"] or match["brace_format"] or default
        return _written(variable, format_name, match["field"], scope)

    return REFERENCE.sub(replaced, text)


def _written(variable: VariableValue, format_name: str | None, field_name: str | None, scope: VariableValues) -> str:
    if variable.all_value is not None:
        return _custom_all(variable, format_name, scope)
    value = variable.fields.get(field_name, variable.value) if field_name else variable.value
    if format_name is None:
        return prometheus_default(value, several=variable.several)
    return write(Formatted(variable.name, value, variable.text), format_name)


def _custom_all(variable: VariableValue, format_name: str | None, scope: VariableValues) -> str:
    """An ``allValue`` is written as it is, whatever the format, but for the formats that are made for links."""
    assert variable.all_value is not None
    if format_name == "text":
        return ALL_TEXT
    if format_name in {"percentencode", "queryparam"}:
        value = ALL_TEXT if format_name == "queryparam" else variable.all_value
        return write(Formatted(variable.name, value, ALL_TEXT), format_name)
    # An allValue may itself name variables, but not its own.
    others = {name: other for name, other in scope.items() if name != variable.name}
    return interpolate(variable.all_value, others)


def global_variables(
    time_range: TimeRange, dashboard_title: str = "", dashboard_uid: str = ""
) -> dict[str, VariableValue]:
    """The variables that every dashboard has: ``__from``, ``__to`` (milliseconds, mostly with ``:date``) and kin."""
    start, end = str(round(time_range.start * 1000)), str(round(time_range.end * 1000))
    return {
        "__from": VariableValue("__from", start, start),
        "__to": VariableValue("__to", end, end),
        "__timezone": VariableValue("__timezone", "utc", "utc"),
        # What somebody types into a drop-down, and nothing is typed here.
        "__searchFilter": VariableValue("__searchFilter", ".*", ".*"),
        "__dashboard": VariableValue(
            "__dashboard", dashboard_title, dashboard_title, fields={"title": dashboard_title, "uid": dashboard_uid}
        ),
    }


def range_variables(time_range: TimeRange) -> dict[str, VariableValue]:
    """``__range``, ``__range_s`` and ``__range_ms``: the length of the time range."""
    seconds = (time_range.milliseconds + 500) // 1000
    values = {"__range": f"{seconds}s", "__range_s": str(seconds), "__range_ms": str(time_range.milliseconds)}
    return {name: VariableValue(name, value, value) for name, value in values.items()}


def interval_variables(intervals: Intervals) -> dict[str, VariableValue]:
    """``__interval``, ``__rate_interval`` and each with ``_ms``."""
    values = {
        "__interval": format_interval(intervals.step),
        "__interval_ms": str(intervals.step),
        "__rate_interval": go_duration(intervals.rate),
        "__rate_interval_ms": str(intervals.rate),
    }
    return {name: VariableValue(name, value, value) for name, value in values.items()}


def interpolate_query(
    expr: str, scope: VariableValues, intervals: Intervals, time_range: TimeRange, source: str = ""
) -> str:
    """A query as it reaches Prometheus: the dashboard's variables, then ad hoc filters, then intervals and range.

    Args:
        expr: the query.
        scope: the variables by name.
        intervals: those of the query.
        time_range: that of its panel.
        source: the query's data source, as the JSON refers to it: it decides which ad hoc filters are for it.
    """
    browser = filtered(interpolate(expr, scope), _filters_for(source, scope))
    return interpolate(browser, {**interval_variables(intervals), **range_variables(time_range)})


def _filters_for(source: str, scope: VariableValues) -> list[Filter]:
    """The ad hoc filters of this data source; what names no data source is for each, as verify has only one."""
    named = _named(source, scope)
    return [
        one
        for variable in scope.values()
        for one in variable.filters or ()
        if not (of := _named(variable.filtered_source, scope)) or not named or of == named
    ]


def _named(source: str, scope: VariableValues) -> str:
    """The data source that is meant; empty for the default one, of which nobody here knows which it is."""
    named = interpolate(source, scope, default="raw")
    return "" if named == "default" else named
