"""A whole fleet: live, or an hour of it that has passed."""

import time
from collections.abc import Callable

from llumnix_dash.errors import UserError
from llumnix_dash.fleet.clock import Clock
from llumnix_dash.fleet.deployment import RunningDeployment
from llumnix_dash.fleet.engine import Request
from llumnix_dash.fleet.history import History, Relabeling
from llumnix_dash.fleet.leg import Leg
from llumnix_dash.fleet.parts import Scenario
from llumnix_dash.fleet.scenarios import scenario as scenario_of
from llumnix_dash.fleet.target import ScrapeTarget

# The fleet has been running for a while before the first sample, so that its engines are at work.
WARM_UP_SECONDS = 300.0
AGE_SECONDS = 2 * 24 * 3600.0


class RunningFleet:
    """A fleet in motion.

    Args:
        scenario: which.
        seed: the same seed gives the same fleet.
        restart_at: when restarts happen or a rolling update begins, if the scenario has them: seconds after the first
            sample. Mishaps happen at their shares of twice that time.
        epoch: when the first sample is, in seconds since the epoch; by default now.
    """

    def __init__(self, scenario: Scenario, seed: int, restart_at: float, epoch: int | None = None) -> None:
        self.scenario = scenario
        self.clock = Clock(-WARM_UP_SECONDS)
        self.deployments = [
            RunningDeployment(
                scenario,
                number,
                self.clock,
                seed=f"{seed} {scenario.name} {number}",
                age=AGE_SECONDS,
                epoch=int(time.time()) if epoch is None else epoch,
            )
            for number in range(len(scenario.deployments))
        ]
        for one in self.deployments:
            one.start(scenario, 2 * restart_at)

    @property
    def targets(self) -> list[ScrapeTarget]:
        """All that is scraped now."""
        return [target for target in self.places if target.process.is_target]

    @property
    def places(self) -> list[ScrapeTarget]:
        """All that is scraped at some time or other, at its present address."""
        return [target for one in self.deployments for target in one.places]

    def run_until(self, moment: float) -> None:
        """Lets everything happen up to this moment, and measures the gauges then."""
        self.clock.run_until(moment)
        for one in self.deployments:
            one.measure()


class Fleet:
    """What happened in a fleet, and what a Prometheus has of it.

    Attributes:
        scenario: which fleet.
        times: of the scrapes, in seconds since the epoch; all targets are scraped at the same moment.
        history: the samples.
        deployments: as they are at the end.
    """

    def __init__(self, scenario: Scenario, times: list[int], history: History, running: RunningFleet) -> None:
        self.scenario = scenario
        self.times = times
        self.history = history
        self.deployments = running.deployments

    @property
    def start(self) -> int:
        """The first scrape, in seconds since the epoch: 0 on the clock of :attr:`requests`."""
        return self.times[0]

    @property
    def requests(self) -> list[Request]:
        """Every request, as it truly was."""
        return [request for one in self.deployments for request in one.frontend.requests]

    @property
    def legs(self) -> list[Leg]:
        """Every engine's part of a request."""
        return [leg for request in self.requests for leg in request.legs]


def simulate(
    scenario: Scenario | str,
    *,
    end: int,
    minutes: float = 60,
    seed: int = 1,
    interval: int | None = None,
    progress: Callable[[float], None] | None = None,
    relabel: Relabeling = dict,
) -> Fleet:
    """Simulates the time before ``end``.

    Args:
        scenario: a scenario or its name.
        end: the last scrape, in seconds since the epoch.
        minutes: how long, from the first scrape to the last.
        seed: the same seed, end and length give the same samples on any machine.
        interval: seconds from scrape to scrape; by default the scenario's own.
        progress: called with the share that is done.
        relabel: from a target's labels to those that a site's scraping attaches.

    Raises:
        UserError: there is no such scenario, or the time has no two scrapes.
    """
    if isinstance(scenario, str):
        scenario = scenario_of(scenario)
    step = interval or scenario.interval
    count = int(minutes * 60 // step)
    if count < 1:
        raise UserError(f"{minutes:g} minutes hold no two scrapes at an interval of {step} s", hint="--minutes 60")
    running = RunningFleet(scenario, seed, restart_at=count * step / 2, epoch=end - count * step)
    history = History(relabel)
    for tick in range(count + 1):
        running.run_until(tick * step)
        for target in running.targets:
            history.scrape(tick, target, target.process.is_up(tick * step))
        if progress:
            progress(tick / count)
    return Fleet(scenario, [end - (count - tick) * step for tick in range(count + 1)], history, running)
