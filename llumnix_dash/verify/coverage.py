"""Which metrics meet: those that the fleet exports, and those that panels ask for."""

import re
from collections.abc import Iterable, Sequence

from llumnix_dash.catalog.exporters import EXPORTERS
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.prometheus.selectors import selectors
from llumnix_dash.verify.reasons import BY_SERIES, HISTOGRAM_SUFFIXES, successor_of, why_absent
from llumnix_dash.verify.report import Coverage, Gap

# What Prometheus itself records of a scrape.
_SYNTHETIC = re.compile(r"up|scrape_.*|ALERTS.*")


class Shown:
    """Which panels ask for which series, gathered a dashboard at a time.

    Args:
        exported: the names of series that there are, for selectors by a regular expression.
    """

    def __init__(self, exported: frozenset[str]) -> None:
        self._exported = exported
        self.by_series: dict[str, list[str]] = {}

    def add(self, dashboard: str, panel: str, queries: Iterable[str]) -> None:
        """Adds what a panel asks, after interpolation."""
        for name in _names(queries, self._exported):
            panels = self.by_series.setdefault(name, [])
            if (title := f"{dashboard} / {panel}") not in panels:
                panels.append(title)


LLUMNIX_JOBS = tuple(exporter.job for exporter in EXPORTERS)


def exported_by_store(client: Client, time_range: TimeRange, jobs: Sequence[str]) -> frozenset[str]:
    """The names of the series in a store. Raises as :meth:`Client.query`.

    Args:
        client: of the store.
        time_range: in which there is a sample.
        jobs: regular expressions of the jobs that count, beside all names of the catalogue; the whole store if empty.
    """
    start, end = time_range.start, time_range.end
    names = client.label_values("__name__", start, end)
    if jobs:
        known = (name for name in names if name in BY_SERIES)
        names = [*client.label_values("__name__", start, end, f'{{job=~"{"|".join(jobs)}"}}'), *known]
    return frozenset(name for name in names if not _SYNTHETIC.fullmatch(name))


def coverage(source: str, exported: frozenset[str], shown: Shown, *, listed: bool = True) -> Coverage:
    """The metrics on one side only, each with its reason where the catalogue has one.

    Args:
        source: where the exported names were read, for people.
        exported: names of series.
        shown: what panels ask for.
        listed: whether metrics that the catalogue does not know are listed; a whole store has thousands, of which
            there is nothing to say but their number.
    """
    known = exported | shown.by_series.keys()
    asked = {family(name, known) for name in shown.by_series}
    exported_families = {family(name, known) for name in exported}
    missing = {
        family(name, known): Gap(family(name, known), _reason(name, exported), tuple(panels))
        for name, panels in sorted(shown.by_series.items())
        if family(name, known) not in exported_families and not _SYNTHETIC.fullmatch(name)
    }
    unshown = [Gap(name, _why_unshown(name)) for name in sorted(exported_families - asked)]
    gaps = [missing[name] for name in sorted(missing)]
    if not listed:
        unshown, gaps = ([gap for gap in side if _in_catalogue(gap.metric)] for side in (unshown, gaps))
    return Coverage(
        source=source,
        exported=len(exported_families),
        asked=len(asked),
        unshown=tuple(unshown),
        missing=tuple(gaps),
        unlisted=(len(exported_families - asked) - len(unshown), len(missing) - len(gaps)),
    )


def family(name: str, known: Iterable[str]) -> str:
    """The metric that a series belongs to: a histogram's three series are one metric.

    Args:
        name: of the series.
        known: names that exist; ``x_count`` is a counter of its own unless ``x_bucket``, or ``x`` with ``x_sum``, does.
    """
    if name in BY_SERIES:
        return BY_SERIES[name].name
    known = known if isinstance(known, set | frozenset) else set(known)
    for suffix in HISTOGRAM_SUFFIXES:
        base = name.removesuffix(suffix)
        if base != name and (f"{base}_bucket" in known or {f"{base}_sum", f"{base}_count"} <= known):
            return base
    if name.endswith("_created"):
        base = name.removesuffix("_created")
        return family(f"{base}_total" if f"{base}_total" in known else f"{base}_bucket", known)
    return name


def _names(queries: Iterable[str], exported: frozenset[str]) -> set[str]:
    """The series that queries name; a selector by a regular expression on the name stands for all that match."""
    names = set()
    for query in queries:
        for selector in selectors(query):
            if selector.metric:
                names.add(selector.metric)
            elif selector.restricts("__name__"):
                names |= {name for name in exported if selector.allows("__name__", name)}
    return names


def _reason(name: str, exported: frozenset[str]) -> str:
    reason = why_absent(name, exported)
    return reason.text if reason else ""


def _in_catalogue(name: str) -> bool:
    return any(series in BY_SERIES for series in (name, f"{name}_bucket")) or bool(successor_of(name))


def _why_unshown(name: str) -> str:
    if name in BY_SERIES or f"{name}_bucket" in BY_SERIES:
        return ""
    successor = successor_of(name) or successor_of(f"{name}_bucket")
    return f"a former name of {successor.name}" if successor else "not in the catalogue"
