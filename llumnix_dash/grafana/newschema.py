"""Dashboards that are stored in Grafana's schema v2, which its editor writes from 13.0 on whatever was changed.

A classic reader gets a converted form and is not told so; ``storedVersion`` in the answer is not to be trusted. What
can be relied on: the object in its own schema, and the editor's note ``saved-from-ui``.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from llumnix_dash.document.v2 import classic
from llumnix_dash.grafana.discovery import Discovery

SAVED_FROM_UI = "grafana.app/saved-from-ui"
FIRST_EDITOR_OF_V2 = 13
SAVED_UNCHANGED = "saved in Grafana 13's editor, nothing changed"
# Grafana's own words where a classic dashboard says nothing.
_SPELT_OUT = {"timezone": "browser"}


def is_hinted(item: Mapping[str, Any]) -> bool:
    """Whether an object of the k8s API shows signs of being stored as v2. Their absence proves nothing."""
    conversion = (item.get("status") or {}).get("conversion") or {}
    if str(conversion.get("storedVersion") or "").startswith("v2"):
        return True
    annotations = (item.get("metadata") or {}).get("annotations") or {}
    editor = re.match(r"Grafana v?(\d+)\.", str(annotations.get(SAVED_FROM_UI) or ""))
    return editor is not None and int(editor[1]) >= FIRST_EDITOR_OF_V2


def read_native(discovery: Discovery, uid: str) -> dict[str, Any] | None:
    """The dashboard's object in schema v2; None where the server cannot give it."""
    path = discovery.newer_path()
    if path is None:
        return None
    reply = discovery.transport.get(f"{path}/{quote(uid, safe='')}")
    spec = reply.field("spec")
    is_whole = reply.status == 200 and isinstance(spec, dict) and {"elements", "layout"} <= spec.keys()
    return dict(reply.body) if is_whole else None


def losses(native: Mapping[str, Any]) -> tuple[str, ...]:
    """What a classic write would lose, each in words, such as ``the tab "Engines"``."""
    try:
        return classic(native).losses or ()
    except ValueError as error:
        return (f"what cannot be told: {error}",)


def classic_form(native: Mapping[str, Any], uid: str) -> dict[str, Any]:
    """The dashboard as far as the classic form goes; empty where its layout is not known."""
    try:
        return {**classic(native).dashboard, "uid": uid}
    except ValueError:
        return {}


def levelled(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """The dashboard without what the way to v2 and back does to it beyond what a comparison levels anyway."""
    return {**_SPELT_OUT, **_without_library_types(dashboard)}


def _without_library_types(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_library_types(item) for item in value]
    if not isinstance(value, dict):
        return value
    drop = {"type"} if "libraryPanel" in value else set()
    return {key: _without_library_types(item) for key, item in value.items() if key not in drop}
