"""The ways on which a request can come to its end at the gateway: each goes exactly one of them."""

from enum import Enum


class Case(Enum):
    """How a request ended, and the status that the gateway counts; "own" where that is the engine's.

    The names follow the timeline of Llumnix's gateway service; what each records stands in
    ``tests/fleet/test_cases.py``.
    """

    ANSWERED = "answered by the engines", "200"
    RETRIED = "answered after one or more failed tries", "200"
    EXTERNAL = "answered by an external route", "0"
    FALLBACK_AFTER_FAILURE = "answered by the fallback service after an engine failed", "0"
    FALLBACK_WITHOUT_INSTANCE = "answered by the fallback service as there was no instance", "0"
    FALLBACK_FAILED = "answered neither by an engine nor by the fallback service", "400"
    LEFT_QUEUE = "the client left in the queue, or outside a full one", "499"
    LEFT_SCHEDULING = "the client left while the request was being scheduled", "499"
    LEFT_WAITING = "the client left before the first chunk", "499"
    LEFT_STREAMING = "the client left in mid-answer", "499"
    REJECTED = "the engine answered with an error of its own", "own"
    REFUSED = "the engine refused the connection", "400"
    VANISHED = "the engine's node did not answer: a dial timeout", "400"
    RESET = "the connection broke after the headers and before the first chunk", "400"
    BROKEN = "a stream broke after its first chunk", "200"
    BROKEN_UNSTREAMED = "the same where the client had not asked for a stream", "400"
    HALF_FOUND = "the scheduler found engines for one of prefill and decode alone", "400"
    NO_INSTANCE = "there was no instance", "503"

    def __init__(self, meaning: str, status: str) -> None:
        self.meaning = meaning
        self.status = status
