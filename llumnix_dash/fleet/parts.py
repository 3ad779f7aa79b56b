"""What a fleet that can be simulated is made of: its deployments, what clients ask of it, and what befalls it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Role = Literal["prefill", "decode", "neutral"]
SchedulerMode = Literal["full", "lite"]
Transfer = Literal["staged", "kvt-staged", "kvt-batch"]
Program = Literal["vllm", "sglang"]
MishapKind = Literal[
    "gateways-gone",
    "gateway-restarts",
    "scheduler-down",
    "scheduler-out-of-reach",
    "store-away",
    "index-away",
    "engines-gone",
    "hang",
    "clients-gone",
]
Workload = Literal["gateway", "scheduler", "prefill", "decode", "neutral"]


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
        misspelt: whether each request names another model, which nobody serves: the name and a number.
        prompt_tokens: median of the prompt's length, log-normal with a sigma of 0.8.
        output_tokens: median of the answer's length, log-normal with a sigma of 0.7.
    """

    model: str
    requests_per_second: float
    prompt_tokens: int = 700
    output_tokens: int = 200
    misspelt: bool = False


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
        kind: all gateways are gone; the first gateway restarts every few minutes; the schedulers are down, or up and no
            gateway reaches them; the cluster meta store cannot be read; the index of prefixes does not answer; the
            engines of a role are gone; the last engine of a role stands still, for good; no client asks any more.
        start: when, as a share of the simulated time.
        end: until when; from 1 on it lasts.
        role: of the engines in question.
        every_engine: whether all engines of the role stand still, and not the last one alone.
    """

    kind: MishapKind
    start: float = 0.5
    end: float = 1.0
    role: Role = "decode"
    every_engine: bool = False


class Scaling(_Frozen):
    """From some moment on another number of replicas is wanted, and comes about in an orderly way.

    Attributes:
        workload: of which there are to be more or fewer; of gateways and schedulers fewer alone.
        replicas: how many are wanted then.
        at: when, as a share of the simulated time.
    """

    workload: Workload
    replicas: int
    at: float = 0.5


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
        kube_state_metrics: whether the store has kube-state-metrics, too: how many replicas of what are wanted.
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
    kube_state_metrics: bool = False

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
        slowness: how many times slower than its peers the last decode instance computes.
        stranger: whether another program of the namespace exports the same unprefixed names under its own job.
        vllm: version of the engines.
        interval: seconds from scrape to scrape, where none is asked for.
        failures: how often what fails.
        mishaps: what befalls its deployments, each of them.
        rolling_update: whether engines are replaced one after another, from the middle on.
        scalings: of its deployments, each of them.
    """

    name: str
    explanation: str
    deployments: tuple[Deployment, ...]
    load: Literal["steady", "surge", "stopped"] = "steady"
    rare_events: bool = True
    restarts: bool = False
    slowness: float = 1.0
    stranger: bool = False
    vllm: str = "0.18"
    interval: int = 10
    failures: Failures = Failures()
    mishaps: tuple[Mishap, ...] = ()
    rolling_update: bool = False
    scalings: tuple[Scaling, ...] = ()
