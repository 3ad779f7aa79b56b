"""How often what is rare happens; each is a share of requests unless it says otherwise."""

from random import Random

BAD_REQUESTS = 0.003
NO_ENDPOINT = 0.001
ENGINE_ERRORS = 0.004
FALLBACKS_AMONG_ERRORS = 0.3
FALLBACK_SUCCESSES = 0.7
FALLBACK_SECOND_ATTEMPTS = 0.5
ABORTS = 0.01
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

    def one_of(self, count: int) -> int:
        """A number from 0 to count - 1."""
        return int(self.random.random() * count)
