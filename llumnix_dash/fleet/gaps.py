"""The gaps between the tokens of an answer."""

import math

# Gaps between tokens: (seconds, how many of them).
Gaps = list[tuple[float, int]]


def total(gaps: Gaps) -> float:
    """The time that the gaps take together, in seconds; of the exact sum, as ``sum`` differs between Pythons."""
    return round(math.fsum(gap * times for gap, times in gaps), 6)


def until(gaps: Gaps, seconds: float) -> Gaps:
    """Of the gaps in their order, those that are over after so many seconds."""
    over: Gaps = []
    for gap, times in gaps:
        fit = min(times, int(seconds / gap + 1e-9)) if gap else times
        if fit:
            over.append((gap, fit))
        if fit < times:
            break
        seconds -= gap * times
    return over
