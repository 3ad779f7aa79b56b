"""Scraping: valid for the Prometheus Operator, and attaching the very labels on which the dashboards select."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from cloudcoil.models.prometheus_operator import v1

from llumnix_dash.catalog.exporters import ENGINE, EXPORTERS, GATEWAY, ROLES, SCHEDULER
from llumnix_dash.catalog.labels import CLUSTER, FLEET
from tests.reading import DASHBOARDS, Json, lost, queries, selectors

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
BASE, SEVERAL_ENGINES = DEPLOY / "base", DEPLOY / "components" / "several-engines"


def read(path: Path) -> dict[str, Json]:
    """The monitors of a file by name."""
    return {one["metadata"]["name"]: one for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))}


MONITORS = read(BASE / "monitoring.yaml")
FURTHER = read(SEVERAL_ENGINES / "monitoring.yaml")
PART_OF = {"app.kubernetes.io/part-of": "llumnix"}
MODELS = {"ServiceMonitor": v1.ServiceMonitor, "PodMonitor": v1.PodMonitor}
# What the Operator attaches to every target of each kind.
ATTACHED = {
    "ServiceMonitor": {"namespace", "job", "pod", "instance", "service", "container", "endpoint"},
    "PodMonitor": {"namespace", "job", "pod", "instance", "container", "endpoint"},
}


@pytest.mark.parametrize("monitor", [*MONITORS.values(), *FURTHER.values()], ids=lambda one: one["metadata"]["name"])
def test_it_is_valid_for_the_operator(monitor: Json) -> None:
    model = MODELS[monitor["kind"]].model_validate(monitor)
    # The models pass over fields that they do not know, and so would the Operator.
    assert lost(monitor, model.model_dump(mode="json", by_alias=True, exclude_none=True)) == []


def test_a_field_that_the_operator_does_not_have_would_be_found() -> None:
    monitor = {**MONITORS["llumnix-engine-decode"], "spec": {**MONITORS["llumnix-engine-decode"]["spec"], "port": "a"}}
    model = v1.PodMonitor.model_validate(monitor)
    assert lost(monitor, model.model_dump(mode="json", by_alias=True, exclude_none=True)) == [".spec.port is lost"]


def test_control_plane() -> None:
    assert MONITORS["llumnix-control-plane"] == {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "llumnix-control-plane", "labels": PART_OF},
        "spec": {
            "jobLabel": "app",
            "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["gateway", "scheduler"]}]},
            "endpoints": [{"port": "http", "path": "/metrics", "interval": "10s"}],
        },
    }


@pytest.mark.parametrize("role", ROLES)
def test_engines(role: str) -> None:
    assert MONITORS[f"llumnix-engine-{role}"] == {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": f"llumnix-engine-{role}", "labels": PART_OF},
        "spec": {
            "selector": {"matchLabels": {"leaderworkerset.sigs.k8s.io/name": role}},
            "podMetricsEndpoints": [
                {
                    "port": "metrics",
                    "path": "/metrics",
                    "interval": "10s",
                    "relabelings": [
                        {
                            "sourceLabels": ["__meta_kubernetes_pod_label_llumnix_io_infer_type"],
                            "targetLabel": "infer_type",
                        },
                        {"sourceLabels": ["__meta_kubernetes_pod_label_llumnix_io_model"], "targetLabel": "model"},
                    ],
                }
            ],
        },
    }


def test_nothing_else_is_scraped() -> None:
    assert set(MONITORS) == {"llumnix-control-plane", *(f"llumnix-engine-{role}" for role in ROLES)}


def test_pod_labels_are_those_that_kubernetes_service_discovery_names() -> None:
    """It writes every character of a label's name that is neither letter nor digit as _."""
    for name in (f"llumnix-engine-{role}" for role in ROLES):
        sources = [one["sourceLabels"] for one in MONITORS[name]["spec"]["podMetricsEndpoints"][0]["relabelings"]]
        assert sources == [
            ["__meta_kubernetes_pod_label_" + re.sub(r"[^a-zA-Z0-9]", "_", label)]
            for label in ("llumnix.io/infer-type", "llumnix.io/model")
        ]


def test_the_folder_is_a_kustomization_of_what_is_in_it() -> None:
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text(encoding="utf-8"))
    assert kustomization == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["monitoring.yaml", "rules.yaml"],
    }
    assert all((BASE / name).is_file() for name in kustomization["resources"])


def test_the_further_engines_of_a_pod_differ_from_the_first_by_their_port() -> None:
    """The same pods, and but for the address the same labels: with the job of the base's PodMonitor."""
    [further], first = FURTHER.values(), MONITORS["llumnix-engine-neutral"]
    assert further["metadata"]["labels"] == PART_OF
    assert further["spec"]["selector"] == first["spec"]["selector"]
    [of_first] = first["spec"]["podMetricsEndpoints"]
    assert further["spec"]["podMetricsEndpoints"] == [
        of_first
        | {
            "relabelings": [
                {
                    "sourceLabels": ["__address__"],
                    "regex": r"(.+):\d+",
                    "replacement": f"$1:{port}",
                    "targetLabel": "__address__",
                },
                {
                    "sourceLabels": ["__meta_kubernetes_namespace"],
                    "replacement": "$1/llumnix-engine-neutral",
                    "targetLabel": "job",
                },
                *of_first["relabelings"],
            ]
        }
        for port in (8001, 8002, 8003)
    ]


def test_the_component_is_a_kustomization_that_one_adds() -> None:
    assert yaml.safe_load((SEVERAL_ENGINES / "kustomization.yaml").read_text(encoding="utf-8")) == {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": ["monitoring.yaml"],
    }


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl, which has kustomize in it, is not installed")
def test_kustomize_puts_base_and_component_together(tmp_path: Path) -> None:
    """As the documentation says it, with the label that a kube-prometheus-stack wants."""
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        "resources: [../deploy/base]\ncomponents: [../deploy/components/several-engines]\n"
        "labels:\n  - pairs: {release: prometheus}\n"
    )
    done = subprocess.run(["kubectl", "kustomize", str(overlay)], capture_output=True, text=True, check=True)
    built = {one["metadata"]["name"]: one for one in yaml.safe_load_all(done.stdout)}
    rules = read(BASE / "rules.yaml")
    assert set(built) == {*MONITORS, *FURTHER, *rules}
    assert all(one["metadata"]["labels"] == {**PART_OF, "release": "prometheus"} for one in built.values())
    assert {name: one["spec"] for name, one in built.items()} == {
        name: one["spec"] for name, one in (MONITORS | FURTHER | rules).items()
    }


def attached(monitor: Json) -> set[str]:
    """The labels of a monitor's targets: those that scraping attaches, and the Prometheus its cluster's name."""
    endpoints = monitor["spec"].get("podMetricsEndpoints") or monitor["spec"]["endpoints"]
    labels = {CLUSTER, *ATTACHED[monitor["kind"]]}
    for endpoint in endpoints:
        labels |= {one["targetLabel"] for one in endpoint.get("relabelings", [])}
    return labels - {"__address__"}


def test_the_catalogue_knows_what_is_attached() -> None:
    for exporter in (GATEWAY, SCHEDULER):
        assert set(exporter.labels) == attached(MONITORS["llumnix-control-plane"])
    for role in ROLES:
        assert set(ENGINE.labels) == attached(MONITORS[f"llumnix-engine-{role}"])
    assert all(set(ENGINE.labels) == attached(one) for one in FURTHER.values())


def test_dashboards_select_and_group_by_labels_that_are_there() -> None:
    there = {
        "gateway": attached(MONITORS["llumnix-control-plane"]),
        "engine": attached(MONITORS["llumnix-engine-decode"]),
    }
    there["scheduler"] = there["gateway"]
    # Not ours: its series have the fleet's labels by themselves, and a query gives them the role.
    there["kube-state-metrics"] = {*FLEET, "job", "infer_type"}
    asked = 0
    for uid, dashboard in DASHBOARDS.items():
        for where, text in queries(dashboard):
            for one in selectors(text):
                labels = {*one.matchers, *(label for _, by in one.aggregations()[:1] for label in by)}
                for exporter in one.metric.exporters:
                    assert labels - {"le", *one.metric.labels} <= there[exporter.name], (uid, where, one.series)
                    asked += 1
    assert asked > 500


@pytest.mark.parametrize("namespace", ["llumnix", "a-b.c", "prod"])
@pytest.mark.parametrize("name", [name for name, one in MONITORS.items() if one["kind"] == "PodMonitor"])
def test_the_engines_job_is_matched(name: str, namespace: str) -> None:
    """A PodMonitor's job is its namespace and name; a plain scrape, outside Kubernetes, has the name alone."""
    assert re.fullmatch(ENGINE.job, f"{namespace}/{name}")
    assert re.fullmatch(ENGINE.job, name)


def test_each_service_has_its_job() -> None:
    (expression,) = MONITORS["llumnix-control-plane"]["spec"]["selector"]["matchExpressions"]
    for service in expression["values"]:
        assert [one.name for one in EXPORTERS if re.fullmatch(one.job, service)] == [service]


@pytest.mark.parametrize(
    "job",
    ["node", "gateway-2", "my-gateway", "llumnix-engine", "ns/llumnix-engine-decode-2", "x-llumnix-engine-decode"],
)
def test_nobody_elses_job_is_matched(job: str) -> None:
    assert not any(re.fullmatch(one.job, job) for one in EXPORTERS)
