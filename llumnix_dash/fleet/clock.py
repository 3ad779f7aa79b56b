"""Simulated time: what will happen, in order."""

import heapq
import itertools
from collections.abc import Callable
from typing import Any


class Clock:
    """A queue of actions by time. Actions of one time run in the order in which they were asked for.

    Attributes:
        now: seconds since the first sample; negative while the fleet warms up.
    """

    def __init__(self, now: float) -> None:
        self.now = now
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []

    def at(self, time: float, action: Callable[..., None], *arguments: Any) -> None:
        """Runs the action at this time."""
        heapq.heappush(self._events, (time, next(self._order), action, arguments))

    def after(self, delay: float, action: Callable[..., None], *arguments: Any) -> None:
        """Runs the action so many seconds from now."""
        self.at(self.now + delay, action, *arguments)

    def run_until(self, time: float) -> None:
        """Lets everything happen up to this time, and what is due exactly then."""
        events = self._events
        while events and events[0][0] <= time:
            self.now, _, action, arguments = heapq.heappop(events)
            action(*arguments)
        self.now = time
