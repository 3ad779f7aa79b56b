"""The fleets that can be simulated, as data.

To add a scenario, add an entry to the module of its kind: ``llumnix-dash simulate --help`` and the tests follow from
it.
"""

from llumnix_dash.errors import UserError, nearest
from llumnix_dash.fleet.parts import Scenario
from llumnix_dash.fleet.scenarios.load import LOAD
from llumnix_dash.fleet.scenarios.makeup import MAKEUP
from llumnix_dash.fleet.scenarios.mishaps import MISHAPS

SCENARIOS: dict[str, Scenario] = {one.name: one for one in (*MAKEUP, *LOAD, *MISHAPS)}


def scenario(name: str) -> Scenario:
    """The scenario of this name.

    Raises:
        UserError: there is none; it names the nearest and all.
    """
    if name not in SCENARIOS:
        likely = nearest(name, SCENARIOS)
        raise UserError(
            f"there is no scenario {name!r}",
            detail=f"known: {', '.join(SCENARIOS)}",
            hint=f"llumnix-dash simulate {likely}" if likely else "llumnix-dash simulate --help",
        )
    return SCENARIOS[name]
