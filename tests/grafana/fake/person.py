"""What people do to a dashboard beside a push."""

from collections.abc import Callable
from typing import Any

from tests.grafana.fake import newschema
from tests.grafana.fake.server import FakeGrafana
from tests.grafana.fake.store import Dashboard, Json

LAYOUTS: dict[str, Callable[[Json], Json]] = {
    "tabs": newschema.with_tabs,
    "auto grid": newschema.with_auto_grid,
    "condition": newschema.with_condition,
}


def save_in_editor(
    fake: FakeGrafana, uid: str, *, layout: str | None = None, by: str = "alice", **changes: Any
) -> Dashboard:
    """A save in the editor of this Grafana, which writes its own schema and names no resourceVersion.

    Args:
        fake: the server.
        uid: the dashboard.
        layout: a layout that only schema v2 has: a key of :data:`LAYOUTS`; the server then stores v2.
        by: who saves.
        changes: keys of the dashboard that they changed.
    """
    store, version = fake.store, fake.profile.version or ""
    live = store.dashboards[uid]
    schema = "v2beta1" if layout and fake.profile.editor != "v2" else fake.profile.editor
    annotations = dict(live.annotations)
    if not version.startswith(("10.", "11.", "12.0", "12.1")):
        annotations["grafana.app/saved-from-ui"] = f"Grafana v{version} (abc)"
    spec: Json = {**live.spec, **changes}
    native = None
    if schema.startswith("v2"):
        native = newschema.up(spec)
        if live.native is not None and live.native["elements"].keys() == native["elements"].keys():
            native["layout"] = live.native["layout"]
        native = LAYOUTS[layout](native) if layout else native
        spec = {**newschema.down(native), "uid": uid}
    elif schema == "v1beta1":
        spec["schemaVersion"] = 42
    return store.save(
        spec,
        folder=live.folder,
        message="",
        by=by,
        expected=None,
        schema="v0alpha1" if schema == "classic" else schema,
        native=native,
        annotations=annotations,
    )


def delete_and_import(fake: FakeGrafana, uid: str, by: str = "alice", **changes: Any) -> Dashboard:
    """Deletes the dashboard and imports another of its uid, saved as often, so that it has the same version."""
    store = fake.store
    gone = store.delete(uid)
    spec = {**gone.spec, **(changes or {"description": "imported by hand"})}
    while uid not in store.dashboards or store.dashboards[uid].version < gone.version:
        number = store.dashboards[uid].version if uid in store.dashboards else 0
        last = number == gone.version - 1
        step = spec if last else {**spec, "description": f"on the way, {number}"}
        store.save(step, folder=gone.folder, message="", by=by, expected=None)
    return store.dashboards[uid]
