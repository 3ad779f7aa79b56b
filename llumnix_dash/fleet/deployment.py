"""A deployment in motion: its processes, put together and started, and what its gauges show."""

import math
from random import Random

from llumnix_dash.catalog import process
from llumnix_dash.catalog.exporters import ENGINE, GATEWAY, SCHEDULER
from llumnix_dash.catalog.metric import Exporter
from llumnix_dash.fleet.backend import GRACE_SECONDS, Backend
from llumnix_dash.fleet.chance import Chance
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.control import Control
from llumnix_dash.fleet.engine import Engine
from llumnix_dash.fleet.frontend import Frontend
from llumnix_dash.fleet.kubernetes import KUBE_STATE_METRICS, told
from llumnix_dash.fleet.parts import Mishap, Pool, Scaling, Scenario
from llumnix_dash.fleet.process import Process
from llumnix_dash.fleet.record import engine as at_engine
from llumnix_dash.fleet.target import STRANGER, STRANGER_REQUESTS, Addresses, ScrapeTarget, exported

CONTROL_DOWN_SECONDS = 15.0
ENGINE_DOWN_SECONDS = 40.0
REPLACED_EVERY_SECONDS = 45.0
RESTARTS_EVERY_SECONDS = 240.0
STRANGER_REQUESTS_PER_SECOND = 40

# Llumnix's limit of label sets a metric.
MOST_LABEL_SETS = 1000
# Engines of one deployment start within so many seconds.
START_SECONDS = 20.0


class RunningDeployment:
    """The processes of a deployment.

    Args:
        scenario: what befalls it.
        number: of the deployment in the scenario.
        clock: on which everything happens.
        seed: of all that is drawn.
        age: seconds for which its processes have been running.
        epoch: seconds since the epoch when the clock is at 0.

    Attributes:
        engines: the instances.
        frontend: gateways and schedulers at work.
        control: what the schedulers know and decide.
        gateways: the replicas.
        schedulers: the replicas.
        strangers: programs beside it that are no part of it.
        watchers: what tells how many replicas of its workloads are wanted, where the store has it.
        wanted: how many that are.
    """

    def __init__(self, scenario: Scenario, number: int, clock: Clock, *, seed: str, age: float, epoch: int) -> None:
        self.deployment = deployment = scenario.deployments[number]
        self._clock = clock
        self._born = clock.now - age
        self._epoch = epoch
        self._starts = Random(f"{seed} starts")
        before = sum(one.cluster == deployment.cluster for one in scenario.deployments[:number])
        self._addresses = Addresses(deployment, before, alone=len(scenario.deployments) == 1)
        self._vllm = scenario.vllm
        self._scalings = scenario.scalings
        self.gateways = self._control(GATEWAY, deployment.gateways)
        self.schedulers = self._control(SCHEDULER, deployment.schedulers)
        self.strangers = self._control(STRANGER, int(scenario.stranger))
        self.watchers = self._control(KUBE_STATE_METRICS, int(deployment.kube_state_metrics))
        self.wanted = {"gateway": deployment.gateways, "scheduler": deployment.schedulers}
        self.engines: list[Engine] = []
        stages: dict[str, list[list[Engine]]] = {}
        for pool in deployment.pools:
            engines = self._pool(pool)
            self.engines += engines
            stages.setdefault(pool.model, []).append(engines)
        if scenario.slowness != 1:
            self._of_role("decode")[-1].slowness = scenario.slowness
        for engine in self.engines:
            at_engine.started(engine)
        draw = Chance(seed, scenario.rare_events)
        self.frontend = Frontend(
            scenario=scenario,
            deployment=deployment,
            gateways=self.gateways,
            schedulers=self.schedulers,
            clock=clock,
            draw=draw,
        )
        self.control = self.frontend.control = Control(
            deployment=deployment,
            gateways=self.gateways,
            schedulers=self.schedulers,
            engines=self.engines,
            clock=clock,
            draw=draw,
        )
        self.backend = self.frontend.backend = Backend(
            stages=stages,
            schedulers=self.schedulers,
            deployment=deployment,
            clock=clock,
            draw=draw,
            done=self.frontend.answer,
        )

    def _control(self, exporter: Exporter, count: int) -> list[ScrapeTarget]:
        metrics = exported(exporter, self.deployment, self._vllm)
        # Replicas are not of one age: their uptimes are told apart.
        processes = [Process(metrics, self._born - 97 * number, MOST_LABEL_SETS) for number in range(count)]
        return [self._addresses.control(exporter, process, number) for number, process in enumerate(processes)]

    def _pool(self, pool: Pool) -> list[Engine]:
        """The pool's instances, those yet to come too; the first has the pool's number of vLLM engines, others one."""
        metrics = exported(ENGINE, self.deployment, self._vllm) if pool.program == "vllm" else []
        before = len(self.engines)
        of_role = len(self._of_role(pool.role))
        pods = -(-pool.instances // pool.engines_in_pod)
        self.wanted[pool.role] = self.wanted.get(pool.role, 0) + pods
        most = max([pool.instances, *(one.replicas for one in self._scalings if one.workload == pool.role)])
        engines = [
            Engine(
                self._addresses.engine(
                    Process(metrics, self._born + START_SECONDS * self._starts.random()),
                    pool,
                    of_role + member,
                    before + member,
                ),
                ranks=1 if member else pool.data_parallel,
                epoch=self._epoch,
                number=of_role + member,
                version=self._vllm,
                hybrid=self.deployment.hybrid_connector,
            )
            for member in range(most)
        ]
        for engine in engines[pool.instances :]:
            engine.target.process.restart(self._clock.now, math.inf)
            engine.target.process.is_target = False
        return engines

    def _of_role(self, role: str) -> list[Engine]:
        return [one for one in self.engines if one.pool.role == role]

    @property
    def places(self) -> list[ScrapeTarget]:
        """All that is scraped at some time or other, at its present address."""
        engines = [one.target for one in self.engines]
        return [*self.gateways, *self.schedulers, *engines, *self.strangers, *self.watchers]

    def start(self, scenario: Scenario, seconds: float) -> None:
        """Lets traffic begin now, and brings what befalls the scenario within so many seconds of the first sample."""
        self.frontend.start()
        self.control.start()
        for mishap in scenario.mishaps:
            self._expect(mishap, seconds)
        for scaling in scenario.scalings:
            self._clock.at(scaling.at * seconds, self._scale, scaling)
        if scenario.rolling_update:
            for place, engine in enumerate(self.engines):
                self._clock.at(seconds / 2 + place * REPLACED_EVERY_SECONDS, self._replace, engine)
        if scenario.restarts:
            restart_at = seconds / 2
            at = self._clock.at
            at(restart_at, self.frontend.restart_scheduler, 0, CONTROL_DOWN_SECONDS)
            at(restart_at + 60, self.frontend.restart_gateway, 0, CONTROL_DOWN_SECONDS)
            at(restart_at + 120, self.backend.restart, self.engines[-1], ENGINE_DOWN_SECONDS, False)
            decoders = [one for one in self.engines if one.pool.role != "prefill"]
            at(restart_at + 180, self.backend.restart, decoders[0], ENGINE_DOWN_SECONDS, True)

    def _expect(self, mishap: Mishap, seconds: float) -> None:
        """The mishap will begin and, if it does, end at its shares of this time."""
        at, frontend = self._clock.at, self.frontend
        begin = mishap.start * seconds
        end = mishap.end * seconds if mishap.end < 1 else math.inf
        down = end - begin
        match mishap.kind:
            case "gateways-gone":
                for number in range(len(self.gateways)):
                    at(begin, frontend.restart_gateway, number, down)
            case "gateway-restarts":
                at(begin, self._restart_again, end)
            case "scheduler-down":
                for number in range(len(self.schedulers)):
                    at(begin, frontend.restart_scheduler, number, down)
            case "scheduler-out-of-reach":
                at(begin, frontend.reach_schedulers, False)
                at(end, frontend.reach_schedulers, True)
            case "store-away":
                at(begin, self.control.lose_store)
                at(end, self.control.find_store)
            case "index-away":
                at(begin, self.control.lose_index)
                at(end, self.control.find_index)
            case "engines-gone":
                for engine in self._of_role(mishap.role):
                    at(begin, self.backend.restart, engine, down, False)
            case "hang":
                at(begin, self._stall, self._of_role(mishap.role)[0 if mishap.every_engine else -1 :])
            case "clients-gone":
                at(begin, frontend.arrivals.pause)
                at(end, frontend.arrivals.go_on)

    def _stall(self, engines: list[Engine]) -> None:
        for engine in engines:
            self.backend.stall(engine)

    def _restart_again(self, until: float) -> None:
        """The first gateway restarts now, and every few minutes until then."""
        if self._clock.now < until:
            self.frontend.restart_gateway(0, CONTROL_DOWN_SECONDS)
            self._clock.after(RESTARTS_EVERY_SECONDS, self._restart_again, until)

    def _scale(self, scaling: Scaling) -> None:
        """More or fewer replicas are wanted from now on; a pod that is to end works on unseen until it is killed."""
        self.wanted[scaling.workload] = scaling.replicas
        for number, engine in enumerate(self._of_role(scaling.workload)):
            is_there = engine.target.process.is_target
            if number < scaling.replicas and not is_there:
                self.backend.add(engine, ENGINE_DOWN_SECONDS + START_SECONDS * self._starts.random())
            elif number >= scaling.replicas and is_there:
                self.control.watch(self.backend.remove(engine))
        for workload, targets, end in (
            ("gateway", self.gateways, self.frontend.restart_gateway),
            ("scheduler", self.schedulers, self.frontend.restart_scheduler),
        ):
            if workload == scaling.workload:
                for number, target in enumerate(targets[scaling.replicas :], scaling.replicas):
                    target.process.is_target = False
                    self._clock.after(GRACE_SECONDS, end, number, math.inf)

    def measure(self) -> None:
        """Brings the gauges of all processes to what is so now."""
        now = self._clock.now
        for number, target in enumerate(self.gateways):
            _measure_go(target.process, now, len(self.frontend.current[number]))
        at_engine.measured(self.engines, now)
        self.control.measure()
        for target in self.schedulers:
            _measure_go(target.process, now, len(self.engines))
        for target in self.strangers:
            _measure_go(target.process, now, 200)
            requests = int((now - target.process.started) * STRANGER_REQUESTS_PER_SECOND)
            target.process.set(STRANGER_REQUESTS, requests, "/invoices", "200")
            target.process.set(STRANGER_REQUESTS, requests // 10, "/invoices", "500")
        for target in self.watchers:
            assert self.deployment.namespace is not None
            told(target.process, self.deployment.namespace, self.wanted)

    def _replace(self, engine: Engine) -> None:
        """A new pod takes the engine's place; the old one is in the store until it is killed."""
        self.control.watch(self.backend.replace(engine, ENGINE_DOWN_SECONDS))


def _measure_go(target: Process, now: float, load: int) -> None:
    """What a Go process tells of itself; its heap is a saw: it grows until the collector runs, twice a minute."""
    target.set(process.UPTIME, round(now - target.started, 3))
    target.set(process.GOROUTINES, 40 + 3 * load)
    target.set(process.MEMORY, 60_000_000 + 150_000 * load + int(now * 1_000_000 % 30_000_000))
