"""The fleets that can be simulated, as data.

To add a scenario, add an entry to :data:`SCENARIOS`: ``llumnix-dash simulate --help`` and the tests follow from it.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from llumnix_dash.errors import UserError, nearest

Role = Literal["prefill", "decode", "neutral"]
SchedulerMode = Literal["full", "lite"]
Transfer = Literal["staged", "kvt-staged", "kvt-batch"]
Program = Literal["vllm", "sglang"]
MishapKind = Literal["gateways-gone", "scheduler-down", "store-away", "engines-gone", "hang"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pool(_Frozen):
    """Engine instances of one role that serve one model.

    Attributes:
        role: the engines' ``infer_type``.
        model: the model that they serve, as clients write it.
        instances: how many.
        data_parallel: vLLM engines in the first instance (label ``engine``); the others have one.
        program: what serves; ``sglang`` exports none of vLLM's metrics and tells no capacity of its KV cache.
        engines_in_pod: instances that share a pod and differ by their ports, from 8000 on.
        labelled_as: the model's name in the pods' label ``llumnix.io/model``, which can hold no slash; None: ``model``.
        served_as: its first ``--served-model-name``, vLLM's ``model_name``; clients may use another; None: ``model``.
    """

    role: Role
    model: str
    instances: int
    data_parallel: int = 1
    program: Program = "vllm"
    engines_in_pod: int = 1
    labelled_as: str | None = None
    served_as: str | None = None

    @property
    def model_label(self) -> str:
        """The model's name in the engines' label ``model``, which scraping attaches."""
        return self.labelled_as or self.model

    @property
    def model_name(self) -> str:
        """The model's name in vLLM's own label ``model_name``."""
        return self.served_as or self.model


class Traffic(_Frozen):
    """What clients ask of one model.

    Attributes:
        model: its name.
        requests_per_second: the mean; arrivals are a Poisson process whose rate swings by a quarter over half an hour.
        prompt_tokens: median of the prompt's length, log-normal with a sigma of 0.8.
        output_tokens: median of the answer's length, log-normal with a sigma of 0.7.
    """

    model: str
    requests_per_second: float
    prompt_tokens: int = 700
    output_tokens: int = 200


class Failures(_Frozen):
    """How often a request meets what does not answer it well, as a share of all; nothing of it without rare events.

    Attributes:
        rejected: the engine answers 400 after a few milliseconds.
        refused: the engine refuses the connection, or loses it before the headers.
        broken: the connection is lost in the midst of the answer, or before its first chunk.
        vanished: the engine's node is gone: no answer to the dial within 3 s.
        erring: the engine answers 500.
        external: a route leads it to another service.
    """

    rejected: float = 0.003
    refused: float = 0.002
    broken: float = 0.002
    vanished: float = 0.0
    erring: float = 0.0
    external: float = 0.0


class Mishap(_Frozen):
    """What befalls a deployment for a while.

    Attributes:
        kind: all gateways are gone; the schedulers are down; the cluster meta store cannot be read; the engines of a
            role are gone; the last engine of a role stands still, for good.
        start: when, as a share of the simulated time.
        end: until when; from 1 on it lasts.
        role: of the engines in question.
    """

    kind: MishapKind
    start: float = 0.5
    end: float = 1.0
    role: Role = "decode"


class Deployment(_Frozen):
    """One Llumnix deployment.

    Attributes:
        namespace: of its pods; None outside Kubernetes.
        gateways: replicas.
        schedulers: replicas; each exports every instance.
        pools: the engines.
        traffic: one entry per model.
        mode: ``full`` (cluster meta store) or ``lite`` (local realtime state).
        cache_aware: whether the scheduler asks the prefix cache index.
        slo_aware: whether it predicts latencies.
        exports_lrs_running: whether ``instance_lrs_running_*`` is exported; today's schedulers do not.
        transfer: the KV cache's way from prefill to decode: ``staged`` (through vLLM's own connector) and
            ``kvt-staged`` (through HybridConnector) ask both engines, which both count; with ``kvt-batch``, the usual
            manifests, the decode engine alone is asked, and the prefill engine tells nothing.
        reports_requests: whether gateways report the states of requests (``--requests-report-duration``), without which
            a lite-mode scheduler releases nothing.
        names_models: whether discovery is told the models' names, which lite mode then has as a label.
        adaptive_pd: whether prefill and decode instances stand in for each other; only then may a prediction fail.
        reschedules: whether the schedulers move running requests (``--colocated-rescheduling-mode``).
        saves_unfull_chunks: whether a prompt's last chunk counts as a full one (``--kvs-enable-save-unfull-chunk``).
        network: second number of its pods' addresses; by default its own. Two clusters may have the same.
        retries: how often a gateway tries again (``--retry-max-count``, by default 0).
        fallback: whether there is a fallback service, and a queue for those that it told to come again.
        cluster: the label that its cluster's Prometheus gives all series (``external_labels``); None: it gives none.
        service_prefix: stands before ``gateway`` and ``scheduler`` in the names of the Services.
    """

    namespace: str | None = "llumnix"
    gateways: int = 2
    schedulers: int = 1
    pools: tuple[Pool, ...]
    traffic: tuple[Traffic, ...]
    mode: SchedulerMode = "full"
    cache_aware: bool = True
    slo_aware: bool = False
    exports_lrs_running: bool = False
    transfer: Transfer = "staged"
    reports_requests: bool = False
    names_models: bool = False
    adaptive_pd: bool = False
    reschedules: bool = False
    saves_unfull_chunks: bool = False
    network: int | None = None
    retries: int = 0
    fallback: bool = False
    cluster: str | None = None
    service_prefix: str = ""

    @property
    def hybrid_connector(self) -> bool:
        """Whether HybridConnector brings the KV cache: it holds requests until it is there."""
        return self.transfer != "staged"


class Scenario(_Frozen):
    """A fleet and what befalls it.

    Attributes:
        name: as given on the command line.
        explanation: what is special, for ``--help``; completes "a fleet with …" or stands alone.
        deployments: usually one.
        load: ``steady``; ``surge`` (from four fifths to twice the traffic's rate within ten minutes, and so on);
            ``stopped`` (traffic ended before the first sample).
        rare_events: whether failures, clients that leave and reschedulings happen.
        restarts: whether gateway, scheduler and engines restart in the middle.
        sick_instance: whether the last decode (or neutral) instance computes four times slower than its peers.
        stranger: whether another program of the namespace exports the same unprefixed names under its own job.
        vllm: version of the engines.
        interval: seconds from scrape to scrape, where none is asked for.
        failures: how often what fails.
        mishaps: what befalls its deployments, each of them.
        rolling_update: whether engines are replaced one after another, from the middle on.
    """

    name: str
    explanation: str
    deployments: tuple[Deployment, ...]
    load: Literal["steady", "surge", "stopped"] = "steady"
    rare_events: bool = True
    restarts: bool = False
    sick_instance: bool = False
    stranger: bool = False
    vllm: str = "0.18"
    interval: int = 10
    failures: Failures = Failures()
    mishaps: tuple[Mishap, ...] = ()
    rolling_update: bool = False


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
