"""The objectives for tools that make rules of their own of them: Sloth and Pyrra."""

import re
from typing import TYPE_CHECKING, Any
from zlib import crc32

from llumnix_dash.catalog import gateway
from llumnix_dash.promql import RECENT, selector
from llumnix_dash.promql.budget import PERIOD
from llumnix_dash.promql.query import Where, number
from llumnix_dash.promql.signals import NOT_FAILED
from llumnix_dash.rulefiles import RuleFile, pretty, promised, yaml_text
from llumnix_dash.rules.objective import BY, Promise

if TYPE_CHECKING:
    from llumnix_dash.settings.site import Site

Json = dict[str, Any]

SLOTH_FILE = "slo/sloth.yaml"
PYRRA_FILE = "slo/pyrra.yaml"


def sloth(site: "Site") -> RuleFile:
    """The objectives as Sloth reads them (https://sloth.dev, specification ``prometheus/v1``)."""
    objectives = [_sloth_objective(promise, site) for promise in promised(site)]
    return RuleFile(SLOTH_FILE, yaml_text({"version": "prometheus/v1", "service": "llumnix", "slos": objectives}))


def pyrra(site: "Site") -> RuleFile:
    """The objectives as Pyrra reads them (https://github.com/pyrra-dev/pyrra, ``pyrra.dev/v1alpha1``).

    Pyrra divides one series by another. TTFT is left out: it holds failed requests, which must be taken out of it.
    """
    resources = [_pyrra_objective(promise, site) for promise in promised(site) if not _holds_failures(promise)]
    return RuleFile(PYRRA_FILE, yaml_text(*resources))


FORMATS = {"sloth": sloth, "pyrra": pyrra}


def _sloth_objective(promise: Promise, site: "Site") -> Json:
    from llumnix_dash.settings.promql import localized  # noqa: PLC0415

    kept, alert = promise.kept(), f"Llumnix{promise.objective.title}BudgetBurns"
    bad, total = (
        pretty(localized(query.text(()), site)).replace(f"[{RECENT}]", "[{{.window}}]")
        for query in (kept.lost, kept.all)
    )
    return {
        "name": _name(promise),
        "objective": _percent(promise),
        "description": _description(promise),
        "sli": {"events": {"error_query": bad, "total_query": total}},
        "alerting": {
            "name": alert,
            "annotations": {
                "summary": f"The error budget of {promise.objective.title} burns.",
                "runbook_url": site.alerts.runbook_url.format(alert=alert),
            },
            "page_alert": {"labels": {"severity": "critical"}},
            "ticket_alert": {"labels": {"severity": "warning"}},
        },
    }


def _pyrra_objective(promise: Promise, site: "Site") -> Json:
    from llumnix_dash.settings.promql import localized  # noqa: PLC0415

    names = site.names(engines=False)
    grouping = [name for label in BY if (name := names.of(label))]

    def metric(text: str) -> Json:
        return {"metric": localized(text, site)}

    histogram, where = promise.objective.histogram, promise.where
    indicator: Json
    if histogram is None:
        failed = selector(gateway.REQUESTS, (), where=where, unless={"status_code": NOT_FAILED})
        total = selector(gateway.REQUESTS, (), where=where)
        indicator = {"ratio": {"errors": metric(failed), "total": metric(total), "grouping": grouping}}
    else:
        within: Where = {**where, "le": number(promise.goal.bound or 0)}
        success = selector(histogram, (), suffix="_bucket", where=within)
        total = selector(histogram, (), suffix="_count", where=where)
        indicator = {"latency": {"success": metric(success), "total": metric(total), "grouping": grouping}}
    return {
        "apiVersion": "pyrra.dev/v1alpha1",
        "kind": "ServiceLevelObjective",
        "metadata": {"name": f"llumnix-{_name(promise)}", "labels": {"app.kubernetes.io/part-of": "llumnix"}},
        "spec": {
            "target": number(_percent(promise)),
            "window": PERIOD,
            "description": _description(promise),
            "indicator": indicator,
            "alerting": {"name": f"Llumnix{promise.objective.title}BudgetBurns"},
        },
    }


def _holds_failures(promise: Promise) -> bool:
    return bool(promise.objective.histogram and promise.objective.histogram.failed)


def _name(promise: Promise) -> str:
    """A name of small letters, digits and hyphens that no other promise has."""
    if not promise.model:
        return promise.objective.name
    plain = re.sub(r"[^a-z0-9]+", "-", promise.model.lower()).strip("-")
    return f"{promise.objective.name}-{plain[:40]}-{crc32(promise.model.encode()):08x}"


def _percent(promise: Promise) -> float:
    return round(100 * promise.goal.share, 9)


def _description(promise: Promise) -> str:
    histogram, whose = promise.objective.histogram, f" for {promise.model}" if promise.model else ""
    if histogram is None:
        what = f"requests{whose} are answered"
    else:
        bound = f"{number(promise.goal.bound or 0)} {histogram.unit.value}"
        what = f"requests{whose} have {promise.objective.title} of at most {bound}"
    return f"{number(_percent(promise))} % of {what}."
