"""Which data source a query is for."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

PROMETHEUS = "prometheus"
Asked = Mapping[str, bool]
"""Of data sources, by uid, name or variable, whether they are asked as a Prometheus, whatever the JSON tells."""
NOTHING_ASKED: Asked = MappingProxyType({})
_SKIPPED = "skipped"
_STORES = (PROMETHEUS, "victoriametrics", "thanos", "mimir", "cortex")


def speaks_promql(kind: str) -> bool:
    """Whether a data source of this type is asked in PromQL; one of unknown type is taken to be."""
    return not kind or any(word in kind.lower() for word in _STORES)


def datasource_name(owners: Sequence[Mapping[str, Any]]) -> str:
    """The uid or the name by which the nearest owner refers to its data source; a variable's is the variable's name."""
    return datasource_reference(owners).strip("${}")


def datasource_reference(owners: Sequence[Mapping[str, Any]]) -> str:
    """As :func:`datasource_name`, a variable as it stands: ``$x`` or ``${x}``; empty where none is named."""
    for owner in owners:
        datasource = owner.get("datasource")
        uid = datasource.get("uid") if isinstance(datasource, Mapping) else datasource
        if isinstance(uid, str) and uid and uid != "-- Mixed --":
            return uid
    return ""


def datasource_type(
    owners: Sequence[Mapping[str, Any]],
    variables: Mapping[str, Mapping[str, Any]],
    inputs: Sequence[Mapping[str, Any]] = (),
    asked: Asked = NOTHING_ASKED,
) -> str:
    """The type of the data source that a query is for, empty where the JSON does not tell it.

    Args:
        owners: whose ``datasource`` counts, the nearest first: a query, then its panel.
        variables: the dashboard's, by name, of which one may stand for a data source.
        inputs: those that an import asks for (``__inputs``), likewise.
        asked: what somebody said of data sources, which counts more than the JSON.
    """
    if (said := asked.get(datasource_name(owners))) is not None:
        return PROMETHEUS if said else _SKIPPED
    for owner in owners:
        datasource = owner.get("datasource")
        reference = datasource if isinstance(datasource, Mapping) else {"uid": datasource}
        kind, uid = reference.get("type"), reference.get("uid")
        if uid == "-- Mixed --":
            continue
        if uid == "-- Dashboard --":
            return "Dashboard"
        if kind or uid:
            # Until Grafana 8 a data source was referred to by its name, which is all that is known of it.
            name = "" if isinstance(datasource, Mapping) or "$" in str(uid) or uid == "default" else str(uid)
            return str(kind or _type_of_reference(str(uid), variables, inputs) or name)
    return ""


def whose(kind: str, owners: Sequence[Mapping[str, Any]]) -> str:
    """A data source that is not asked, for people: of which type it is, or how to say that it is a Prometheus."""
    if kind and kind == datasource_name(owners):
        return f"the data source {kind}, of which the JSON tells no type (--datasource {kind}=prometheus runs it)"
    return f"a {kind} data source"


def _type_of_reference(
    reference: str, variables: Mapping[str, Mapping[str, Any]], inputs: Sequence[Mapping[str, Any]]
) -> str:
    """The type of the data source that ``$name`` or ``${name}`` stands for."""
    name = reference.strip("${}")
    variable = variables.get(name, {})
    if variable.get("type") == "datasource":
        return str(variable.get("query") or "")
    return next((str(entry.get("pluginId") or "") for entry in inputs if entry.get("name") == name), "")
