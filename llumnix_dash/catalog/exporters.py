"""The components that serve ``/metrics``, and the labels that ``deploy/base/monitoring.yaml`` attaches to them."""

from llumnix_dash.catalog.labels import COMPONENT, FLEET, INSTANCE, MODEL, POD, ROLE
from llumnix_dash.catalog.metric import Exporter

_SERVICE_LABELS = (*FLEET, COMPONENT, POD, INSTANCE, "service", "container", "endpoint")
_POD_LABELS = (*FLEET, COMPONENT, POD, INSTANCE, "container", "endpoint", ROLE, MODEL)

GATEWAY = Exporter(name="gateway", job="gateway", labels=_SERVICE_LABELS)
# Gateways that are set to round-robin need none.
SCHEDULER = Exporter(name="scheduler", job="scheduler", labels=_SERVICE_LABELS, optional=True)
# The job of a PodMonitor's targets is "<namespace>/<name of the PodMonitor>"; a plain scrape has no namespace.
ENGINE = Exporter(name="engine", job="(.+/)?llumnix-engine-(neutral|prefill|decode)", labels=_POD_LABELS)

EXPORTERS = (GATEWAY, SCHEDULER, ENGINE)
ROLES = ("prefill", "decode", "neutral")
