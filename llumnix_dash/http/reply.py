"""A server's answer, before anybody has judged what it means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit


@dataclass(frozen=True)
class Reply:
    """A server's answer.

    Attributes:
        method: of the request.
        url: of the request, without its query.
        path: the part of it below the server's address.
        status: the HTTP status.
        headers: those of the answer.
        text: the answer where it is no JSON.
        body: the parsed JSON, None where the answer is something else.
        credentials: which kind was sent.
        hide: takes what was sent as a secret out of a text that the server wrote.
    """

    method: str
    url: str
    path: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    body: Any = field(repr=False)
    credentials: str = "none"
    hide: Callable[[str], str] = field(default=str, repr=False)

    @property
    def message(self) -> str:
        """The ``message`` of an error body, "" where there is none: to decide by, not to show."""
        return str(self.field("message") or "")

    @property
    def said(self) -> str:
        """The same to be shown."""
        return self.hide(self.message)

    @property
    def causes(self) -> list[str]:
        """The k8s API's causes, as "field: message", to be shown."""
        details = self.field("details")
        causes = details.get("causes") if isinstance(details, dict) else None
        return [self.hide(f"{cause.get('field', '?')}: {cause.get('message', '')}") for cause in causes or []]

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
