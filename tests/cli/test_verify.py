"""``llumnix-dash verify`` as its users run it: what it prints, and its exit code."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import start_http_server

from llumnix_dash.cli import main
from tests.prometheus.fleet import Store
from tests.prometheus.servers import Received, serving
from tests.prometheus.stores import free_port

DASHBOARDS = Path(__file__).parents[1] / "verify" / "dashboards"
FLEET = str(DASHBOARDS / "fleet.json")


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "TOKEN", "TOKEN_FILE", "USER", "PASSWORD", "PASSWORD_FILE", "HEADERS_FILE"):
        monkeypatch.delenv(f"PROMETHEUS_{name}", raising=False)


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            main(["verify", *arguments])
        captured = capsys.readouterr()
        assert isinstance(exit_.value.code, int)
        return exit_.value.code, captured.out, captured.err

    return run


Verify = Callable[..., tuple[int, str, str]]


def write(path: Path, *exprs: str) -> str:
    panels = [
        {"id": number, "title": f"Panel {number}", "targets": [{"refId": "A", "expr": expr}]}
        for number, expr in enumerate(exprs)
    ]
    path.write_text(json.dumps({"title": "Board", "panels": panels}))
    return str(path)


def test_a_dashboard_on_a_store(store: Store, verify: Verify, golden: Callable[[str, str], None]) -> None:
    code, out, err = verify(FLEET, "--prometheus", store.url, "--to", str(store.end))
    text = re.sub(r" +\d+ ms", "      ? ms", out).replace(store.url, "http://store").replace(str(DASHBOARDS), "…")
    golden(f"verify/fleet-{store.program}.txt", text)
    assert (code, err) == (1, "")


def test_help_reads(verify: Verify, golden: Callable[[str, str], None]) -> None:
    code, out, _ = verify("--help")
    golden("verify/help.txt", out)
    assert code == 0


@pytest.mark.parametrize(
    ("exprs", "code"),
    [
        (["up"], 0),
        (["instance_cms_used_gpu_tokens"], 0),
        (["up", "no_such_metric"], 1),
        (["up", "sum("], 1),
    ],
)
def test_exit_codes(store: Store, verify: Verify, tmp_path: Path, exprs: list[str], code: int) -> None:
    path = write(tmp_path / "board.json", *exprs)
    assert verify(path, "--prometheus", store.url, "--to", str(store.end))[0] == code


def test_the_url_comes_from_the_environment_and_json_is_read_by_programs(
    store: Store, verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_URL", store.url)
    path = write(tmp_path / "board.json", "up")
    code, out, _ = verify(path, "--to", str(store.end), "--format", "json")
    report = json.loads(out)
    assert code == 0
    assert [panel["status"] for panel in report["dashboards"][0]["panels"]] == ["ok"]
    assert (report["from"], report["to"]) == (store.start, store.end)


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [([], 3600), (["--range", "10m"], 600), (["--from", "1750000000"], 3600)],
)
def test_the_time_range(store: Store, verify: Verify, tmp_path: Path, arguments: list[str], seconds: int) -> None:
    path = write(tmp_path / "board.json", "count_over_time(up[$__range])")
    _, out, _ = verify(path, "--prometheus", store.url, "--to", str(store.end), "--format", "json", *arguments)
    [query] = json.loads(out)["dashboards"][0]["panels"][0]["queries"]
    assert query["expr"] == f"count_over_time(up[{seconds}s])"


def test_the_scrape_interval_makes_the_rate_interval(store: Store, verify: Verify, tmp_path: Path) -> None:
    path = write(tmp_path / "board.json", "rate(request_total[$__rate_interval])")
    arguments = (path, "--prometheus", store.url, "--to", str(store.end), "--format", "json")
    _, out, _ = verify(*arguments, "--scrape-interval", "30s")
    [query] = json.loads(out)["dashboards"][0]["panels"][0]["queries"]
    assert query["expr"] == "rate(request_total[2m0s])"


def test_our_own_dashboards_are_the_default(store: Store, verify: Verify) -> None:
    _, out, _ = verify("--prometheus", store.url, "--to", str(store.end), "--format", "json")
    assert [dashboard["uid"] for dashboard in json.loads(out)["dashboards"]] == [
        "llumnix-overview-dashboard",
        "llumnix-request-dashboard",
        "llumnix-component-dashboard",
        "llumnix-cms-dashboard",
        "llumnix-lrs-dashboard",
        "vllm-dashboard",
        "llumnix-alerts-dashboard",
    ]


def test_an_exporter_needs_no_prometheus_and_goes_with_one(store: Store, verify: Verify, tmp_path: Path) -> None:
    registry = CollectorRegistry()
    Counter("request", "x", registry=registry).inc()
    Gauge("custom", "x", registry=registry).set(1)
    Gauge("gateway_pending_requests", "x", registry=registry).set(1)
    port = free_port()
    server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
    try:
        fine = write(tmp_path / "fine.json", "rate(request_total[$__rate_interval]) or request_retry_total")
        code, out, _ = verify(fine, "--metrics-url", f"http://127.0.0.1:{port}/metrics")
        assert code == 0
        assert re.search(r"custom +not in the catalogue", out)
        assert re.search(r"request_retry_total +counts a rare event that has not happened yet", out)
        both = ("--prometheus", store.url, "--to", str(store.end), "--metrics-url", f"http://127.0.0.1:{port}")
        code, out, _ = verify(write(tmp_path / "both.json", "up"), *both, "--format", "json")
        report = json.loads(out)
        assert (code, report["coverage"]["source"]) == (0, f"http://127.0.0.1:{port}")
        assert "custom" in {gap["metric"] for gap in report["coverage"]["unshown"]}
        code, out, _ = verify(write(tmp_path / "bad.json", "mystery"), "--metrics-url", f"http://127.0.0.1:{port}")
        assert code == 1
        assert re.search(r"mystery +no known reason; asked by Board / Panel 0", out)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no Prometheus is named"),
        (["--prometheus", "http://u:s3cret@h"], "holds a user or a secret before the @"),
        (["--prometheus", "http://h", "--set", "namespace"], "'namespace' is not NAME=VALUE"),
        (["--prometheus", "http://h", "--set", "namespac=x"], "try: --set namespace=…"),
        (["--prometheus", "http://h", "--range", "1x"], "'1x' is not a duration"),
        (["--prometheus", "http://h", "--range", "1h", "--from", "now-1h"], "both say when"),
        (["--prometheus", "http://h", "--from", "now", "--to", "now-1h"], "ends before it starts"),
        (["--prometheus", "http://h", "--scrape-interval", "often"], "'often' is not a duration"),
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(verify: Verify, arguments: list[str], message: str) -> None:
    code, out, err = verify(FLEET, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "s3cret" not in err


def test_each_dashboard_is_told_as_soon_as_it_is_done(verify: Verify, tmp_path: Path) -> None:
    """The store refuses what the second asks, and the first's result was printed before."""
    write(tmp_path / "first.json", "good")
    write(tmp_path / "second.json", "bad")

    def answer(request: Received, number: int) -> tuple[int, dict[str, str], bytes]:
        if "bad" in request.body:
            return 401, {}, b""
        data = ["good"] if "values" in request.path else {"resultType": "vector", "result": []}
        return 200, {}, json.dumps({"status": "success", "data": data}).encode()

    with serving(answer) as server:
        code, out, err = verify(str(tmp_path), "--prometheus", server.url)
        assert (code, out.count("Board"), "Panel 0" in out) == (3, 1, True)
        assert "refuses the credentials" in err
        assert verify(str(tmp_path), "--prometheus", server.url, "--format", "json")[:2] == (3, "")


def test_nobody_there_exits_with_3(verify: Verify) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    code, _, err = verify(FLEET, "--prometheus", url)
    assert code == 3
    assert f"error: 127.0.0.1 refuses the connection\n  at {url}\n  try: check the port" in err


def test_refused_credentials_exit_with_3_and_show_no_secret(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_TOKEN", "t0p-s3cret")
    with serving(lambda request, number: (401, {}, b"t0p-s3cret")) as server:
        code, out, err = verify(FLEET, "--prometheus", server.url)
    assert code == 3
    assert "refuses the credentials (HTTP 401)" in err
    assert "t0p-s3cret" not in out + err
