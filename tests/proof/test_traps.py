"""Careless queries give other numbers than ours on the same store, and ours is the truth."""

import re
from pathlib import Path

import pytest

from llumnix_dash.catalog import cms
from tests.prometheus.stores import STORES
from tests.proof import truth_cms, truth_component, truth_lrs, truth_request, truth_vllm
from tests.proof.expected import about
from tests.proof.fleets import INTERVAL, past, scenarios, write
from tests.proof.shown import BOARDS, WINDOW, Backfilled
from tests.proof.traps import MEDIAN, TRAPS, Trap

TRUTHS = {
    "request": truth_request.PANELS | truth_request.WITH_MANY_FAILURES,
    "component": truth_component.PANELS | truth_component.WITH_MANY_FAILURES,
    "cms": truth_cms.PANELS | truth_cms.PREDICTIONS,
    "lrs": truth_lrs.PANELS,
    "vllm": truth_vllm.PANELS | truth_vllm.BY_INSTANCE,
}
TRUTHS_WHERE_NOTHING_RARE_HAPPENED = {
    "request": truth_request.WITHOUT_RARE_EVENTS,
    "component": truth_component.WITHOUT_RARE_EVENTS,
}


@pytest.mark.parametrize(
    ("scenario", "trap"),
    [pytest.param(trap.scenario, trap, id=trap.name.replace(" ", "-")) for trap in TRAPS],
    indirect=["scenario"],
    scope="session",
)
def test_a_careless_query_gives_another_number(store: Backfilled, scenario: str, trap: Trap) -> None:
    truths = TRUTHS_WHERE_NOTHING_RARE_HAPPENED if scenario == "fresh" else TRUTHS
    told = truth_vllm.latencies(0.5) if trap.variables == MEDIAN else truths[trap.board]
    truth = told[trap.key](store.events())[trap.line]
    assert store.shown(trap.board, trap.key, trap.variables)[trap.line] == truth
    assert store.number(trap.careless) != truth


@scenarios("restart")
def test_counters_are_rated_before_they_are_added_up(store: Backfilled) -> None:
    """A gateway restarts: its counters fall, and so does their sum, which then seems to begin anew."""
    # On a step of the panel.
    before_end = 150.0
    events = store.events(before_end=before_end)
    [deployment] = store.past.fleet.deployments
    restarted = deployment.gateways[0].process.started
    assert events.recent(restarted + INTERVAL)
    # What a process counts after its last scrape is lost with it.
    lost = [one for one in events.good if one.gateway == 0 and restarted - INTERVAL < one.finished <= restarted]
    tokens, lost_tokens = (sum(one.output_tokens for one in requests) for requests in (events.good, lost))
    truth = about((tokens - lost_tokens) / WINDOW)
    assert store.shown("request", "output_token_throughput", before_end=before_end) == {"output": truth}
    careless = f'rate(sum(request_output_tokens_total{{job="gateway"}})[5m:{INTERVAL}s])'
    assert store.number(careless, before_end=before_end) != truth


@scenarios("nothing-known")
@pytest.mark.parametrize(
    ("key", "careless"),
    [
        ("requests_now", "sum(rate(request_total{job='gateway'}[5m]))"),
        (
            "success_ratio_now",
            "sum(rate(request_total{job='gateway',status_code=~'2..'}[5m]))"
            " / sum(rate(request_total{job='gateway'}[5m]))",
        ),
        (
            "ttft_within_objective_now",
            "(sum(rate(request_ttft_milliseconds_bucket{job='gateway',le='2000'}[5m]))"
            " - sum(rate(request_total{job='gateway',status_code!='200'}[5m])))"
            " / sum(rate(request_ttft_milliseconds_count{job='gateway'}[5m]))",
        ),
    ],
    ids=["requests", "success-ratio", "ttft-in-objective"],
)
def test_an_outage_shows_though_its_status_is_new(store: Backfilled, key: str, careless: str) -> None:
    """No engine is known and each request of a model is a 503: a series that begins with all of them at once."""
    before_end = 345.0
    events = store.events(before_end=before_end)
    assert sum(one.status == "503" for one in events.answered) > 0.02 * len(events.answered)
    truth = truth_request.HEADLINE[key](events)
    assert store.shown("request", key, before_end=before_end) == truth
    assert store.number(careless, before_end=before_end) != next(iter(truth.values()))


@scenarios("restart")
def test_gauges_of_an_instance_that_has_gone_are_not_taken_for_the_fleet(store: Backfilled) -> None:
    """The cluster meta store's view keeps an instance that has gone: the panel says so, the engines are the count."""
    truth = truth_vllm.PANELS["scheduler_state"](store.events())["running decode"]
    assert store.shown("vllm", "scheduler_state")["running decode"] == truth
    instances = truth_cms.PANELS["instances"](store.events())["engines decode"]
    shown = store.shown("cms", "instances")
    assert shown["engines decode"] == instances
    assert shown["CMS decode"] != instances
    assert cms.GONE_CAVEAT in BOARDS["cms"].panel("instances")["description"]


@scenarios("default")
def test_a_heatmap_does_not_change_with_zoom(store: Backfilled) -> None:
    line, [near, far] = "+Inf", [store.session(seconds=seconds) for seconds in (300, 660)]
    panel = BOARDS["request"].panel("input_tokens")["id"]
    shown = [
        next(one for one in session.panel(BOARDS["request"].json, panel)["A"] if one.labels["le"] == line).points[-1]
        for session in (near, far)
    ]
    assert shown[0] == pytest.approx(shown[1], rel=1e-9)
    careless = 'sum(increase(request_input_tokens_bucket{job="gateway",le="+Inf"}[%ds]))'
    assert store.number(careless % 300) != about(store.number(careless % 660) or 0)


@scenarios("idle")
def test_a_heatmap_without_requests_is_blank_and_no_bare_frame(store: Backfilled) -> None:
    for board, panel in (("request", "input_tokens"), ("vllm", "prompt_length")):
        assert store.shown(board, panel) == {}


@scenarios("idle")
def test_a_bound_does_not_stand_where_there_is_nothing_that_it_bounds(store: Backfilled) -> None:
    assert store.shown("overview", "token_gaps") == {}


@scenarios("default")
def test_a_drop_down_lists_llumnix_instances_only(store: Backfilled) -> None:
    variables = store.variables("component")
    [deployment] = store.past.fleet.deployments
    ours = {target.instance for target in (*deployment.gateways, *deployment.schedulers)}
    assert set(variables["instance"]) == ours
    client = store.session().client
    end = store.past.fleet.times[-1]
    assert set(client.label_values("instance", end - 600, end, "uptime_seconds")) > ours


@pytest.mark.xdist_group("proof default")
@pytest.mark.parametrize("program", list(STORES), indirect=True)
@pytest.mark.parametrize(("bound", "other"), [("2000", "2000.0"), ("2000.0", "2000")])
def test_bounds_are_found_in_either_spelling(program: str, bound: str, other: str, tmp_path: Path) -> None:
    """Prometheus 3 writes whole bounds of any exporter with a fraction; before, they are as the exporter has them."""
    names = re.compile(r"(request_ttft_milliseconds_(bucket|count)|request_total|up)\{")
    lines = write(past("default").fleet, tmp_path / "all.om").read_text(encoding="utf-8").splitlines(keepends=True)
    ours = "".join(line for line in lines if names.match(line))
    if "." in bound:
        ours = re.sub(r'le="(\d+)"', r'le="\1.0"', ours)
    assert f'le="{bound}"' in ours
    samples = tmp_path / "samples.om"
    samples.write_text(f"{ours}# EOF\n", encoding="utf-8")
    with STORES[program](samples, tmp_path) as url:
        store = Backfilled(program, url, past("default"))
        truth = truth_request.HEADLINE["ttft_within_objective_now"](store.events())
        assert store.shown("request", "ttft_within_objective_now") == truth
        careless = f'sum(rate(request_ttft_milliseconds_bucket{{job="gateway",le="{other}"}}[5m]))'
        assert store.number(careless) is None


@pytest.mark.parametrize(
    ("board", "key", "says"),
    [
        ("component", "preprocess_duration", "whole milliseconds"),
        ("component", "queue_duration", "5 s"),
        ("request", "itl", "500 ms"),
        ("request", "e2e_latency", "HTTP 200"),
        ("cms", "selected_kv_cache_usage_prefill", "twice"),
        ("vllm", "decode_time", "0.3 s"),
    ],
)
def test_what_no_query_can_mend_is_said_in_the_description(board: str, key: str, says: str) -> None:
    assert says in BOARDS[board].panel(key)["description"]
