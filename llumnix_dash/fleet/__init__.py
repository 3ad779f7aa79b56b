"""A simulated Llumnix fleet: requests pass gateways, schedulers and engines, and each process counts what it sees.

``simulate`` gives an hour that has passed, with every request as it truly was beside the samples that a Prometheus
would have scraped; ``llumnix-dash simulate`` writes it to a file, or serves the same fleet live.
"""

from llumnix_dash.fleet.fleet import Fleet, simulate
from llumnix_dash.fleet.parts import Scenario
from llumnix_dash.fleet.scenarios import SCENARIOS, scenario

__all__ = ["SCENARIOS", "Fleet", "Scenario", "scenario", "simulate"]
