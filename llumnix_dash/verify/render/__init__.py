"""What ``verify`` found as text for people, as JSON for programs, as Markdown for a pull request."""

from collections.abc import Callable, Mapping
from typing import Protocol

from llumnix_dash.verify.render import as_json, as_markdown, as_text
from llumnix_dash.verify.report import DashboardResult, Summary


class Renderer(Protocol):
    """Prints as results come: a dashboard at a time, then the rest. No text ends with a newline."""

    def dashboard(self, result: DashboardResult) -> str:
        """What is printed when a dashboard is done; empty where all is printed at the end."""

    def end(self, summary: Summary) -> str:
        """What is printed when all are done; empty where there is nothing more to say."""


FORMATS: Mapping[str, Callable[[], Renderer]] = {
    "text": as_text.Text,
    "json": as_json.Json,
    "markdown": as_markdown.Markdown,
}
"""What ``--format`` may name."""
