"""What somebody is told of: each panel is the left side of an alert, and its dashed line the threshold."""

from llumnix_dash.board import board, row
from llumnix_dash.dashboards import FAMILY
from llumnix_dash.dashboards.headline import HEADLINE
from llumnix_dash.panels.alerts import signal
from llumnix_dash.rules.declared import GROUPS, alerts_of
from llumnix_dash.variables import FLEET, OBJECTIVES, TOP

dashboard = board(
    uid="llumnix-alerts-dashboard",
    title="Llumnix Alerts Dashboard",
    description="The signal of each alert, beside the threshold from which on somebody is told.",
    family=FAMILY,
    variables=[*FLEET, TOP, *OBJECTIVES],
    rows=[
        HEADLINE,
        *(
            row(
                group.title,
                *(signal(one, width=24 // group.columns) for one in alerts_of(group.module)),
                collapsed=group.collapsed,
            )
            for group in GROUPS
        ),
    ],
)
