"""Changes of a query in one place each, and which of them no store can tell."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

NUMBER = r"[-+]?\d[\d.e+-]*"
AGGREGATED = {"sum": "max", "max": "sum", "min": "max", "avg": "max", "count": "sum"}
OVER_TIME = {"max": "min", "min": "max", "avg": "max", "last": "min", "count": "max", "sum": "max"}
QUANTILES = {"0.5": "0.9", "0.9": "0.5", "0.95": "0.5", "0.99": "0.9", "0.75": "0.25", "0.1": "0.5", "0.25": "0.75"}
OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*"}


class Mutation(NamedTuple):
    """One change of a query: its kind, and the text from ``start`` to ``end`` that becomes ``new``."""

    kind: str
    start: int
    end: int
    new: str

    def apply(self, expr: str) -> str:
        """The query with the change."""
        if self.kind != "clamp":
            return expr[: self.start] + self.new + expr[self.end :]
        # Its strings were blanked: the same length of the real text.
        start = expr.index("(", self.start) + 1
        return expr[: self.start] + f"({expr[start : start + len(self.new) - 2]})" + expr[self.end :]

    def within(self, expr: str, around: int = 60) -> str:
        """The change, and so many characters before and after it."""
        before, after = expr[max(0, self.start - around) : self.start], expr[self.end : self.end + around]
        return f"{self.kind}: {before}⟦{expr[self.start : self.end]} → {self.new}⟧{after}"


def mutations(expr: str) -> list[Mutation]:
    """Every change of a query that is tried, in its order."""
    # Of the same length, so that places in one are places in the other; what strings say is no PromQL.
    text = re.sub(r'"(?:\\.|[^"\\])*"', lambda string: '"' + "_" * (len(string[0]) - 2) + '"', expr)
    return sorted(
        (one for changes in (_labels, _matchers, _windows, _words, _operators, _clamps) for one in changes(text)),
        key=lambda one: (one.start, one.end),
    )


def _labels(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\b(by|on|ignoring|group_left|group_right) \(([^()]+)\)", text):
        yield from _without_each("label", found[2], found.start(2))


def _matchers(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\{([^{}]+)\}", text):
        yield from _without_each("matcher", found[1], found.start(1))


def _without_each(kind: str, items: str, start: int) -> Iterator[Mutation]:
    for found in re.finditer(r"[^,]+(, ?|$)", items):
        yield Mutation(kind, start + found.start(), start + found.end(), "")


def _windows(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\[(\d+)(ms|s|m|h|d)\]", text):
        new = "1m" if found[0] == "[5m]" else f"{int(found[1]) * 2}{found[2]}"
        yield Mutation("window", found.start(), found.end(), f"[{new}]")
    # What `$__rate_interval` has become, as Go writes it: 1m0s.
    for found in re.finditer(r"\[(?:\d+(?:ms|[smhd])){2,}\]", text):
        yield Mutation("window", found.start(), found.end(), "[5m]")
    for found in re.finditer(r" offset \w+", text):
        yield Mutation("offset", found.start(), found.end(), "")


def _words(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\b(sum|max|min|avg|count)(?=\(| by | without )", text):
        yield Mutation("aggregation", found.start(), found.end(), AGGREGATED[found[0]])
    for found in re.finditer(r"\b(sum|max|min|avg|count|last)(?=_over_time\()", text):
        yield Mutation("over time", found.start(), found.end(), OVER_TIME[found[0]])
    for found in re.finditer(r"\b(?:histogram_)?quantile(?: by \([^()]*\) )?\((0\.\d+)", text):
        yield Mutation("quantile", found.start(1), found.end(1), QUANTILES.get(found[1], "0.5"))


def _operators(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"(?<= )[-+*/](?= )", text):
        yield Mutation("operator", found.start(), found.end(), OPERATORS[found[0]])
    for found in re.finditer(rf" (==|!=|>=|<=|>|<) (bool )?({NUMBER}(?=[\s)]|$))?", text):
        if found[3]:
            yield Mutation("comparison", found.start(), found.end(), "")
        else:
            yield Mutation("comparison", found.start(1), found.end(1), "<" if ">" in found[1] else ">")


def _clamps(text: str) -> Iterator[Mutation]:
    for found in re.finditer(r"\bclamp(?:_min|_max)?\(", text):
        depth, comma = 1, 0
        for place in range(found.end(), len(text)):
            depth += (text[place] in "({[") - (text[place] in ")}]")
            if depth == 1 and text[place] == "," and not comma:
                comma = place
            if not depth:
                # As long as it is, so it is one change: the name goes, and the bounds.
                yield Mutation("clamp", found.start(), place + 1, f"({text[found.end() : comma]})")
                break


class Equivalent(NamedTuple):
    """Changes that no store can tell which the exporters can fill: a pattern of what is changed, and why."""

    change: str
    because: str


def equivalents(file_name: str) -> list[Equivalent]:
    """Those that a file beside this one lists."""
    text = Path(__file__).with_name(file_name).read_text(encoding="utf-8")
    return [Equivalent(**one) for one in yaml.safe_load(text)]


EQUIVALENT = equivalents("equivalent_mutants.yaml")
EQUIVALENT_OF_ALERTS = equivalents("equivalent_alert_mutants.yaml")


def equivalent(changed: str, among: Sequence[Equivalent] = EQUIVALENT) -> str:
    """Why no store can tell the change; empty where one can.

    Args:
        changed: the dashboard's or alert's name, the kind and the whole query, as ``cms label: sum by (⟦a, → ⟧b) (c)``.
        among: what is known of dashboards, or of alerts.
    """
    return next((one.because for one in among if re.search(one.change, changed)), "")
