"""A query that reads recorded series in place of what they were recorded from: text in, text out."""

import re
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

_RATE_INTERVAL, _RANGE, _RECENT = "$__rate_interval", "$__range", "5m"
_AT_END = r"(?: @ end\(\))?"
_MATCHERS = r'(?:"(?:[^"\\]|\\.)*"|[^}"])*'
_MATCHER = re.compile(r'(?P<label>\w+)(?P<operator>=~|!~|!=|=)"(?P<value>(?:[^"\\]|\\.)*)"')
_VARIABLE = re.compile(r"\$(\w+)")
# What of a rule's expression may be otherwise in a query that the rule answers, too: groups, matchers and windows.
_OPEN = re.compile(
    r" by \((?P<labels>[^)]*)\) "
    rf"|\{{(?P<matchers>{_MATCHERS})\}}(?:\[(?P<window>[\w$]+)\])?(?P<moment>{_AT_END})"
)
# Of a rule's groups, how many make a coarser one.
_TOGETHER = {"sum": "sum", "count": "sum", "max": "max", "min": "min"}
# What a rule's values over five minutes come to over the whole range.
_OVER_RANGE = {"rate": "avg_over_time", "max_over_time": "max_over_time"}
_LEADING = re.compile(r"topk by \([^)]*\) \(\d+, (?P<query>.+)\)", re.DOTALL)


class Recorded(NamedTuple):
    """A recorded series as the ruler has it.

    Attributes:
        name: of the series.
        expression: what is recorded.
        labels: those that the rule gives each of its series, besides the expression's own.
    """

    name: str
    expression: str
    labels: tuple[tuple[str, str], ...] = ()


class Read(NamedTuple):
    """A query over recorded series.

    Attributes:
        text: the PromQL.
        unheard: the variables that no longer narrow it, for the recorded series lack their labels.
        smoothed: whether a window that follows the zoom has become the rule's own, of 5 minutes.
    """

    text: str
    unheard: frozenset[str] = frozenset()
    smoothed: bool = False


class Reader:
    """Reads recorded series wherever they answer a part of a query exactly."""

    def __init__(self, series: Sequence[Recorded]) -> None:
        rules = [_Rule(one) for one in series]
        means = [_Mean(one, other) for one in rules for other in rules if other.counts(one)]
        # The longest first: a rule may record a part of what another does.
        every: list[_Rule | _Mean] = [*rules, *means]
        self._rules = sorted(every, key=lambda rule: len(rule.expression), reverse=True)

    def read(self, query: str) -> Read:
        """The query with each part that a rule answers read from the rule's series."""
        found: list[Read] = []

        def replaced(rule: "_Rule | _Mean", match: re.Match[str]) -> str:
            if (read := rule.read(match[0])) is None:
                return match[0]
            found.append(read)
            return read.text

        for rule in self._rules:
            query = rule.pattern.sub(partial(replaced, rule), query)
        unheard = frozenset[str]().union(*(one.unheard for one in found))
        return Read(query, unheard, any(one.smoothed for one in found))


class _Parts(NamedTuple):
    """What is open in an expression, from left to right."""

    groups: list[frozenset[str]]
    matchers: list[frozenset[str]]
    windows: list[str]
    moments: set[str]


class _Rule:
    """A rule, and the pattern of the queries that its series may answer.

    A rule that keeps only those that lead answers for all of them: for a table or a panel of those that lead.
    """

    def __init__(self, rule: Recorded) -> None:
        leading = _LEADING.fullmatch(rule.expression)
        self._name, self._labels = rule.name, [f'{label}="{value}"' for label, value in rule.labels]
        self.expression = leading["query"] if leading else rule.expression
        self._together = "" if leading else _TOGETHER.get(_aggregate(self.expression), "")
        self._own = _parts(self.expression)
        self._function = found[1] if (found := re.search(r"(\w+)\([\w:]+\{", self.expression)) else ""
        self.pattern = re.compile(_pattern(self.expression))

    def counts(self, other: "_Rule") -> bool:
        """Whether it has the number of what the other has the sum."""
        return self.expression == f"count{other.expression.removeprefix('sum')}"

    def read(self, query: str) -> Read | None:
        """What reads the rule's series in place of the query; None where they do not tell it."""
        own, there = self._own, _parts(query)
        windows = {one for one, wanted in zip(there.windows, own.windows, strict=True) if wanted == _RECENT}
        groups = there.groups if len(there.groups) == len(own.groups) else [frozenset(), *there.groups]
        if len(windows) > 1 or len(there.moments) > 1 or len(groups) != len(own.groups):
            return None
        labels = own.groups[0] if self._together else own.groups[0].intersection(*own.groups[1:])
        split = _split(there.matchers, own.matchers, labels)
        if split is None or not self._has(groups, pinned=split.pinned) or (split.unheard and not self._together):
            return None
        matchers = ",".join([*split.kept, *self._labels])
        series = f"{self._name}{{{matchers}}}" if matchers else self._name
        if _RANGE in windows:
            # A mean of five-minute means is not the range's own: good enough at its end, to say whether there is any.
            exact = self._together == "max" and self._function == "max_over_time"
            any_at_all = self._together == "sum" and self._function == "rate" and all(there.moments)
            if not (exact or any_at_all):
                return None
            series = f"{_OVER_RANGE[self._function]}({series}[{_RANGE}])"
            series = series[:-1] + there.moments.pop() + ")"
        else:
            series += there.moments.pop()
        if self._together:
            by = re.match(r"\w+( by \([^)]*\) )?", query)
            series = f"{self._together}{(by and by[1]) or ''}({series})"
        return Read(series, split.unheard, _RATE_INTERVAL in windows)

    def _has(self, groups: Sequence[frozenset[str]], pinned: frozenset[str]) -> bool:
        """Whether the rule's groups give them: the outermost may be coarser, those within tell replicas apart."""
        if not self._together:
            return list(groups) == self._own.groups
        inner = zip(groups[1:], self._own.groups[1:], strict=True)
        return groups[0] <= self._own.groups[0] and all(one <= own and own - one <= pinned for one, own in inner)


class _Mean:
    """A rule of a sum and one of how many it is of, as the mean."""

    def __init__(self, total: _Rule, number: _Rule) -> None:
        self._total, self._number, self.expression = total, number, total.expression
        self.pattern = re.compile(_pattern(f"avg{total.expression.removeprefix('sum')}"))

    def read(self, query: str) -> Read | None:
        """The sum by the number, where both are told."""
        rest = query.removeprefix("avg")
        total, number = self._total.read(f"sum{rest}"), self._number.read(f"count{rest}")
        if total is None or number is None:
            return None
        return Read(f"({total.text} / {number.text})", total.unheard, total.smoothed)


class _Split(NamedTuple):
    """A query's further matchers: those that the rule's series honour, whose labels have one value, and the others."""

    kept: list[str]
    pinned: frozenset[str]
    unheard: frozenset[str]


def _split(there: list[frozenset[str]], own: list[frozenset[str]], labels: frozenset[str]) -> _Split | None:
    """The matchers that a query has and the rule has not; None where the series cannot tell what they leave.

    Of several selectors one may lack a matcher, for its series lack the label.
    """
    if any(wanted - found for found, wanted in zip(there, own, strict=True)):
        return None
    further = [found - wanted for found, wanted in zip(there, own, strict=True)]
    most = max(further, key=len)
    parsed = [match for one in sorted(most) if (match := _MATCHER.fullmatch(one))]
    others = [one for one in parsed if one["label"] not in labels]
    variables = [_VARIABLE.fullmatch(one["value"]) for one in others]
    if not all(variables) or any(not one <= most for one in further):
        return None
    return _Split(
        kept=[one[0] for one in parsed if one not in others],
        pinned=frozenset(one["label"] for one in parsed if one["operator"] == "="),
        unheard=frozenset(one[1] for one in variables if one),
    )


def _pattern(expression: str) -> str:
    """The pattern of what a rule may answer: its expression with other groups, further matchers and other windows."""
    parts, end = [r"(?<!\w)"], 0
    for one in _OPEN.finditer(expression):
        parts.append(re.escape(expression[end : one.start()]))
        end = one.end()
        if one["labels"] is not None:
            parts.append(r"(?: by \([^)]*\) )?")
            continue
        window = one["window"]
        others = "|".join(re.escape(each) for each in (_RECENT, _RATE_INTERVAL, _RANGE))
        parts.append(rf"\{{{_MATCHERS}\}}")
        parts.append(rf"\[(?:{others})\]" if window == _RECENT else rf"\[{window}\]" if window else "")
        parts.append(_AT_END)
    return "".join(parts) + re.escape(expression[end:])


def _parts(expression: str) -> _Parts:
    found = list(_OPEN.finditer(expression))
    selectors = [one for one in found if one["labels"] is None]
    return _Parts(
        [frozenset(filter(None, re.split(r",\s*", one["labels"]))) for one in found if one["labels"] is not None],
        [frozenset(match[0] for match in _MATCHER.finditer(one["matchers"])) for one in selectors],
        [one["window"] or "" for one in selectors],
        {one["moment"] for one in selectors},
    )


def _aggregate(expression: str) -> str:
    """The aggregation that an expression is as a whole; empty where it is another."""
    begun = re.match(r"(\w+) by \([^)]*\) \(", expression)
    if not begun:
        return ""
    depth = 1
    for position, letter in enumerate(expression[begun.end() :], begun.end()):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return begun[1] if position == len(expression) - 1 else ""
    return ""
