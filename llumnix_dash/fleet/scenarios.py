"""The fleets that can be simulated, as data.

To add a scenario, add an entry to :data:`SCENARIOS`: ``llumnix-dash simulate --help`` and the tests follow from it.
"""

from llumnix_dash.errors import UserError, nearest
from llumnix_dash.fleet.parts import Deployment, Failures, Mishap, Pool, Scenario, Traffic, Transfer

BIG_MODEL = "qwen3-32b"
SMALL_MODEL = "llama-3.1-8b"
RARE_MODEL = "gemma-3-12b"

# Three names for one model, as in real clusters: the client's, the pods' label, and the first that vLLM was given.
_PREFILL = Pool(role="prefill", model=BIG_MODEL, instances=2, labelled_as="Qwen3-32B", served_as="Qwen/Qwen3-32B")
_DECODE = _PREFILL.model_copy(update={"role": "decode", "instances": 3})
_NEUTRAL = Pool(
    role="neutral",
    model=SMALL_MODEL,
    instances=2,
    data_parallel=2,
    labelled_as="Llama-3.1-8B",
    served_as="meta-llama/Llama-3.1-8B-Instruct",
)
_BIG = Traffic(model=BIG_MODEL, requests_per_second=3)
_SMALL = Traffic(model=SMALL_MODEL, requests_per_second=2, prompt_tokens=350, output_tokens=120)

_DEFAULT = Deployment(pools=(_PREFILL, _DECODE, _NEUTRAL), traffic=(_BIG, _SMALL))


def _varied(**changes: object) -> Deployment:
    return _DEFAULT.model_copy(update=changes)


def _disaggregated(
    transfer: Transfer, prefill: int, decode: int, *, rate: float, prompt: int, output: int
) -> Deployment:
    """Prefill and decode engines alone, for prompts and answers of these median lengths."""
    return Deployment(
        pools=(
            _PREFILL.model_copy(update={"instances": prefill}),
            _DECODE.model_copy(update={"instances": decode}),
        ),
        traffic=(Traffic(model=BIG_MODEL, requests_per_second=rate, prompt_tokens=prompt, output_tokens=output),),
        transfer=transfer,
    )


_ALL = (
    Scenario(
        name="default",
        explanation="two models, two gateways, one scheduler, all three roles; full mode with prefix-cache-aware"
        " scheduling; a program beside it that exports the same unprefixed names",
        deployments=(_DEFAULT,),
        stranger=True,
    ),
    Scenario(
        name="neutral-only",
        explanation="neutral engines alone, in lite mode, with a scheduler that also exports instance_lrs_running_*",
        deployments=(
            Deployment(
                pools=(_NEUTRAL.model_copy(update={"instances": 3}),),
                traffic=(_SMALL,),
                mode="lite",
                exports_lrs_running=True,
                reports_requests=True,
            ),
        ),
    ),
    Scenario(
        name="prefill-decode",
        explanation="prefill and decode engines alone, in full mode with prefix-cache-aware and SLO-aware scheduling",
        deployments=(_varied(pools=(_PREFILL, _DECODE), traffic=(_BIG,), slo_aware=True),),
    ),
    Scenario(
        name="lite-mode",
        explanation="the default's engines in lite mode: LRS metrics instead of CMS, selected-instance and prefix-cache"
        " ones; requests are not reported, so nothing is ever released, and instance_lrs_running_* is not exported",
        deployments=(_varied(mode="lite"),),
    ),
    Scenario(
        name="full-mode",
        explanation="the default's engines in full mode, without prefix-cache-aware scheduling",
        deployments=(_varied(cache_aware=False),),
    ),
    Scenario(
        name="fresh",
        explanation="the default's engines with traffic, and no rare event has happened yet: their counters are absent",
        deployments=(_DEFAULT,),
        rare_events=False,
    ),
    Scenario(
        name="two-schedulers",
        explanation="the default's engines with two scheduler replicas, each of which exports every instance",
        deployments=(_varied(schedulers=2),),
    ),
    Scenario(
        name="restart",
        explanation="in the middle a gateway, the scheduler and two engines restart: counters fall to 0, an engine"
        " comes back under another address and id, and its old one stays in the scheduler's metrics",
        deployments=(_DEFAULT,),
        restarts=True,
    ),
    Scenario(
        name="overload",
        explanation="more traffic than the engines can bear: requests wait in the engines, KV caches are near 1, first"
        " tokens come late, and one decode instance is clearly worse than its peers",
        deployments=(
            _varied(
                traffic=(
                    _BIG.model_copy(update={"requests_per_second": 4}),
                    _SMALL.model_copy(update={"requests_per_second": 7}),
                )
            ),
        ),
        load="surge",
        sick_instance=True,
    ),
    Scenario(
        name="idle",
        explanation="the default's engines, up, without traffic since before the first sample",
        deployments=(_DEFAULT,),
        load="stopped",
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
                    _PREFILL.model_copy(update={"instances": 120}),
                    _DECODE.model_copy(update={"instances": 260}),
                    _NEUTRAL.model_copy(update={"instances": 120, "data_parallel": 1}),
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
        deployments=(_varied(namespace=None),),
    ),
    Scenario(
        name="two-namespaces",
        explanation="two deployments in namespaces of their own, one with prefill and decode, one with all roles",
        deployments=(
            _varied(namespace="llumnix-blue", pools=(_PREFILL, _DECODE), traffic=(_BIG,)),
            _varied(namespace="llumnix-green", gateways=1),
        ),
    ),
    Scenario(
        name="old-vllm",
        explanation="the default's engines on vLLM 0.12, with the names of that version",
        deployments=(_DEFAULT,),
        vllm="0.12",
    ),
    Scenario(
        name="lite-reporting",
        explanation="the default's engines in lite mode, whose gateways report the states of requests, and whose"
        " discovery is told the models' names",
        deployments=(_varied(mode="lite", reports_requests=True, names_models=True),),
    ),
    Scenario(
        name="no-capacity",
        explanation="the default's engines, and an SGLang instance that tells no capacity of its KV cache: its usage"
        " reads 3.4e38",
        deployments=(
            _varied(
                pools=(*_DEFAULT.pools, Pool(role="neutral", model=RARE_MODEL, instances=1, program="sglang")),
                traffic=(*_DEFAULT.traffic, Traffic(model=RARE_MODEL, requests_per_second=0.02)),
            ),
        ),
    ),
    Scenario(
        name="store-away",
        explanation="in the middle the cluster meta store cannot be read for a while: schedulings fail with"
        " cms_not_available, gateways go round-robin, and what is shown of instances stays as it was",
        deployments=(_DEFAULT,),
        mishaps=(Mishap(kind="store-away", start=0.5, end=0.7),),
    ),
    Scenario(
        name="adaptive-pd",
        explanation="prefill and decode engines under adaptive PD: each role has both predictions, some of which are"
        " infinite; running requests are moved; hits count a prompt's last chunk as a full one",
        deployments=(
            _varied(
                pools=(_PREFILL, _DECODE),
                traffic=(_BIG.model_copy(update={"prompt_tokens": 1400}),),
                slo_aware=True,
                transfer="kvt-staged",
                adaptive_pd=True,
                reschedules=True,
                saves_unfull_chunks=True,
            ),
        ),
    ),
    Scenario(
        name="outage",
        explanation="in the middle all gateways go, and do not come back",
        deployments=(_DEFAULT,),
        mishaps=(Mishap(kind="gateways-gone"),),
    ),
    Scenario(
        name="scheduler-down",
        explanation="the scheduler is away for a quarter of the time: gateways take engines in turn and answer 200",
        deployments=(_DEFAULT,),
        mishaps=(Mishap(kind="scheduler-down", start=0.5, end=0.75),),
    ),
    Scenario(
        name="slow-failures",
        explanation="engines vanish, break off and refuse: a part fails only after seconds, gateways try again and turn"
        " to a fallback service",
        deployments=(_varied(retries=1, fallback=True),),
        failures=Failures(refused=0.03, broken=0.03, vanished=0.04, erring=0.02),
    ),
    Scenario(
        name="external-route",
        explanation="three in ten requests are routed to another service: status 0, without a TTFT",
        deployments=(_DEFAULT,),
        failures=Failures(external=0.3),
    ),
    Scenario(
        name="no-instance",
        explanation="in the second half there is no neutral instance: its model's requests are 503s after five seconds"
        " each, which hold the gateways' workers, and both models' requests queue",
        deployments=(_varied(traffic=(_BIG, _SMALL.model_copy(update={"requests_per_second": 5}))),),
        mishaps=(Mishap(kind="engines-gone", role="neutral"),),
    ),
    Scenario(
        name="hang",
        explanation="from a quarter of the time on a decode instance stands still: its streams give no more, and end"
        " after five minutes as 200",
        deployments=(_DEFAULT,),
        mishaps=(Mishap(kind="hang", start=0.25),),
    ),
    Scenario(
        name="kvt-batch",
        explanation="the default's engines as the usual manifests run them: a prefill engine gets its requests from the"
        " decode engine, and its own metrics all stay 0",
        deployments=(_varied(transfer="kvt-batch"),),
    ),
    Scenario(
        name="kvt-staged",
        explanation="the default's engines with KV caches through HybridConnector, which holds the requests that wait"
        " for them; prefill and decode engine both count each request",
        deployments=(_varied(transfer="kvt-staged"),),
    ),
    Scenario(
        name="migration",
        explanation="running requests move between engines: vLLM mixes the clocks of two hosts, so that sums and means"
        " of its durations are wrong by days; data-parallel ranks differ, and what moves to another is counted nowhere",
        deployments=(
            _varied(
                pools=(_PREFILL, _DECODE.model_copy(update={"data_parallel": 2}), _NEUTRAL),
                reschedules=True,
            ),
        ),
    ),
    Scenario(
        name="rolling-update",
        explanation="from the middle on, engines are replaced one after another, by new ones at other addresses; an old"
        " one is no target any more, works on with what it has and is killed after 300 s",
        deployments=(_DEFAULT,),
        rolling_update=True,
    ),
    Scenario(
        name="several-engines",
        explanation="neutral engines, four in a pod on ports 8000 to 8003, behind Services with names of their own",
        deployments=(
            Deployment(
                pools=(_NEUTRAL.model_copy(update={"instances": 8, "data_parallel": 1, "engines_in_pod": 4}),),
                traffic=(_SMALL.model_copy(update={"requests_per_second": 6}),),
                slo_aware=False,
                service_prefix="chat-",
            ),
        ),
    ),
    Scenario(
        name="two-clusters",
        explanation="one store with the default's engines in each of two clusters, which share all names and addresses"
        " and differ by the label cluster alone",
        deployments=(_varied(cluster="east"), _varied(cluster="west", gateways=1)),
    ),
    Scenario(
        name="prefill-short",
        explanation="one prefill engine for four decode engines and long prompts, with batch KVT: prompts wait for it"
        " while decode engines are at ease; the prefill engine's own metrics all stay 0",
        deployments=(_disaggregated("kvt-batch", 1, 4, rate=3.4, prompt=1800, output=60),),
        load="surge",
    ),
    Scenario(
        name="decode-short",
        explanation="two decode engines for long answers, with staged KVT: what two prefill engines have computed at"
        " once waits for a place in their KV caches",
        deployments=(_disaggregated("kvt-staged", 2, 2, rate=2.1, prompt=500, output=350),),
        load="surge",
    ),
    Scenario(
        name="both-short",
        explanation="long prompts and long answers for one prefill and two decode engines, with batch KVT: requests"
        " wait for the one and then for the other",
        deployments=(_disaggregated("kvt-batch", 1, 2, rate=3.2, prompt=1800, output=150),),
        load="surge",
    ),
    Scenario(
        name="neutral-short",
        explanation="more than two neutral engines can bear, in full mode: prompts wait for a place beside the answers",
        deployments=(
            Deployment(
                pools=(_NEUTRAL.model_copy(update={"data_parallel": 1}),),
                traffic=(_SMALL.model_copy(update={"requests_per_second": 6.5, "prompt_tokens": 500}),),
            ),
        ),
        load="surge",
    ),
)
SCENARIOS: dict[str, Scenario] = {one.name: one for one in _ALL}


def scenario(name: str) -> Scenario:
    """The scenario of this name.

    Raises:
        UserError: there is none; it names the nearest and all.
    """
    if name not in SCENARIOS:
        likely = nearest(name, SCENARIOS)
        raise UserError(
            f"there is no scenario {name!r}",
            detail=f"known: {', '.join(SCENARIOS)}",
            hint=f"llumnix-dash simulate {likely}" if likely else "llumnix-dash simulate --help",
        )
    return SCENARIOS[name]
