"""A dashboard whose panels about a whole fleet read recorded series: JSON in, JSON out."""

import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from llumnix_dash.document.walk import walk
from llumnix_dash.interpolation.timerange import parse_duration
from llumnix_dash.recorded.queries import Read, Reader, Recorded
from llumnix_dash.recorded.rows import close_tables

Json = dict[str, Any]

SMOOTHED = "Over recorded series: each point tells of the 5 minutes before it, at any zoom."
PLAIN = "Over recorded series."
UNHEARD = "{names} does not narrow them: they are of all."
# Each recorded value tells of five minutes: a finer step would show little more, and cost as often as much.
STEP = "1m"
OF_A_PAGE = "Over recorded series, but for what tells of single instances: rules/recording.yaml has to be loaded."


def over_recorded(dashboard: Json, series: Sequence[Recorded]) -> Json:
    """The dashboard over the recorded series; what was given stays as it is.

    A panel reads them in all its queries or in none, so that one window and one choice hold for all that it shows. A
    variable that no query hears any longer is left out.
    """
    made, reader = deepcopy(dashboard), Reader(series)
    labels = {one["name"]: one.get("label") or one["name"] for one in made["templating"]["list"]}
    unheard: set[str] = set()
    raw: set[int] = set()
    for place in walk(made):
        own = _read(place.panel, reader, labels)
        if own is None:
            raw.add(place.panel["id"])
        else:
            unheard |= own
    close_tables(made, raw)
    made["description"] = f"{made['description']} {OF_A_PAGE}"
    for name in unheard - _used(made):
        made["templating"]["list"] = [one for one in made["templating"]["list"] if one["name"] != name]
        _unlink(made, name)
    return made


def _read(panel: Json, reader: Reader, labels: dict[str, str]) -> frozenset[str] | None:
    """Has the panel read the series if it can, and say so; gives the variables that no longer narrow it.

    ``None`` where it stays as it is.
    """
    targets = panel.get("targets", [])
    read = [reader.read(target["expr"]) for target in targets]
    unheard = frozenset[str]().union(*(one.unheard for one in read))
    if all(one.text == target["expr"] for one, target in zip(read, targets, strict=True)) or _mixed(read, unheard):
        return None
    for one, target in zip(read, targets, strict=True):
        target["expr"] = one.text
    in_steps = not all(target.get("instant") for target in targets)
    if in_steps and parse_duration(panel.get("interval") or "0s") < parse_duration(STEP):
        panel["interval"] = STEP
    words = [SMOOTHED if any(one.smoothed for one in read) else PLAIN]
    if unheard:
        words.append(UNHEARD.format(names=" or ".join(labels[name] for name in sorted(unheard))))
    panel["description"] = "\n\n".join(filter(None, [panel.get("description", ""), " ".join(words)]))
    return unheard


def _mixed(read: list[Read], unheard: frozenset[str]) -> bool:
    """Whether what is not recorded would have another window beside it, or another choice."""
    text = " ".join(one.text for one in read)
    return (any(one.smoothed for one in read) and "[$__rate_interval]" in text) or not unheard.isdisjoint(_names(text))


def _names(text: str) -> set[str]:
    return set(re.findall(r"\$\{?(?!__)(\w+)", text))


def _used(dashboard: Json) -> set[str]:
    """The variables that a query of the dashboard uses: of panels, other variables and annotations."""
    texts = [target["expr"] for place in walk(dashboard) for target in place.panel.get("targets", [])]
    texts += [one.get("definition", "") for one in dashboard["templating"]["list"]]
    texts += [one["target"]["expr"] for one in dashboard["annotations"]["list"] if "expr" in one.get("target", {})]
    return set[str]().union(*map(_names, texts))


def _unlink(value: Any, name: str) -> None:
    """Takes the variable out of every link's address."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "url" and isinstance(one, str):
                value[key] = re.sub(rf"(?:&\$\{{{name}:queryparam\}})|(?:\$\{{{name}:queryparam\}}&)", "", one)
            else:
                _unlink(one, name)
    elif isinstance(value, list):
        for one in value:
            _unlink(one, name)
