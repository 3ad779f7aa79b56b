"""A small dashboard of our own, for tests that break one."""

from llumnix_dash.board import board, row
from llumnix_dash.catalog import gateway, scheduler
from llumnix_dash.document.canonical import canonical
from llumnix_dash.panels import STATUS_COLOURS, quantiles, rates, rates_by
from llumnix_dash.variables import NAMESPACE
from tests.reading import Json


def example() -> Json:
    """An open row with two panels of lines and a collapsed one with two."""
    return canonical(
        board(
            uid="example",
            title="Example",
            description="What a test breaks.",
            variables=[NAMESPACE],
            rows=[
                row(
                    "Traffic",
                    rates("request_rate", "Request Rate", {"requests": gateway.REQUESTS}, width=12),
                    rates_by(
                        "request_rate_by_status",
                        "Request Rate by Status",
                        gateway.REQUESTS,
                        by=("status_code",),
                        reading="Red is failed.",
                        colours=STATUS_COLOURS,
                        width=12,
                    ),
                ),
                row(
                    "Prefix Cache",
                    quantiles("hit", "Prefix Cache Hit Ratio", scheduler.PREFIX_CACHE_HIT_PERCENT, width=12),
                    quantiles(
                        "max_hit", "Max Prefix Cache Hit Ratio", scheduler.MAX_PREFIX_CACHE_HIT_PERCENT, width=12
                    ),
                    collapsed=True,
                ),
            ],
        ).to_json_data()
    )
