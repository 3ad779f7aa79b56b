"""What a process keeps of its metrics."""

from llumnix_dash.catalog import cms, gateway
from llumnix_dash.fleet.process import OVERFLOW, Distribution, Process


def test_a_metric_has_so_many_label_sets_and_the_rest_is_in_one():
    """In the process's whole life: those of instances that have gone count, too."""
    process = Process([gateway.REQUESTS, gateway.TTFT, cms.RUNNING_REQUESTS], 0.0, most_label_sets=1000)
    for number in range(1010):
        process.increase(gateway.REQUESTS, f"model-{number}", "200", by=2)
        process.observe(gateway.TTFT, 5, f"model-{number}")
        process.set(cms.RUNNING_REQUESTS, number, f"id-{number}", "decode")
    requests = process.series[gateway.REQUESTS.name]
    assert len(requests) == 1001
    assert requests[OVERFLOW, OVERFLOW] == 20
    times = process.series[gateway.TTFT.name][(OVERFLOW,)]
    assert isinstance(times, Distribution)
    assert times.row()[-2:] == [10, 50]
    # Gauges overwrite each other there.
    assert process.series[cms.RUNNING_REQUESTS.name][OVERFLOW, OVERFLOW] == 1009
    process.increase(gateway.REQUESTS, "model-7", "200")
    assert requests["model-7", "200"] == 3
    process.restart(1.0, 0.0)
    process.increase(gateway.REQUESTS, "model-1009", "200")
    assert process.series[gateway.REQUESTS.name] == {("model-1009", "200"): 1}


def test_an_engine_has_no_such_limit():
    process = Process([gateway.REQUESTS], 0.0)
    for number in range(1010):
        process.increase(gateway.REQUESTS, f"model-{number}", "200")
    assert len(process.series[gateway.REQUESTS.name]) == 1010
