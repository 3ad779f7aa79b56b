"""The essence of a part of a dashboard: what it says, without what a server or the editor adds.

Two parts that say the same have the same essence. It builds on the canonical form, in which nulls are gone and numbers
are by value: here defaults that are written out go as well (see ``defaults``), and things that Grafana spells in
several ways get one spelling.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from string import ascii_uppercase

from llumnix_dash.diff import defaults
from llumnix_dash.diff.changes import MISSING
from llumnix_dash.diff.queries import VARIABLE, variable_name
from llumnix_dash.document.canonical import canonical_part
from llumnix_dash.document.values import Json, Object, equal, objects, string

_NO_TEMPLATE: defaults.Template = {}
# Their parts mean nothing alone, so neither do the defaults of their parts.
_TAKEN_WHOLE = frozenset({"color", "time"})
_WITHOUT_A_BASE_VALUE = ("null", "-Infinity")
_UNTOLD_TYPES = (None, "", "prometheus")
_VARIABLE_QUERY_TYPES = (("label_names(", 0), ("label_values(", 1), ("metrics(", 2), ("query_result(", 3))
# Their options follow from the query text, so the copy in the JSON says nothing.
_OPTIONS_FOLLOW = frozenset({"custom", "interval", "constant", "textbox", "datasource"})


def stripped(value: Object, template: defaults.Template) -> Object:
    """The object, which is in canonical form, without the values that its template gives anyway."""
    kept: Object = {}
    for key, item in value.items():
        default = template.get(key, MISSING)
        if not isinstance(item, dict):
            if item != default or not equal(item, default):  # the first is the quick way to find a difference
                kept[key] = item
        elif key in _TAKEN_WHOLE:
            if item and not equal(item, default):
                kept[key] = item
        elif inner := stripped(item, default if isinstance(default, dict) else _NO_TEMPLATE):
            kept[key] = inner
        elif not isinstance(default, dict):
            kept[key] = {}
    return kept


def datasource(value: Json) -> Json:
    """A data source reference in one spelling: its uid, with its type where that is not Prometheus.

    The old form, a name alone, stays as it is; ``$x``, ``${x}`` and ``[[x]]`` are the same variable. The default data
    source is MISSING.
    """
    if isinstance(value, dict) and set(value) <= {"uid", "type", "name"}:
        uid, kind = value.get("uid"), value.get("type")
        if isinstance(uid, str) and uid:
            # Grafana's own, such as "-- Mixed --", have had several types.
            if kind in _UNTOLD_TYPES or uid.startswith("-- "):
                value = uid
            else:
                return {"type": kind, "uid": _one_spelling(uid)}
        elif not any(value.values()):
            return MISSING
    if value is None or value in ("", "default"):
        return MISSING
    return _one_spelling(value) if isinstance(value, str) else value


@lru_cache(maxsize=1024)  # the same few data sources stand in every panel and query
def _one_spelling(text: str) -> str:
    return VARIABLE.sub(lambda match: "$" + variable_name(match), text)


def _with_datasource(kept: Object, value: Mapping[str, Json]) -> None:
    """Puts the data source of ``value`` into its essence, in its one spelling."""
    kept.pop("datasource", None)
    reference = datasource(value.get("datasource"))
    if reference is not MISSING:
        kept["datasource"] = reference


def _canonical_without(value: Object, keys: frozenset[str]) -> Object:
    return canonical_part({key: item for key, item in value.items() if key not in keys})


# -- panels -----------------------------------------------------------------------------------------------------------


def panel(value: Object) -> Object:
    """What a panel says, apart from its id, its place (``gridPos``) and, for a row, its members."""
    kind = string(value.get("type"))
    if kind == "row":
        has_members = objects(value.get("panels")) is not None
        apart = _ROW_AND_MEMBERS_APART if has_members else _ROW_APART
        return stripped(_canonical_without(value, apart), defaults.ROW)
    form = _canonical_without(value, _PANEL_APART)
    if (targets := objects(form.get("targets"))) is not None:
        del form["targets"]
    kept = stripped(form, defaults.panel_template(value))
    _with_datasource(kept, value)
    if targets:
        kept["targets"] = [_target(item, kept.get("datasource", MISSING)) for item in _with_letters(targets)]
    _field_config(kept, form)
    if isinstance(library := form.get("libraryPanel"), dict):
        kept["libraryPanel"] = {key: library[key] for key in ("uid", "name") if key in library}
    if not kept.get("repeat"):
        kept.pop("repeatDirection", None)
        kept.pop("maxPerRow", None)
    return kept


_PANEL_APART = defaults.PANEL_NOISE | {"id", "gridPos", "collapsed", "datasource"}
_ROW_APART = defaults.ROW_NOISE | {"id", "gridPos"}
_ROW_AND_MEMBERS_APART = _ROW_APART | {"panels"}


def _target(value: Object, inherited: Json) -> Object:
    """What a query says; ``inherited`` is the panel's data source, which need not be repeated."""
    kept = stripped({key: item for key, item in value.items() if key not in defaults.TARGET_NOISE}, defaults.TARGET)
    _with_datasource(kept, value)
    if "datasource" in kept and equal(kept["datasource"], inherited):
        del kept["datasource"]
    # A Prometheus query is a range query unless it is an instant one; also one that says to be neither.
    if isinstance(kept.get("range"), bool) and not (kept.get("instant", False) and kept["range"]):
        del kept["range"]
    return kept


def _with_letters(targets: Sequence[Object]) -> Sequence[Object]:
    """The queries of a panel, those without a refId with the letter that Grafana gives them: the first that is free."""
    if all(one.get("refId") for one in targets):
        return targets
    taken = {one["refId"] for one in targets if isinstance(one.get("refId"), str)}
    free = iter(letter for letter in ascii_uppercase if letter not in taken)
    return [one if one.get("refId") else {**one, "refId": next(free, "")} for one in targets]


def _field_config(kept: Object, value: Mapping[str, Json]) -> None:
    """Thresholds as one value, since "missing" means Grafana's own two steps, and overrides with these alike."""
    config = value.get("fieldConfig")
    if not isinstance(config, dict):
        return
    raw_defaults = config.get("defaults")
    if isinstance(raw_defaults, dict) and isinstance(raw_defaults.get("thresholds"), dict):
        field = kept.setdefault("fieldConfig", {}).setdefault("defaults", {})
        field["thresholds"] = _thresholds(raw_defaults["thresholds"])
        if equal(field["thresholds"], defaults.THRESHOLDS):
            del field["thresholds"]
        _drop_if_empty(kept, "fieldConfig", "defaults")
    if overrides := objects(config.get("overrides")):
        kept["fieldConfig"]["overrides"] = [_override(item) for item in overrides]


def _drop_if_empty(kept: Object, outer: str, inner: str) -> None:
    if not kept[outer][inner]:
        del kept[outer][inner]
    if not kept[outer]:
        del kept[outer]


def _override(value: Object) -> Object:
    kept = stripped(value, {"properties": []})
    for item in objects(kept.get("properties")) or ():
        if item.get("id") == "thresholds" and isinstance(item.get("value"), dict):
            item["value"] = _thresholds(item["value"])
    return kept


def _thresholds(value: Object) -> Object:
    """Thresholds whose base step has no value: whether it is none, 0 or minus infinity, it is where values begin."""
    kept = stripped(value, {"mode": ""})
    kept.setdefault("mode", "absolute")
    steps = objects(value.get("steps"))
    if not steps:
        return kept
    base, others = dict(steps[0]), steps[1:]
    kept["steps"] = [base, *others]
    starts_below = all(isinstance(step.get("value"), int | float) and step["value"] > 0 for step in others)
    if "value" in base and (
        base["value"] in _WITHOUT_A_BASE_VALUE or (base["value"] == 0 and base["value"] is not False and starts_below)
    ):
        del base["value"]
    return kept


# -- the rest of the dashboard ----------------------------------------------------------------------------------------


def settings(dashboard: Object) -> Object:
    """What the dashboard says by itself, apart from its panels, variables, annotations and links."""
    rest = {key: item for key, item in dashboard.items() if key not in defaults.DASHBOARD_NOISE}
    for key in ("panels", "links"):
        if objects(rest.get(key)) is not None:
            del rest[key]
    for key in ("templating", "annotations"):
        part = rest.get(key)
        if isinstance(part, dict) and objects(part.get("list")) is not None:
            rest[key] = {name: item for name, item in part.items() if name != "list"}
    kept = stripped(canonical_part(rest), defaults.DASHBOARD)
    if kept.get("refresh") is False:
        del kept["refresh"]
    return kept


def variable(value: Object) -> Object:
    """What a variable says; the list of values that the editor last saw is none of it where it follows from a query."""
    value = _canonical_without(value, defaults.VARIABLE_NOISE)
    kind = string(value.get("type"))
    kept = stripped(value, defaults.VARIABLE)
    _with_datasource(kept, value)
    query = value.get("query")
    if kind == "query" and query:
        kept.pop("definition", None)
    if kept.get("refresh") == 0 and kept.get("refresh") is not False:
        del kept["refresh"]
    if query and (kind in _OPTIONS_FOLLOW or (kind == "query" and kept.get("refresh"))):
        kept.pop("options", None)
        if kind != "query":
            kept.pop("refresh", None)
    if isinstance(query, dict) and (simple := _simple_query(query)) is not None:
        kept["query"] = simple
    current = _selection(value.get("current"))
    kept.pop("current", None)
    if current is not MISSING:
        kept["current"] = current
    return kept


def _simple_query(query: Mapping[str, Json]) -> str | None:
    """The text of a Prometheus variable query whose other fields only repeat it."""
    text = query.get("query")
    if not (isinstance(text, str) and text) or not set(query) <= {"query", "refId", "qryType"}:
        return None
    follows = next((number for start, number in _VARIABLE_QUERY_TYPES if text.lstrip().startswith(start)), 4)
    return text if "qryType" not in query or query["qryType"] in (follows, 5) else None


def _selection(current: Json) -> Json:
    """The values that a variable starts with; MISSING where none is chosen."""
    if not isinstance(current, dict):
        return MISSING if current is None else current
    if not set(current) <= {"selected", "text", "value", "tags", "isNone"}:
        return current
    value = current.get("value", current.get("text"))
    values = value if isinstance(value, list) else [value]
    values = ["All" if item == "$__all" else item for item in values if item not in (None, "")]
    return values or MISSING


# How Grafana has named its own data source over the years.
_GRAFANAS_OWN: tuple[Json, ...] = (
    defaults.GRAFANA_DATASOURCE,
    "grafana",
    {"type": "grafana", "uid": "grafana"},
    {"type": "datasource", "uid": "grafana"},
)


def annotation(value: Object) -> Object:
    """What an annotation says; empty for the one that Grafana adds to each dashboard."""
    value = canonical_part(value)
    kept = stripped(value, defaults.ANNOTATION)
    _with_datasource(kept, value)
    if value.get("builtIn") == 1:
        source = kept.get("datasource", defaults.GRAFANA_DATASOURCE)
        of_grafana = any(equal(source, one) for one in _GRAFANAS_OWN)
        whole = {**value, "datasource": defaults.GRAFANA_DATASOURCE if of_grafana else source}
        if not stripped(whole, defaults.BUILT_IN_ANNOTATION):
            return {}
    if isinstance(value.get("target"), dict) and "datasource" in kept["target"]:
        reference = datasource(value["target"]["datasource"])
        del kept["target"]["datasource"]
        if reference is not MISSING and not equal(reference, kept.get("datasource", MISSING)):
            kept["target"]["datasource"] = reference
    return kept


def link(value: Object) -> Object:
    """What a link of the dashboard says."""
    return stripped(canonical_part(value), defaults.LINK)
