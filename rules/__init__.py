"""The alerts: one module a group, declarations and nothing else; and here the list of the groups.

To add an alert, add it to a group's ``ALERTS``. Its panel on the Alerts dashboard, its rule and the facts of its
runbook follow from it; ``tests/rules`` says what else it needs.
"""

from importlib import import_module
from typing import NamedTuple

from llumnix_dash.rules.alert import Alert
from llumnix_dash.rules.declared import recorded
from llumnix_dash.rules.record import Record


class Listed(NamedTuple):
    """A group of alerts of this folder.

    Attributes:
        module: the name of its module.
        title: of its row on the Alerts dashboard, and what its rules have in common.
        collapsed: whether the row is closed at first: windows of days are dear to draw.
        columns: how many panels of it stand side by side.
    """

    module: str
    title: str
    collapsed: bool = False
    columns: int = 3


# In the order in which they matter: what users feel, what is there, who chooses, what the engines do, what is at fault.
GROUPS = (
    Listed("symptoms", "What do users feel?"),
    Listed("budget_pages", "Do error budgets burn fast?", columns=4),
    Listed("budget_tickets", "Do error budgets burn slowly?", collapsed=True, columns=4),
    Listed("presence", "Is everything there?"),
    Listed("scheduling", "Who chooses the engines?"),
    Listed("engines", "Do the engines work?"),
)

# Group of recorded series -> its series.
RECORDED: dict[str, tuple[Record, ...]] = {
    "gateways": recorded.GATEWAYS,
    "schedulers": recorded.SCHEDULERS,
    "store": recorded.STORE,
    "realtime": recorded.REALTIME,
    "engines": recorded.ENGINES,
    "signals": recorded.SIGNALS,
}


def alerts_of(module: str) -> tuple[Alert, ...]:
    """The alerts of a group."""
    alerts: tuple[Alert, ...] = import_module(f"{__name__}.{module}").ALERTS
    return alerts


def every_alert() -> tuple[Alert, ...]:
    """All alerts, group by group."""
    return tuple(alert for group in GROUPS for alert in alerts_of(group.module))
