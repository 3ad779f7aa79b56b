"""The live fleet: a path a target, scraped by a real Prometheus through the monitors' relabelings."""

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from llumnix_dash.errors import UserError
from llumnix_dash.fleet import SCENARIOS
from llumnix_dash.fleet.fleet import RunningFleet
from llumnix_dash.fleet.live import LiveFleet, server
from llumnix_dash.fleet.prometheus_config import (
    MONITORING,
    SEVERAL_ENGINES,
    discovered,
    monitoring_of,
    prometheus_config,
)
from llumnix_dash.fleet.target import STRANGER

SCRAPE_CONFIGS = Path("deploy/scrape_configs")
needs_prometheus = pytest.mark.skipif(not shutil.which("prometheus"), reason="there is no prometheus on this machine")


@contextmanager
def live(name: str) -> Iterator[tuple[RunningFleet, int]]:
    """A served fleet and its port."""
    fleet = RunningFleet(SCENARIOS[name], seed=1, restart_at=300)
    with server(LiveFleet(fleet), 0) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield fleet, listener.server_port
        finally:
            listener.shutdown()
            thread.join()


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def proxied(port: int, url: str) -> str:
    """What the live fleet gives for a URL, as the proxy on the way to it."""
    proxy = urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{port}"})
    with urllib.request.build_opener(proxy).open(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


@pytest.fixture(scope="module")
def default() -> Iterator[tuple[RunningFleet, int]]:
    with live("default") as running:
        yield running


def test_each_target_has_a_path_and_tells_its_exporters_metrics(default):
    fleet, port = default
    paths = get(port, "/").split()
    assert len(paths) == len(fleet.targets) == 11
    for target in fleet.targets:
        page = get(port, f"/{target.name}/metrics")
        assert proxied(port, f"http://{target.instance}/metrics").splitlines()[:2] == page.splitlines()[:2]
        families = {family.name for family in text_string_to_metric_families(page)}
        told = {name for name, series in target.process.series.items() if series}
        # The client library names a counter's family without its suffix.
        assert families == {name.removesuffix("_total") if "counter" in _type(page, name) else name for name in told}


def _type(page: str, name: str) -> str:
    return next(line for line in page.splitlines() if line.startswith(f"# TYPE {name} "))


def test_a_scraper_that_prefers_openmetrics_still_gets_the_colon_of_vllms_names(default):
    request = urllib.request.Request(
        f"http://127.0.0.1:{default[1]}/decode-0/metrics", headers={"Accept": "application/openmetrics-text"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert b"\nvllm:num_requests_running{" in answer.read()


def test_an_unknown_path_is_not_found(default):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(default[1], "/gateway-9/metrics")
    assert caught.value.code == 404


def test_an_unknown_address_is_not_found(default):
    with pytest.raises(urllib.error.HTTPError) as caught:
        proxied(default[1], "http://10.9.9.9:8000/metrics")
    assert caught.value.code == 404


def test_it_follows_the_clock(default):
    fleet, port = default
    get(port, "/gateway-0/metrics")
    before = fleet.clock.now
    get(port, "/gateway-0/metrics")
    assert before < fleet.clock.now


def test_at_the_same_moment_it_is_the_fleet_of_the_past(simulated):
    """Live and past are one simulation: the same seed gives the same figures at the same age."""
    fleet = RunningFleet(SCENARIOS["default"], seed=1, restart_at=300)
    for age in (0.0, 17.3, 60.0):
        fleet.run_until(age)
    past = simulated("default", 10)
    [gateway] = [target for target in fleet.targets if target.name == "gateway-0"]
    for labels, value in gateway.process.series["request_total"].items():
        tracks = past.history.families["request_total"].tracks
        wanted = {"model": labels[0], "status_code": labels[1], "pod": "gateway-0"}
        [track] = [one for one in tracks if wanted.items() <= dict(one.labels).items()]
        assert track.values[list(track.ticks).index(6)] == value


def test_a_restarting_target_does_not_answer():
    with live("restart") as (fleet, port):
        fleet.targets[0].process.restart(fleet.clock.now, 15.0)
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(port, "/gateway-0/metrics")
        assert caught.value.code == 503


def test_a_port_that_is_taken_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="cannot listen on port"):
            server(LiveFleet(RunningFleet(SCENARIOS["idle"], 1, 300)), taken.getsockname()[1])


def test_missing_monitors_say_how_to_name_them(tmp_path):
    with pytest.raises(UserError, match="cannot read the monitors") as caught:
        prometheus_config(RunningFleet(SCENARIOS["idle"], 1, 300), [tmp_path / "monitoring.yaml"], 9400)
    assert "--monitoring" in (caught.value.hint or "")


def test_a_target_that_no_monitor_selects_is_an_error(tmp_path):
    """As in a cluster, it would silently not be scraped."""
    path = tmp_path / "monitoring.yaml"
    path.write_text(MONITORING.read_text().replace("sigs.k8s.io/name: decode", "sigs.k8s.io/name: decoder"))
    with pytest.raises(UserError, match="no PodMonitor scrapes decode-0"):
        prometheus_config(RunningFleet(SCENARIOS["idle"], 1, 300), [path], 9400)


def test_scrapes_are_as_often_as_the_monitors_or_the_user_say():
    fleet = RunningFleet(SCENARIOS["several-engines"], 1, 300)
    intervals = [
        {job["scrape_interval"] for job in yaml.safe_load(text)["scrape_configs"]}
        for text in (
            prometheus_config(fleet, monitoring_of(fleet), 9400),
            prometheus_config(fleet, monitoring_of(fleet), 9400, interval=60),
        )
    ]
    assert intervals == [{"10s"}, {"60s"}]


def test_the_further_engines_of_a_pod_need_their_component():
    with pytest.raises(UserError, match="no PodMonitor scrapes neutral-0-8001 at its port 8001") as caught:
        prometheus_config(RunningFleet(SCENARIOS["several-engines"], 1, 300), [MONITORING], 9400)
    assert str(SEVERAL_ENGINES) in (caught.value.hint or "")


def test_a_service_of_another_name_needs_the_job_label(tmp_path):
    """Without it the job would be the Service's name, and no query would find it."""
    fleet = RunningFleet(SCENARIOS["several-engines"], 1, 300)
    with_label, without = tmp_path / "with.yaml", tmp_path / "without.yaml"
    with_label.write_text(MONITORING.read_text())
    without.write_text(MONITORING.read_text().replace("  jobLabel: app\n", ""))
    made = [
        [one for one in job["relabel_configs"] if one["target_label"] == "job"][-1]["source_labels"]
        for path in (with_label, without)
        for job in yaml.safe_load(prometheus_config(fleet, [path, SEVERAL_ENGINES], 9400))["scrape_configs"][:1]
    ]
    assert made == [["__meta_kubernetes_service_label_app"], ["__meta_kubernetes_service_name"]]


def test_kube_state_metrics_keeps_the_namespace_of_what_it_tells_of():
    fleet = RunningFleet(SCENARIOS["outage"], 1, 300)
    jobs = yaml.safe_load(prometheus_config(fleet, monitoring_of(fleet), 9400))["scrape_configs"]
    assert [job["job_name"] for job in jobs if job.get("honor_labels")] == ["kube-state-metrics"]


def test_a_target_that_is_yet_to_come_has_its_place_and_does_not_answer():
    """A static configuration names all from the start."""
    with live("scale-up") as (fleet, port):
        assert len(fleet.places) == len(fleet.targets) + 3
        assert "/decode-3/metrics" in get(port, "/").split()
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(port, "/decode-3/metrics")
        assert caught.value.code == 503


@needs_prometheus
@pytest.mark.parametrize("name", ["default", "two-namespaces", "no-namespace", "several-engines", "two-clusters"])
def test_prometheus_attaches_the_labels_that_past_samples_have(tmp_path, name):
    with live(name) as (fleet, port):
        config = tmp_path / "prometheus.yml"
        config.write_text(prometheus_config(fleet, monitoring_of(fleet), port, interval=1))
        scraped = scraped_targets(config, tmp_path / "data", len(fleet.targets))
    labels = sorted(sorted(target["labels"].items()) for target in scraped)
    assert labels == sorted(sorted(target.labels.items()) for target in fleet.targets)
    assert {target["health"] for target in scraped} == {"up"}


@needs_prometheus
@pytest.mark.parametrize("name", ["default", "two-namespaces", "several-engines"])
def test_without_the_operator_the_labels_are_the_same(tmp_path, name):
    """Discovery tells each job of ``deploy/scrape_configs`` of every target: it must keep its own, and no others'."""
    with live(name) as (fleet, port):
        files = (
            ["llumnix.yaml", "several-engines.yaml"] if SEVERAL_ENGINES in monitoring_of(fleet) else ["llumnix.yaml"]
        )
        jobs = [job for file in files for job in yaml.safe_load((SCRAPE_CONFIGS / file).read_text())["scrape_configs"]]
        static = [discovered(target) for target in fleet.targets if target.is_discovered]
        for job in jobs:
            del job["kubernetes_sd_configs"]
            job |= {"static_configs": static, "proxy_url": f"http://127.0.0.1:{port}", "scrape_interval": "1s"}
        config = tmp_path / "prometheus.yml"
        config.write_text(yaml.safe_dump({"scrape_configs": jobs}))
        wanted = [target for target in fleet.targets if target.exporter is not STRANGER]
        scraped = scraped_targets(config, tmp_path / "data", len(wanted))
    labels = sorted(sorted(target["labels"].items()) for target in scraped)
    assert labels == sorted(sorted(target.labels.items()) for target in wanted)
    assert {target["health"] for target in scraped} == {"up"}


def scraped_targets(config: Path, data: Path, count: int) -> list[dict]:
    """The targets of a Prometheus with this configuration, as soon as it has scraped them all."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}"]
    process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        targets: list[dict] = []
        while time.monotonic() < deadline and process.poll() is None:
            try:
                targets = json.loads(get(port, "/api/v1/targets"))["data"]["activeTargets"]
            except (urllib.error.URLError, ConnectionError):
                targets = []
            if len(targets) == count and all(target["health"] == "up" for target in targets):
                break
            threading.Event().wait(0.1)
        return targets
    finally:
        process.terminate()
        process.wait()
