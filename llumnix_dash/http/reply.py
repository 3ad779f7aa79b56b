"""A server's answer, before anybody has judged what it means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit


@dataclass(frozen=True)
class Reply:
    """A server's answer. ``body`` is the parsed JSON, None where the answer is something else."""

    method: str
    url: str
    path: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    body: Any = field(repr=False)
    credentials: str = "none"

    @property
    def message(self) -> str:
        """The ``message`` of an error body, "" where there is none."""
        return str(self.field("message") or "")

    @property
    def causes(self) -> list[str]:
        """The k8s API's causes, as "field: message"."""
        details = self.field("details")
        causes = details.get("causes") if isinstance(details, dict) else None
        return [f"{cause.get('field', '?')}: {cause.get('message', '')}" for cause in causes or []]

    @property
    def redirect_base(self) -> str | None:
        """For a redirect to the same path elsewhere: the base URL that would not have been redirected."""
        target = urlsplit(self.headers.get("Location") or "")
        here = urlsplit(self.url)
        if not target.path.endswith(self.path):
            return None
        host = target.netloc.rpartition("@")[2] or here.netloc
        return urlunsplit((target.scheme or here.scheme, host, target.path.removesuffix(self.path), "", ""))

    def field(self, name: str) -> Any:
        """A key of the body, None where the body is no object or has no such key."""
        return self.body.get(name) if isinstance(self.body, dict) else None
