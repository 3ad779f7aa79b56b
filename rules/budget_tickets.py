"""Error budgets that burn slowly: somebody looks in the morning."""

from llumnix_dash.rules.burn import TICKETS, burns
from llumnix_dash.rules.declared.objectives import BROKEN, OBJECTIVES

ALERTS = tuple(
    burns(objective, pair, broken=broken, first=first, more=more)
    for pair in TICKETS
    for objective in OBJECTIVES
    for broken, first, more in [BROKEN[objective]]
)
