"""How often what is rare happens; each is a share of requests unless it says otherwise."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from random import Random

# These clients wait for so many seconds in the mean, and then leave if they have not got their whole answer.
IMPATIENT = 0.03
PATIENCE_SECONDS = 3.0
UNSTREAMED = 0.1
# Of the answers of a fallback service; the rest cannot be reached.
FALLBACK_SUCCESSES = 0.7
FALLBACK_TOO_MANY = 0.2
# Of those that were told of too many requests and tried again.
FALLBACK_RETRY_SUCCESSES = 0.6
RESCHEDULINGS = 0.01
FAILURES_AMONG_RESCHEDULINGS = 0.1
PREEMPTIONS_WHEN_FULL = 0.02
# Of decisions; these fail even where no rare event has happened, as no counter tells of them.
FAILED_PREDICTIONS = 0.02


class Chance:
    """The source of all that is drawn in a deployment.

    Args:
        seed: the same seed gives the same fleet, on any machine.
        rare_events: whether what is rare happens at all.

    Attributes:
        random: the generator.
    """

    def __init__(self, seed: str, rare_events: bool) -> None:
        # A text seeds by its SHA-512 and not by its hash, which differs from process to process.
        self.random = Random(seed)
        self._rare_events = rare_events

    def rarely(self, share: float) -> bool:
        """True in this share of cases, or never."""
        return self.random.random() < share and self._rare_events

    def which(self, shares: Sequence[float]) -> list[bool]:
        """One of several things, each in its share of cases, or none of them."""
        drawn = self.random.random()
        sums = [0.0, *accumulate(shares)]
        return [self._rare_events and low <= drawn < high for low, high in pairwise(sums)]

    def one_of(self, count: int) -> int:
        """A number from 0 to count - 1."""
        return int(self.random.random() * count)
