"""The distributions from which the fleet's figures are drawn. Each is known, so that a query's answer can be judged.

Durations are rounded to the microsecond, so that the last bit of a machine's ``exp`` does not show.
"""

import math
from random import Random

from llumnix_dash.fleet.gaps import Gaps


def lognormal(random: Random, median: float, sigma: float) -> float:
    """A log-normal value: half lie below the median, two thirds within a factor of ``e**sigma``."""
    return round(median * math.exp(sigma * random.gauss(0, 1)), 6)


def exponential(random: Random, mean: float) -> float:
    """An exponential value."""
    return round(-mean * math.log(1.0 - random.random()), 6)


def length(random: Random, median: float, sigma: float, longest: int) -> int:
    """A length in tokens: log-normal, from 1 to ``longest``."""
    return max(1, min(longest, round(lognormal(random, median, sigma))))


def hit_percents(random: Random) -> tuple[float, float]:
    """Prefix cache hits of the chosen instance and of the best one, in percent.

    Three in ten prompts are new everywhere; of the others the best hit is uniform from 10 to 95. The chosen instance
    is the best one in eight of ten cases, and else has a uniform share of its hit.
    """
    if random.random() < 0.3:
        return 0.0, 0.0
    best = round(10 + 85 * random.random(), 2)
    return (best if random.random() < 0.8 else round(best * random.random(), 2)), best


def gaps(random: Random, count: int, seconds: float) -> Gaps:
    """So many gaps between tokens: a quarter each at 0.8 and 1.3 times the usual one, one in 64 a stall (4 times).

    Args:
        random: the source.
        count: of the gaps; none if it is not above 0.
        seconds: the usual gap, give or take a tenth for the request.
    """
    if count <= 0:
        return []
    usual = round(seconds * (0.9 + 0.2 * random.random()), 6)
    stalls = count // 64 + (random.random() < count % 64 / 64)
    quick = slow = (count - stalls) // 4
    parts = ((0.8, quick), (1.0, count - stalls - quick - slow), (1.3, slow), (4.0, stalls))
    return [(round(usual * factor, 6), times) for factor, times in parts if times]
