"""The matchers of a selector: the exporter's jobs, the dashboard's variables, and those that a query asks for."""

import re

import pytest

from llumnix_dash.catalog import cms, gateway, process, vllm
from llumnix_dash.catalog.exporters import GATEWAY, SCHEDULER
from llumnix_dash.catalog.metric import CatalogError, Histogram
from llumnix_dash.promql import Objective, Query, rate, selector, share_below
from llumnix_dash.variables import (
    CMS_INFER_TYPE,
    CMS_INSTANCE,
    ENGINE_INSTANCE,
    GATEWAY_INSTANCE,
    MODEL,
    NAMESPACE,
    PROCESS_INSTANCE,
    TTFT_OBJECTIVE,
)
from tests.reading import selectors


def test_without_a_dashboard_only_the_job() -> None:
    assert selector(gateway.REQUESTS, ()) == f'request_total{{job="{GATEWAY.job}"}}'


def test_the_jobs_of_all_who_export_it() -> None:
    assert selector(process.UPTIME, ()) == f'uptime_seconds{{job=~"{GATEWAY.job}|{SCHEDULER.job}"}}'


def test_a_variable_filters_the_metrics_that_bear_its_label() -> None:
    scope = (NAMESPACE.filter, MODEL.filter)
    assert selector(gateway.REQUESTS, scope).endswith(
        f'{{job="{GATEWAY.job}",namespace=~"$namespace",model=~"$model"}}'
    )
    assert selector(gateway.PENDING_REQUESTS, scope).endswith(f'{{job="{GATEWAY.job}",namespace=~"$namespace"}}')


def test_an_instance_of_one_exporter_is_none_of_another() -> None:
    """The label instance is a gateway's address on one metric and an engine's on another."""
    assert "$instance" in selector(gateway.REQUESTS, (GATEWAY_INSTANCE.filter,))
    assert "$instance" not in selector(vllm.RUNNING_REQUESTS, (GATEWAY_INSTANCE.filter,))
    assert "$instance" not in selector(gateway.REQUESTS, (ENGINE_INSTANCE.filter,))
    assert "$instance" in selector(vllm.RUNNING_REQUESTS, (ENGINE_INSTANCE.filter,))


def test_a_filter_of_two_exporters_filters_what_either_exports() -> None:
    for metric in (process.UPTIME, gateway.REQUESTS, cms.RUNNING_REQUESTS):
        assert 'instance=~"$instance"' in selector(metric, (PROCESS_INSTANCE.filter,))
    # What both export is not filtered by an instance of one of them.
    assert "$instance" not in selector(process.UPTIME, (GATEWAY_INSTANCE.filter,))


def test_a_variable_may_have_another_name_than_its_label() -> None:
    assert 'instance_id=~"$instance"' in selector(cms.RUNNING_REQUESTS, (CMS_INSTANCE.filter,))


def test_a_matcher_of_the_query_takes_the_variables_place() -> None:
    text = selector(cms.RUNNING_REQUESTS, (CMS_INFER_TYPE.filter,), where={"infer_type": "decode"})
    assert text == 'instance_cms_running_requests{job="scheduler",infer_type="decode"}'


def test_a_negative_matcher_stands_beside_the_variable() -> None:
    text = selector(gateway.REQUESTS, (MODEL.filter,), unless={"model": "a", "status_code": ("2..", "4..")})
    assert text == f'request_total{{job="{GATEWAY.job}",model=~"$model",model!="a",status_code!~"2..|4.."}}'


def test_a_matcher_on_a_label_that_is_not_there_is_refused() -> None:
    with pytest.raises(CatalogError, match="gateway_pending_requests has no label 'model'"):
        selector(gateway.PENDING_REQUESTS, (), where={"model": "a"})


@pytest.mark.parametrize(
    ("histogram", "bound"),
    [
        pytest.param(one, bound, id=f"{one.name} {bound:g}")
        for one in (gateway.TTFT, gateway.E2E_LATENCY)
        for bound in one.buckets
    ],
)
def test_le_is_matched_as_any_prometheus_writes_it(histogram: Histogram, bound: float) -> None:
    """Prometheus 3 writes 1000.0, earlier ones 1000; Grafana puts the option in place of the variable."""
    objective = Objective("bound", "Bound", histogram, bound)
    option = objective.options[histogram.buckets.index(bound)]
    for pattern in (
        le_of(share_below(histogram, bound)),
        le_of(share_below(histogram, objective)).replace("$bound", option),
    ):
        matched = [
            other
            for other in histogram.buckets
            for le in (f"{other:g}", repr(float(other)))
            if re.fullmatch(pattern, le)
        ]
        assert set(matched) == {bound}
        assert re.fullmatch(pattern, repr(float(bound)))
        assert re.fullmatch(pattern, f"{bound:.15g}")


def test_the_objective_offers_the_buckets_bounds() -> None:
    assert ",".join(TTFT_OBJECTIVE.options) == "10,20,50,100,200,500,1000,2000,5000,10000,20000,30000,60000"


def test_the_same_query_suits_every_dashboard() -> None:
    query = rate(gateway.REQUESTS)
    assert query.text(()) != query.text((NAMESPACE.filter,))
    assert query.metrics == (gateway.REQUESTS,)


def le_of(query: Query) -> str:
    return next(one.matchers["le"][1] for one in selectors(query.text(())) if "le" in one.matchers)
