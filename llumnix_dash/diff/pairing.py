"""Which old thing is which new thing.

Every step is symmetric, so that the difference from B to A pairs the same things as the one from A to B.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")
Key = Callable[[T], Hashable]


class Pairing(Generic[T]):
    """The pairs found so far between two sequences, and what is left on either side.

    Args:
        old: the things before.
        new: the things after.
    """

    def __init__(self, old: Iterable[T], new: Iterable[T]) -> None:
        self.pairs: list[tuple[T, T]] = []
        self.old = list(old)
        self.new = list(new)

    def by_key(self, key: Key[T], plausible: Callable[[T, T], bool] | None = None) -> None:
        """Pairs those of the rest with an equal key, in order; a key of None pairs with nothing.

        Args:
            key: what must be equal.
            plausible: a further condition on a pair.
        """
        if not (self.old and self.new):
            return
        waiting: defaultdict[Hashable, list[T]] = defaultdict(list)
        for thing in self.new:
            if (its_key := key(thing)) is not None:
                waiting[its_key].append(thing)
        found = []
        for thing in self.old:
            its_key = key(thing)
            candidates = waiting.get(its_key, []) if its_key is not None else []
            for position, other in enumerate(candidates):
                if plausible is None or plausible(thing, other):
                    found.append((thing, candidates.pop(position)))
                    break
        self._take(found)

    def by_likeness(self, likeness: Callable[[T, T], float], least: float, order: Callable[[T], str]) -> None:
        """Pairs the most alike of the rest first.

        Args:
            likeness: 0 to 1 for a pair.
            least: the likeness below which two things are different things.
            order: decides between equally like pairs; a text that depends on the thing alone.
        """
        if not (self.old and self.new):
            return
        candidates = [
            (-alike, order(old), order(new), old_index, new_index)
            for old_index, old in enumerate(self.old)
            for new_index, new in enumerate(self.new)
            if (alike := likeness(old, new)) >= least
        ]
        found: list[tuple[T, T]] = []
        old_taken: set[int] = set()
        new_taken: set[int] = set()
        for *_, old_index, new_index in sorted(candidates):
            if old_index not in old_taken and new_index not in new_taken:
                old_taken.add(old_index)
                new_taken.add(new_index)
                found.append((self.old[old_index], self.new[new_index]))
        self._take(found)

    def _take(self, found: Sequence[tuple[T, T]]) -> None:
        self.pairs += found
        old_taken = {id(old) for old, _ in found}
        new_taken = {id(new) for _, new in found}
        self.old = [thing for thing in self.old if id(thing) not in old_taken]
        self.new = [thing for thing in self.new if id(thing) not in new_taken]


def in_one_order(pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether the pairs of (old position, new position) keep their order."""
    new_positions = [new for _, new in sorted(pairs)]
    return all(before < after for before, after in pairwise(new_positions))


def out_of_order(ranks: Sequence[tuple[int, int]], texts: Sequence[str]) -> set[int]:
    """The fewest things that must move so that the others keep their order.

    Args:
        ranks: for each thing its old and its new rank.
        texts: for each thing a text that depends on the thing alone; they decide which of two that swapped has moved.

    Returns:
        The indexes of the things that moved.
    """
    one_way = sorted(range(len(ranks)), key=lambda index: ranks[index][0])
    other_way = sorted(one_way, key=lambda index: ranks[index][1])
    seen_one_way, seen_other_way = ([texts[index] for index in way] for way in (one_way, other_way))
    if seen_one_way == seen_other_way:
        # Two that look the same have swapped places: nothing tells which of them has moved.
        return _off_the_chain(one_way, other_way) | _off_the_chain(other_way, one_way)
    # Of several equally long chains the first is found, so both directions must look along the same one.
    return _off_the_chain(*((one_way, other_way) if seen_one_way < seen_other_way else (other_way, one_way)))


def _off_the_chain(one_way: Sequence[int], other_way: Sequence[int]) -> set[int]:
    """The indexes that are not on the longest chain that both orders have."""
    place = {index: at for at, index in enumerate(other_way)}
    lowest_ends: list[int] = []  # of the chains of each length so far, where the lowest one ends
    before: dict[int, int | None] = {}
    for index in one_way:
        length = bisect_left(lowest_ends, place[index])
        before[index] = other_way[lowest_ends[length - 1]] if length else None
        lowest_ends[length : length + 1] = [place[index]]
    step = other_way[lowest_ends[-1]] if lowest_ends else None
    moved = set(one_way)
    while step is not None:
        moved.remove(step)
        step = before[step]
    return moved
