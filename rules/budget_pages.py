"""Error budgets that burn fast: somebody is woken."""

from llumnix_dash.rules.burn import PAGES, burns
from llumnix_dash.rules.declared.objectives import BROKEN, OBJECTIVES

ALERTS = tuple(
    alert
    for objective in OBJECTIVES
    for broken, first, more in [BROKEN[objective]]
    for alert in burns(objective, PAGES, broken=broken, first=first, more=more)
)
