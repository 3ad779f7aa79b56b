"""A report in one line."""

from collections import Counter
from typing import Any

from llumnix_dash.diff.changes import Change, Effect, Item, Kind, Part, Report


def counts(report: Report) -> dict[str, Any]:
    """The numbers of a report: dashboards by what happened to them, panels likewise, and changes by effect."""
    dashboards = Counter(dashboard.kind.value for dashboard in report.dashboards)
    panels = Counter(
        change.kind.value
        for item, change in report.changes()
        if item.part is Part.PANEL and change.path in ("", "title", "gridPos") and change.kind is not Kind.CHANGED
    )
    restyled = len({id(item) for item, change in report.changes() if _restyles(item, change)})
    effects = Counter(change.effect.value for _, change in report.changes())
    return {
        "compared": report.compared,
        "dashboards": {kind: dashboards[kind] for kind in ("added", "removed", "changed")},
        "panels": {kind: panels[kind] for kind in ("added", "removed", "renamed", "moved")} | {"restyled": restyled},
        "changes": {effect.value: effects[effect.value] for effect in Effect},
    }


def summary(report: Report) -> str:
    """The numbers as a sentence, such as ``2 dashboards changed: 1 panel added, 1 removed, 3 queries changed``."""
    total = counts(report)
    if not report.compared:
        return "nothing was compared"
    if not report.dashboards:
        return f"no change in {_several(report.compared, 'dashboard')}"
    dashboards = _listed(total["dashboards"], "dashboard")
    details = _listed(total["panels"] | {"moved": 0, "restyled": 0}, "panel")
    rest = Counter(_group(item, change) for item, change in report.changes())
    details += [text.format(count) if count > 1 else one for group, one, text in _GROUPS if (count := rest[group])]
    for kind in ("restyled", "moved"):
        if number := total["panels"][kind]:
            details.append(f"{_several(number, 'panel')} {kind}")
    details += [text.format(count) if count > 1 else one for group, one, text in _LAST_GROUPS if (count := rest[group])]
    return ", ".join(dashboards) + (f": {', '.join(details)}" if details else "")


_GROUPS = (("query", "1 query changed", "{} queries changed"),)
_LAST_GROUPS = (
    ("display", "1 display change", "{} display changes"),
    ("layout", "1 layout change", "{} layout changes"),
    ("text", "1 text change", "{} text changes"),
)


def _group(item: Item, change: Change) -> str:
    """The group that a change is counted in; empty for what is counted as a dashboard or a panel."""
    if item.part is Part.DASHBOARD and change.kind in (Kind.ADDED, Kind.REMOVED):
        return ""
    if item.part is Part.PANEL and change.path in ("", "title"):
        return ""
    if item.part is Part.PANEL and (change.kind is Kind.MOVED or _restyles(item, change)):
        return ""
    return change.effect.value


def _restyles(item: Item, change: Change) -> bool:
    return item.part is Part.PANEL and change.path != "" and change.effect is Effect.DISPLAY


def _listed(numbers: dict[str, int], noun: str) -> list[str]:
    """``1 panel added, 2 removed``: the noun stands with the first number only."""
    parts: list[str] = []
    for kind, count in numbers.items():
        if count:
            parts.append(f"{_several(count, noun)} {kind}" if not parts else f"{count} {kind}")
    return parts


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
