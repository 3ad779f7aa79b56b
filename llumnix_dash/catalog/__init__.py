"""What a Llumnix fleet exports: each metric once, with its type, unit, labels, buckets, exporter and meaning.

Everything else follows from it: queries, units, legends, descriptions and the simulated fleet. To add a metric, add it
to the module of its exporter and to that module's ``METRICS``.
"""

from llumnix_dash.catalog import cms, gateway, kubernetes, lrs, process, scheduler, vllm
from llumnix_dash.catalog.metric import Metric

# The Llumnix metrics, in the order of the specification, then the engines' own.
LLUMNIX_METRICS: tuple[Metric, ...] = (
    *gateway.METRICS,
    *scheduler.METRICS,
    *process.METRICS,
    *cms.METRICS,
    *lrs.METRICS,
)
METRICS: tuple[Metric, ...] = (*LLUMNIX_METRICS, *vllm.METRICS)
# What the fleet does not export: scraping itself writes it of each target, and kube-state-metrics of each workload.
SCRAPED_METRICS: tuple[Metric, ...] = (*process.ANSWERS.values(), *kubernetes.METRICS)
