"""What Prometheus scrapes: processes at addresses, and the labels that scraping attaches to their series."""

from dataclasses import dataclass, replace
from random import Random
from uuid import UUID

from llumnix_dash.catalog import METRICS
from llumnix_dash.catalog.exporters import ENGINE, GATEWAY, SCHEDULER
from llumnix_dash.catalog.gateway import REQUESTS
from llumnix_dash.catalog.lrs import RUNNING_REQUESTS, RUNNING_TOKENS
from llumnix_dash.catalog.metric import Counter, Exporter, Metric, Mode
from llumnix_dash.catalog.process import GOROUTINES, UPTIME
from llumnix_dash.catalog.scheduler import FAILED_RESCHEDULINGS, RESCHEDULINGS
from llumnix_dash.fleet.kubernetes import (
    KUBE_STATE_METRICS,
    MONITORING_NAMESPACE,
    WANTED_DEPLOYMENT,
    WANTED_STATEFULSET,
)
from llumnix_dash.fleet.parts import Deployment, Pool
from llumnix_dash.fleet.process import Process

STRANGER = Exporter(
    name="billing", job="billing", labels=("namespace", "job", "pod", "instance", "service", "container", "endpoint")
)
# The stranger's requests bear the name of the gateway's, and labels of their own.
STRANGER_REQUESTS = Counter(
    name=REQUESTS.name,
    unit=REQUESTS.unit,
    exporters=(STRANGER,),
    labels=("route", "status_code"),
    description="Requests to a program that is no part of Llumnix.",
)

_PORTS = {"gateway": 8089, "scheduler": 8088, "engine": 8000, "billing": 9100, "kube-state-metrics": 8080}
_SUBNETS = {"gateway": 1, "scheduler": 2, "billing": 3, "kube-state-metrics": 4}


@dataclass(frozen=True)
class ScrapeTarget:
    """A process at an address.

    Attributes:
        name: unique in the fleet; the path under which the live fleet serves it.
        exporter: what it is.
        process: its metrics.
        host: its IP address, which is its pod's.
        port: on which it serves; the engines of one pod differ by it.
        pod: its pod's name.
        namespace: of the pod; None outside Kubernetes.
        cluster: what its Prometheus says of all its series, where it names its cluster.
        service: the name of its Service; empty for an engine.
        pool: of an engine.
    """

    name: str
    exporter: Exporter
    process: Process
    host: str
    port: int
    pod: str
    namespace: str | None
    cluster: str | None = None
    service: str = ""
    pool: Pool | None = None

    @property
    def instance(self) -> str:
        """``host:port`` of its metrics."""
        return f"{self.host}:{self.port}"

    @property
    def is_discovered(self) -> bool:
        """Whether it serves at its pod's port of that name; the further engines of a pod have ports without one."""
        return self.port == _PORTS[self.exporter.name]

    @property
    def port_name(self) -> str:
        """The name of the port that is scraped."""
        return "metrics" if self.pool else "http"

    @property
    def labels(self) -> dict[str, str]:
        """The labels that scraping attaches, through the relabelings of ``deploy/base/monitoring.yaml``."""
        if self.pool:
            monitor = f"llumnix-engine-{self.pool.role}"
            job = f"{self.namespace}/{monitor}" if self.namespace else monitor
        else:
            job = self.exporter.job
        labels = {"job": job, "instance": self.instance}
        if self.cluster:
            labels["cluster"] = self.cluster
        if self.namespace:
            labels |= {
                "namespace": self.namespace,
                "pod": self.pod,
                "container": self.exporter.name,
                "endpoint": self.port_name,
            }
            if not self.pool:
                labels["service"] = self.service
        if self.pool:
            labels |= {"infer_type": self.pool.role, "model": self.pool.model_label}
        return labels

    @property
    def kubernetes_labels(self) -> dict[str, str]:
        """The labels of its pod, for an engine, or of its Service, by which monitors select it."""
        if self.pool is None:
            return {"app": self.exporter.name}
        return {
            "leaderworkerset.sigs.k8s.io/name": self.pool.role,
            "llumnix.io/infer-type": self.pool.role,
            "llumnix.io/model": self.pool.model_label,
        }

    def moved(self) -> "ScrapeTarget":
        """The same process at another address, as a pod that has been made anew."""
        first, second, third, fourth = self.host.split(".")
        return replace(self, host=f"{first}.{second}.{int(third) + 100}.{fourth}")


class Addresses:
    """Names and addresses of a deployment's processes.

    Args:
        deployment: whose.
        number: of the deployment in its cluster, which has a network of its own.
        alone: whether it is the only one of the fleet, so that names need no cluster and no namespace.
    """

    def __init__(self, deployment: Deployment, number: int, alone: bool) -> None:
        self._deployment = deployment
        self._network = f"10.{number if deployment.network is None else deployment.network}"
        places = [place for place in (deployment.cluster, deployment.namespace) if place]
        self._prefix = "" if alone else "".join(f"{place}-" for place in places)

    def control(self, exporter: Exporter, process: Process, number: int) -> ScrapeTarget:
        """A gateway or a scheduler, the stranger or kube-state-metrics."""
        prefix = self._deployment.service_prefix if exporter in {GATEWAY, SCHEDULER} else ""
        host = f"{_SUBNETS[exporter.name]}.{number + 10}"
        target = self._target(f"{exporter.name}-{number}", exporter, process, host)
        namespace = MONITORING_NAMESPACE if exporter is KUBE_STATE_METRICS else target.namespace
        return replace(target, service=f"{prefix}{exporter.name}", namespace=namespace)

    def engine(self, process: Process, pool: Pool, number_of_role: int, number: int) -> ScrapeTarget:
        """An engine; ``number`` counts all of the deployment, ``number_of_role`` those of one role."""
        in_pod = number_of_role % pool.engines_in_pod
        # The pod has the address of its first engine.
        first = number - in_pod
        host = f"{16 + first // 240}.{first % 240 + 10}"
        target = self._target(f"{pool.role}-{number_of_role // pool.engines_in_pod}", ENGINE, process, host)
        port = target.port + in_pod
        return replace(target, pool=pool, port=port, name=f"{target.name}-{port}" if in_pod else target.name)

    def _target(self, pod: str, exporter: Exporter, process: Process, host: str) -> ScrapeTarget:
        return ScrapeTarget(
            name=f"{self._prefix}{pod}",
            exporter=exporter,
            process=process,
            host=f"{self._network}.{host}",
            port=_PORTS[exporter.name],
            pod=pod,
            namespace=self._deployment.namespace,
            cluster=self._deployment.cluster,
        )


def engine_id(pool: Pool, nanoseconds: int) -> str:
    """The id under which an engine enters itself in the cluster meta store; a new one each time that it starts.

    Args:
        pool: of the engine.
        nanoseconds: since the epoch, at its start: vLLM's id itself. SGLang's is a UUID.
    """
    return (
        str(UUID(int=Random(nanoseconds).getrandbits(128), version=4)) if pool.program == "sglang" else str(nanoseconds)
    )


def exported(exporter: Exporter, deployment: Deployment, vllm_version: str) -> list[Metric]:
    """The metrics that such a process exports, as far as mode and version go, in the catalogue's order."""
    if exporter is STRANGER:
        return [STRANGER_REQUESTS, UPTIME, GOROUTINES]
    if exporter is KUBE_STATE_METRICS:
        return [WANTED_DEPLOYMENT, WANTED_STATEFULSET]
    modes = {Mode.FULL} if deployment.mode == "full" else {Mode.LITE}
    if deployment.mode == "full" and deployment.cache_aware:
        modes.add(Mode.CACHE_AWARE)
    if deployment.mode == "full" and deployment.slo_aware:
        modes.add(Mode.SLO_AWARE)
    absent: set[Metric] = set()
    if not deployment.exports_lrs_running:
        absent |= {RUNNING_REQUESTS, RUNNING_TOKENS}
    if not deployment.reschedules:
        absent |= {RESCHEDULINGS, FAILED_RESCHEDULINGS}
    return [
        metric
        for metric in METRICS
        if exporter in metric.exporters
        and (metric.mode is None or metric.mode in modes)
        and (not metric.vllm or vllm_version in metric.vllm)
        and metric not in absent
    ]
