"""Error budgets that burn fast: somebody is woken."""

from llumnix_dash.rules.burn import PAGES, burns
from llumnix_dash.rules.declared.objectives import BROKEN, OBJECTIVES

ALERTS = tuple(
    burns(objective, pair, broken=broken, first=first, more=more)
    for pair in PAGES
    for objective in OBJECTIVES
    for broken, first, more in [BROKEN[objective]]
)
