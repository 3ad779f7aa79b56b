"""Foreign dashboards: the data sources that they ask for, mapped to one that the server has.

The save API does not resolve ``__inputs`` as the import dialog does: what is not resolved here would be stored
literally, and the panels would be blank.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

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


@dataclass(frozen=True)
class Sources:
    """What ``--datasource`` gives: the Prometheus for whatever asks for one, and sources for inputs by their names."""

    prometheus: DataSource | None = None
    of_input: Mapping[str, DataSource] = field(default_factory=dict)


def choose(transport: Transport, texts: Sequence[str], wanted: Sequence[Wanted]) -> Sources:
    """The sources that these options mean: each is ``NAME_OR_UID`` of a Prometheus, or ``INPUT=UID`` of any type.

    Raises:
        UserError: one is not there or of another type than its input asks for, or two contradict one another.
    """
    plugins = {str(entry.get("name")): entry.get("pluginId") for item in wanted for entry in _inputs(item)}
    prometheus: DataSource | None = None
    of_input: dict[str, DataSource] = {}
    for text in texts:
        name, assigned, uid = text.partition("=")
        if assigned and name in plugins:
            of_input[name] = _for_input(transport, name, str(plugins[name]), uid)
        elif prometheus is not None:
            raise UserError(
                "--datasource names more than one Prometheus",
                hint=f"for one input, write --datasource INPUT=UID; inputs there are: {', '.join(plugins) or 'none'}",
            )
        else:
            prometheus = find(transport, text)
    return Sources(prometheus, of_input)


def _for_input(transport: Transport, name: str, plugin: str, uid: str) -> DataSource:
    for source in _listed(transport):
        if uid in {source.get("uid"), source.get("name")} and source.get("type") == plugin:
            return DataSource(uid=str(source["uid"]), name=str(source.get("name")))
    known = [str(source.get("uid")) for source in _listed(transport) if source.get("type") == plugin]
    raise UserError(
        f"Grafana has no data source {uid!r} of the type {plugin}, which the input {name} asks for",
        hint=f"data sources of that type: {', '.join(known) or 'none'}",
    )


def _listed(transport: Transport) -> list[dict[str, Any]]:
    reply = transport.get("/api/datasources")
    if reply.status != 200 or not isinstance(reply.body, list):
        raise explain(reply, "look for the data source")
    return reply.body


def _inputs(wanted: Wanted) -> list[dict[str, Any]]:
    return [entry for entry in wanted.dashboard.get("__inputs") or [] if isinstance(entry, dict)]


def find(transport: Transport, name_or_uid: str) -> DataSource:
    """The Prometheus data source of this name or uid.

    Raises:
        UserError: there is none, or it is no Prometheus.
    """
    listed = _listed(transport)
    matches = [source for source in listed if name_or_uid in {source.get("uid"), source.get("name")}]
    if not matches:
        known = [str(source.get("name")) for source in listed if source.get("type") == PROMETHEUS]
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


def resolved(wanted: Wanted, sources: Sources) -> Wanted:
    """The dashboard with its inputs filled in and, where a Prometheus is given, its fixed one replaced by it.

    A dashboard that chooses its source by a template variable is left as it is.

    Raises:
        UserError: an input is left without a value.
    """
    dashboard = {key: value for key, value in wanted.dashboard.items() if key not in _IMPORT_ONLY}
    if sources.prometheus is not None:
        dashboard = _fixed_to(dashboard, sources.prometheus)
    inputs = _inputs(wanted)
    values = {str(entry.get("name")): value for entry in inputs if (value := _value(entry, sources)) is not None}
    if values:
        names = "|".join(sorted(map(re.escape, values), key=len, reverse=True))
        pattern = re.compile(rf"\$(?:\{{({names})\}}|({names})(?![A-Za-z0-9_]))")
        dashboard = _replaced(dashboard, lambda text: pattern.sub(lambda match: values[match[1] or match[2]], text))
    _refuse_unresolved(wanted, dashboard, {str(entry.get("name")) for entry in inputs})
    return Wanted(name=wanted.name, dashboard=dashboard)


def refuse_missing(transport: Transport, wanted: Sequence[Wanted], given: Sequence[Wanted]) -> None:
    """Raises where a dashboard names a data source or a library panel that the server has not.

    ``GET /api/library-elements/:uid`` answers 404 "library element could not be found", and 403 without the permission
    ``library.panels:read``: Grafana's source, pkg/services/libraryelements/api.go and model/model.go.

    Args:
        transport: to the server; what these credentials may not look at is taken to be there.
        wanted: the dashboards as they are to be pushed.
        given: the same as they were read, with the library panels that an export carries along.

    Raises:
        UserError: one is missing; its panels would be blank.
    """
    fixed = {(item.name, name) for item in wanted for name in _fixed_names(item.dashboard)}
    if fixed:
        reply = transport.get("/api/datasources")
        if reply.status == 200 and isinstance(reply.body, list):
            there = {source.get(key) for source in reply.body for key in ("uid", "name")}
            for where, name in sorted(fixed):
                if name not in there:
                    raise UserError(
                        f"the data source {name} is not on the server; panels would be blank",
                        where=where,
                        hint="--datasource NAME_OR_UID puts a Prometheus of the server in the place of a fixed one",
                    )
    for item, original in zip(wanted, given, strict=True):
        for uid in sorted(_library_panels(item.dashboard)):
            reply = transport.get(f"/api/library-elements/{quote(uid, safe='')}")
            # A route that is not there says "Not found", and nothing of the panel.
            if reply.status == 404 and reply.message.lower() != "not found":
                carried = uid in (original.dashboard.get("__elements") or {})
                raise UserError(
                    f"the library panel {uid} is not on the server; its place would be blank",
                    where=item.name,
                    detail="The file carries it along (__elements), but only Grafana's import makes it."
                    if carried
                    else None,
                    hint="import the file once in Grafana, then push it"
                    if carried
                    else "make the library panel, or write the panel into the dashboard",
                )


def _fixed_names(value: Any) -> set[str]:
    """The data sources that are named in so many words: by uid, or by name as in old dashboards."""
    if isinstance(value, list):
        return set().union(*map(_fixed_names, value))
    if not isinstance(value, dict):
        return set()
    found: set[str] = set()
    for key, item in value.items():
        name = item.get("uid") if key == "datasource" and isinstance(item, dict) else item
        if key != "datasource" or not isinstance(name, str):
            found |= _fixed_names(item)
        elif name and name != "default" and not name.startswith("$") and name not in _BUILT_IN:
            found.add(name)
    return found


def _library_panels(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_library_panels, value))
    if not isinstance(value, dict):
        return set()
    panel = value.get("libraryPanel")
    own = {panel["uid"]} if isinstance(panel, dict) and isinstance(panel.get("uid"), str) else set()
    return own.union(*map(_library_panels, value.values()))


def _value(entry: Mapping[str, Any], sources: Sources) -> str | None:
    if str(entry.get("name")) in sources.of_input:
        return sources.of_input[str(entry["name"])].uid
    if entry.get("type") == "constant":
        value = entry.get("value")
        return None if value is None else str(value)
    if entry.get("pluginId") == "__expr__":
        return "__expr__"
    return sources.prometheus.uid if sources.prometheus is not None and entry.get("pluginId") == PROMETHEUS else None


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
    text = encoded(dashboard)
    used = {name.decode() for name in re.findall(rb"\$\{([A-Za-z0-9_-]+)\}", text)}
    used |= {name.decode() for name in re.findall(rb"\$(DS_[A-Za-z0-9_]+)", text)}
    left = sorted(name for name in used if name in inputs or (name.startswith("DS_") and name not in known))
    if not left:
        return
    raise UserError(
        f"unresolved: {', '.join(f'${{{name}}}' for name in left)}; its panels would be blank",
        where=wanted.name,
        hint="--datasource NAME_OR_UID gives the Prometheus to use, --datasource INPUT=UID a source of any type"
        if any(name.startswith("DS_") for name in left)
        else "write the values into the dashboard",
    )
