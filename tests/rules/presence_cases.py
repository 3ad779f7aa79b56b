"""Series on which a component is gone, or only seems to be: a value a minute."""

from tests.rules.worlds import Case, Quiet, Told

ROLE = 'infer_type="decode"'
SCALED_TO_ZERO = "1x10 _x90"
GOES_DOWN = "1x10 0x90"


def presence(target: str, twin: str, other: str, wanted: str, *others_wanted: str, since: int = 11) -> Case:
    """A component that is gone: two targets of it, one that is left, and how many of it, or of others, are wanted."""
    both = (target, twin)
    vanish = dict.fromkeys(both, SCALED_TO_ZERO)
    return Case(
        dict.fromkeys(both, GOES_DOWN) | dict.fromkeys(others_wanted, "9x100"),
        since,
        "2",
        (
            Quiet("one is left", {other: "1x100"}),
            Quiet("one is left that may be lost", {other: "1x100", wanted: "3x100"}),
            Quiet("none is wanted", vanish | {wanted: "1x10 0x90"}),
            Quiet("one scrape is lost", dict.fromkeys(both, "1x10 0 1x90")),
            Quiet("there has never been one", dict.fromkeys(both, "_x100")),
            Quiet("those that are wanted are nobody's targets", dict.fromkeys(both, "_x100") | {wanted: "2x100"}),
        ),
        ROLE if "infer_type" in target else "",
        told=(
            Told("they are no targets any more", vanish, {15: None, 29: "2", 30: "2", 31: None}),
            Told(
                "they did not answer before they were no targets any more",
                dict.fromkeys(both, "1x10 0x20 _x70"),
                {36: "2", 37: None, 45: None},
            ),
            Told("they are wanted", vanish | {wanted: "2x100"}, {29: "2", 60: "2", 90: "2"}),
            Told(
                "they were taken away more than a day ago",
                dict.fromkeys(both, "1x10 _x1600") | {wanted: "3x1600"},
                {1440: "3", 1460: None, 1600: None},
            ),
        ),
    )
