"""Series on which an error budget burns too fast, over an hour and five minutes: recorded ones, a value a minute.

All alerts of error budgets are of this form: beside it they are tried by hand, in ``promtool``.
"""

from llumnix_dash.catalog.recorded import BAD, BUDGET, TOTAL
from tests.rules.worlds import FLEET, Case, Quiet, Series, Told


def burns(objective: str, *more: Quiet) -> Case:
    """The case of an objective of which one request in a hundred may be bad."""
    bad, total, budget = (f'{name}{{{FLEET},model="m",objective="{objective}"}}' for name in (BAD, TOTAL, BUDGET))
    beside: Series = {
        f'{BAD}{{{FLEET},model="m",objective="other"}}': "0.5x100",
        f'{TOTAL}{{{FLEET},model="m",objective="other"}}': "0.5x100",
        f'{BUDGET}{{{FLEET},model="m",objective="other"}}': "0.05x100",
        f'{TOTAL}{{{FLEET},model="m",objective="e2e"}}': "1x100",
    }
    return Case(
        {bad: "0.2x100", total: "1x100", budget: "0.01x100", **beside},
        43,
        "20",
        (
            Quiet("fewer are bad", {bad: "0.12x100"}),
            Quiet("a few are chance", {bad: "0.002x100", total: "0.01x100"}),
            *more,
        ),
        f'model="m",long="1h",short="5m",objective="{objective}"',
        begins=20,
        ends=3,
        told=(
            Told("more may be bad, and all are", {bad: "0.95x100", budget: "0.2x100"}, {70: "15.2"}),
            Told("fewer are bad now", {bad: "0.2x70 0.13x30"}, {70: "20", 77: None}),
            Told("more may be bad now", {bad: "0.35x100", budget: "0.01x70 0.02x30"}, {70: "35", 75: "17.5"}),
            Told(
                "more may be bad, and fewer are",
                {bad: "0.4x70 0.2x30", budget: "0.01x72 0.02x30"},
                {70: "40", 77: None},
            ),
        ),
        settled=70,
    )


# Name -> its case, of the alerts over the shortest windows; one of each form.
BURNS = {
    "LlumnixSuccessBudgetBurns": burns("success"),
    "LlumnixTTFTBudgetBurns": burns(
        "ttft",
        Quiet("none was ever answered", {f'{TOTAL}{{{FLEET},model="m",objective="e2e"}}': "0x100"}),
    ),
}
