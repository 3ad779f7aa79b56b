"""A dashboard's variables with their values: what its drop-downs would show when Grafana has loaded it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from llumnix_dash.document.datasource import (
    NOTHING_ASKED,
    Asked,
    datasource_reference,
    datasource_type,
    speaks_promql,
    whose,
)
from llumnix_dash.document.values import objects, whole_number
from llumnix_dash.document.walk import variables_by_name
from llumnix_dash.errors import QueryError
from llumnix_dash.interpolation import adhoc
from llumnix_dash.interpolation.formats import Value, joined
from llumnix_dash.interpolation.interpolate import (
    ALL,
    ALL_TEXT,
    VariableValue,
    global_variables,
    interpolate,
    range_variables,
    references,
)
from llumnix_dash.interpolation.intervals import browser_interval, format_interval
from llumnix_dash.interpolation.options import Option, from_list, from_query
from llumnix_dash.interpolation.timerange import TimeRange, parse_duration

_AUTO = "$__auto"

Find = Callable[[str, TimeRange], list[str]]
"""What a variable's query finds in a time range: :func:`llumnix_dash.prometheus.find.find` on a store."""


@dataclass
class Variables:
    """The outcome: the scope for interpolation, and what there is to tell of single variables.

    Attributes:
        scope: every variable by name, the global ones included.
        names: those of the dashboard, in its order.
        errors: messages by name, of variables whose query the store refused.
        notes: remarks by name, such as "lists no value".
        queries: how many queries it took.
    """

    scope: dict[str, VariableValue]
    names: tuple[str, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    queries: int = 0


def resolve(
    dashboard: Mapping[str, Any],
    find: Find,
    time_range: TimeRange,
    *,
    chosen: Mapping[str, Sequence[str]],
    scrape_interval: str,
    asked: Asked = NOTHING_ASKED,
) -> Variables:
    """The dashboard's variables, each after those that its query names.

    Args:
        dashboard: its JSON.
        find: runs the variables' queries.
        time_range: the dashboard's.
        chosen: values that the user chose, by name; several for a variable that allows it. As in Grafana's URL, such a
            value stays even where it is no option, and ``All`` chooses all.
        scrape_interval: the data source's setting, such as ``15s``.
        asked: of data sources, whether they are asked as a Prometheus, whatever the JSON tells.

    Raises:
        ServerError: the store cannot be reached or refuses the credentials.
    """
    models = variables_by_name(dashboard)
    resolver = _Resolver(
        dashboard, models, find, time_range, chosen=chosen, scrape_interval=scrape_interval, asked=asked
    )
    return resolver.run()


class _Resolver:
    def __init__(
        self,
        dashboard: Mapping[str, Any],
        models: Mapping[str, Mapping[str, Any]],
        find: Find,
        time_range: TimeRange,
        *,
        chosen: Mapping[str, Sequence[str]],
        scrape_interval: str,
        asked: Asked,
    ) -> None:
        self._models = models
        self._inputs = objects(dashboard.get("__inputs")) or []
        self._asked = asked
        self._find = find
        self._range = time_range
        self._chosen = chosen
        self._scrape_interval = scrape_interval
        title, uid = str(dashboard.get("title", "")), str(dashboard.get("uid", ""))
        self._out = Variables(global_variables(time_range, title, uid), names=tuple(models))
        self._kinds: Mapping[str, Callable[[Mapping[str, Any]], VariableValue]] = {
            "query": self._query,
            "custom": lambda model: self._choice(
                model, from_list(self._interpolated(str(model.get("query") or "")), model.get("valuesFormat", "csv"))
            ),
            "datasource": self._datasource,
            "interval": self._interval,
            "constant": lambda model: self._plain(model, str(model.get("query") or "")),
            "textbox": lambda model: self._plain(model, _first(_current(model)) or str(model.get("query") or "")),
            "switch": lambda model: self._plain(model, _first(_current(model))),
            "adhoc": self._adhoc,
        }

    def run(self) -> Variables:
        visited: set[str] = set()
        for name in self._models:
            self._visit(name, visited)
        return self._out

    def _visit(self, name: str, visited: set[str]) -> None:
        """Resolves the variable after those that it names; a circle is cut where it closes."""
        if name in visited or name not in self._models:
            return
        visited.add(name)
        model = self._models[name]
        for other in references(f"{_query_text(model)} {model.get('regex') or ''}"):
            self._visit(other, visited)
        kind = str(model.get("type"))
        if kind not in self._kinds:
            self._out.notes[name] = f"a variable of type {kind} is not applied"
            return
        try:
            self._out.scope[name] = self._kinds[kind](model)
        except QueryError as error:
            self._out.errors[name] = str(error)
            self._out.scope[name] = self._choice(model, [])

    def _interpolated(self, text: str, *, default: str | None = None) -> str:
        fixed = {
            "__interval": self._scrape_interval,
            "__interval_ms": str(round(parse_duration(self._scrape_interval) * 1000)),
        }
        scope = {
            **self._out.scope,
            **{name: VariableValue(name, value, value) for name, value in fixed.items()},
            **range_variables(self._range),
        }
        return interpolate(text, scope, default=default)

    def _query(self, model: Mapping[str, Any]) -> VariableValue:
        kind = datasource_type([model], self._models, self._inputs, self._asked)
        if not speaks_promql(kind):
            self._out.notes[model["name"]] = f"a query on {whose(kind, [model])}; its saved value is taken"
            return self._choice(model, [Option(value, value) for value in _values(_current(model)) if value != ALL])
        self._out.queries += 1
        found = self._find(self._interpolated(_query_text(model)), self._range)
        regex = self._interpolated(str(model.get("regex") or ""), default="regex")
        options = from_query(found, regex, whole_number(model.get("sort"), 0))
        if not options and model["name"] not in self._chosen:
            self._out.notes[model["name"]] = "lists no value"
        return self._choice(model, options)

    def _datasource(self, model: Mapping[str, Any]) -> VariableValue:
        """Any data source of this kind is the one Prometheus that is asked, so the saved value serves."""
        value = _first(_current(model)) or "default"
        return self._choice(model, [Option(value, value)])

    def _adhoc(self, model: Mapping[str, Any]) -> VariableValue:
        """Its filters, which :func:`interpolate_query` puts into the queries on its data source."""
        name = model["name"]
        filters = adhoc.saved(model)
        if name in self._chosen:
            filters = [found for value in self._chosen[name] if (found := adhoc.chosen(value))]
        text = ", ".join(map(str, filters)) or "no filter"
        return VariableValue(name, "", text, filters=tuple(filters), filtered_source=datasource_reference([model]))

    def _interval(self, model: Mapping[str, Any]) -> VariableValue:
        options = from_list(str(model.get("query") or ""))
        value = self._chosen_or(model, _first(_current(model)))
        if not value:
            value = _AUTO if model.get("auto") else options[0].value if options else ""
        if value in {_AUTO, "auto"} or value.startswith("$__auto_interval"):
            steps, minimum = whole_number(model.get("auto_count"), 30), str(model.get("auto_min") or "10s")
            value = format_interval(browser_interval(self._range, steps, minimum))
        return VariableValue(model["name"], value, value, options=tuple(option.value for option in options))

    def _plain(self, model: Mapping[str, Any], value: str) -> VariableValue:
        value = self._chosen_or(model, value)
        return VariableValue(model["name"], value, value, options=(value,))

    def _chosen_or(self, model: Mapping[str, Any], value: str) -> str:
        chosen = self._chosen.get(model["name"])
        return chosen[-1] if chosen else value

    def _choice(self, model: Mapping[str, Any], options: Sequence[Option]) -> VariableValue:
        """The variable with its value: the user's, else the saved one where it is an option, else All or the first."""
        multi, include_all = bool(model.get("multi")), bool(model.get("includeAll"))
        base = VariableValue(
            model["name"],
            "",
            several=multi or include_all,
            options=tuple(option.value for option in options),
        )
        values = self._wanted(model, options, multi=multi, include_all=include_all)
        if values == (ALL,):
            custom = str(model.get("allValue") or "") or None
            return replace(base, value=base.options, text=ALL_TEXT, all_value=custom)
        texts = {option.value: option for option in options}
        text = " + ".join(texts[value].text if value in texts else value for value in values)
        value: Value = values if multi else values[0] if values else ""
        fields = texts[values[0]].fields if len(values) == 1 and values[0] in texts else {}
        return replace(base, value=value, text=text, fields=fields)

    def _wanted(
        self, model: Mapping[str, Any], options: Sequence[Option], *, multi: bool, include_all: bool
    ) -> tuple[str, ...]:
        if chosen := tuple(self._chosen.get(model["name"], ())):
            is_all = include_all and (chosen[0] in {ALL, ALL_TEXT} or chosen == (model.get("allValue"),))
            return (ALL,) if is_all else chosen if multi else chosen[-1:]
        saved = _values(_current(model))
        if saved[:1] == (ALL,) and include_all:
            return (ALL,)
        known = {option.value for option in options}
        if not multi and not known.intersection(saved[:1]):
            # A saved text finds its option where the saved value does not.
            current = model.get("current")
            text = _first(current.get("text")) if isinstance(current, Mapping) else ""
            saved = tuple(option.value for option in options if text and option.text == text)[:1]
        if valid := tuple(value for value in saved if value in known):
            return valid
        if include_all:
            return (ALL,)
        return tuple(option.value for option in options[:1])


def _query_text(model: Mapping[str, Any]) -> str:
    """The query of a variable, which is a text or an object that has one."""
    query = model.get("query") or ""
    if isinstance(query, Mapping):
        query = query.get("query") or model.get("definition") or ""
    return str(query)


def _current(model: Mapping[str, Any]) -> Any:
    current = model.get("current")
    return current.get("value") if isinstance(current, Mapping) else None


def _values(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)


def _first(value: Any) -> str:
    return next(iter(_values(value)), "")


def shown(variable: VariableValue) -> str:
    """A variable's value for people: ``All``, or its values."""
    return variable.text or joined(variable.value, ", ")
