"""Foreign dashboards: the data sources that they ask for, mapped to one that the server has.

The save API does not resolve ``__inputs`` as the import dialog does: what is not resolved here would be stored
literally, and the panels would be blank.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llumnix_dash.document.values import encoded
from llumnix_dash.document.walk import variables_by_name
from llumnix_dash.errors import UserError, nearest
from llumnix_dash.grafana.failures import explain
from llumnix_dash.grafana.pushset import Wanted
from llumnix_dash.grafana.transport import Transport

PROMETHEUS = "prometheus"
_IMPORT_ONLY = frozenset({"__inputs", "__requires", "__elements"})
# Sources that Grafana itself provides: no --datasource stands for them.
_BUILT_IN = frozenset({"grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "__expr__"})


@dataclass(frozen=True)
class DataSource:
    """A data source of the server."""

    uid: str
    name: str


def find(transport: Transport, name_or_uid: str) -> DataSource:
    """The Prometheus data source of this name or uid.

    Raises:
        UserError: there is none, or it is no Prometheus.
    """
    reply = transport.get("/api/datasources")
    if reply.status != 200 or not isinstance(reply.body, list):
        raise explain(reply, "look for the data source")
    matches = [source for source in reply.body if name_or_uid in {source.get("uid"), source.get("name")}]
    if not matches:
        known = [str(source.get("name")) for source in reply.body if source.get("type") == PROMETHEUS]
        likely = nearest(name_or_uid, known)
        raise UserError(
            f"Grafana has no data source of the name or uid {name_or_uid!r}",
            hint=f"--datasource {likely!r}"
            if likely
            else f"Prometheus data sources it has: {', '.join(known) or 'none'}",
        )
    prometheus = [source for source in matches if source.get("type") == PROMETHEUS]
    if not prometheus:
        raise UserError(
            f"the data source {name_or_uid!r} is no Prometheus, but of the type {matches[0].get('type')}",
            hint="name a data source of the type prometheus",
        )
    if len(prometheus) > 1:
        raise UserError(
            f"more than one data source answers to {name_or_uid!r}", hint="give the uid of the one that is meant"
        )
    return DataSource(uid=str(prometheus[0]["uid"]), name=str(prometheus[0].get("name")))


def resolved(wanted: Wanted, source: DataSource | None) -> Wanted:
    """The dashboard with its inputs filled in and, where a source is given, its fixed Prometheus replaced by it.

    A dashboard that chooses its source by a template variable is left as it is.

    Raises:
        UserError: an input is left without a value.
    """
    dashboard = {key: value for key, value in wanted.dashboard.items() if key not in _IMPORT_ONLY}
    inputs = [entry for entry in wanted.dashboard.get("__inputs") or [] if isinstance(entry, dict)]
    values = {f"${{{entry.get('name')}}}": value for entry in inputs if (value := _value(entry, source)) is not None}
    if values:
        pattern = re.compile("|".join(map(re.escape, values)))
        dashboard = _replaced(dashboard, lambda text: pattern.sub(lambda match: values[match[0]], text))
    if source is not None:
        dashboard = _fixed_to(dashboard, source)
    _refuse_unresolved(wanted, dashboard, {str(entry.get("name")) for entry in inputs})
    return Wanted(name=wanted.name, dashboard=dashboard)


def _value(entry: Mapping[str, Any], source: DataSource | None) -> str | None:
    if entry.get("type") == "constant":
        value = entry.get("value")
        return None if value is None else str(value)
    if entry.get("pluginId") == "__expr__":
        return "__expr__"
    return source.uid if source is not None and entry.get("pluginId") == PROMETHEUS else None


def _replaced(value: Any, replace: Any) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, dict):
        return {key: _replaced(item, replace) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, replace) for item in value]
    return value


def _fixed_to(value: Any, source: DataSource) -> Any:
    if isinstance(value, list):
        return [_fixed_to(item, source) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: {**item, "uid": source.uid} if key == "datasource" and _is_fixed(item) else _fixed_to(item, source)
        for key, item in value.items()
    }


def _is_fixed(reference: Any) -> bool:
    return (
        isinstance(reference, dict)
        and reference.get("type") == PROMETHEUS
        and isinstance(reference.get("uid"), str)
        and not reference["uid"].startswith("$")
        and reference["uid"] not in _BUILT_IN
    )


def _refuse_unresolved(wanted: Wanted, dashboard: Mapping[str, Any], inputs: set[str]) -> None:
    known = variables_by_name(dashboard).keys() - inputs
    used = {name.decode() for name in re.findall(rb"\$\{([A-Za-z0-9_-]+)\}", encoded(dashboard))}
    left = sorted(name for name in used if name in inputs or (name.startswith("DS_") and name not in known))
    if not left:
        return
    raise UserError(
        f"unresolved: {', '.join(f'${{{name}}}' for name in left)}; its panels would be blank",
        where=wanted.name,
        hint="--datasource NAME_OR_UID gives the Prometheus to use"
        if any(name.startswith("DS_") for name in left)
        else "write the values into the dashboard",
    )
