"""A report as text for people, as JSON for programs, as Markdown for a pull request."""

from collections.abc import Callable, Mapping

from llumnix_dash.verify.render import as_json, as_markdown, as_text
from llumnix_dash.verify.report import Report

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": as_text.render,
    "json": as_json.render,
    "markdown": as_markdown.render,
}
"""What ``--format`` may name."""
