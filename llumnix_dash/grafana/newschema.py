"""Dashboards that are stored in Grafana's schema v2, which its editor writes from 13.0 on whatever was changed.

A classic reader gets a converted form and is not told so; ``storedVersion`` in the answer is not to be trusted. What
can be relied on: the object in its own schema, and the editor's note ``saved-from-ui``.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from llumnix_dash.document.v2 import classic
from llumnix_dash.errors import UserError
from llumnix_dash.grafana.discovery import Discovery
from llumnix_dash.grafana.failures import RevisionChangedError, explain
from llumnix_dash.grafana.model import Live, Saved

FOLDER, MESSAGE = "grafana.app/folder", "grafana.app/message"
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


def read_native(discovery: Discovery, uid: str, number: int | None = None) -> dict[str, Any] | None:
    """The dashboard's object in schema v2, or that of one of its versions; None where the server cannot give it."""
    path = discovery.newer_path()
    if path is None:
        return None
    if number is None:
        reply = discovery.transport.get(f"{path}/{quote(uid, safe='')}")
        return dict(reply.body) if reply.status == 200 and _is_whole(reply.body) else None
    found = (item for item in discovery.history(path, uid) or () if item["metadata"].get("generation") == number)
    return next(filter(_is_whole, found), None)


def _is_whole(item: Any) -> bool:
    spec = item.get("spec") if isinstance(item, dict) else None
    return isinstance(spec, dict) and {"elements", "layout"} <= spec.keys()


def save_native(
    discovery: Discovery, native: Mapping[str, Any], folder_uid: str, message: str, over: Live | None
) -> Saved:
    """Saves an object of schema v2 through the API of its own version.

    Raises:
        UserError: the server has no such version, or refuses it.
        RevisionChangedError: the live state is another than ``over`` or, where that is None, there is one.
    """
    uid, version = str(native["metadata"]["name"]), str(native["apiVersion"]).rpartition("/")[2]
    path = discovery.newer_path(version)
    if path is None:
        raise UserError(
            f"cannot save dashboard {uid}: this Grafana does not know the schema {version}",
            hint="restore it on the Grafana that it comes from",
        )
    transport, item = discovery.transport, f"{path}/{quote(uid, safe='')}"
    metadata: dict[str, Any] = {"name": uid, "namespace": discovery.namespace}
    if over is not None:
        live = transport.get(item).field("metadata") or {}
        if int(live.get("generation") or 0) != over.version:
            raise RevisionChangedError(f"dashboard {uid} was changed in Grafana meanwhile")
        metadata |= {key: live[key] for key in ("uid", "resourceVersion") if key in live}
    metadata["annotations"] = {MESSAGE: message, **({FOLDER: folder_uid} if folder_uid else {})}
    body = {"apiVersion": native["apiVersion"], "kind": "Dashboard", "metadata": metadata, "spec": native["spec"]}
    reply = transport.send("PUT" if over else "POST", item if over else path, body)
    if reply.status == 409:
        raise RevisionChangedError(f"dashboard {uid} was changed in Grafana meanwhile")
    if reply.status not in {200, 201}:
        raise explain(reply, f"save dashboard {uid}")
    return Saved(int((reply.field("metadata") or {}).get("generation") or 0))


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
