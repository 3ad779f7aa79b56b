"""A gateway's queue of requests, and the workers that take them out."""

from collections import deque
from collections.abc import Callable

from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.engine import Request

PLACES = 512
WORKERS = 5
# A request outside a full queue looks again this often.
POLL_SECONDS = 1.0


class Queue:
    """The queue of one gateway: it refuses nobody, who finds it full waits outside.

    Args:
        clock: on which everything happens.
        entered: called with a request that has got a place.
        taken: called with a request that a worker has taken; the worker is busy until :meth:`release`.
    """

    def __init__(self, clock: Clock, entered: Callable[[Request], None], taken: Callable[[Request], None]) -> None:
        self._clock = clock
        self._entered = entered
        self._taken = taken
        self._waiting: deque[Request] = deque()
        self._busy: dict[Request, None] = {}
        self._life = 0

    @property
    def pending(self) -> int:
        """Requests in the queue and busy workers, as the gateway tells: at most 517."""
        return len(self._waiting) + len(self._busy)

    def offer(self, request: Request) -> None:
        """The request asks for a place."""
        self._offer(request, self._life)

    def release(self, request: Request) -> None:
        """The worker that took this request may take another."""
        if request in self._busy:
            del self._busy[request]
            self._take()

    def clear(self) -> None:
        """The process has ended, and with it all that waits, outside too."""
        self._waiting.clear()
        self._busy.clear()
        self._life += 1

    def _offer(self, request: Request, life: int) -> None:
        if life != self._life:
            return
        if len(self._waiting) < PLACES:
            self._waiting.append(request)
            self._entered(request)
            self._take()
        else:
            self._clock.after(POLL_SECONDS, self._offer, request, life)

    def _take(self) -> None:
        while self._waiting and len(self._busy) < WORKERS:
            request = self._waiting.popleft()
            self._busy[request] = None
            self._taken(request)
