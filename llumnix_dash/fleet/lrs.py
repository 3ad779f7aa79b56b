"""Local realtime state: a lite-mode scheduler's own book of what it has sent to the instances.

Source: ``pkg/lrs/local_realtime_state.go`` of Llumnix. Each replica has its own book. Without the gateways' reports of
request states (the default) nothing in it is ever released or marked as prefilled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llumnix_dash.catalog import lrs
from llumnix_dash.fleet.engine import Engine, Request
from llumnix_dash.fleet.process import Process
from llumnix_dash.fleet.target import ScrapeTarget

SUBMIT_SECONDS = 5.0

# A gateway's process and an engine's, each in one of its lives.
_Place = tuple[int, int, str]


@dataclass(slots=True)
class Held:
    """What an instance holds by the book; counts of requests and of their prompts' tokens.

    Tokens of answers are added for streams alone, whose reports end a gateway: no fleet here has them.
    """

    total: int = 0
    waiting: int = 0
    total_tokens: int = 0
    waiting_tokens: int = 0

    def add(self, request: Request, times: int = 1) -> None:
        """Takes a request in, or so many times."""
        self.total += times
        self.waiting += times
        self.total_tokens += request.prompt_tokens * times
        self.waiting_tokens += request.prompt_tokens * times


class Book:
    """One replica's book.

    Args:
        process: the scheduler's.
        gateways: all, up or not.
        reports: whether gateways report when a request has its first token and when it is over.
        names_models: whether discovery is told the models' names; else the label is empty.

    Attributes:
        submitted: when the metrics were last set.
    """

    def __init__(self, process: Process, gateways: Sequence[ScrapeTarget], reports: bool, names_models: bool) -> None:
        self.submitted: float | None = None
        self._process = process
        self._gateways = gateways
        self._reports = reports
        self._names_models = names_models
        self._held: dict[_Place, Held] = {}
        self._open: list[tuple[Request, Engine, _Place]] = []

    def book(self, request: Request, engines: Sequence[Engine]) -> None:
        """A request has been sent to its engines, of a gateway that is connected here."""
        for engine in engines:
            place = (request.gateway, self._gateways[request.gateway].process.life, engine.id)
            self._held.setdefault(place, Held()).add(request)
            if self._reports:
                self._open.append((request, engine, place))

    def submit(self, now: float, engines: Sequence[Engine]) -> None:
        """Sets the metrics of the instances that are there."""
        self.submitted = now
        present = [engine for engine in engines if engine.target.process.is_up(now)]
        self._drop(now, {engine.id for engine in present})
        self._settle()
        shown = {engine.id: Held() for engine in present}
        for (_, _, engine_id), held in self._held.items():
            sums = shown[engine_id]
            sums.total += held.total
            sums.waiting += held.waiting
            sums.total_tokens += held.total_tokens
            sums.waiting_tokens += held.waiting_tokens
        for request, engine, _ in self._open:
            # Only a neutral instance's request is marked when its first token has come.
            if engine.pool.role == "neutral" and request.first_token is not None:
                shown[engine.id].waiting -= 1
                shown[engine.id].waiting_tokens -= request.prompt_tokens
        for engine in present:
            self._set(engine, shown[engine.id])

    def _drop(self, now: float, engine_ids: set[str]) -> None:
        """A gateway that has reconnected, and an instance that has gone, take their share along."""
        processes = [one.process for one in self._gateways]
        gone = {
            (gateway, life, engine_id)
            for gateway, life, engine_id in self._held
            if engine_id not in engine_ids or processes[gateway].life != life or not processes[gateway].is_up(now)
        }
        for place in gone:
            del self._held[place]
        self._open = [one for one in self._open if one[2] not in gone]

    def _settle(self) -> None:
        """Releases what is over; only reported requests are open."""
        for request, _, place in self._open:
            if request.finished is not None:
                self._held[place].add(request, -1)
        self._open = [one for one in self._open if one[0].finished is None]

    def _set(self, engine: Engine, held: Held) -> None:
        labels = (engine.pool.model if self._names_models else "", engine.lrs_id, engine.pool.role)
        for metric, value in (
            (lrs.RUNNING_REQUESTS, held.total - held.waiting),
            (lrs.WAITING_REQUESTS, held.waiting),
            (lrs.TOTAL_REQUESTS, held.total),
            (lrs.RUNNING_TOKENS, held.total_tokens - held.waiting_tokens),
            (lrs.WAITING_TOKENS, held.waiting_tokens),
            (lrs.TOTAL_TOKENS, held.total_tokens),
        ):
            self._process.set(metric, value, *labels)
