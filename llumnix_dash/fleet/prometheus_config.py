"""A Prometheus configuration that scrapes the live fleet as the Prometheus Operator would scrape a cluster.

The monitors are those of the folder ``deploy``: their selectors choose among the fleet's targets, and their relabelings
are applied as they stand there. Targets have the addresses of their pods: the live fleet is the proxy on the way there.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from llumnix_dash.catalog.exporters import EXPORTERS
from llumnix_dash.errors import UserError
from llumnix_dash.fleet.fleet import RunningFleet
from llumnix_dash.fleet.history import Relabeling
from llumnix_dash.fleet.kubernetes import KUBE_STATE_METRICS
from llumnix_dash.fleet.live import proxied_path
from llumnix_dash.fleet.target import ScrapeTarget

SCRAPE_INTERVAL = "10s"
MONITORING = Path("deploy/base/monitoring.yaml")
SEVERAL_ENGINES = Path("deploy/components/several-engines/monitoring.yaml")
# The key of a monitor's endpoints, by its kind.
_ENDPOINTS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}
_SNAKE = {"sourceLabels": "source_labels", "targetLabel": "target_label"}

Json = dict[str, Any]


def monitoring_of(fleet: RunningFleet) -> list[Path]:
    """The files of monitors that a deployment of such a fleet needs, as they lie in a checkout."""
    several = any(pool.engines_in_pod > 1 for one in fleet.deployments for pool in one.deployment.pools)
    return [MONITORING, SEVERAL_ENGINES] if several else [MONITORING]


def prometheus_config(
    fleet: RunningFleet,
    monitoring: Sequence[Path],
    port: int,
    *,
    interval: int | None = None,
    relabel: Relabeling | None = None,
) -> str:
    """The configuration as YAML.

    Args:
        fleet: whose targets.
        monitoring: files of ServiceMonitors and PodMonitors.
        port: on which the fleet is served on loopback.
        interval: seconds from scrape to scrape; by default the monitors' own.
        relabel: where a site scrapes in its own way: from a target's labels to those that it attaches. No monitor has a
            part in it then.

    Raises:
        UserError: a file cannot be read, or a target of the fleet is scraped by none of the monitors.
    """
    jobs = _relabelled(fleet, relabel) if relabel else _monitored(fleet, monitoring)
    own: Json = {"proxy_url": f"http://127.0.0.1:{port}"}
    if interval:
        own["scrape_interval"] = f"{interval}s"
    config = {
        "global": {"scrape_interval": SCRAPE_INTERVAL},
        "scrape_configs": [{**job, **own} for job in jobs.values()],
    }
    return yaml.safe_dump(config, sort_keys=False, width=200)


def _relabelled(fleet: RunningFleet, relabel: Relabeling) -> dict[str, Json]:
    """A job for each that the targets have, whose labels are a site's own."""
    jobs: dict[str, Json] = {}
    for target in fleet.places:
        name = target.labels["job"]
        labels = {"__metrics_path__": proxied_path(target), **relabel(target.labels)}
        static = jobs.setdefault(name, {"job_name": name, "static_configs": []})["static_configs"]
        static.append({"targets": [target.instance], "labels": labels})
    return jobs


def _monitored(fleet: RunningFleet, monitoring: Sequence[Path]) -> dict[str, Json]:
    """A job for each endpoint of a monitor that scrapes a target.

    Raises:
        UserError: as for :func:`prometheus_config`.
    """
    monitors = [monitor for path in monitoring for monitor in _read(path)]
    jobs: dict[str, Json] = {}
    scraped: set[tuple[str | None, str]] = set()
    for target in fleet.places:
        if target.is_discovered:
            for job in _jobs(target, monitors):
                known = jobs.setdefault(job["job_name"], job | {"static_configs": []})
                known["static_configs"].append(discovered(target))
                scraped.add((target.cluster, _address(target.instance, job.get("relabel_configs", []))))
    for target in fleet.places:
        if (target.cluster, target.instance) not in scraped:
            raise UserError(
                f"no {_kind(target)} scrapes {target.name} at its port {target.port}",
                where=", ".join(map(str, monitoring)),
                hint=None if target.is_discovered else f"--monitoring {MONITORING} --monitoring {SEVERAL_ENGINES}",
            )
    return jobs


def discovered(target: ScrapeTarget) -> Json:
    """What service discovery would know of the target, as an entry of ``static_configs``."""
    labels = {"__metrics_path__": proxied_path(target)}
    if target.cluster:
        labels["cluster"] = target.cluster
    if target.namespace is None:
        labels |= {key: target.labels[key] for key in ("infer_type", "model") if key in target.labels}
        return {"targets": [target.instance], "labels": labels}
    labels |= {
        "__meta_kubernetes_namespace": target.namespace,
        "__meta_kubernetes_pod_name": target.pod,
        "__meta_kubernetes_pod_phase": "Running",
        "__meta_kubernetes_pod_container_name": target.labels["container"],
        "__meta_kubernetes_pod_container_port_name": target.port_name,
    }
    kind = "pod" if target.pool else "service"
    labels |= {
        f"__meta_kubernetes_{kind}_label_{_sanitized(key)}": value for key, value in target.kubernetes_labels.items()
    }
    if target.pool is None:
        labels["__meta_kubernetes_service_name"] = target.service
        labels["__meta_kubernetes_endpointslice_port_name"] = target.port_name
    return {"targets": [target.instance], "labels": labels}


def _read(path: Path) -> list[Json]:
    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(
            f"cannot read the monitors: {error.strerror or error}",
            where=str(path),
            hint=f"run it in the checkout, or name the file: --monitoring {MONITORING}",
        ) from error
    except yaml.YAMLError as error:
        raise UserError("the monitors are not YAML", where=str(path), detail=str(error)) from error
    return [one for one in documents if isinstance(one, dict) and one.get("kind") in _ENDPOINTS]


def _kind(target: ScrapeTarget) -> str:
    return "PodMonitor" if target.pool else "ServiceMonitor"


def _jobs(target: ScrapeTarget, monitors: list[Json]) -> list[Json]:
    """The scrape jobs to which the target belongs: the operator's, or outside its reach a plain one."""
    if target.namespace is None:
        return [{"job_name": target.labels["job"]}]
    if target.exporter not in EXPORTERS:
        job: Json = {"job_name": target.labels["job"], "relabel_configs": _operators_relabelings(target, {})}
        return [job | {"honor_labels": True}] if target.exporter is KUBE_STATE_METRICS else [job]
    kind = _kind(target)
    jobs = []
    for monitor in monitors:
        spec = monitor["spec"]
        if monitor["kind"] == kind and _selects(spec.get("selector", {}), target.kubernetes_labels):
            for number, endpoint in enumerate(spec[_ENDPOINTS[kind]]):
                if endpoint.get("port") == target.port_name:
                    own = [_snake(one) for one in endpoint.get("relabelings", [])]
                    name = f"{kind[0].lower()}{kind[1:]}/{target.namespace}/{monitor['metadata']['name']}/{number}"
                    jobs.append(
                        {
                            "job_name": name,
                            "scrape_interval": endpoint.get("interval", SCRAPE_INTERVAL),
                            "relabel_configs": _operators_relabelings(target, monitor) + own,
                        }
                    )
    return jobs


def _operators_relabelings(target: ScrapeTarget, monitor: Json) -> list[Json]:
    """What the operator itself puts before a monitor's relabelings.

    The job of a Service's targets is the Service's name, or its label that ``jobLabel`` names where it has it.
    """
    relabelings = [
        _copy("__meta_kubernetes_namespace", "namespace"),
        _copy("__meta_kubernetes_pod_name", "pod"),
        _copy("__meta_kubernetes_pod_container_name", "container"),
        {"target_label": "endpoint", "replacement": target.port_name},
    ]
    if target.pool:
        job = f"{target.namespace}/{monitor['metadata']['name']}"
        return [*relabelings, {"target_label": "job", "replacement": job}]
    relabelings += [_copy("__meta_kubernetes_service_name", label) for label in ("service", "job")]
    if label := monitor.get("spec", {}).get("jobLabel"):
        relabelings.append(_copy(f"__meta_kubernetes_service_label_{_sanitized(label)}", "job") | {"regex": "(.+)"})
    return relabelings


def _selects(selector: Json, labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(
        one["operator"] == "In" and labels.get(one["key"]) in one["values"]
        for one in selector.get("matchExpressions", [])
    )


def _address(address: str, relabelings: list[Json]) -> str:
    """Where a target is scraped that was discovered at this address; a monitor may go to another port of the pod."""
    for one in relabelings:
        if one.get("target_label") == "__address__" and (found := re.fullmatch(one["regex"], address)):
            address = found.expand(one["replacement"].replace("$", "\\"))
    return address


def _copy(source: str, target: str) -> Json:
    return {"source_labels": [source], "target_label": target}


def _snake(relabeling: Json) -> Json:
    """A relabeling as Prometheus spells it; the operator's resource has camel case."""
    return {_SNAKE.get(key, key): value for key, value in relabeling.items()}


def _sanitized(name: str) -> str:
    """A Kubernetes label's name as Prometheus's service discovery spells it."""
    return "".join(character if character.isalnum() else "_" for character in name)
