"""The catalogue against what the components export, kept in two tables: nothing is missing, nothing is made up."""

import csv
from pathlib import Path

import pytest

from llumnix_dash.catalog import LLUMNIX_METRICS, METRICS, vllm
from llumnix_dash.catalog.exporters import EXPORTERS
from llumnix_dash.catalog.metric import Counter, Gauge, Histogram, Metric, Mode, Unit

Facts = dict[str, str]

UNITS = {
    "requests": Unit.REQUESTS,
    "tokens": Unit.TOKENS,
    "seconds": Unit.SECONDS,
    "milliseconds": Unit.MILLISECONDS,
    "percent": Unit.PERCENT,
    "ratio": Unit.RATIO,
    "operations": Unit.OPERATIONS,
    "goroutines": Unit.COUNT,
    "bytes": Unit.BYTES,
}
MODES = {
    "": None,
    "full": Mode.FULL,
    "lite": Mode.LITE,
    "slo": Mode.SLO_AWARE,
    "cache-aware": Mode.CACHE_AWARE,
}


def table(name: str) -> dict[str, Facts]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}


LLUMNIX = table("llumnix_metrics.csv")
VLLM = table("vllm_metrics.csv")


def check_same(catalogue: tuple[Metric, ...], facts: dict[str, Facts], file: str) -> None:
    names = {metric.name for metric in catalogue}
    assert not names - set(facts), (
        f"tests/catalog/{file} lacks {sorted(names - set(facts))}: add a row, from the source"
    )
    assert not set(facts) - names, f"the catalogue lacks {sorted(set(facts) - names)}: add it to its exporter's METRICS"


def test_every_llumnix_metric_is_there() -> None:
    check_same(LLUMNIX_METRICS, LLUMNIX, "llumnix_metrics.csv")


def test_every_vllm_metric_of_the_catalogue_is_a_fact() -> None:
    check_same(vllm.METRICS, VLLM, "vllm_metrics.csv")


@pytest.mark.parametrize("metric", [pytest.param(one, id=one.name) for one in LLUMNIX_METRICS])
def test_a_llumnix_metric_is_as_exported(metric: Metric) -> None:
    assert metric.name in LLUMNIX, f"tests/catalog/llumnix_metrics.csv lacks {metric.name}: add a row, from the source"
    facts = LLUMNIX[metric.name]
    assert (metric.kind, metric.unit) == (facts["type"], UNITS[facts["unit"]])
    assert [exporter.name for exporter in metric.exporters] == facts["exporters"].split()
    assert list(metric.labels) == facts["labels"].split()
    assert buckets(metric) == [float(bound) for bound in facts["buckets"].split()]
    assert metric.mode == MODES[facts["mode"]]


@pytest.mark.parametrize("metric", [pytest.param(one, id=one.name) for one in METRICS])
def test_since_when_a_metric_is_there(metric: Metric) -> None:
    """From the process's start, its first request, the first event of a rare kind, or never by today's schedulers.

    vLLM's are there from the start, at 0.
    """
    since = LLUMNIX[metric.name]["since"] if metric.name in LLUMNIX else "start"
    assert (isinstance(metric, Counter) and metric.rare) == (since == "event")
    assert (isinstance(metric, Gauge) and metric.total is not None) == (since == "never")


@pytest.mark.parametrize("metric", [pytest.param(one, id=one.name) for one in vllm.METRICS])
def test_a_vllm_metric_is_as_exported(metric: Metric) -> None:
    facts = VLLM[metric.name]
    assert metric.kind == facts["type"]
    assert list(metric.labels) == facts["labels"].split()
    assert list(metric.vllm or vllm.FINISHED_REASONS) == facts["versions"].split()
    assert [exporter.name for exporter in metric.exporters] == ["engine"]
    if facts["buckets"] == "1-2-5":
        # Up to the model's longest context, which is the deployment's.
        assert isinstance(metric, Histogram)
        assert metric.grows
        assert buckets(metric)[:7] == [1, 2, 5, 10, 20, 50, 100]
    else:
        assert buckets(metric) == [float(bound) for bound in facts["buckets"].split()]


def test_what_every_scheduler_replica_tells_of_every_instance() -> None:
    """The state of the instances comes from one store; what a replica dispatched it alone knows."""

    def spread(name: str) -> str:
        if "inflight_dispatch" in name or name.startswith("instance_lrs_"):
            return "shares"
        return "either" if name == "instance_cms_uncomputed_tokens_all_waiting_prefills" else "copies"

    replicated = {metric.name: metric.spread for metric in METRICS if isinstance(metric, Gauge) and metric.replicated}
    assert replicated == {name: spread(name) for name in LLUMNIX if name.startswith("instance_")}


def test_histograms_whose_numbers_mislead() -> None:
    named = {metric.name: metric for metric in METRICS if isinstance(metric, Histogram)}
    assert {name for name, metric in named.items() if metric.no_mean} == {
        "selected_instance_all_prefills_tokens_num",
        "selected_instance_kv_cache_usage_ratio_projected",
        "selected_instance_predicted_ttft",
        "selected_instance_predicted_tpot",
    }
    assert {name for name, metric in named.items() if metric.low_is_bad} == {
        "request_prefix_cache_hit_percent",
        "request_max_prefix_cache_hit_percent",
    }
    assert {name for name, metric in named.items() if metric.failed} == {"request_ttft_milliseconds"}
    whole_milliseconds = {
        name
        for name, facts in LLUMNIX.items()
        if facts["unit"] == "milliseconds" and not name.startswith(("scheduler_cms_refresh_", "selected_instance_"))
    }
    assert {name for name, metric in named.items() if metric.whole} == whole_milliseconds


def test_former_names() -> None:
    """Names whose disappearance has left panels blank elsewhere."""
    assert {metric.name: metric.replaces for metric in METRICS if metric.replaces} == {
        "vllm:inter_token_latency_seconds": ("vllm:time_per_output_token_seconds",),
        "vllm:kv_cache_usage_perc": ("vllm:gpu_cache_usage_perc",),
        "vllm:prefix_cache_queries_total": ("vllm:gpu_prefix_cache_queries_total",),
        "vllm:prefix_cache_hits_total": ("vllm:gpu_prefix_cache_hits_total",),
    }


def test_every_metric_is_described_in_sentences() -> None:
    assert [
        f"{metric.name}: {text}"
        for metric in METRICS
        for text in (metric.description, *metric.caveats)
        if not (text[:1].isupper() and text.endswith("."))
    ] == []


def test_names_are_unique() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)


def test_scraping_attaches_these_labels() -> None:
    assert {exporter.name: exporter.labels for exporter in EXPORTERS} == {
        "gateway": ("cluster", "namespace", "job", "pod", "instance", "service", "container", "endpoint"),
        "scheduler": ("cluster", "namespace", "job", "pod", "instance", "service", "container", "endpoint"),
        "engine": ("cluster", "namespace", "job", "pod", "instance", "container", "endpoint", "infer_type", "model"),
    }


def buckets(metric: Metric) -> list[float]:
    return list(metric.buckets) if isinstance(metric, Histogram) else []
