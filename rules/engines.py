"""Whether the engines work, and have room."""

from llumnix_dash.catalog import vllm
from llumnix_dash.catalog.labels import FLEET, INSTANCE, POD, ROLE
from llumnix_dash.promql import OF_INSTANCE, RECENT, average, mean, ratio_by
from llumnix_dash.promql.signals import slowness_among_peers, stuck_requests
from llumnix_dash.rules import CRITICAL, WARNING, Alert

_OVERVIEW = "llumnix-overview-dashboard"
_VLLM = "vllm-dashboard"
_OF_ROLE = (*FLEET, ROLE)

ALERTS = (
    Alert(
        name="LlumnixEngineStuck",
        key="alert_engine_stuck",
        title="Requests on an Engine without Tokens",
        left=stuck_requests(),
        by=(*FLEET, ROLE, POD, INSTANCE),
        above=0,
        lasting="2m",
        severity=CRITICAL,
        summary="An engine runs requests and makes no tokens.",
        says="{value} requests run on the engine, which has made no token for 5 minutes",
        meaning="Its users' streams stand still, and the scheduler may send it more.",
        first="Look at the engine's log and GPU, then restart the pod: its requests are lost anyhow.",
        more=_VLLM,
    ),
    Alert(
        name="LlumnixEngineSlow",
        key="alert_engine_slow",
        title="Slowest Engines beside Their Peers",
        left=slowness_among_peers(),
        by=OF_INSTANCE,
        above=2,
        lasting="10m",
        severity=WARNING,
        summary="An engine is much slower than its peers.",
        says="the engine takes {value} times as long for a token as the middle one of its role",
        meaning="Users whose requests it gets wait longer for each token; in P99 it shows, in the mean it may not.",
        first="Look at its GPU: clocks, temperature, errors, neighbours. Drain it if it does not recover.",
        more=_OVERVIEW,
    ),
    Alert(
        name="LlumnixEngineQueue",
        key="alert_engine_queue",
        title="Mean Time in the Engines' Queues",
        left=mean(vllm.QUEUE_TIME, by=_OF_ROLE, window=RECENT),
        by=_OF_ROLE,
        above=1,
        lasting="5m",
        severity=WARNING,
        summary="Requests wait in the engines' queues.",
        says="requests wait {value} in the mean before an engine of the role begins",
        meaning="The role has more requests than it can begin: first tokens come late.",
        first="See on the Overview whether prefill or decode is short, and add instances of it.",
        more=_OVERVIEW,
    ),
    Alert(
        name="LlumnixKVCacheFull",
        key="alert_kv_cache_full",
        title="Mean KV Cache Usage of a Role",
        left=average(vllm.KV_CACHE_USAGE, by=_OF_ROLE, window=RECENT),
        by=_OF_ROLE,
        above=0.9,
        lasting="10m",
        severity=WARNING,
        summary="The KV caches of a role are full.",
        says="{value} of the role's KV cache is held by requests",
        meaning="Engines soon put running requests back and compute them again; latency then rises at once.",
        first="Add instances of the role, or send it less.",
        more=_VLLM,
    ),
    Alert(
        name="LlumnixEnginePreempts",
        key="alert_engine_preempts",
        title="Preemptions by Finished Requests",
        left=ratio_by(vllm.PREEMPTIONS, vllm.FINISHED_REQUESTS, by=_OF_ROLE, window="10m"),
        by=_OF_ROLE,
        above=0.01,
        lasting="10m",
        severity=WARNING,
        summary="Engines put running requests back.",
        says="{value} as many preemptions as requests that finished",
        meaning="A request that is put back is computed again and its user's stream stops meanwhile.",
        first="KV caches are full: add instances of the role, or lower how many requests an engine takes at once.",
        more=_VLLM,
    ),
)
