"""The schedulers of a deployment: what they see of the instances, what they decide, and what they record of it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from llumnix_dash.catalog import scheduler
from llumnix_dash.catalog.metric import Histogram
from llumnix_dash.fleet import chance, draws
from llumnix_dash.fleet.account import Accounts
from llumnix_dash.fleet.chance import Chance
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.cms import GAUGES, Instance, Status, instances, status, told_at
from llumnix_dash.fleet.engine import Engine, Request
from llumnix_dash.fleet.lrs import SUBMIT_SECONDS, Book
from llumnix_dash.fleet.parts import Deployment
from llumnix_dash.fleet.process import Process
from llumnix_dash.fleet.record import scheduler as at_scheduler
from llumnix_dash.fleet.target import ScrapeTarget

# As the manifests have it: 500 ms, and with SLO-aware scheduling 5 s.
STATUS_REFRESH_SECONDS = 0.5
SLO_STATUS_REFRESH_SECONDS = 5.0
METADATA_REFRESH_SECONDS = 10.0
# The index of prefixes is asked for prompts from this length on; its entries have so many tokens.
INDEXED_TOKENS = 1024
CHUNK_TOKENS = 256


class Booking(NamedTuple):
    """A scheduler's entry of a request and the engines that it was sent to."""

    time: float
    scheduler: int
    request: Request
    engines: tuple[Engine, ...]


class Replica:
    """What one scheduler knows; it forgets all when its process restarts.

    Attributes:
        process: its metrics.
        pulled: when it last read the store well; None where it has not yet.
        misses_index: whether a query has found the index of prefixes away; after that it asks no more.
        shown: when the status was told that its metrics show, by the instance's id: only a newer one is shown.
        accounts: of its own dispatches, in full mode.
        book: of its own dispatches, in lite mode.
    """

    def __init__(self, process: Process, accounts: Accounts, book: Book) -> None:
        self.process = process
        self.pulled: float | None = None
        self.misses_index = False
        self.shown: dict[str, float] = {}
        self.accounts = accounts
        self.book = book


class Control:
    """All schedulers of a deployment.

    Args:
        deployment: whose.
        gateways: the replicas.
        schedulers: the replicas.
        engines: the instances.
        clock: on which everything happens.
        draw: the source of what is drawn.

    Attributes:
        refreshes: (time, number of the scheduler, metric, milliseconds) of each refresh from the cluster meta store.
        bookings: each scheduling that was a success, in order.
        store_is_away: whether the cluster meta store cannot be read: nothing can be scheduled then.
        index_is_away: whether the index of prefixes does not answer: hits are unknown then.
    """

    def __init__(
        self,
        *,
        deployment: Deployment,
        gateways: Sequence[ScrapeTarget],
        schedulers: Sequence[ScrapeTarget],
        engines: Sequence[Engine],
        clock: Clock,
        draw: Chance,
    ) -> None:
        self.refreshes: list[tuple[float, int, Histogram, float]] = []
        self.bookings: list[Booking] = []
        self.store_is_away = False
        self.index_is_away = False
        self._deployment = deployment
        self._full = deployment.mode == "full"
        self._period = SLO_STATUS_REFRESH_SECONDS if deployment.slo_aware else STATUS_REFRESH_SECONDS
        self._gateways = gateways
        self._schedulers = schedulers
        self._engines = engines
        self._retired: list[Engine] = []
        self._clock = clock
        self._draw = draw
        self._replicas = [self._born(one) for one in schedulers]
        self._lives = [one.process.life for one in schedulers]
        for engine in engines:
            engine.farewells.append(self._farewell)

    def start(self) -> None:
        """Lets the schedulers' own rhythms begin; no two are in step."""
        for number in range(len(self._schedulers)):
            phase = (0.37 + 0.41 * number) % 1
            if self._full:
                for metric, period, median in (
                    (scheduler.CMS_REFRESH_STATUS_DURATION, self._period, 0.6),
                    (scheduler.CMS_REFRESH_METADATA_DURATION, METADATA_REFRESH_SECONDS, 1.5),
                ):
                    self._clock.after(period * phase, self._refresh, number, metric, period, median)
            else:
                self._clock.after(SUBMIT_SECONDS * phase, self._submit, number)

    def replica(self, number: int) -> Replica:
        """A scheduler in its present life."""
        process = self._schedulers[number].process
        if process.life != self._lives[number]:
            self._replicas[number], self._lives[number] = self._born(self._schedulers[number]), process.life
        return self._replicas[number]

    def scheduled(self, request: Request) -> None:
        """A scheduler has found the request's engines: it books them, and records what it saw."""
        now, replica = self._clock.now, self.replica(request.scheduler)
        self._record_success(request)
        self.bookings.append(Booking(now, request.scheduler, request, tuple(request.engines)))
        if not self._full:
            # A request is booked only where its gateway's keepalive connection ends.
            if request.gateway % len(self._schedulers) == request.scheduler:
                replica.book.book(request, request.engines)
            return
        chosen = [Instance(engine, engine.rank_of(request)) for engine in request.engines]
        predictions = [self._predict(engine, request) for engine in request.engines]
        for instance in chosen:
            replica.accounts.book(instance, request, now)
        for instance, predicted in zip(chosen, predictions, strict=True):
            at_scheduler.selected(replica.process, instance.engine, self.seen(replica, instance), predicted)

    def half_found(self, request: Request) -> None:
        """A scheduler has found the engine of one stage alone: a success, and of a prefill one a count that stays."""
        self._record_success(request)
        for engine in request.engines:
            if engine.pool.role == "prefill":
                self.replica(request.scheduler).accounts.orphan(Instance(engine, engine.rank_of(request)))

    def failed(self, number: int, error: str) -> None:
        """A scheduler has found no engines."""
        milliseconds = draws.lognormal(self._draw.random, 0.9, 0.6)
        at_scheduler.failed(self.replica(number).process, error, milliseconds)

    def seen(self, replica: Replica, instance: Instance) -> Status:
        """The instance as the scheduler sees it when it decides: the store's last word and its own dispatches."""
        pulled = self._clock.now if replica.pulled is None else replica.pulled
        return self._status(replica, instance, at=self._clock.now, told=told_at(instance, pulled), pulled=pulled)

    def lose_store(self) -> None:
        """The cluster meta store cannot be read from now on; what is shown stays as it is. Lite mode has no store."""
        self.measure()
        self.store_is_away = self._full

    def find_store(self) -> None:
        """The cluster meta store is there again; the schedulers know nothing new until they read it next."""
        self.store_is_away = False
        for number in range(len(self._schedulers)):
            self.replica(number).pulled = None

    def lose_index(self) -> None:
        """The index of prefixes does not answer from now on: hits are unknown."""
        self.index_is_away = True

    def find_index(self) -> None:
        """The index of prefixes answers again."""
        self.index_is_away = False
        for number in range(len(self._schedulers)):
            self.replica(number).misses_index = False

    def watch(self, engine: Engine) -> None:
        """An engine that is no target any more and tells the store of itself all the same, until its process ends."""
        self._retired.append(engine)

    def measure(self) -> None:
        """Brings the metrics of instances to what the schedulers have read last."""
        for engine in [*self._engines, *self._retired]:
            if engine.target.process.is_up(self._clock.now):
                self._show(engine)

    def _born(self, target: ScrapeTarget) -> Replica:
        one = self._deployment
        accounts = Accounts(self._period, one.cache_aware)
        book = Book(target.process, self._gateways, one.reports_requests, one.names_models)
        return Replica(target.process, accounts, book)

    def _farewell(self, engine: Engine) -> None:
        """An engine's process ends: its metrics keep their last values, and its accounts are closed."""
        self._show(engine)
        for number in range(len(self._schedulers)):
            for instance in instances(engine):
                self.replica(number).accounts.forget(instance)

    def _show(self, engine: Engine) -> None:
        if not self._full or self.store_is_away:
            return
        for number in range(len(self._schedulers)):
            replica = self.replica(number)
            if replica.pulled is None or replica.pulled < engine.target.process.down_until <= self._clock.now:
                continue
            for instance in instances(engine):
                told = told_at(instance, replica.pulled)
                if told <= replica.shown.get(instance.id, -math.inf):
                    continue
                replica.shown[instance.id] = told
                # The first reading of the store that found this status.
                found = replica.pulled - (replica.pulled - told) // self._period * self._period
                shown = self._status(replica, instance, at=found, told=told, pulled=found)
                for metric, attribute in GAUGES:
                    replica.process.set(metric, getattr(shown, attribute), instance.id, instance.role)

    def _status(self, replica: Replica, instance: Instance, *, at: float, told: float, pulled: float) -> Status:
        seen = status(instance, told, hybrid_connector=self._deployment.hybrid_connector)
        replica.accounts.add(seen, instance, at=at, told=told, pulled=pulled)
        return seen

    def _record_success(self, request: Request) -> None:
        if len(request.schedulings) <= 1:
            self._look_up(request)
        random = self._draw.random
        decision, query, calculation = (draws.lognormal(random, median, 0.6) for median in (0.9, 1.3, 0.4))
        whole = decision if request.max_hit_percent is None else decision + query
        at_scheduler.scheduled(self.replica(request.scheduler).process, request, (whole, query, calculation))

    def _look_up(self, request: Request) -> None:
        """What the chosen instance has of the prompt, and what the index of prefixes tells of it."""
        request.cached_percent, best = draws.hit_percents(self._draw.random)
        if self._deployment.cache_aware and request.prompt_tokens >= INDEXED_TOKENS:
            if self.index_is_away:
                self._miss_index(self.replica(request.scheduler))
                return
            request.hit_percent = int(self._told_percent(request, request.cached_percent))
            request.max_hit_percent = self._told_percent(request, best)

    def _miss_index(self, replica: Replica) -> None:
        if not replica.misses_index:
            replica.misses_index = True
            at_scheduler.missed_index(replica.process)

    def _told_percent(self, request: Request, percent: float) -> float:
        if not self._deployment.saves_unfull_chunks:
            return percent
        # The last chunk counts as if it were full.
        chunks = math.ceil(request.prompt_tokens * percent / 100 / CHUNK_TOKENS)
        return round(chunks * CHUNK_TOKENS * 100 / request.prompt_tokens, 2)

    def _predict(self, engine: Engine, request: Request) -> at_scheduler.Prediction:
        """TTFT and TPOT in milliseconds; a role has one of them, and with adaptive PD each has both."""
        if not self._deployment.slo_aware:
            return None, None
        adaptive = self._deployment.adaptive_pd
        if adaptive and self._draw.random.random() < chance.FAILED_PREDICTIONS:
            return math.inf, math.inf
        prefill = engine.prefill_seconds(self._draw.random, request.prompt_tokens - request.expected_tokens)
        ttft, tpot = round(prefill * 1000, 3), round(engine.gap_seconds() * 1000, 3)
        role = engine.pool.role
        return (ttft if adaptive or role == "prefill" else None), (tpot if adaptive or role == "decode" else None)

    def _refresh(self, number: int, metric: Histogram, period: float, median: float) -> None:
        now, replica = self._clock.now, self.replica(number)
        milliseconds = draws.lognormal(self._draw.random, median * (1 + len(self._engines) / 100), 0.4)
        if replica.process.is_up(now):
            # One that failed is recorded, too.
            replica.process.observe(metric, milliseconds)
            self.refreshes.append((now, number, metric, milliseconds))
            if metric is scheduler.CMS_REFRESH_STATUS_DURATION and not self.store_is_away:
                replica.pulled = now
        self._clock.after(period, self._refresh, number, metric, period, median)

    def _submit(self, number: int) -> None:
        replica = self.replica(number)
        if replica.process.is_up(self._clock.now):
            replica.book.submit(self._clock.now, self._engines)
        self._clock.after(SUBMIT_SECONDS, self._submit, number)
