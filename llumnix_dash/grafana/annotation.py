"""An annotation on each dashboard that a push changed: when, and to which version.

``POST /api/annotations`` with a ``dashboardUID`` and a ``time`` in milliseconds, without a panel; it needs
``annotations:create`` and answers 200 with the id: Grafana's documentation, developers/http_api/annotations, of
Grafana 12.4 and of 13, which keeps it beside an alpha of ``/apis``.
"""

import time
from collections.abc import Sequence

from llumnix_dash.grafana.apply import Outcome, Result
from llumnix_dash.grafana.failures import explain
from llumnix_dash.grafana.marker import TAG
from llumnix_dash.grafana.transport import Transport

_CHANGES = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.OVERWROTE})


def leave(transport: Transport, text: str, results: Sequence[Result]) -> None:
    """Leaves one on each dashboard that was changed, where Grafana's built-in annotation query shows it.

    Raises:
        UserError: these credentials may not, or the server fails.
    """
    now = int(time.time() * 1000)
    for result in results:
        if result.outcome in _CHANGES:
            body = {
                "dashboardUID": result.step.uid,
                "time": now,
                "tags": [TAG],
                "text": f"dashboards updated: {text}",
            }
            reply = transport.send("POST", "/api/annotations", body)
            if reply.status != 200:
                raise explain(reply, f"annotate dashboard {result.step.uid}, which is pushed")
