"""Fleets that differ by what they are made of: roles, modes, sizes, versions and places."""

from llumnix_dash.fleet.parts import Deployment, Pool, Scenario, Traffic
from llumnix_dash.fleet.scenarios.base import (
    BIG,
    BIG_MODEL,
    DECODE,
    DEFAULT,
    NEUTRAL,
    PREFILL,
    RARE_MODEL,
    SMALL,
    SMALL_MODEL,
    varied,
)

MAKEUP = (
    Scenario(
        name="default",
        explanation="two models, two gateways, one scheduler, all three roles; full mode with prefix-cache-aware"
        " scheduling; a program beside it that exports the same unprefixed names",
        deployments=(DEFAULT,),
        stranger=True,
    ),
    Scenario(
        name="neutral-only",
        explanation="neutral engines alone, in lite mode, with a scheduler that also exports instance_lrs_running_*",
        deployments=(
            Deployment(
                pools=(NEUTRAL.model_copy(update={"instances": 3}),),
                traffic=(SMALL,),
                mode="lite",
                exports_lrs_running=True,
                reports_requests=True,
            ),
        ),
    ),
    Scenario(
        name="prefill-decode",
        explanation="prefill and decode engines alone, in full mode with prefix-cache-aware and SLO-aware scheduling",
        deployments=(varied(pools=(PREFILL, DECODE), traffic=(BIG,), slo_aware=True),),
    ),
    Scenario(
        name="lite-mode",
        explanation="the default's engines in lite mode: LRS metrics instead of CMS, selected-instance and prefix-cache"
        " ones; requests are not reported, so nothing is ever released, and instance_lrs_running_* is not exported",
        deployments=(varied(mode="lite"),),
    ),
    Scenario(
        name="full-mode",
        explanation="the default's engines in full mode, without prefix-cache-aware scheduling",
        deployments=(varied(cache_aware=False),),
    ),
    Scenario(
        name="fresh",
        explanation="the default's engines with traffic, and no rare event has happened yet: their counters are absent",
        deployments=(DEFAULT,),
        rare_events=False,
    ),
    Scenario(
        name="two-schedulers",
        explanation="the default's engines with two scheduler replicas, each of which exports every instance",
        deployments=(varied(schedulers=2),),
    ),
    Scenario(
        name="big",
        explanation="500 instances of all roles, four gateways, two schedulers; scraped every 60 s if no --interval"
        " is given, as an hour at 10 s would be 55 million samples",
        deployments=(
            Deployment(
                gateways=4,
                schedulers=2,
                pools=(
                    PREFILL.model_copy(update={"instances": 120}),
                    DECODE.model_copy(update={"instances": 260}),
                    NEUTRAL.model_copy(update={"instances": 120, "data_parallel": 1}),
                ),
                traffic=(
                    Traffic(model=BIG_MODEL, requests_per_second=5, prompt_tokens=3000, output_tokens=2000),
                    Traffic(model=SMALL_MODEL, requests_per_second=3, prompt_tokens=800, output_tokens=800),
                ),
            ),
        ),
        interval=60,
    ),
    Scenario(
        name="no-namespace",
        explanation="the default's engines outside Kubernetes: no namespace, pod, service, container or endpoint label",
        deployments=(varied(namespace=None),),
    ),
    Scenario(
        name="two-namespaces",
        explanation="two deployments in namespaces of their own, one with prefill and decode, one with all roles",
        deployments=(
            varied(namespace="llumnix-blue", pools=(PREFILL, DECODE), traffic=(BIG,)),
            varied(namespace="llumnix-green", gateways=1),
        ),
    ),
    Scenario(
        name="old-vllm",
        explanation="the default's engines on vLLM 0.12, with the names of that version",
        deployments=(DEFAULT,),
        vllm="0.12",
    ),
    Scenario(
        name="new-vllm",
        explanation="the default's engines on vLLM 0.33, which tells waiting requests by reason; no admission limits",
        deployments=(DEFAULT,),
        vllm="0.33",
    ),
    Scenario(
        name="lite-reporting",
        explanation="the default's engines in lite mode, whose gateways report the states of requests, and whose"
        " discovery is told the models' names",
        deployments=(varied(mode="lite", reports_requests=True, names_models=True),),
    ),
    Scenario(
        name="no-capacity",
        explanation="the default's engines, and an SGLang instance that tells no capacity of its KV cache: its usage"
        " reads 3.4e38",
        deployments=(
            varied(
                pools=(*DEFAULT.pools, Pool(role="neutral", model=RARE_MODEL, instances=1, program="sglang")),
                traffic=(*DEFAULT.traffic, Traffic(model=RARE_MODEL, requests_per_second=0.02)),
            ),
        ),
    ),
    Scenario(
        name="adaptive-pd",
        explanation="prefill and decode engines under adaptive PD: each role has both predictions, some of which are"
        " infinite; running requests are moved; hits count a prompt's last chunk as a full one",
        deployments=(
            varied(
                pools=(PREFILL, DECODE),
                traffic=(BIG.model_copy(update={"prompt_tokens": 1400}),),
                slo_aware=True,
                transfer="kvt-staged",
                adaptive_pd=True,
                reschedules=True,
                saves_unfull_chunks=True,
            ),
        ),
    ),
    Scenario(
        name="kvt-batch",
        explanation="the default's engines as the usual manifests run them: a prefill engine gets its requests from the"
        " decode engine, and its own metrics all stay 0",
        deployments=(varied(transfer="kvt-batch"),),
    ),
    Scenario(
        name="kvt-staged",
        explanation="the default's engines with KV caches through HybridConnector, which holds the requests that wait"
        " for them; prefill and decode engine both count each request",
        deployments=(varied(transfer="kvt-staged"),),
    ),
    Scenario(
        name="migration",
        explanation="running requests move between engines: vLLM mixes the clocks of two hosts, so that sums and means"
        " of its durations are wrong by days; data-parallel ranks differ, and what moves to another is counted nowhere",
        deployments=(
            varied(
                pools=(PREFILL, DECODE.model_copy(update={"data_parallel": 2}), NEUTRAL),
                reschedules=True,
            ),
        ),
    ),
    Scenario(
        name="several-engines",
        explanation="neutral engines, four in a pod on ports 8000 to 8003, behind Services with names of their own",
        deployments=(
            Deployment(
                pools=(NEUTRAL.model_copy(update={"instances": 8, "data_parallel": 1, "engines_in_pod": 4}),),
                traffic=(SMALL.model_copy(update={"requests_per_second": 6}),),
                slo_aware=False,
                service_prefix="chat-",
            ),
        ),
    ),
    Scenario(
        name="two-clusters",
        explanation="one store with the default's engines in each of two clusters, which share all names and addresses"
        " and differ by the label cluster alone",
        deployments=(varied(cluster="east"), varied(cluster="west", gateways=1)),
    ),
)
