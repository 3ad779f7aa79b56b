"""What the scheduler exports of its own work: schedulings, their durations, what it saw on the chosen instance."""

from dataclasses import replace

from llumnix_dash.catalog.exporters import SCHEDULER
from llumnix_dash.catalog.labels import ROLE
from llumnix_dash.catalog.metric import Counter, Histogram, Mode, Unit

_DURATION_BUCKETS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_PERCENT_BUCKETS = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
_TOKEN_BUCKETS = (1, 4, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)

SCHEDULINGS = Counter(
    name="scheduler_scheduling_total",
    unit=Unit.OPERATIONS,
    exporters=(SCHEDULER,),
    description="Schedulings that found an instance.",
    caveats=(
        "A scheduling is a success even where only one of prefill and decode was found (the client gets 400) or the"
        " gateway no longer waited.",
        "Requests that flow while schedulings do not: the scheduler is down, the gateways take engines in turn.",
    ),
)
FAILED_SCHEDULINGS = Counter(
    name="scheduler_scheduling_failed_total",
    unit=Unit.OPERATIONS,
    exporters=(SCHEDULER,),
    labels=("error_type",),
    rare=True,
    description="Schedulings that failed, by reason: no_available_endpoint (no instance), or cms_not_available (the"
    " store is away, and the gateway takes the engines in turn).",
    caveats=("A request that finds no instance fails six times within 5 s.",),
)
RESCHEDULINGS = Counter(
    name="scheduler_rescheduling_total",
    unit=Unit.OPERATIONS,
    exporters=(SCHEDULER,),
    labels=("rescheduling_req_select_rule", "rescheduling_req_select_order"),
    rare=True,
    description="Moves between two instances that the scheduler has started, by the rule that chose the requests.",
    caveats=(
        "A move is counted for each pair of instances, before anything moves: failed moves are in it.",
        "Exists only with --colocated-rescheduling-mode (off by default).",
    ),
)
FAILED_RESCHEDULINGS = Counter(
    name="scheduler_rescheduling_failed_total",
    unit=Unit.OPERATIONS,
    exporters=(SCHEDULER,),
    rare=True,
    description="Moves that failed; that there was nothing to move is one, too.",
)


def _duration(name: str, what: str, *caveats: str, mode: Mode | None, whole: bool) -> Histogram:
    return Histogram(
        name=f"{name}_duration_milliseconds",
        unit=Unit.MILLISECONDS,
        exporters=(SCHEDULER,),
        buckets=_DURATION_BUCKETS,
        whole=whole,
        mode=mode,
        description=what,
        caveats=caveats,
    )


_FAILED_REFRESHES = "Failed refreshes are in it, and the wait for the lock."
_LONG_PROMPTS = "Only prompts of 1,024 tokens or more, and only while the index answers."

CMS_REFRESH_METADATA_DURATION = _duration(
    "scheduler_cms_refresh_metadata",
    "Time that the scheduler takes to read all instances' metadata from the cluster meta store, every 10 s by default.",
    _FAILED_REFRESHES,
    mode=Mode.FULL,
    whole=False,
)
CMS_REFRESH_STATUS_DURATION = _duration(
    "scheduler_cms_refresh_status",
    "Time that the scheduler takes to read all instances' status from the cluster meta store: every 50 ms by default,"
    " in the manifests every 500 ms, or 5 s with SLO-aware scheduling.",
    _FAILED_REFRESHES,
    mode=Mode.FULL,
    whole=False,
)
FULL_MODE_SCHEDULE_DURATION = _duration(
    "request_full_mode_schedule",
    "Time of one scheduling decision inside the scheduler; failed ones are in it, but those while the store is away.",
    "In spite of its name it is recorded in lite mode, too.",
    "The wait for the lock and the question to the cache index are in it.",
    mode=None,
    whole=True,
)
QUERY_PREFIX_CACHE_HIT_DURATION = _duration(
    "request_query_prefix_cache_hit",
    "Time that asking the cache index for a prompt's prefix takes.",
    _LONG_PROMPTS,
    mode=Mode.CACHE_AWARE,
    whole=True,
)
CALC_PREFIX_CACHE_HIT_DURATION = _duration(
    "request_calc_prefix_cache_hit",
    "Time that working out each instance's hit from the index's answer takes.",
    _LONG_PROMPTS,
    mode=Mode.CACHE_AWARE,
    whole=True,
)


def _hit_percent(name: str, what: str, of_short_prompts: str) -> Histogram:
    return Histogram(
        name=name,
        unit=Unit.PERCENT,
        exporters=(SCHEDULER,),
        buckets=_PERCENT_BUCKETS,
        mode=Mode.CACHE_AWARE,
        low_is_bad=True,
        description=what,
        caveats=(
            of_short_prompts,
            "Above 100 is possible with --kvs-enable-save-unfull-chunk.",
            "It bears no model: the model filter does not apply.",
        ),
    )


PREFIX_CACHE_HIT_PERCENT = _hit_percent(
    "request_prefix_cache_hit_percent",
    "Share of a prompt's tokens that the chosen instance has in its prefix cache, as the cache index tells it.",
    "Prompts below 1,024 tokens count as 0, and so do all while the index is down.",
)
MAX_PREFIX_CACHE_HIT_PERCENT = _hit_percent(
    "request_max_prefix_cache_hit_percent",
    "The best share of a prompt's tokens that any instance has in its prefix cache, chosen or not.",
    "Prompts below 1,024 tokens are left out, which the hit of the chosen instance counts as 0.",
)


def _selected(
    name: str,
    unit: Unit,
    buckets: tuple[float, ...],
    what: str,
    *caveats: str,
    no_mean: str = "",
) -> Histogram:
    return Histogram(
        name=f"selected_instance_{name}",
        unit=unit,
        exporters=(SCHEDULER,),
        labels=(ROLE,),
        buckets=buckets,
        mode=Mode.FULL,
        no_mean=no_mean,
        description=f"{what} One value per scheduling decision.",
        caveats=caveats,
    )


def _predicted(name: str, buckets: tuple[float, ...], what: str, *, role: str, other: str) -> Histogram:
    return replace(
        _selected(
            f"predicted_{name}",
            Unit.MILLISECONDS,
            buckets,
            f"{what} that the scheduler predicted for the request on the chosen instance.",
            f"It bears the role {role}; {other}, too, only with adaptive prefill/decode.",
            no_mean="A failed prediction is recorded as +Inf: there is no mean, and P99 may stand at the last bucket.",
        ),
        mode=Mode.SLO_AWARE,
        predicted_for=role,
    )


_NEUTRAL_TWICE = "A decision for a neutral instance is recorded twice, as prefill and as decode: do not add the two up."


SELECTED_KV_CACHE_USAGE = _selected(
    "kv_cache_usage_ratio_projected",
    Unit.RATIO,
    (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1),
    "Share of its KV cache that the chosen instance uses, projected: with what is on its way to it.",
    "Above 1 is possible.",
    _NEUTRAL_TWICE,
    no_mean="An instance of which no capacity is known is recorded as 3.4e38: there is no mean.",
)
SELECTED_DECODE_BATCH_SIZE = _selected(
    "decode_batch_size",
    Unit.REQUESTS,
    (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
    "Requests that the chosen instance decodes or will decode, waiting ones included.",
    _NEUTRAL_TWICE,
)
SELECTED_PREFILL_TOKENS = _selected(
    "all_prefills_tokens_num",
    Unit.TOKENS,
    _TOKEN_BUCKETS,
    "Prompt tokens that the chosen instance has yet to compute, those of the request itself included.",
    _NEUTRAL_TWICE,
    no_mean="What is booked in flight drifts below 0, and a sum that falls passes for a restart: there is no mean.",
)
SELECTED_DECODE_TOKENS = _selected(
    "all_decodes_tokens_num",
    Unit.TOKENS,
    _TOKEN_BUCKETS,
    "Tokens of the requests that the chosen instance decodes or will decode, the request itself included.",
    _NEUTRAL_TWICE,
)
SELECTED_PREDICTED_TTFT = _predicted(
    "ttft",
    (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000),
    "Time to first token",
    role="prefill",
    other="decode",
)
SELECTED_PREDICTED_TPOT = _predicted(
    "tpot",
    (1, 2, 5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500),
    "Time per output token",
    role="decode",
    other="prefill",
)

METRICS = (
    SCHEDULINGS,
    FAILED_SCHEDULINGS,
    RESCHEDULINGS,
    FAILED_RESCHEDULINGS,
    CMS_REFRESH_METADATA_DURATION,
    CMS_REFRESH_STATUS_DURATION,
    FULL_MODE_SCHEDULE_DURATION,
    QUERY_PREFIX_CACHE_HIT_DURATION,
    CALC_PREFIX_CACHE_HIT_DURATION,
    PREFIX_CACHE_HIT_PERCENT,
    MAX_PREFIX_CACHE_HIT_PERCENT,
    SELECTED_KV_CACHE_USAGE,
    SELECTED_DECODE_BATCH_SIZE,
    SELECTED_PREFILL_TOKENS,
    SELECTED_DECODE_TOKENS,
    SELECTED_PREDICTED_TTFT,
    SELECTED_PREDICTED_TPOT,
)
