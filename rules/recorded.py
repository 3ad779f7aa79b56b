"""What pages ask again and again, recorded by fleet, model and role: all that grows with the number of instances."""

from llumnix_dash.catalog import cms, gateway, lrs, process, scheduler, vllm
from llumnix_dash.catalog.exporters import ENGINE
from llumnix_dash.catalog.labels import COMPONENT, FLEET, MODEL, ROLE
from llumnix_dash.promql import ratio_by
from llumnix_dash.promql.balance import slowness
from llumnix_dash.promql.signals import ghosts, gone, silent_targets, slowness_among_peers, stuck_requests
from llumnix_dash.rules import Record
from llumnix_dash.rules.series import (
    distributions,
    heights,
    leading,
    mean_means,
    mean_peaks,
    mean_sums,
    means,
    numbers,
    peak_sums,
    peaks,
    rates,
    signals,
    sums,
)

_BY_MODEL = (*FLEET, MODEL)
_BY_ROLE = (*FLEET, ROLE)
_OF_ENGINES = (*_BY_ROLE, "model_name")
_OF_LRS = (*_BY_ROLE, MODEL)


def _each(*groups: tuple[Record, ...]) -> tuple[Record, ...]:
    return tuple(record for group in groups for record in group)


GATEWAYS = _each(
    rates(gateway.REQUESTS, by=(*_BY_MODEL, "status_code")),
    rates(gateway.INPUT_TOKENS_TOTAL, by=_BY_MODEL),
    rates(gateway.OUTPUT_TOKENS_TOTAL, by=_BY_MODEL),
    heights(gateway.INPUT_TOKENS, by=_BY_MODEL),
    heights(gateway.OUTPUT_TOKENS, by=_BY_MODEL),
    *(
        distributions(histogram, by=_BY_MODEL)
        for histogram in (
            gateway.TTFT,
            gateway.TPOT,
            gateway.ITL,
            gateway.E2E_LATENCY,
            gateway.PREPROCESS_DURATION,
            gateway.QUEUE_DURATION,
            gateway.SCHEDULE_DURATION,
            gateway.POSTPROCESS_DURATION,
        )
    ),
)

SCHEDULERS = _each(
    rates(scheduler.SCHEDULINGS, by=FLEET),
    rates(scheduler.FAILED_SCHEDULINGS, by=(*FLEET, "error_type")),
)

STORE = _each(
    numbers(cms.RUNNING_REQUESTS, by=_BY_ROLE),
    numbers(cms.RUNNING_REQUESTS, by=FLEET),
    sums(cms.RUNNING_REQUESTS, by=_BY_ROLE),
    peak_sums(cms.WAITING_REQUESTS, by=_BY_ROLE),
    mean_sums(cms.WAITING_REQUESTS, by=_BY_ROLE),
    sums(cms.USED_GPU_TOKENS, by=_BY_ROLE),
    mean_sums(cms.USED_GPU_TOKENS, by=_BY_ROLE),
    mean_sums(cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS, by=_BY_ROLE),
    mean_sums(cms.ALL_DECODES_TOKENS, by=_BY_ROLE),
    mean_sums(cms.TOKENS_LOADING_REQUESTS, by=_BY_ROLE),
    peak_sums(cms.TOKENS_LOADING_REQUESTS, by=_BY_ROLE),
    means(cms.KV_CACHE_USAGE, by=_BY_ROLE),
    mean_means(cms.KV_CACHE_USAGE, by=_BY_ROLE),
    peaks(cms.KV_CACHE_USAGE, by=_BY_ROLE),
)

REALTIME = _each(
    numbers(lrs.TOTAL_REQUESTS, by=_BY_ROLE),
    *(
        sums(gauge, by=_OF_LRS)
        for gauge in (
            lrs.TOTAL_REQUESTS,
            lrs.RUNNING_REQUESTS,
            lrs.WAITING_REQUESTS,
            lrs.TOTAL_TOKENS,
            lrs.RUNNING_TOKENS,
            lrs.WAITING_TOKENS,
        )
    ),
    peak_sums(lrs.WAITING_REQUESTS, by=_OF_LRS),
)

ENGINES = _each(
    sums(process.ENGINE_ANSWERS, by=_BY_ROLE),
    sums(vllm.RUNNING_REQUESTS, by=_OF_ENGINES),
    sums(vllm.WAITING_REQUESTS, by=_OF_ENGINES),
    means(vllm.KV_CACHE_USAGE, by=_OF_ENGINES),
    mean_means(vllm.KV_CACHE_USAGE, by=_OF_ENGINES),
    mean_peaks(vllm.KV_CACHE_USAGE, by=_OF_ENGINES),
    peaks(vllm.KV_CACHE_USAGE, by=_OF_ENGINES),
    rates(vllm.PROMPT_TOKENS_BY_SOURCE, by=(*_OF_ENGINES, "source")),
    rates(vllm.FINISHED_REQUESTS, by=(*_OF_ENGINES, "finished_reason")),
    *(
        rates(counter, by=_OF_ENGINES)
        for counter in (
            vllm.PROMPT_TOKENS_TOTAL,
            vllm.GENERATION_TOKENS_TOTAL,
            vllm.PREFIX_CACHE_QUERIES,
            vllm.PREFIX_CACHE_HITS,
            vllm.PREEMPTIONS,
        )
    ),
    *(
        distributions(histogram, by=_OF_ENGINES)
        for histogram in (
            vllm.E2E_LATENCY,
            vllm.TTFT,
            vllm.ITL,
            vllm.QUEUE_TIME,
            vllm.PREFILL_TIME,
            vllm.DECODE_TIME,
        )
    ),
    heights(vllm.PROMPT_TOKENS, by=_OF_ENGINES),
    heights(vllm.GENERATION_TOKENS, by=_OF_ENGINES),
)

SIGNALS = _each(
    signals(gone(ENGINE, by=_BY_ROLE), "gone", by=_BY_ROLE),
    signals(silent_targets(), "silent", by=(*FLEET, COMPONENT)),
    signals(ghosts(), "ghosts", by=FLEET),
    signals(
        ratio_by(vllm.PREEMPTIONS, vllm.FINISHED_REQUESTS, by=_BY_ROLE, window="10m"), "by_finished10m", by=_BY_ROLE
    ),
    leading(stuck_requests(), "stuck", by=_BY_ROLE),
    leading(slowness(), "slowness", by=_OF_ENGINES),
    leading(slowness_among_peers(), "slowness_among_peers", by=_OF_ENGINES),
)
