"""Which of several candidates is taken, and which of several things has moved."""

from itertools import permutations, product

from llumnix_dash.diff.pairing import Pairing, out_of_order


def test_equally_like_things_are_paired_the_same_from_either_side_and_in_whatever_order_they_stand() -> None:
    for alike in product((0.0, 1.0), repeat=9):

        def likeness(old: str, new: str, alike: tuple[float, ...] = alike) -> float:
            return alike["ade".index(old) * 3 + "bcf".index(new)]

        there, back = Pairing("ade", "bcf"), Pairing("fbc", "eda")
        there.by_likeness(likeness, 0.5, str)
        back.by_likeness(lambda old, new: likeness(new, old), 0.5, str)
        assert sorted(there.pairs) == sorted((old, new) for new, old in back.pairs)


def test_the_fewest_things_move_and_the_same_ones_from_either_side() -> None:
    for new_ranks in permutations(range(5)):
        ranks = list(enumerate(new_ranks))
        moved = out_of_order(ranks, "eacdb")
        standing = [new for index, (_, new) in enumerate(ranks) if index not in moved]
        assert standing == sorted(standing)
        assert len(standing) == _longest_rise(new_ranks)
        assert moved == out_of_order([(new, old) for old, new in ranks], "eacdb")


def test_where_nothing_tells_which_of_two_has_moved_both_have_from_either_side() -> None:
    """Two rows without a title that swapped places look the same, and mirror each other."""
    assert out_of_order([(0, 1), (1, 0)], ["same", "same"]) == {0, 1}
    for new_ranks in permutations(range(5)):
        ranks = list(enumerate(new_ranks))
        mirrored = [(new, old) for old, new in ranks]
        assert out_of_order(ranks, "aabab") == out_of_order(mirrored, "aabab")


def _longest_rise(numbers: tuple[int, ...]) -> int:
    chosen = ([n for n, keep in zip(numbers, keeps, strict=True) if keep] for keeps in product((0, 1), repeat=5))
    return max(len(rise) for rise in chosen if rise == sorted(rise))
