"""Grafana's own models of dashboards (grafana-foundation-sdk), which know nothing of us, read what we generate."""

import json
import sys
import types
import typing
import warnings
from enum import Enum
from typing import Any

with warnings.catch_warnings():
    # The SDK recommends its newer dashboard model, which is of another API than the one that Grafana 10 to 13 share.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.cog.runtime import panelcfg_config
    from grafana_foundation_sdk.models import dashboard as models

from tests.reading import Json, panels

register_default_plugins()


def read(dashboard: Json) -> Any:
    """The dashboard as a model: panels' options, custom fields and queries as those of their plugin."""
    return models.Dashboard.from_json(dashboard)


def written(model: Any) -> Any:
    """The model as JSON."""
    return json.loads(json.dumps(model, cls=JSONEncoder))


def wrong_values(model: Any, path: str = "") -> list[str]:
    """Values of another type than the model declares, or of none of its enumeration: the models check neither."""
    faults = []
    for name, declared in typing.get_type_hints(type(model), vars(sys.modules[type(model).__module__])).items():
        faults += _wrong(getattr(model, name), declared, f"{path}.{name}")
    return faults


def overrides(dashboard: Json) -> list[tuple[str, Any]]:
    """Each override's property, as a model in which it alone is set: the models take any value in an override."""
    found = []
    for panel in panels(dashboard):
        for one in panel["fieldConfig"]["overrides"]:
            for own in one["properties"]:
                custom = own["id"].removeprefix("custom.")
                if custom == own["id"]:
                    model = models.FieldConfig.from_json({own["id"]: own["value"]})
                else:
                    model = panelcfg_config(panel["type"]).field_config_from_json_hook({custom: own["value"]})
                known = custom in written(model)
                found.append((f"{panel['title']}: {own['id']}", model if known else None))
    return found


def _wrong(value: Any, declared: Any, path: str) -> list[str]:
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if origin in {typing.Union, types.UnionType}:
        possible = [one for one in arguments if one is not type(None) or value is None]
        return min((_wrong(value, one, path) for one in possible), key=len)
    if origin is list and isinstance(value, list):
        return [fault for one in value for fault in _wrong(one, arguments[0], f"{path}[]")]
    if hasattr(declared, "from_json") and isinstance(value, dict):
        # A part that the models keep as it is.
        value = declared.from_json(value)
    if not _fits(value, declared, origin, arguments):
        return [f"{path}: {value!r} is no {getattr(declared, '__name__', declared)}"]
    return wrong_values(value, path) if _is_model(value) else []


def _fits(value: Any, declared: Any, origin: Any, arguments: tuple[Any, ...]) -> bool:
    if declared is Any:
        return True
    if origin is typing.Literal:
        return value in arguments
    if issubclass(origin or declared, Enum):
        return value in {one.value for one in declared} | set(declared)
    if isinstance(value, bool):
        return declared in {bool, object}
    return isinstance(value, int | float if declared is float else origin or declared)


def _is_model(value: Any) -> bool:
    return type(value).__module__.startswith("grafana_foundation_sdk.models")
