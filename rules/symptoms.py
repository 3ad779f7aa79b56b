"""What users feel, whatever its cause."""

from llumnix_dash.catalog import gateway
from llumnix_dash.catalog.labels import FLEET
from llumnix_dash.promql import RECENT, observations, share_above
from llumnix_dash.promql.signals import (
    failed_requests,
    failed_share,
    flowing,
    overflowing,
    requests_that_hang,
    share_of,
)
from llumnix_dash.rules import CRITICAL, WARNING, Alert

_COMPONENT = "llumnix-component-dashboard"
_REQUEST = "llumnix-request-dashboard"
# Events without which a share is chance.
_A_FEW = 3

ALERTS = (
    Alert(
        name="LlumnixRequestsFail",
        key="alert_requests_fail",
        title="Requests That Fail, of 30 min",
        left=failed_share(window="30m"),
        above=0.5,
        given=(failed_requests(window="30m", seconds=1800, at_least=_A_FEW),),
        lasting="5m",
        severity=CRITICAL,
        summary="More requests fail than are answered.",
        says="{value} of the requests of the last 30 minutes failed",
        meaning="Most users get an error. It also tells of fleets with few requests, whose failures no error budget"
        " notices: three are enough.",
        first="Look at the statuses: 503 is no instance, 400 an engine that refused or is gone, 429 and other 5xx are"
        " what an engine answered.",
        more=_REQUEST,
    ),
    Alert(
        name="LlumnixQueueTooLong",
        key="alert_queue_too_long",
        title="Requests That Queue over 1 s",
        left=share_above(gateway.QUEUE_DURATION, 1000, by=FLEET, window=RECENT),
        above=0.1,
        given=(flowing(0.05),),
        lasting="5m",
        severity=CRITICAL,
        summary="Requests wait in the gateways' queues.",
        says="{value} of the requests waited more than a second in a gateway's queue",
        meaning="Users wait before anything is done for them, and TTFT does not hold that wait: it begins when the"
        " request is handed to an engine.",
        first="See whether the engines are full or instances are missing: a gateway's five workers wait for both.",
        more=_COMPONENT,
    ),
    Alert(
        name="LlumnixRequestsHang",
        key="alert_requests_hang",
        title="Requests under Way without Tokens",
        left=requests_that_hang(),
        above=0,
        lasting="2m",
        severity=CRITICAL,
        summary="Requests are under way and no engine makes tokens.",
        says="{value} requests are under way, and no engine has made a token for 5 minutes",
        meaning="Users wait and get nothing. What is measured of a request is written when it ends, and a stream that"
        " stands still ends after 5 minutes as a success: no other number tells it.",
        first="See which engine runs requests and makes no tokens, and restart it.",
        more=_COMPONENT,
    ),
    Alert(
        name="LlumnixRetries",
        key="alert_retries",
        title="Attempts Made Again, by Requests",
        left=share_of(gateway.RETRIES, observations(gateway.TTFT, by=FLEET, window="10m"), by=FLEET, window="10m"),
        above=0.05,
        given=(flowing(0.05),),
        lasting="10m",
        severity=WARNING,
        summary="Gateways try many requests again.",
        says="{value} as many attempts were made again as requests ended",
        meaning="Engines refuse or break off. Users wait longer, and do not see it as long as another attempt helps.",
        first="See which status made the gateways try again, and which engines give it.",
        more=_REQUEST,
    ),
    Alert(
        name="LlumnixLabelOverflow",
        key="alert_label_overflow",
        title="Requests of Models Not Kept Apart",
        left=overflowing(),
        above=0,
        lasting="10m",
        severity=WARNING,
        summary="A gateway no longer tells models apart.",
        says="{value} requests a second are counted under no model",
        meaning="A gateway keeps 1,000 sets of labels, ever; a model is what a client writes, so one client can use"
        " them up. From then on numbers by model are too low, and gauges of new sets overwrite each other.",
        first="Find the client that writes ever new names of models, then restart the gateways one by one.",
        more=_REQUEST,
    ),
)
