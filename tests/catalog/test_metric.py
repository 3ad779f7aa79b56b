"""A query that a metric does not allow fails where it is written, with the whole message that a developer sees."""

import dataclasses
from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError

from llumnix_dash.catalog import METRICS, cms, gateway, lrs, process, scheduler, vllm
from llumnix_dash.catalog.exporters import GATEWAY
from llumnix_dash.catalog.metric import CatalogError, Counter, Gauge, Histogram, Metric, Unit
from llumnix_dash.promql import (
    Objective,
    Query,
    average,
    bucket_rates,
    failure_ratio,
    highest,
    increase,
    leading_instances,
    mean,
    quantile,
    rate,
    share_below,
    top_instances,
    total,
)
from llumnix_dash.variables import LabelVariable

TTFT_OBJECTIVE = Objective("ttft_objective", "TTFT objective", gateway.TTFT, 2000)


def test_messages(golden: Callable[[str, str], None]) -> None:
    mistakes: dict[str, Callable[[], object]] = {
        "quantile(0.99, gateway.REQUESTS)": lambda: quantile(0.99, gateway.REQUESTS),
        "mean(gateway.PENDING_REQUESTS)": lambda: mean(gateway.PENDING_REQUESTS),
        "bucket_rates(gateway.REQUESTS)": lambda: bucket_rates(gateway.REQUESTS),
        "rate(gateway.PENDING_REQUESTS)": lambda: rate(gateway.PENDING_REQUESTS),
        "increase(gateway.TTFT)": lambda: increase(gateway.TTFT),
        "failure_ratio(scheduler.SCHEDULINGS, gateway.PENDING_REQUESTS)": lambda: failure_ratio(
            scheduler.SCHEDULINGS, gateway.PENDING_REQUESTS
        ),
        "highest(lrs.TOTAL_REQUESTS)": lambda: highest(lrs.TOTAL_REQUESTS),
        "average(lrs.TOTAL_REQUESTS)": lambda: average(lrs.TOTAL_REQUESTS),
        "leading_instances(gateway.TTFT)": lambda: leading_instances(gateway.TTFT).text(()),
        'rate(gateway.REQUESTS, by=("status",))': lambda: rate(gateway.REQUESTS, by=("status",)),
        'rate(gateway.REQUESTS, where={"infer_type": "decode"})': lambda: rate(
            gateway.REQUESTS, where={"infer_type": "decode"}
        ),
        'quantile(0.5, vllm.TTFT, by=("role",))': lambda: quantile(0.5, vllm.TTFT, by=("role",)),
        'average(cms.KV_CACHE_USAGE, by=("model",))': lambda: average(cms.KV_CACHE_USAGE, by=("model",)),
        "total(vllm.KV_CACHE_USAGE)": lambda: total(vllm.KV_CACHE_USAGE),
        "mean(scheduler.SELECTED_PREDICTED_TTFT)": lambda: mean(scheduler.SELECTED_PREDICTED_TTFT),
        "share_below(gateway.TTFT, 1500)": lambda: share_below(gateway.TTFT, 1500),
        "share_below(gateway.TPOT, TTFT_OBJECTIVE)": lambda: share_below(gateway.TPOT, TTFT_OBJECTIVE),
        'Objective("e2e", "E2E objective", gateway.E2E_LATENCY, 45)': lambda: Objective(
            "e2e", "E2E objective", gateway.E2E_LATENCY, 45
        ),
        "top_instances(total(gateway.PENDING_REQUESTS), rank=cms.USED_GPU_TOKENS)": lambda: top_instances(
            total(gateway.PENDING_REQUESTS), cms.USED_GPU_TOKENS
        ),
        'LabelVariable("model", "Model", process.UPTIME, "model")': lambda: LabelVariable(
            "model", "Model", process.UPTIME, "model"
        ),
        "Unit.RATIO.per_second": lambda: Unit.RATIO.per_second,
    }
    lines = []
    for call, mistake in mistakes.items():
        with pytest.raises(CatalogError) as caught:
            mistake()
        lines += [f">>> {call}", caught.value.render(), ""]
    golden("catalog/mistakes.txt", "\n".join(lines))


def test_a_mistake_is_found_when_it_is_written_and_not_when_it_is_asked() -> None:
    """The text of a query exists within a board only; a mistake must not wait for it."""
    with pytest.raises(CatalogError, match="of gateway_pending_requests means nothing"):
        rate(gateway.PENDING_REQUESTS)
    assert isinstance(rate(gateway.REQUESTS), Query)


@pytest.mark.parametrize("bounds", [(), (2, 1), (1, 1), (1, float("inf"))])
def test_buckets_rise_and_end_below_infinity(bounds: tuple[float, ...]) -> None:
    with pytest.raises(CatalogError, match="the buckets of a_histogram must rise and end below"):
        Histogram(name="a_histogram", unit=Unit.SECONDS, exporters=(GATEWAY,), buckets=bounds, description="A.")


def as_pydantic_takes_it(kind: type[Metric], fields: dict[str, object]) -> dict[str, object]:
    return dict(vars(TypeAdapter(kind).validate_python(fields)))


@pytest.mark.parametrize("kind", [Counter, Gauge, Histogram])
def test_every_field_has_its_type(kind: type[Metric]) -> None:
    """The metrics are plain dataclasses, for speed; what pydantic would check at import is checked here."""
    for metric in METRICS:
        if isinstance(metric, kind):
            fields = {field.name: getattr(metric, field.name) for field in dataclasses.fields(metric)}
            # Equal: nothing had to be converted.
            assert as_pydantic_takes_it(kind, fields) == fields


def test_a_field_of_another_type_would_be_found() -> None:
    with pytest.raises(ValidationError, match="labels"):
        as_pydantic_takes_it(
            Gauge, {"name": "a", "unit": Unit.COUNT, "exporters": (GATEWAY,), "description": "A.", "labels": "model"}
        )


def test_labels_are_those_of_every_exporter() -> None:
    """The metric's own and what scraping adds; of what several export, what all bear."""
    assert vllm.TTFT.all_labels == ("model_name", "engine", *vllm.TTFT.exporters[0].labels)
    assert "model" not in process.UPTIME.all_labels
    assert process.UPTIME.instance_name == ("job", "instance")


def test_what_tells_an_instance_from_every_other() -> None:
    assert cms.RUNNING_REQUESTS.identity == ("cluster", "namespace", "infer_type", "instance_id")
    assert lrs.TOTAL_REQUESTS.identity == ("cluster", "namespace", "infer_type", "instance_id")
    assert vllm.RUNNING_REQUESTS.identity == ("cluster", "namespace", "infer_type", "instance")
    assert gateway.PENDING_REQUESTS.identity == ("cluster", "namespace", "instance")
