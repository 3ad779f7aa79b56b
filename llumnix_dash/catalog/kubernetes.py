"""What kube-state-metrics tells of the workloads, where a site has it: how many replicas are wanted.

Llumnix's gateway and scheduler are Deployments. Its engines are LeaderWorkerSets named by their role, and the leaders
of such a set are a StatefulSet of the set's name (https://lws.sigs.k8s.io, "Architecture").
"""

from llumnix_dash.catalog.exporters import ENGINE, GATEWAY, SCHEDULER
from llumnix_dash.catalog.labels import COMPONENT, FLEET
from llumnix_dash.catalog.metric import Exporter, Gauge, Unit

# Its job has another name on every site; its metrics' names are its own.
KUBE_STATE_METRICS = Exporter(name="kube-state-metrics", job=".+", labels=(*FLEET, COMPONENT), optional=True)


def _wanted(name: str, workload: str) -> Gauge:
    return Gauge(
        name=name,
        unit=Unit.COUNT,
        exporters=(KUBE_STATE_METRICS,),
        labels=(workload,),
        description=f"Replicas that are wanted of a {workload}; 0 where it is scaled to zero.",
    )


_DEPLOYMENT = _wanted("kube_deployment_spec_replicas", "deployment")
_STATEFULSET = _wanted("kube_statefulset_replicas", "statefulset")

WANTED = {GATEWAY: _DEPLOYMENT, SCHEDULER: _DEPLOYMENT, ENGINE: _STATEFULSET}
"""The replicas that are wanted of a component's workload."""
WORKLOAD = {GATEWAY: "deployment", SCHEDULER: "deployment", ENGINE: "statefulset"}
"""The label that names the workload."""
METRICS = (_DEPLOYMENT, _STATEFULSET)
