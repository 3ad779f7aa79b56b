"""Columns stand one under the other, whatever their colours."""

import click

from llumnix_dash.report import markdown
from llumnix_dash.report.table import table


def test_cells_are_as_wide_as_the_widest_of_their_column() -> None:
    rows = [("NAME", "COUNT", ""), (click.style("a", fg="red"), "5", "x"), ("longer", "12", "")]
    lines = [click.unstyle(line) for line in table(rows, right={1})]
    assert lines == ["NAME    COUNT", "a           5  x", "longer     12"]
    assert table([]) == []


def test_numbers_stand_at_the_right_in_markdown() -> None:
    assert markdown.table(("Name", "Count"), [("a", "5")], right={1}) == ["| Name | Count |", "|---|--:|", "| a | 5 |"]
