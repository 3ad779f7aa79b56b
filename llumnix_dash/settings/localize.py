"""A dashboard in the names of a site, and with its defaults: JSON in, JSON out."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from llumnix_dash.catalog.labels import CLUSTER
from llumnix_dash.settings import promql

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Names, Site

Json = dict[str, Any]


def localized(dashboard: Json, site: "Site") -> Json:
    """The dashboard, one of ours, as the site has it; what was given stays as it is."""
    made = deepcopy(dashboard)
    look = site.dashboards
    made["uid"] = f"{look.uid_prefix}{made['uid']}"
    made["title"] = f"{look.title_prefix}{made['title']}"
    made["tags"] = list(look.tags)
    made["refresh"] = look.refresh
    made["time"] = {"from": look.time_from, "to": look.time_to}
    for link in _links(made):
        link["url"] = link["url"].replace("/d/", f"/d/{look.uid_prefix}", 1)
    variables = made["templating"]["list"]
    if not site.labels.cluster:
        variables[:] = [one for one in variables if one["name"] != CLUSTER]
        for link in _links(made):
            link["url"] = link["url"].replace(f"&${{{CLUSTER}:queryparam}}", "")
    for variable in variables:
        _variable(variable, site)
    for annotation in made["annotations"]["list"]:
        if "expr" in annotation.get("target", {}):
            _annotation(annotation, site)
    for panel in _panels(made["panels"]):
        _panel(panel, site)
    return made


def _panels(panels: list[Json]) -> Iterator[Json]:
    for panel in panels:
        yield panel
        yield from _panels(panel.get("panels", []))


def _links(dashboard: Json) -> Iterator[Json]:
    """The links to dashboards: the page's, its panels', and those of tables' cells."""
    for one in (dashboard, *_panels(dashboard["panels"])):
        yield from one.get("links", [])
        for override in one.get("fieldConfig", {}).get("overrides", []):
            for found in override["properties"]:
                if found["id"] == "links":
                    yield from found["value"]


def _variable(variable: Json, site: "Site") -> None:
    if variable["type"] == "datasource":
        variable["regex"] = site.dashboards.datasource
    elif inner := re.fullmatch(r"query_result\((.+)\)", variable.get("definition", ""), re.DOTALL):
        variable["definition"] = variable["query"]["query"] = f"query_result({promql.localized(inner[1], site)})"
    elif variable["type"] == "query":
        selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"], re.DOTALL).groups()  # type: ignore[union-attr]
        name = promql.names_of(selector, site).of(label)
        variable["definition"] = f"label_values({promql.localized(selector, site)}, {name})"
        variable["query"]["query"] = variable["definition"]
    elif default := {
        "ttft_objective": site.objectives.ttft_ms,
        "tpot_objective": site.objectives.tpot_ms,
        "e2e_objective": site.objectives.e2e_s,
    }.get(variable["name"]):
        for option in variable["options"]:
            option["selected"] = float(option["value"]) == default
            if option["selected"]:
                variable["current"] = {"text": option["text"], "value": option["value"]}


def _annotation(annotation: Json, site: "Site") -> None:
    target = annotation["target"]
    names = promql.names_of(target["expr"], site)
    target["expr"] = promql.localized(target["expr"], site)
    annotation["tagKeys"] = ",".join(filter(None, map(names.of, annotation["tagKeys"].split(","))))
    for field in ("textFormat", "titleFormat"):
        annotation[field] = _legend(annotation[field], names)


def _panel(panel: Json, site: "Site") -> None:
    names = None
    for target in panel.get("targets", []):
        names = promql.names_of(target["expr"], site)
        target["expr"] = promql.localized(target["expr"], site)
        if "legendFormat" in target:
            target["legendFormat"] = _legend(target["legendFormat"], names)
    if names and "transformations" in panel:
        panel["transformations"] = _keys(panel["transformations"], names.of)


def _legend(text: str, names: "Names") -> str:
    """A legend with the labels' own names; a label that the site has not leaves no gap."""
    text = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: f"{{{{{name}}}}}" if (name := names.of(found[1])) else "", text)
    return re.sub(r"  +", " ", text).strip()


def _keys(value: Any, name_of: Callable[[str], str]) -> Any:
    """The value with the labels that are keys of its objects, or texts of its lists, by their own names."""
    if isinstance(value, dict):
        return {name: _keys(one, name_of) for key, one in value.items() if (name := name_of(key))}
    if isinstance(value, list):
        return [name_of(one) if isinstance(one, str) else _keys(one, name_of) for one in value]
    return value
