"""The changes between two forms of the same thing: a panel, one of its queries, a variable, the dashboard itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from llumnix_dash.diff.changes import MISSING, Change, Effect, Kind, Part
from llumnix_dash.diff.defaults import TARGET, Template, panel_template
from llumnix_dash.diff.pairing import Pairing, in_one_order
from llumnix_dash.diff.panels import asked, query_text
from llumnix_dash.diff.queries import metrics, same_query, words
from llumnix_dash.diff.vocabulary import WHOLE, Path, effect, label
from llumnix_dash.document.values import Json, Object, equal, objects, string, text_of

NOTHING: Template = {}
_LIKE_QUERIES = 0.5


def leaves(old: Mapping[str, Json], new: Mapping[str, Json], path: Path = ()) -> Iterator[tuple[Path, Json, Json]]:
    """The places where two objects differ, as deep as both have objects; a list is one value."""
    for key in sorted({*old, *new}):
        before, after = old.get(key, MISSING), new.get(key, MISSING)
        here = (*path, key)
        # A container that only one side has is told by what is in it.
        as_objects = [{} if side is MISSING else side for side in (before, after)]
        if key not in WHOLE and all(isinstance(side, dict) for side in as_objects) and any(as_objects):
            yield from leaves(as_objects[0], as_objects[1], here)
        elif not equal(before, after):
            yield here, before, after


def settings_changes(
    part: Part,
    old: Object,
    new: Object,
    *,
    apart: frozenset[str] = frozenset(),
    templates: tuple[Template, Template] = (NOTHING, NOTHING),
) -> list[Change]:
    """The changes of everything that is told by its name and its two values.

    Args:
        part: the part of the dashboard.
        old: its essence before.
        new: its essence after.
        apart: keys that are told elsewhere.
        templates: Grafana's defaults for either side, told where a side is silent.
    """
    changes = []
    for path, silent_before, silent_after in leaves(_without(old, apart), _without(new, apart)):
        before, after = (
            _default(template, path) if value is MISSING else value
            for value, template in zip((silent_before, silent_after), templates, strict=True)
        )
        if equal(before, after):  # of two panel types, one assumes what the other is told
            continue
        change = Change(effect(part, path), Kind.CHANGED, label(path), ".".join(path), before, after)
        if path[-1] in ("query", "expr") and isinstance(before, str) and isinstance(after, str):
            change = _query_change(change, before, after)
        changes.append(change)
    return changes


def _default(template: Template, path: Path) -> Json:
    """What Grafana assumes at the path; MISSING where that is unknown or nothing that one would say."""
    value: Json = template
    for key in path:
        value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return MISSING if value in ("", [], {}) else value


def _without(form: Object, keys: frozenset[str]) -> Object:
    return {key: value for key, value in form.items() if key not in keys} if keys else form


def _query_change(change: Change, before: str, after: str) -> Change:
    if same_query(before, after):
        return replace(change, effect=Effect.TEXT, kind=Kind.REFORMATTED, query=True)
    return replace(change, query=True)


# -- panels -----------------------------------------------------------------------------------------------------------


def panel_changes(old: Object, new: Object) -> list[Change]:
    """The changes between two panels by their essence, queries first; its title and its place are not looked at."""
    apart = {"title"}
    changes: list[Change] = []
    old_targets, new_targets = _lists(old, new, "targets")
    if old_targets is not None and new_targets is not None:
        apart.add("targets")
        sources = (old.get("datasource", MISSING), new.get("datasource", MISSING))
        changes += target_changes(old_targets, new_targets, sources)
    old_steps, new_steps = _lists(old, new, "transformations")
    if old_steps is not None and new_steps is not None:
        apart.add("transformations")
        changes += transformation_changes(old_steps, new_steps)
    old_overrides, new_overrides = (_overrides(form) for form in (old, new))
    if old_overrides is not None and new_overrides is not None:
        old, new = _without_overrides(old), _without_overrides(new)
        overrides = override_changes(old_overrides, new_overrides)
    else:
        overrides = []
    templates = (panel_template(old), panel_template(new))
    return changes + settings_changes(Part.PANEL, old, new, apart=frozenset(apart), templates=templates) + overrides


def _lists(old: Object, new: Object, key: str) -> tuple[list[Object] | None, list[Object] | None]:
    return objects(old.get(key, [])), objects(new.get(key, []))


def target_changes(old: Sequence[Object], new: Sequence[Object], sources: tuple[Json, Json]) -> list[Change]:
    """The changes between the queries of a panel.

    Args:
        old: their essence before.
        new: their essence after.
        sources: the panel's data source before and after, which a query has that names none.
    """
    pairing = Pairing(enumerate(old), enumerate(new))
    for key in (text_of, _without_name, _ref_and_legend, query_text):
        pairing.by_key(_of_item(key))
    pairing.by_likeness(_target_likeness, _LIKE_QUERIES, lambda item: text_of(item[1]))
    pairing.by_key(lambda item: text_of(item[1].get("refId")))
    name = _QueryNames(old, new)
    changes = []
    for (_, before), (_, after) in sorted(pairing.pairs, key=lambda pair: pair[1][0]):
        changes += _target_pair_changes(before, after, sources, name)
    for _, target in pairing.new:
        changes.append(_whole_target(Kind.ADDED, target, name(target)))
    for _, target in pairing.old:
        changes.append(_whole_target(Kind.REMOVED, target, name(target)))
    return changes + _reordered(
        pairing, "queries", "targets", Effect.DISPLAY, lambda target: string(target.get("refId"))
    )


def _of_item(key: Callable[[Object], str]) -> Callable[[tuple[int, Object]], str | None]:
    """The key of a thing for a thing with its position; an empty key is none."""
    return lambda item: key(item[1]) or None


def _without_name(target: Object) -> str:
    return text_of(_without(target, frozenset({"refId"})))


def _ref_and_legend(target: Object) -> str:
    return text_of([target.get("refId"), target["legendFormat"]]) if "legendFormat" in target else ""


def _target_likeness(old: tuple[int, Object], new: tuple[int, Object]) -> float:
    """How alike two queries are: by their words, where they read a metric in common, and a little by their refId."""
    before, after = asked(old[1]), asked(new[1])
    if not before or not after:
        return 0.0
    if (metrics(before) or metrics(after)) and not metrics(before) & metrics(after):
        return 0.0
    old_words, new_words = words(before), words(after)
    share = 2 * len(old_words & new_words) / max(1, len(old_words) + len(new_words))
    return (share * 3 + equal(old[1].get("refId"), new[1].get("refId"))) / 4


class _QueryNames:
    """What to call the queries of a panel: by the legend where it is a plain name, else by refId."""

    def __init__(self, old: Sequence[Object], new: Sequence[Object]) -> None:
        self._sides = (old, new)
        self._alone = len(old) <= 1 and len(new) <= 1

    def __call__(self, target: Object, counterpart: Object | None = None) -> str:
        for candidate in (target, counterpart):
            legend = string(candidate.get("legendFormat")).strip() if candidate else ""
            if legend and "{{" not in legend and legend != "__auto" and not self._ambiguous(legend):
                return f"{legend} query"
        if self._alone:
            return "query"
        return f"query {string(target.get('refId')) or '?'}"

    def _ambiguous(self, legend: str) -> bool:
        return any(sum(equal(target.get("legendFormat"), legend) for target in side) > 1 for side in self._sides)


def _target_pair_changes(old: Object, new: Object, sources: tuple[Json, Json], names: _QueryNames) -> list[Change]:
    name = names(new, old)
    at = f"targets[{string(new.get('refId'))}]"
    changes = []
    templates = [
        {**TARGET, "datasource": source, "range": not form.get("instant")}
        for form, source in zip((old, new), sources, strict=True)
    ]
    for path, silent_before, silent_after in leaves(old, new):
        key = path[0]
        before, after = (
            _default(template, path) if value is MISSING else value
            for value, template in zip((silent_before, silent_after), templates, strict=True)
        )
        if equal(before, after):
            continue
        change = Change(Effect.QUERY, Kind.CHANGED, f"{name}: {label(path)}", f"{at}.{'.'.join(path)}", before, after)
        if key == "refId":
            change = replace(change, kind=Kind.RENAMED, what=name)
        elif key == "legendFormat":
            change = replace(change, effect=Effect.DISPLAY, what=_legend_name(names(old, new)))
        elif isinstance(before, str) and isinstance(after, str) and query_text({key: after}):
            change = _query_change(replace(change, what=name), before, after)
        changes.append(change)
    return changes


def _legend_name(query_name: str) -> str:
    return "legend" if query_name == "query" else f"{query_name.removesuffix(' query')} legend"


def _whole_target(kind: Kind, target: Object, name: str) -> Change:
    text = asked(target)
    value = text or target
    old, new = (MISSING, value) if kind is Kind.ADDED else (value, MISSING)
    at = f"targets[{string(target.get('refId'))}]"
    return Change(Effect.QUERY, kind, name, at, old, new, query=bool(text))


def transformation_changes(old: Sequence[Object], new: Sequence[Object]) -> list[Change]:
    """The changes between the transformations of a panel."""
    return _listed_changes(
        old,
        new,
        keys=(text_of, lambda step: text_of(step.get("id"))),
        name=lambda step: f"transformation {string(step.get('id')) or '?'}",
        path=lambda step: f"transformations[{string(step.get('id'))}]",
        say=lambda at: ".".join(at[1:] if at[0] == "options" else at) or "options",
        kind_of=Effect.QUERY,
        whole=("transformations", "transformations"),
    )


def override_changes(old: Sequence[Object], new: Sequence[Object]) -> list[Change]:
    """The changes between the field overrides of a panel."""
    return _listed_changes(
        [_by_property(item) for item in old],
        [_by_property(item) for item in new],
        keys=(text_of, lambda item: text_of(item.get("matcher"))),
        name=lambda item: f"override for {_matcher_text(item)}",
        path=lambda item: f"fieldConfig.overrides[{_matcher_text(item)}]",
        say=lambda at: label(tuple(".".join(at).removeprefix("properties.").split("."))),
        kind_of=Effect.DISPLAY,
        whole=("overrides", "fieldConfig.overrides"),
    )


def _by_property(override: Object) -> Object:
    """The override with its properties under their ids, where each is there once."""
    properties = objects(override.get("properties"))
    ids = [item.get("id") for item in properties or ()]
    if not properties or not all(isinstance(name, str) for name in ids) or len(set(ids)) < len(ids):
        return override
    if any(set(item) - {"id", "value"} for item in properties):
        return override
    named = {item["id"]: item.get("value", MISSING) for item in properties}
    return {**override, "properties": {name: value for name, value in named.items() if value is not MISSING}}


def _matcher_text(override: Object) -> str:
    matcher = override.get("matcher")
    options = matcher.get("options") if isinstance(matcher, dict) else matcher
    return options if isinstance(options, str) else text_of(options)


def _listed_changes(
    old: Sequence[Object],
    new: Sequence[Object],
    *,
    keys: Sequence[Callable[[Object], str]],
    name: Callable[[Object], str],
    path: Callable[[Object], str],
    say: Callable[[Path], str],
    kind_of: Effect,
    whole: tuple[str, str],
) -> list[Change]:
    """The changes between two lists of things that have a name and no life of their own."""
    pairing = Pairing(enumerate(old), enumerate(new))
    for key in keys:
        pairing.by_key(_of_item(key))
    changes = []
    for (_, before), (_, after) in sorted(pairing.pairs, key=lambda pair: pair[1][0]):
        for at, was, now in leaves(before, after):
            what = f"{name(after)}: {say(at)}"
            changes.append(Change(kind_of, Kind.CHANGED, what, f"{path(after)}.{'.'.join(at)}", was, now))
    changes += [Change(kind_of, Kind.ADDED, name(item), path(item), new=item) for _, item in pairing.new]
    changes += [Change(kind_of, Kind.REMOVED, name(item), path(item), old=item) for _, item in pairing.old]
    return changes + _reordered(pairing, *whole, kind_of, name)


def _reordered(
    pairing: Pairing[tuple[int, Object]], what: str, path: str, kind_of: Effect, name: Callable[[Object], str]
) -> list[Change]:
    if in_one_order([(before[0], after[0]) for before, after in pairing.pairs]):
        return []
    old = [name(before[1]) for before, _ in sorted(pairing.pairs, key=lambda pair: pair[0][0])]
    new = [name(after[1]) for _, after in sorted(pairing.pairs, key=lambda pair: pair[1][0])]
    return [Change(kind_of, Kind.REORDERED, what, path, old, new)]


def _overrides(form: Object) -> list[Object] | None:
    config = form.get("fieldConfig", {})
    return objects(config.get("overrides", [])) if isinstance(config, dict) else None


def _without_overrides(form: Object) -> Object:
    config = form.get("fieldConfig")
    if not isinstance(config, dict) or "overrides" not in config:
        return form
    rest = {key: value for key, value in config.items() if key != "overrides"}
    return {
        **{key: value for key, value in form.items() if key != "fieldConfig"},
        **({"fieldConfig": rest} if rest else {}),
    }
