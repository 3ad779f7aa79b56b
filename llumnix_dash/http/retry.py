"""When to ask again, and after how long."""

import random
import re
import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests

from llumnix_dash.http.unreachable import has_cause

Answer = TypeVar("Answer")
ATTEMPTS = 4
SHORTEST, LONGEST = 0.5, 10.0  # seconds, between attempts
LONGEST_WISH = 30.0  # seconds: a server that asks for more is not obeyed further
GATEWAY_ERRORS = frozenset({502, 503, 504})
# After these a write may have been done: a proxy that did not wait (52x are Cloudflare's), a server that fell over.
UNCERTAIN = GATEWAY_ERRORS | frozenset({408, 500, *range(520, 531)})


def answered(
    send: Callable[[], Answer],
    *,
    may_repeat: Callable[[requests.RequestException], bool],
    refused: Callable[[Answer], tuple[Mapping[str, str], Any] | None],
    wait: Callable[[float], object],
) -> Answer:
    """The answer to a request that is sent again, a few times, while another attempt may go better.

    Args:
        send: sends it once.
        may_repeat: whether it may be sent again after this failure.
        refused: for an answer after which it may be sent again, its headers and parsed body; None for any other.
        wait: waits so many seconds; what it raises ends the attempts.

    Raises:
        requests.RequestException: the failure after which it is not sent again.
    """
    for attempt in range(1, ATTEMPTS):
        headers: Mapping[str, str] = {}
        body = None
        try:
            answer = send()
        except requests.RequestException as error:
            if not may_repeat(error):
                raise
        else:
            refusal = refused(answer)
            if refusal is None:
                return answer
            headers, body = refusal
        wait(pause(attempt, headers, body))
    return send()


def may_pass(error: requests.RequestException) -> bool:
    """Whether the same request may go well in a moment: not with a wrong certificate or an unknown host."""
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return False
    return isinstance(
        error,
        requests.exceptions.ConnectionError | requests.exceptions.Timeout | requests.exceptions.ChunkedEncodingError,
    ) and not has_cause(error, socket.gaierror)


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
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return (date - datetime.fromtimestamp(time.time(), UTC)).total_seconds()
