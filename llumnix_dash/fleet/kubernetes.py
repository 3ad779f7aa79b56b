"""kube-state-metrics beside a deployment: how many replicas of each workload are wanted.

Llumnix's gateway and scheduler are Deployments. Its engines are LeaderWorkerSets, named by their role; the leaders of
one are a StatefulSet of its name.
"""

from collections.abc import Mapping

from llumnix_dash.catalog.metric import Exporter, Gauge, Unit
from llumnix_dash.fleet.process import Process

# Its metrics bear the namespace of the workload, and keep it: it is scraped with ``honor_labels``.
KUBE_STATE_METRICS = Exporter(
    name="kube-state-metrics",
    job="kube-state-metrics",
    labels=("namespace", "job", "pod", "instance", "service", "container", "endpoint"),
)
# Where its own pod runs.
MONITORING_NAMESPACE = "monitoring"

WANTED_DEPLOYMENT = Gauge(
    name="kube_deployment_spec_replicas",
    unit=Unit.COUNT,
    exporters=(KUBE_STATE_METRICS,),
    labels=("namespace", "deployment"),
    description="Replicas of a Deployment that are wanted.",
)
WANTED_STATEFULSET = Gauge(
    name="kube_statefulset_replicas",
    unit=Unit.COUNT,
    exporters=(KUBE_STATE_METRICS,),
    labels=("namespace", "statefulset"),
    description="Replicas of a StatefulSet that are wanted.",
)
DEPLOYMENTS = ("gateway", "scheduler")


def told(process: Process, namespace: str, wanted: Mapping[str, int]) -> None:
    """It tells how many replicas are wanted of each workload."""
    for workload, replicas in wanted.items():
        metric = WANTED_DEPLOYMENT if workload in DEPLOYMENTS else WANTED_STATEFULSET
        process.set(metric, replicas, namespace, workload)
