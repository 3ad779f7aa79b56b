"""Answers that are spoilt on purpose."""

import re
import threading
from dataclasses import dataclass, field
from typing import Any, Literal

HTML = "<!DOCTYPE html><html><body><h1>Sign in</h1></body></html>"


@dataclass
class Fault:
    """What happens to the next requests that match.

    Attributes:
        on: method and path as a pattern, such as ``POST /api/dashboards/db``.
        status: the status to answer with, in the place of the real answer.
        body: the body to answer with: an object for JSON, a string for anything else.
        headers: further headers.
        drop: close the connection, before the request is handled or after.
        handled: whether the request is handled nevertheless (its own answer is thrown away).
        times: how many requests it spoils.
        skip: how many matching requests it lets pass before.
        arrived: set when a matching request is there (after it was handled, if ``handled``).
        until: the answer waits for this event.
    """

    on: str
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: Literal["before", "after"] | None = None
    handled: bool = False
    times: int = 1
    skip: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)
    until: threading.Event | None = None

    def takes(self, line: str) -> bool:
        """Whether this request is one to spoil; counts it."""
        if self.times <= 0 or not re.match(self.on, line):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True
