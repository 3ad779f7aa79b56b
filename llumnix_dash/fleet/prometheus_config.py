"""A Prometheus configuration that scrapes the live fleet as the Prometheus Operator would scrape a cluster.

The monitors are those of ``deploy/base/monitoring.yaml``: their selectors choose among the fleet's targets, and their
relabelings are applied as they stand there.
"""

from pathlib import Path
from typing import Any

import yaml

from llumnix_dash.errors import UserError
from llumnix_dash.fleet.fleet import RunningFleet
from llumnix_dash.fleet.history import Relabeling
from llumnix_dash.fleet.live import path_of
from llumnix_dash.fleet.target import STRANGER, ScrapeTarget

SCRAPE_INTERVAL = "10s"
# The key of a monitor's endpoints, by its kind.
_ENDPOINTS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}
_SNAKE = {"sourceLabels": "source_labels", "targetLabel": "target_label"}


def prometheus_config(fleet: RunningFleet, monitoring: Path, port: int, relabel: Relabeling | None = None) -> str:
    """The configuration as YAML.

    Args:
        fleet: whose targets.
        monitoring: a file of ServiceMonitors and PodMonitors.
        port: on which the fleet is served on loopback.
        relabel: where a site scrapes in its own way: from a target's labels to those that it attaches. No monitor has a
            part in it then.

    Raises:
        UserError: the file cannot be read, or a target of the fleet is scraped by none of its monitors.
    """
    address = f"127.0.0.1:{port}"
    monitors = [] if relabel else _read(monitoring)
    jobs: dict[str, dict[str, Any]] = {}
    for target in fleet.targets:
        if relabel:
            job = {"job_name": target.labels["job"]}
            labels = {"__metrics_path__": path_of(target), **relabel(target.labels)}
        else:
            job, labels = _job(target, monitors, monitoring), _discovered(target)
        jobs.setdefault(job["job_name"], job | {"static_configs": []})["static_configs"].append(
            {"targets": [address], "labels": labels}
        )
    config = {"global": {"scrape_interval": SCRAPE_INTERVAL}, "scrape_configs": list(jobs.values())}
    return yaml.safe_dump(config, sort_keys=False, width=200)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(
            f"cannot read the monitors: {error.strerror or error}",
            where=str(path),
            hint="run it in the checkout, or name the file: --monitoring deploy/base/monitoring.yaml",
        ) from error
    except yaml.YAMLError as error:
        raise UserError("the monitors are not YAML", where=str(path), detail=str(error)) from error
    return [one for one in documents if isinstance(one, dict) and one.get("kind") in _ENDPOINTS]


def _job(target: ScrapeTarget, monitors: list[dict[str, Any]], path: Path) -> dict[str, Any]:
    """The scrape job to which the target belongs: the operator's, or outside its reach a plain one."""
    if target.namespace is None:
        return {"job_name": target.labels["job"]}
    if target.exporter is STRANGER:
        return {"job_name": target.labels["job"], "relabel_configs": _operators_relabelings(target, "")}
    kind = "PodMonitor" if target.pool else "ServiceMonitor"
    for monitor in monitors:
        if monitor["kind"] == kind and _selects(monitor["spec"].get("selector", {}), target.kubernetes_labels):
            job = f"{target.namespace}/{monitor['metadata']['name']}"
            for number, endpoint in enumerate(monitor["spec"][_ENDPOINTS[kind]]):
                if endpoint.get("port") == target.port_name:
                    own = [_snake(one) for one in endpoint.get("relabelings", [])]
                    return {
                        "job_name": f"{kind[0].lower()}{kind[1:]}/{job}/{number}",
                        "scrape_interval": endpoint.get("interval", SCRAPE_INTERVAL),
                        "relabel_configs": _operators_relabelings(target, job) + own,
                    }
    raise UserError(f"no {kind} selects {target.name} with its port {target.port_name!r}", where=str(path))


def _operators_relabelings(target: ScrapeTarget, job: str) -> list[dict[str, Any]]:
    """What the operator itself puts before a monitor's relabelings; a Service's targets have its name as their job."""
    service = [_copy("__meta_kubernetes_service_name", label) for label in ("service", "job")]
    return [
        _copy("__meta_kubernetes_namespace", "namespace"),
        _copy("__meta_kubernetes_pod_name", "pod"),
        _copy("__meta_kubernetes_pod_container_name", "container"),
        *([{"target_label": "job", "replacement": job}] if target.pool else service),
        {"target_label": "endpoint", "replacement": target.port_name},
    ]


def _discovered(target: ScrapeTarget) -> dict[str, str]:
    """What service discovery would know of the target, and where the live fleet serves it."""
    labels = {"__metrics_path__": path_of(target), "instance": target.instance}
    if target.namespace is None:
        return labels | {key: target.labels[key] for key in ("infer_type", "model") if key in target.labels}
    labels |= {
        "__meta_kubernetes_namespace": target.namespace,
        "__meta_kubernetes_pod_name": target.pod,
        "__meta_kubernetes_pod_container_name": target.labels["container"],
    }
    if target.pool is None:
        return labels | {"__meta_kubernetes_service_name": target.labels["service"]}
    pod_labels = target.kubernetes_labels.items()
    return labels | {f"__meta_kubernetes_pod_label_{_sanitized(key)}": value for key, value in pod_labels}


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(
        one["operator"] == "In" and labels.get(one["key"]) in one["values"]
        for one in selector.get("matchExpressions", [])
    )


def _copy(source: str, target: str) -> dict[str, Any]:
    return {"source_labels": [source], "target_label": target}


def _snake(relabeling: dict[str, Any]) -> dict[str, Any]:
    """A relabeling as Prometheus spells it; the operator's resource has camel case."""
    return {_SNAKE.get(key, key): value for key, value in relabeling.items()}


def _sanitized(name: str) -> str:
    """A Kubernetes label's name as Prometheus's service discovery spells it."""
    return "".join(character if character.isalnum() else "_" for character in name)
