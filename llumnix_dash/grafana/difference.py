"""The difference of two dashboards as lines for a person."""

from collections.abc import Mapping
from typing import Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What changed, panel by panel; empty where nothing did."""
    old, new = _parts(before), _parts(after)
    lines = []
    for name in list(dict.fromkeys([*old, *new])):
        if name not in new:
            lines.append(f"- {name}")
        elif name not in old:
            lines.append(f"+ {name}")
        elif old[name] != new[name]:
            lines.append(f"~ {name}")
    return lines


def _parts(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {key: value for key, value in dashboard.items() if key != "panels"}
    for panel in dashboard.get("panels") or []:
        for item in [panel, *(panel.get("panels") or [])]:
            parts[f"panel {item.get('id')}: {item.get('title', '')}"] = {k: v for k, v in item.items() if k != "panels"}
    return parts
