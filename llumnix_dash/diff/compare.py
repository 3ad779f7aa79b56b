"""Two dashboards in, the changes between them out."""

from collections.abc import Callable, Iterable, Sequence

from llumnix_dash.diff import defaults, essence, retyped
from llumnix_dash.diff.changes import MISSING, Change, DashboardDiff, Effect, Item, Kind, Part, worst_first
from llumnix_dash.diff.defaults import Template
from llumnix_dash.diff.layout import layout_changes
from llumnix_dash.diff.migrate import migrated, schema_version
from llumnix_dash.diff.pairing import Pairing, in_one_order
from llumnix_dash.diff.panels import Placed, flatten, match_panels, match_rows
from llumnix_dash.diff.parts import panel_changes, settings_changes
from llumnix_dash.document.values import Json, Object, equal, objects, string, text_of

# Since this version the schema names a data source by uid, no longer by name; the migration replaces each name.
_DATASOURCE_UIDS_SINCE = 36


def compare(
    old: Object, new: Object, *, old_file: str = "old", new_file: str = "new", pushed: bool = False
) -> DashboardDiff:
    """Tells what changed from one dashboard to another.

    Args:
        old: the JSON object before.
        new: the JSON object after; neither is changed.
        old_file: where the old one was read.
        new_file: where the new one was read.
        pushed: whether to tell of panels that only make room for others.
    """
    items: list[Item] = []
    # Python's equality is the quick way to find a difference, the texts tell true from 1.
    if old != new or text_of(old) != text_of(new):
        old, new = migrated(old, new), migrated(new, old)
        items = _without_migrated_datasources(_items(old, new, pushed=pushed), schema_version(old), schema_version(new))
    title = string(new.get("title")) or string(old.get("title"))
    return DashboardDiff(uid_of(new) or uid_of(old), title, old_file, new_file, tuple(items))


def added(dashboard: Object, file: str) -> DashboardDiff:
    """The difference of a dashboard that only the new side has."""
    change = Change(Effect.QUERY, Kind.ADDED, "dashboard", new=_dashboard_summary(dashboard))
    title = string(dashboard.get("title"))
    return DashboardDiff(uid_of(dashboard), title, None, file, (Item(Part.DASHBOARD, "", title, (change,)),))


def removed(dashboard: Object, file: str) -> DashboardDiff:
    """The difference of a dashboard that only the old side has."""
    change = Change(Effect.QUERY, Kind.REMOVED, "dashboard", old=_dashboard_summary(dashboard))
    title = string(dashboard.get("title"))
    return DashboardDiff(uid_of(dashboard), title, file, None, (Item(Part.DASHBOARD, title, "", (change,)),))


def uid_of(dashboard: Object) -> str:
    """The dashboard's uid, empty if it has none."""
    return string(dashboard.get("uid"))


def _dashboard_summary(dashboard: Object) -> Object:
    panels, _ = flatten(dashboard)
    return {"panels": len(panels), "queries": sum(len(panel.queries) for panel in panels)}


def _items(old: Object, new: Object, *, pushed: bool) -> list[Item]:
    old_panels, old_rows = flatten(old)
    new_panels, new_rows = flatten(new)
    panels = match_panels(old_panels, new_panels)
    rows = match_rows(old_rows, new_rows, panels.pairs)
    layout = layout_changes(panels, rows, pushed=pushed)
    ids = {text_of(before.id): after.id for before, after in panels.pairs if not equal(before.id, after.id)}
    return [
        *_own_settings(old, new),
        *_variables(_list_at(old, "templating"), _list_at(new, "templating")),
        *_annotations(_list_at(old, "annotations"), _list_at(new, "annotations"), ids),
        *_links(objects(old.get("links")) or [], objects(new.get("links")) or []),
        *_rows(rows, layout),
        *_panels(panels, layout, ids),
    ]


def _list_at(dashboard: Object, key: str) -> list[Object]:
    part = dashboard.get(key)
    return (objects(part.get("list")) or []) if isinstance(part, dict) else []


def _own_settings(old: Object, new: Object) -> list[Item]:
    old_settings, new_settings = essence.settings(old), essence.settings(new)
    if any(side.get("uid") in (None, "") for side in (old, new)):  # a server gives one to a dashboard that has none
        old_settings.pop("uid", None)
        new_settings.pop("uid", None)
    changes = _renamed(Part.DASHBOARD, old_settings, new_settings)
    changes += settings_changes(
        Part.DASHBOARD, old_settings, new_settings, apart=frozenset({"title"}), templates=(defaults.DASHBOARD,) * 2
    )
    if not changes:
        return []
    return [Item(Part.DASHBOARD, string(old.get("title")), string(new.get("title")), worst_first(changes))]


def _renamed(part: Part, old: Object, new: Object, key: str = "title") -> list[Change]:
    before, after = old.get(key, MISSING), new.get(key, MISSING)
    if equal(before, after):
        return []
    # A variable's name stands in queries; the other names are words alone.
    its_effect = Effect.QUERY if part is Part.VARIABLE else Effect.TEXT
    return [Change(its_effect, Kind.RENAMED, part.value, key, before, after)]


# -- panels and rows --------------------------------------------------------------------------------------------------


def _panels(pairing: Pairing[Placed], layout: dict[int, list[Change]], ids: dict[str, Json]) -> list[Item]:
    items: list[tuple[int, Item]] = []
    for old, new in pairing.pairs:
        changes = []
        if old.text != new.text and old.digest != new.digest:
            before, after = (old.form, new.form) if old.kind == new.kind else retyped.forms(old.panel, new.panel)
            before = _with_new_ids(before, ids)
            changes += _renamed(Part.PANEL, before, after)
            if old.kind != new.kind and equal(before.get("type"), after.get("type")):
                changes.append(Change(Effect.DISPLAY, Kind.CHANGED, "type", "type", old.kind, new.kind))
            changes += panel_changes(before, after)
        changes += layout.get(id(new), [])
        if changes:
            items.append((new.rank, _placed_item(Part.PANEL, old, new, changes)))
    for panel in pairing.new:
        change = Change(_effect_of_whole(panel), Kind.ADDED, "panel", new=_panel_summary(panel))
        items.append((panel.rank, _placed_item(Part.PANEL, None, panel, [change])))
    for panel in pairing.old:
        change = Change(_effect_of_whole(panel), Kind.REMOVED, "panel", old=_panel_summary(panel))
        items.append((panel.rank, _placed_item(Part.PANEL, panel, None, [change])))
    return [item for _, item in sorted(items, key=lambda entry: entry[0])]


def _rows(pairing: Pairing[Placed], layout: dict[int, list[Change]]) -> list[Item]:
    items: list[tuple[int, Item]] = []
    for old, new in pairing.pairs:
        changes = _renamed(Part.ROW, old.form, new.form)
        changes += settings_changes(
            Part.ROW, old.form, new.form, apart=frozenset({"title"}), templates=(defaults.ROW,) * 2
        )
        changes += layout.get(id(new), [])
        if changes:
            items.append((new.rank, _placed_item(Part.ROW, old, new, changes)))
    for row in pairing.new:
        change = Change(Effect.LAYOUT, Kind.ADDED, "row", new={"panels": len(row.members)})
        items.append((row.rank, _placed_item(Part.ROW, None, row, [change])))
    for row in pairing.old:
        change = Change(Effect.LAYOUT, Kind.REMOVED, "row", old={"panels": len(row.members)})
        items.append((row.rank, _placed_item(Part.ROW, row, None, [change])))
    return [item for _, item in sorted(items, key=lambda entry: entry[0])]


def _placed_item(part: Part, old: Placed | None, new: Placed | None, changes: Iterable[Change]) -> Item:
    row = new or old
    return Item(
        part,
        old.title if old else "",
        new.title if new else "",
        worst_first(changes),
        row=row.row_title if row else "",
        old_id=old.id if old else None,
        new_id=new.id if new else None,
    )


def _effect_of_whole(panel: Placed) -> Effect:
    if panel.queries:
        return Effect.QUERY
    return Effect.TEXT if panel.kind == "text" else Effect.DISPLAY


def _panel_summary(panel: Placed) -> Object:
    return {"type": panel.kind, "row": panel.row_title, "queries": list(panel.queries)}


def _with_new_ids(form: Object, ids: dict[str, Json]) -> Object:
    """The form with references to panels by their new ids: a query can show the result of another panel."""
    targets = form.get("targets")
    if not ids or not isinstance(targets, list):
        return form
    return {
        **form,
        "targets": [
            {**target, "panelId": ids.get(text_of(target["panelId"]), target["panelId"])}
            if isinstance(target, dict) and "panelId" in target
            else target
            for target in targets
        ],
    }


# -- variables, annotations, links ------------------------------------------------------------------------------------


def _variables(old: Sequence[Object], new: Sequence[Object]) -> list[Item]:
    return _named(
        Part.VARIABLE,
        [essence.variable(item) for item in old],
        [essence.variable(item) for item in new],
        name="name",
        also=lambda form: text_of([form.get("type"), form.get("query")]) if form.get("query") else "",
        whole=Effect.QUERY,
        template=defaults.VARIABLE,
    )


def _annotations(old: Sequence[Object], new: Sequence[Object], ids: dict[str, Json]) -> list[Item]:
    return _named(
        Part.ANNOTATION,
        [_filter_with_new_ids(form, ids) for item in old if (form := essence.annotation(item))],
        [form for item in new if (form := essence.annotation(item))],
        name="name",
        also=lambda form: text_of({key: value for key, value in form.items() if key != "name"}),
        whole=Effect.QUERY,
        template=defaults.ANNOTATION,
    )


def _filter_with_new_ids(form: Object, ids: dict[str, Json]) -> Object:
    chosen = form.get("filter")
    if not ids or not isinstance(chosen, dict) or not isinstance(chosen.get("ids"), list):
        return form
    return {**form, "filter": {**chosen, "ids": [ids.get(text_of(one), one) for one in chosen["ids"]]}}


def _links(old: Sequence[Object], new: Sequence[Object]) -> list[Item]:
    return _named(
        Part.LINK,
        [essence.link(item) for item in old],
        [essence.link(item) for item in new],
        name="title",
        also=lambda form: text_of({key: value for key, value in form.items() if key not in ("title", "tooltip")}),
        whole=Effect.TEXT,
        template=defaults.LINK,
    )


def _named(
    part: Part,
    old: Sequence[Object],
    new: Sequence[Object],
    *,
    name: str,
    also: Callable[[Object], str],
    whole: Effect,
    template: Template,
) -> list[Item]:
    """The changes between two lists of things that are known by name, else by something else that is telling."""
    pairing = Pairing(enumerate(old), enumerate(new))
    pairing.by_key(lambda item: text_of(item[1]))
    pairing.by_key(lambda item: text_of(item[1].get(name)) if item[1].get(name) else None)
    pairing.by_key(lambda item: also(item[1]) or None)
    items = []
    for (_, before), (_, after) in sorted(pairing.pairs, key=lambda pair: pair[1][0]):
        changes = _renamed(part, before, after, name)
        changes += settings_changes(part, before, after, apart=frozenset({name}), templates=(template,) * 2)
        if changes:
            items.append(Item(part, _name(before, name), _name(after, name), worst_first(changes)))
    for _, form in pairing.new:
        items.append(Item(part, "", _name(form, name), (Change(whole, Kind.ADDED, part.value, new=form),)))
    for _, form in pairing.old:
        items.append(Item(part, _name(form, name), "", (Change(whole, Kind.REMOVED, part.value, old=form),)))
    if not in_one_order([(before[0], after[0]) for before, after in pairing.pairs]):
        by_old = [_name(before[1], name) for before, _ in sorted(pairing.pairs, key=lambda pair: pair[0][0])]
        by_new = [_name(after[1], name) for _, after in sorted(pairing.pairs, key=lambda pair: pair[1][0])]
        change = Change(Effect.LAYOUT, Kind.REORDERED, f"{part.value}s", "", by_old, by_new)
        items.append(Item(Part.DASHBOARD, "", "", (change,)))
    return items


def _name(form: Object, key: str) -> str:
    return string(form.get(key))


# -- migrations -------------------------------------------------------------------------------------------------------


def _without_migrated_datasources(items: list[Item], old_version: int, new_version: int) -> list[Item]:
    """The items without what Grafana's migration from names to uids of data sources did by itself.

    It replaces a name by the same uid everywhere. Where the two sides stand on either side of that migration and each
    name has one uid and each uid one name, that is all that happened.
    """
    if (old_version < _DATASOURCE_UIDS_SINCE) == (new_version < _DATASOURCE_UIDS_SINCE):
        return items
    replaced = {
        (text_of(change.old), text_of(change.new)) for item in items for change in item.changes if _is_replaced(change)
    }
    if not len(replaced) == len({old for old, _ in replaced}) == len({new for _, new in replaced}):
        return items
    kept = []
    for item in items:
        changes = tuple(change for change in item.changes if not _is_replaced(change))
        if changes:
            kept.append(Item(item.part, item.old_name, item.new_name, changes, item.row, item.old_id, item.new_id))
    return kept


def _is_replaced(change: Change) -> bool:
    if change.path.rpartition(".")[2] != "datasource":
        return False
    old, new = (value.get("uid") if isinstance(value, dict) else value for value in (change.old, change.new))
    return isinstance(old, str) and isinstance(new, str) and ("$" not in old + new or old == new)
