"""A Prometheus configuration that scrapes the live fleet as the Prometheus Operator would scrape a cluster.

The monitors are those of ``deploy/base/monitoring.yaml``: their selectors choose among the fleet's targets, and their
relabelings are applied as they stand there.
"""

from pathlib import Path
from typing import Any

import yaml

from llumnix_dash.errors import UserError
from llumnix_dash.fleet.fleet import RunningFleet
from llumnix_dash.fleet.live import path_of
from llumnix_dash.fleet.target import STRANGER, Target

SCRAPE_INTERVAL = "10s"
# Monitor kind -> key of its endpoints, and what discovery finds.
_KINDS = {
    "ServiceMonitor": ("endpoints", "service"),
    "PodMonitor": ("podMetricsEndpoints", "pod"),
}
_SNAKE = {"sourceLabels": "source_labels", "targetLabel": "target_label"}


def prometheus_config(fleet: RunningFleet, monitoring: Path, port: int) -> str:
    """The configuration as YAML.

    Args:
        fleet: whose targets.
        monitoring: a file of ServiceMonitors and PodMonitors.
        port: on which the fleet is served on loopback.

    Raises:
        UserError: the file cannot be read, or a target of the fleet is scraped by none of its monitors.
    """
    address = f"127.0.0.1:{port}"
    monitors = _read(monitoring)
    jobs: dict[str, dict[str, Any]] = {}
    for target in fleet.targets:
        if target.namespace is None or target.exporter is STRANGER:
            name, job = target.labels["job"], {"relabel_configs": _stranger_relabelings(target)}
        else:
            name, job = _monitored(target, monitors, monitoring)
        jobs.setdefault(name, {"job_name": name, "scrape_interval": SCRAPE_INTERVAL} | job | {"static_configs": []})
        jobs[name]["static_configs"].append({"targets": [address], "labels": _discovered(target)})
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
    return [one for one in documents if isinstance(one, dict) and one.get("kind") in _KINDS]


def _monitored(target: Target, monitors: list[dict[str, Any]], path: Path) -> tuple[str, dict[str, Any]]:
    """The name of the scrape job that the operator makes for the target, and what is its own in it."""
    kind = "PodMonitor" if target.pool else "ServiceMonitor"
    for monitor in monitors:
        if monitor["kind"] != kind or not _selects(monitor["spec"].get("selector", {}), target.kubernetes_labels):
            continue
        endpoints, discovered = _KINDS[kind]
        for number, endpoint in enumerate(monitor["spec"][endpoints]):
            if endpoint.get("port") != target.port_name:
                continue
            name = monitor["metadata"]["name"]
            job = f"{target.namespace}/{name}"
            relabelings = [
                _copy("__meta_kubernetes_namespace", "namespace"),
                _copy("__meta_kubernetes_pod_name", "pod"),
                _copy("__meta_kubernetes_pod_container_name", "container"),
            ]
            if discovered == "service":
                relabelings += [_copy("__meta_kubernetes_service_name", label) for label in ("service", "job")]
            else:
                relabelings.append({"target_label": "job", "replacement": job})
            relabelings.append({"target_label": "endpoint", "replacement": target.port_name})
            relabelings += [_snake(one) for one in endpoint.get("relabelings", [])]
            own = {"relabel_configs": relabelings}
            if "interval" in endpoint:
                own = {"scrape_interval": endpoint["interval"]} | own
            return f"{kind[0].lower()}{kind[1:]}/{job}/{number}", own
    raise UserError(f"no {kind} selects {target.name} with its port {target.port_name!r}", where=str(path))


def _discovered(target: Target) -> dict[str, str]:
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


def _stranger_relabelings(target: Target) -> list[dict[str, Any]]:
    if target.namespace is None:
        return []
    return [
        _copy("__meta_kubernetes_namespace", "namespace"),
        _copy("__meta_kubernetes_pod_name", "pod"),
        _copy("__meta_kubernetes_pod_container_name", "container"),
        _copy("__meta_kubernetes_service_name", "service"),
        {"target_label": "endpoint", "replacement": target.port_name},
    ]


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
