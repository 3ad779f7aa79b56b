"""A deployment in motion: its processes, put together and started, and what its gauges show."""

from llumnix_dash.catalog import cms, gateway, lrs, process, vllm
from llumnix_dash.catalog.exporters import ENGINE, GATEWAY, SCHEDULER
from llumnix_dash.catalog.metric import Exporter, Gauge
from llumnix_dash.fleet.backend import Backend
from llumnix_dash.fleet.chance import Chance
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.engine import Engine
from llumnix_dash.fleet.frontend import Frontend
from llumnix_dash.fleet.process import Process
from llumnix_dash.fleet.record import engine as at_engine
from llumnix_dash.fleet.record import scheduler as at_scheduler
from llumnix_dash.fleet.scenarios import Pool, Scenario
from llumnix_dash.fleet.target import STRANGER, STRANGER_REQUESTS, Addresses, ScrapeTarget, exported
from llumnix_dash.fleet.view import View

SICK_SLOWNESS = 4.0
CONTROL_DOWN_SECONDS = 15.0
ENGINE_DOWN_SECONDS = 40.0
STRANGER_REQUESTS_PER_SECOND = 40

# What the cluster meta store tells of an instance, from the view of it.
CMS_VALUES: tuple[tuple[Gauge, str], ...] = (
    (cms.USED_GPU_TOKENS, "used_tokens"),
    (cms.WAITING_REQUESTS, "waiting"),
    (cms.LOADING_REQUESTS, "loading"),
    (cms.RUNNING_REQUESTS, "running"),
    (cms.SCHEDULER_WAITING_TO_DECODE_REQUESTS, "waiting_to_decode"),
    (cms.SCHEDULER_RUNNING_TO_DECODE_REQUESTS, "running_to_decode"),
    (cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_REQUESTS, "waiting_decodes"),
    (cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS, "waiting_prefill_tokens"),
    (cms.UNCOMPUTED_TOKENS_SCHEDULER_RUNNING_PREFILLS, "running_prefill_tokens"),
    (cms.UNALLOCATED_TOKENS_SCHEDULER_RUNNING_PREFILLS, "unallocated_prefill_tokens"),
    (cms.UNALLOCATED_TOKENS_HYBRID_SCHEDULER_WAITING_DECODES, "waiting_decode_tokens"),
    (cms.HYBRID_SCHEDULER_WAITING_TO_DECODE_TOKENS, "waiting_decode_tokens"),
    (cms.SCHEDULER_WAITING_TO_DECODE_TOKENS, "waiting_to_decode_tokens"),
    (cms.SCHEDULER_RUNNING_TO_DECODE_TOKENS, "running_to_decode_tokens"),
    (cms.TOKENS_LOADING_REQUESTS, "loading_tokens"),
    (cms.INFLIGHT_DISPATCH_REQUESTS, "inflight"),
    (cms.INFLIGHT_DISPATCH_PREFILL_REQUESTS, "inflight_prefills"),
    (cms.INFLIGHT_DISPATCH_DECODE_REQUESTS, "inflight_decodes"),
    (cms.UNCOMPUTED_TOKENS_INFLIGHT_DISPATCH_PREFILL_REQUESTS, "inflight_prefill_tokens"),
    (cms.TOKENS_INFLIGHT_DISPATCH_DECODE_REQUESTS, "inflight_decode_tokens"),
    (cms.KV_CACHE_USAGE, "projected_usage"),
    (cms.DECODE_BATCH_SIZE, "decoding"),
    (cms.ALL_PREFILLS_TOKENS, "prefill_tokens"),
    (cms.ALL_DECODES_TOKENS, "all_decode_tokens"),
)
LRS_VALUES: tuple[tuple[Gauge, str], ...] = (
    (lrs.RUNNING_REQUESTS, "past_first_token"),
    (lrs.WAITING_REQUESTS, "before_first_token"),
    (lrs.TOTAL_REQUESTS, "requests"),
    (lrs.RUNNING_TOKENS, "tokens_past_first_token"),
    (lrs.WAITING_TOKENS, "tokens_before_first_token"),
    (lrs.TOTAL_TOKENS, "tokens"),
)
VLLM_VALUES: tuple[tuple[Gauge, str], ...] = (
    (vllm.RUNNING_REQUESTS, "running"),
    (vllm.WAITING_REQUESTS, "waiting_or_loading"),
    (vllm.KV_CACHE_USAGE, "usage"),
)


class RunningDeployment:
    """The processes of a deployment.

    Args:
        scenario: what befalls it.
        number: of the deployment in the scenario.
        clock: on which everything happens.
        seed: of all that is drawn.
        age: seconds for which its processes have been running.

    Attributes:
        engines: the instances.
        frontend: gateways and schedulers at work.
        gateways: the replicas.
        schedulers: the replicas.
        strangers: programs beside it that are no part of it.
    """

    def __init__(self, scenario: Scenario, number: int, clock: Clock, *, seed: str, age: float) -> None:
        self.deployment = deployment = scenario.deployments[number]
        self._clock = clock
        self._born = clock.now - age
        before = sum(one.cluster == deployment.cluster for one in scenario.deployments[:number])
        self._addresses = Addresses(deployment, before, alone=len(scenario.deployments) == 1)
        self._vllm = scenario.vllm
        self.gateways = self._control(GATEWAY, deployment.gateways)
        self.schedulers = self._control(SCHEDULER, deployment.schedulers)
        self.strangers = self._control(STRANGER, int(scenario.stranger))
        self.engines: list[Engine] = []
        stages: dict[str, list[list[Engine]]] = {}
        for pool in deployment.pools:
            engines = self._pool(pool)
            self.engines += engines
            stages.setdefault(pool.model, []).append(engines)
        if scenario.sick_instance:
            [one for one in self.engines if one.pool.role == "decode"][-1].slowness = SICK_SLOWNESS
        for target in self.schedulers:
            at_scheduler.started(target.process)
        for engine in self.engines:
            at_engine.started(engine)
        draw = Chance(seed, scenario.rare_events)
        self.frontend = Frontend(
            scenario=scenario,
            namespace=deployment.namespace,
            gateways=self.gateways,
            schedulers=self.schedulers,
            instances=len(self.engines),
            clock=clock,
            draw=draw,
        )
        self.backend = self.frontend.backend = Backend(
            stages=stages,
            schedulers=self.schedulers,
            clock=clock,
            draw=draw,
            done=self.frontend.answer,
            freed=self.frontend.advance,
        )

    def _control(self, exporter: Exporter, count: int) -> list[ScrapeTarget]:
        metrics = exported(exporter, self.deployment, self._vllm)
        # Replicas are not of one age: their uptimes are told apart.
        processes = [Process(metrics, self._born - 97 * number) for number in range(count)]
        return [self._addresses.control(exporter, process, number) for number, process in enumerate(processes)]

    def _pool(self, pool: Pool) -> list[Engine]:
        """The pool's instances; the first has the pool's number of vLLM engines, the others one."""
        metrics = exported(ENGINE, self.deployment, self._vllm)
        before = len(self.engines)
        of_role = sum(one.pool.role == pool.role for one in self.engines)
        return [
            Engine(
                self._addresses.engine(Process(metrics, self._born), pool, of_role + member, before + member),
                of_role + member,
                ranks=1 if member else pool.data_parallel,
            )
            for member in range(pool.instances)
        ]

    @property
    def targets(self) -> list[ScrapeTarget]:
        """All that is scraped, at its present address."""
        return [*self.gateways, *self.schedulers, *(one.target for one in self.engines), *self.strangers]

    def start(self, restart_at: float | None) -> None:
        """Lets traffic begin now; at the given time, a gateway, a scheduler and two engines restart."""
        self.frontend.start(self.deployment.traffic)
        if restart_at is not None:
            at = self._clock.at
            at(restart_at, self.frontend.restart_scheduler, 0, CONTROL_DOWN_SECONDS)
            at(restart_at + 60, self.frontend.restart_gateway, 0, CONTROL_DOWN_SECONDS)
            at(restart_at + 120, self.backend.restart, self.engines[-1], ENGINE_DOWN_SECONDS, False)
            decoders = [one for one in self.engines if one.pool.role != "prefill"]
            at(restart_at + 180, self.backend.restart, decoders[0], ENGINE_DOWN_SECONDS, True)

    def measure(self) -> None:
        """Brings the gauges of all processes to what is so now."""
        now = self._clock.now
        for number, target in enumerate(self.gateways):
            current = len(self.frontend.current[number])
            target.process.set(gateway.PENDING_REQUESTS, len(self.frontend.pending[number]))
            target.process.set(gateway.CURRENT_REQUESTS, current)
            _measure_go(target.process, now, current)
        for engine in self.engines:
            if engine.target.process.is_up(now):
                self._measure_engine(engine, now)
        for target in self.schedulers:
            _measure_go(target.process, now, len(self.engines))
        for target in self.strangers:
            _measure_go(target.process, now, 200)
            requests = int((now - target.process.started) * STRANGER_REQUESTS_PER_SECOND)
            target.process.set(STRANGER_REQUESTS, requests, "/invoices", "200")
            target.process.set(STRANGER_REQUESTS, requests // 10, "/invoices", "500")

    def _measure_engine(self, engine: Engine, now: float) -> None:
        view = engine.view(now)
        role, model = engine.pool.role, engine.pool.model
        for rank in engine.ranks:
            _set(
                engine.target.process,
                VLLM_VALUES,
                view if len(engine.ranks) == 1 else engine.view(now, rank),
                engine.pool.model_name,
                rank,
            )
        for scheduler in self.schedulers:
            if cms.RUNNING_REQUESTS.name in scheduler.process.metrics:
                _set(scheduler.process, CMS_VALUES, view, engine.id, role)
            else:
                _set(scheduler.process, LRS_VALUES, view, model, engine.lrs_id, role)


def _set(target: Process, values: tuple[tuple[Gauge, str], ...], view: View, *labels: str) -> None:
    for metric, attribute in values:
        target.set(metric, getattr(view, attribute), *labels)


def _measure_go(target: Process, now: float, load: int) -> None:
    """What a Go process tells of itself; its heap is a saw: it grows until the collector runs, twice a minute."""
    target.set(process.UPTIME, round(now - target.started, 3))
    target.set(process.GOROUTINES, 40 + 3 * load)
    target.set(process.MEMORY, 60_000_000 + 150_000 * load + int(now * 1_000_000 % 30_000_000))
