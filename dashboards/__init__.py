"""The dashboards: one module each, rows and panels and nothing else; and here the list of them.

To add a panel, add a line to a row; its key is its name for ever, its title may change. To add a dashboard, add its
module and a line to :data:`DASHBOARDS`.
"""

from typing import NamedTuple


class Listed(NamedTuple):
    """A dashboard of this folder.

    Attributes:
        module: the name of its module, by which the command line knows it too.
        uid: Grafana's name of it in URLs, as the module gives it to ``board``.
        link: what the links to it say, on the other dashboards.
    """

    module: str
    uid: str
    link: str


# In the order in which people look at them: the answers, then from what the end user gets to what one engine does.
DASHBOARDS = (
    Listed("overview", "llumnix-overview-dashboard", "Overview"),
    Listed("request", "llumnix-request-dashboard", "Requests"),
    Listed("component", "llumnix-component-dashboard", "Components"),
    Listed("cms", "llumnix-cms-dashboard", "CMS"),
    Listed("lrs", "llumnix-lrs-dashboard", "LRS"),
    Listed("vllm", "vllm-dashboard", "vLLM"),
    Listed("alerts", "llumnix-alerts-dashboard", "Alerts"),
)
# uid -> title of the dashboards that link to one another.
FAMILY = {one.uid: one.link for one in DASHBOARDS}
