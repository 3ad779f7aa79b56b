"""When clients ask: a Poisson process whose rate swings, rises or has stopped."""

import math
from collections.abc import Callable
from typing import Literal

from llumnix_dash.fleet import draws
from llumnix_dash.fleet.chance import Chance
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.parts import Traffic

Load = Literal["steady", "surge", "stopped"]

# Traffic that has stopped did so this long before the first sample, so that all its answers are out by then.
STOPPED_BEFORE = 120.0
SWING = 0.25
SWING_SECONDS = 1800
SURGE_FROM, SURGE_TO, SURGE_SECONDS = 0.8, 2.0, 600


class Arrivals:
    """The arrivals of a deployment's requests.

    Args:
        load: how the rate goes.
        clock: on which everything happens.
        draw: the source of what is drawn.
        arrive: called with the traffic to which a request belongs.
    """

    def __init__(self, load: Load, clock: Clock, draw: Chance, arrive: Callable[[Traffic], None]) -> None:
        self._load = load
        self._clock = clock
        self._draw = draw
        self._arrive = arrive
        self._paused = False

    def start(self, traffic: tuple[Traffic, ...]) -> None:
        """Lets the clients ask from now on."""
        for one in traffic:
            self._await_arrival(one)

    def pause(self) -> None:
        """Nobody asks any more."""
        self._paused = True

    def go_on(self) -> None:
        """The clients are back."""
        self._paused = False

    def _rate(self, traffic: Traffic) -> float:
        now = self._clock.now
        rate = traffic.requests_per_second * (1 + SWING * math.sin(2 * math.pi * now / SWING_SECONDS))
        if self._load == "surge":
            rate *= SURGE_FROM + (SURGE_TO - SURGE_FROM) * min(1.0, max(0.0, now / SURGE_SECONDS))
        return rate

    def _await_arrival(self, traffic: Traffic) -> None:
        # Thinning: draw at the highest rate that there can be, keep the share that gives the present one.
        highest = traffic.requests_per_second * (1 + SWING) * (SURGE_TO if self._load == "surge" else 1)
        self._clock.after(draws.exponential(self._draw.random, 1 / highest), self._perhaps_arrive, traffic, highest)

    def _perhaps_arrive(self, traffic: Traffic, highest: float) -> None:
        if self._load == "stopped" and self._clock.now > -STOPPED_BEFORE:
            return
        if self._draw.random.random() * highest < self._rate(traffic) and not self._paused:
            self._arrive(traffic)
        self._await_arrival(traffic)
