"""Which metrics meet: those that the fleet exports, and those that panels ask for."""

import re
from collections.abc import Iterable, Mapping

from llumnix_dash.catalog.exporters import EXPORTERS
from llumnix_dash.interpolation.timerange import TimeRange
from llumnix_dash.prometheus.client import Client
from llumnix_dash.prometheus.selectors import selectors
from llumnix_dash.verify.reasons import BY_SERIES, HISTOGRAM_SUFFIXES, successor_of, why_absent
from llumnix_dash.verify.report import Coverage, Gap

# What Prometheus itself records of a scrape.
_SYNTHETIC = re.compile(r"up|scrape_.*|ALERTS.*")
_JOBS = tuple(exporter.job for exporter in EXPORTERS)

Asked = Mapping[str, Iterable[str]]
"""Queries, after interpolation, by the name of the panel that asks them."""


def exported_by_store(client: Client, time_range: TimeRange, jobs: Iterable[str] = _JOBS) -> frozenset[str]:
    """The names of the series that Llumnix' components have in a store. Raises as :meth:`Client.query`.

    A name of the catalogue counts whatever its job, any other only from a job that scraping gives to Llumnix.
    """
    start, end = time_range.start, time_range.end
    ours = client.label_values("__name__", start, end, f'{{job=~"{"|".join(jobs)}"}}')
    known = (name for name in client.label_values("__name__", start, end) if name in BY_SERIES)
    return frozenset(name for name in (*ours, *known) if not _SYNTHETIC.fullmatch(name))


def coverage(source: str, exported: frozenset[str], asked: Asked) -> Coverage:
    """The metrics on one side only, each with its reason where the catalogue has one.

    Args:
        source: where the exported names were read, for people.
        exported: names of series.
        asked: the panels' queries.
    """
    shown_by: dict[str, list[str]] = {}
    for panel, queries in asked.items():
        for name in _names(queries, exported):
            shown_by.setdefault(name, []).append(panel)
    known = exported | shown_by.keys()
    shown = {family(name, known) for name in shown_by}
    exported_families = {family(name, known) for name in exported}
    missing = {
        family(name, known): Gap(family(name, known), _reason(name, exported), tuple(dict.fromkeys(panels)))
        for name, panels in sorted(shown_by.items())
        if family(name, known) not in exported_families and not _SYNTHETIC.fullmatch(name)
    }
    return Coverage(
        source=source,
        exported=len(exported_families),
        asked=len(shown),
        unshown=tuple(Gap(name, _why_unshown(name)) for name in sorted(exported_families - shown)),
        missing=tuple(missing[name] for name in sorted(missing)),
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


def _why_unshown(name: str) -> str:
    if name in BY_SERIES or f"{name}_bucket" in BY_SERIES:
        return ""
    successor = successor_of(name) or successor_of(f"{name}_bucket")
    return f"a former name of {successor.name}" if successor else "not in the catalogue"
