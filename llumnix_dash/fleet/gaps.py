"""The gaps between the tokens of an answer."""

import math

# Gaps between tokens: (seconds, how many of them).
Gaps = list[tuple[float, int]]


def total(gaps: Gaps) -> float:
    """The time that the gaps take together, in seconds; of the exact sum, as ``sum`` differs between Pythons."""
    return round(math.fsum(gap * times for gap, times in gaps), 6)
