"""When to ask again, and after how long."""

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

ATTEMPTS = 4
SHORTEST, LONGEST = 0.5, 10.0  # seconds, between attempts
LONGEST_WISH = 30.0  # seconds: a server that asks for more is not obeyed further


def pause(attempt: int, headers: Mapping[str, str], body: Any) -> float:
    """Seconds to wait after the given attempt (1 is the first): as the server wishes, else longer each time.

    The wish is a ``Retry-After`` of seconds or a date, or the k8s API's ``details.retryAfterSeconds``; it is capped.
    """
    wish = _retry_after(headers.get("Retry-After"))
    if wish is None and isinstance(body, dict) and isinstance(body.get("details"), dict):
        seconds = body["details"].get("retryAfterSeconds")
        wish = float(seconds) if isinstance(seconds, int | float) else None
    if wish is not None:
        return min(max(wish, 0.0), LONGEST_WISH)
    bound = min(SHORTEST * 2 ** (attempt - 1), LONGEST)
    return random.uniform(bound / 2, bound)


def _retry_after(value: str | None) -> float | None:
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return (date - datetime.fromtimestamp(time.time(), UTC)).total_seconds()
