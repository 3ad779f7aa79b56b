"""kube-state-metrics beside a deployment: how many replicas of each workload are wanted.

What they are, :mod:`llumnix_dash.catalog.kubernetes` says.
"""

from collections.abc import Mapping
from dataclasses import replace

from llumnix_dash.catalog import kubernetes
from llumnix_dash.catalog.exporters import ENGINE, GATEWAY
from llumnix_dash.catalog.metric import Exporter
from llumnix_dash.fleet.process import Process

# Its metrics bear the namespace of the workload, and keep it: it is scraped with ``honor_labels``.
KUBE_STATE_METRICS = Exporter(
    name="kube-state-metrics",
    job="kube-state-metrics",
    labels=("namespace", "job", "pod", "instance", "service", "container", "endpoint"),
)
# Where its own pod runs.
MONITORING_NAMESPACE = "monitoring"

WANTED_DEPLOYMENT, WANTED_STATEFULSET = (
    replace(kubernetes.WANTED[of], exporters=(KUBE_STATE_METRICS,), labels=("namespace", kubernetes.WORKLOAD[of]))
    for of in (GATEWAY, ENGINE)
)
DEPLOYMENTS = ("gateway", "scheduler")


def told(process: Process, namespace: str, wanted: Mapping[str, int]) -> None:
    """It tells how many replicas are wanted of each workload."""
    for workload, replicas in wanted.items():
        metric = WANTED_DEPLOYMENT if workload in DEPLOYMENTS else WANTED_STATEFULSET
        process.set(metric, replicas, namespace, workload)
