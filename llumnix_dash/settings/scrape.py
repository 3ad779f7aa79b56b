"""The labels that a site's scraping attaches to a target, for the simulated fleet."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from llumnix_dash.catalog.exporters import ENGINE, EXPORTERS
from llumnix_dash.catalog.labels import COMPONENT
from llumnix_dash.errors import UserError

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site


def relabeling(site: "Site") -> Callable[[Mapping[str, str]], dict[str, str]]:
    """From the labels of a target as ``deploy/base`` attaches them to those that the site does.

    Of a job that the site gives by a pattern, a target keeps its own name where the pattern matches that; else the
    function raises a :class:`UserError`.
    """

    def relabeled(labels: Mapping[str, str]) -> dict[str, str]:
        job = labels[COMPONENT]
        exporter = next((one for one in EXPORTERS if re.fullmatch(one.job, job)), None)
        if exporter is None:
            return dict(labels)
        names = site.names(engines=exporter is ENGINE)
        own = {**labels, COMPONENT: _job(job, site.job_names.get(exporter.job, exporter.job))}
        return {name: value for label, value in own.items() if (name := names.of(label))} | site.matchers

    return relabeled


def _job(job: str, wanted: str) -> str:
    if re.fullmatch(wanted, job):
        return job
    if re.fullmatch(r"[\w/.-]+", wanted):
        return wanted
    raise UserError(
        f"the simulated fleet has no job that matches {wanted!r}", hint="a plain name in [jobs], for simulate"
    )
