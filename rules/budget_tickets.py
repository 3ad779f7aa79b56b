"""Error budgets that burn slowly: somebody looks in the morning."""

from llumnix_dash.rules.burn import TICKETS, burns
from llumnix_dash.rules.declared.objectives import BROKEN, OBJECTIVES

ALERTS = tuple(
    alert
    for objective in OBJECTIVES
    for broken, first, more in [BROKEN[objective]]
    for alert in burns(objective, TICKETS, broken=broken, first=first, more=more)
)
